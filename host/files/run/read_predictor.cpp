// SPDX-License-Identifier: Apache-2.0
// Reading back what predicts for a run: an ensemble and its parts, or the one model.
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "files/io/json.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

struct PartEntry {
  std::string file;
  std::int64_t trial = 0, count = 0;
};

// Of a run whose ensemble has a file for each network.
std::vector<PartEntry> read_entries(std::string const& path) {
  auto const refuse = [&](std::string const& what) -> void {
    throw StorageError(path + ": " + what);
  };
  Json document;
  try {
    document = parse_json(read_file(path));
  } catch (JsonError const& error) {
    refuse(std::string("is damaged: ") + error.what());
  }
  Json const* const parts = document.find("parts");
  auto const* const array = parts ? parts->as<Json::Array>() : nullptr;
  if (!array || array->empty()) refuse("there is no list of parts");
  std::vector<PartEntry> entries;
  for (Json const& part : *array) {
    Json const *const file = part.find("file"), *const trial = part.find("trial"),
                      *const count = part.find("count");
    auto const* const name = file ? file->as<std::string>() : nullptr;
    auto const* const number = trial ? trial->as<std::int64_t>() : nullptr;
    auto const* const picks = count ? count->as<std::int64_t>() : nullptr;
    bool const good = name && number && picks && *picks >= 1 && *picks <= 1000 &&
                      *name == ensemble_part_name(entries.size());
    if (!good) {
      refuse("part " + std::to_string(entries.size() + 1) +
             " is not a file of the ensemble with its trial and a count of 1 .. 1000");
    }
    entries.push_back({*name, *number, *picks});
  }
  return entries;
}

}  // namespace

SavedPredictor read_predictor(std::string const& directory) {
  std::error_code ignored;
  std::string const ensemble = (fs::path(directory) / kEnsembleFile).string();
  if (fs::exists(ensemble, ignored))
    return ensemble_from_safetensors(read_file(ensemble), ensemble);
  SavedModel best = read_best(directory);
  SavedPredictor predictor{
      {}, std::move(best.encoding), std::move(best.metric), std::move(best.weight)};
  std::string const path = (fs::path(directory) / kEnsembleDocument).string();
  if (!fs::exists(path, ignored)) {
    predictor.models.parts.push_back({.trial = -1, .model = std::move(best.model)});
    return predictor;
  }
  for (PartEntry const& entry : read_entries(path)) {
    std::string const file = (fs::path(directory) / "best" / entry.file).string();
    if (!fs::exists(file, ignored)) throw StorageError(path + ": its part " + file + " is absent");
    SavedModel saved = from_safetensors(read_file(file), file);
    if (saved.encoding != predictor.encoding) {
      throw StorageError(file + ": is of other data than best/model.safetensors beside it");
    }
    predictor.models.parts.push_back({.trial = static_cast<int>(entry.trial),
                                      .count = static_cast<int>(entry.count),
                                      .model = std::move(saved.model)});
  }
  return predictor;
}

}  // namespace brood::files
