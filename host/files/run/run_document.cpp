// SPDX-License-Identifier: Apache-2.0
#include "files/run/run_document.hpp"

#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "study/start.hpp"

namespace brood::files {

Json read_document(std::string const& path) {
  try {
    return parse_json(read_file(path));
  } catch (JsonError const& error) {
    throw StorageError(path + ": is damaged: " + error.what());
  }
}

std::string text_at(Json const& document, std::string_view key, std::string_view inner) {
  Json const* const object = document.find(key);
  Json const* const value = object ? object->find(inner) : nullptr;
  auto const* const text = value ? value->as<std::string>() : nullptr;
  return text ? *text : "";
}

Json read_run_document(std::string const& directory) {
  return read_document((std::filesystem::path(directory) / "run.json").string());
}

void check_same_run(std::string const& directory, Sweep const& sweep,
                    std::string const& data_fingerprint) {
  Json const document = read_run_document(directory);
  if (text_at(document, "data", "fingerprint") != data_fingerprint) {
    throw UsageError(directory + ": was trained on other data than " +
                     name_in_messages(sweep.data_path) +
                     " has now, so that its trials cannot be trained again");
  }
  std::string const start = text_at(document, "start", "fingerprint");
  if (start != identity(sweep.study.start)) {
    throw UsageError(directory + ": started from another network than " + sweep.start_path +
                     " has now, so that its trials cannot be trained again");
  }
}

}  // namespace brood::files
