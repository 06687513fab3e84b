// SPDX-License-Identifier: Apache-2.0
#include "files/run/run_document.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "files/io/text.hpp"
#include "study/start.hpp"

namespace brood::files {

Json read_document(std::string const& path) {
  std::string const text = read_file(path);
  try {
    return parse_json(text);
  } catch (JsonError const& error) {
    std::string_view const before = std::string_view(text).substr(
        0, static_cast<std::size_t>(std::max<std::int64_t>(error.byte, 0)));
    std::size_t const end = before.rfind('\n');
    auto const column = end == std::string_view::npos ? before.size() : before.size() - end - 1;
    throw StorageError(at_line(path, 1 + std::count(before.begin(), before.end(), '\n'),
                               static_cast<std::int64_t>(column) + 1,
                               std::string("is damaged: ") + error.what()));
  }
}

std::string text_at(Json const& document, std::string_view key, std::string_view inner) {
  Json const* const object = document.find(key);
  Json const* const value = object ? object->find(inner) : nullptr;
  auto const* const text = value ? value->as<std::string>() : nullptr;
  return text ? *text : "";
}

double number_at(Json const* object, std::string_view key) {
  Json const* const value = object ? object->find(key) : nullptr;
  if (auto const* const number = value ? value->as<double>() : nullptr) return *number;
  auto const* const whole = value ? value->as<std::int64_t>() : nullptr;
  return whole ? static_cast<double>(*whole) : std::numeric_limits<double>::quiet_NaN();
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
