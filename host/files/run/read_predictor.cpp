// SPDX-License-Identifier: Apache-2.0
// Reading back what predicts for a run: an ensemble and its parts, or the one model.
#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "brood/files/trials.hpp"
#include "files/io/json.hpp"
#include "files/io/text.hpp"
#include "files/run/run_document.hpp"
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
  Json const document = read_document(path);
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

// Whose network best/model.safetensors is.
int winner_of(std::string const& directory) {
  std::string const path = (fs::path(directory) / "best" / "score.json").string();
  Json const document = read_document(path);
  Json const* const trial = document.find("trial");
  auto const* const number = trial ? trial->as<std::int64_t>() : nullptr;
  if (!number) throw StorageError(path + ": is damaged: it names no trial");
  return static_cast<int>(*number);
}

// The trials of which a network is kept.
std::set<int> kept_trials(std::string const& directory) {
  std::set<int> trials = {winner_of(directory)};
  for (Ensemble::Part const& part : read_predictor(directory).models.parts) {
    if (part.trial >= 0) trials.insert(part.trial);
  }
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(directory) / "trials", error), end;
       !error && entry != end; entry.increment(error)) {
    std::string const name = entry->path().filename().string();
    auto const number = read_number<double>(name);
    if (number.reading == Reading::number && number.value <= 1e9)
      trials.insert(static_cast<int>(number.value));
  }
  return trials;
}

[[noreturn]] void refuse_trial(std::string const& directory, int trial) {
  TrialTable const table = read_trials(directory);
  std::string const which = directory + ": trial " + std::to_string(trial);
  auto const line = table.line_of(trial);
  if (!line) {
    throw UsageError(which + " is none of its trials, of which there are " +
                     std::to_string(table.lines.size()) + "; brood show lists them");
  }
  if (table.lines[*line][*table.find("state")] == "diverged") {
    throw UsageError(which + " diverged, and has no network");
  }
  std::string kept;
  for (int const each : kept_trials(directory))
    kept += (kept.empty() ? "" : ", ") + std::to_string(each);
  throw UsageError(which + " has no network here; there are those of " + kept +
                   ". To train it again: brood tune --only " + std::to_string(trial) + " " +
                   directory);
}

// One network as an ensemble of one, which has its calibration.
SavedPredictor alone(SavedModel saved, int trial) {
  SavedPredictor predictor{
      {}, std::move(saved.encoding), std::move(saved.metric), std::move(saved.weight)};
  predictor.models.calibration = std::exchange(saved.model.calibration, {});
  predictor.models.parts.push_back({.trial = trial, .model = std::move(saved.model)});
  return predictor;
}

}  // namespace

SavedPredictor read_winner(std::string const& directory) {
  return alone(read_best(directory), winner_of(directory));
}

SavedPredictor read_trial(std::string const& directory, int trial) {
  std::error_code ignored;
  std::string const alone = trial_directory(directory, trial);
  if (fs::exists(fs::path(alone) / "best", ignored)) return read_winner(alone);
  SavedPredictor predictor = read_winner(directory);
  if (predictor.models.parts.front().trial == trial) return predictor;
  predictor = read_predictor(directory);
  auto& parts = predictor.models.parts;
  // Of the networks of several folds, as of the winner's, the first.
  auto const part = std::find_if(parts.begin(), parts.end(),
                                 [&](Ensemble::Part const& each) { return each.trial == trial; });
  if (part == parts.end()) refuse_trial(directory, trial);
  parts = {std::move(*part)};
  parts.front().count = 1;
  predictor.models.calibration = {};  // which is that of the mean
  return predictor;
}

SavedPredictor read_predictor(std::string const& directory) {
  std::error_code ignored;
  std::string const ensemble = (fs::path(directory) / kEnsembleFile).string();
  if (fs::exists(ensemble, ignored))
    return ensemble_from_safetensors(read_file(ensemble), ensemble);
  SavedPredictor predictor = alone(read_best(directory), -1);
  std::string const path = (fs::path(directory) / kEnsembleDocument).string();
  if (!fs::exists(path, ignored)) return predictor;
  predictor.models = {};
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
