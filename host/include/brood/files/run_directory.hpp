// SPDX-License-Identifier: Apache-2.0
// A run directory: config.yaml (resolved), run.json, trials.csv, curves.csv, report.html,
// inspection.json, best/ with model.safetensors, README.md on it (a model card, and what the files
// hold), config.yaml, score.json and trained_rows.npy. The whole directory is written beside its
// name and renamed into place, so that it is never half there.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "brood/engine.hpp"
#include "brood/files/model_file.hpp"
#include "brood/files/sweep.hpp"
#include "brood/files/training_data.hpp"
#include "brood/inspection.hpp"
#include "brood/study.hpp"

namespace brood::files {

// Where a run without --out goes: runs/<name>-<n>, the first n that is free.
std::string next_run_directory(std::string const& name);

// Throws UsageError if `path` is there and not empty, unless `overwrite`; then, if there is a file
// in it that brood did not write, because that would be lost. Creates nothing.
void check_run_directory(std::string const& path, bool overwrite);

// Throws StorageError if write_run_directory could not write there. To know, it creates the
// directories on the way and a file, and removes them again.
void check_writable(std::string const& path);

// What was known after a rung.
struct RungFacts {
  int trials = 0;                                          // that came to an end of it
  int epoch = 0;                                           // that the furthest of them came to
  std::int64_t member_epochs = 0;                          // trained so far
  double best = std::numeric_limits<double>::quiet_NaN();  // score of the trials trained furthest
  double top = std::numeric_limits<double>::quiet_NaN();   // of any rung so far
  double seconds = 0;                                      // since the study began
};

// What a result does not know of the run that led to it.
struct RunFacts {
  std::string command_line;
  std::string data_fingerprint;
  BackendInfo backend;
  double seconds = 0;
  std::string started;                // UTC, as in 2026-01-31T12:00:00Z
  int events = 0;                     // rungs trained
  std::string ended;                  // why there were no more: "complete", "time limit", ...
  std::string of_run = {};            // the run whose trial was trained alone; else empty
  std::int64_t rows = 0;              // of the data; 0: not known
  std::int64_t development_rows = 0;  // of these, those that trained or validated
  std::vector<RungFacts> rungs = {};  // in their order; none of a trial that was trained alone
  std::optional<Inspection> inspection = {};  // of what predicts
  std::optional<ProfileReport> profile = {};  // up to the writing of these files
  std::optional<TrainingData> training_data = {};
  // Fingerprints (row_fingerprints) of the rows of Result::development, sorted, each once.
  std::vector<std::uint64_t> trained_rows = {};
};

// Writes the whole directory; without best/ if the result has no model (StudyRun::found()). Throws
// StorageError with the path and the reason.
void write_run_directory(std::string const& path, Sweep const& sweep, Result const& result,
                         Encoding const& encoding, RunFacts const& facts, bool overwrite);

// The two tables; they hold nothing from clock, machine or threads.
// trials.csv: trial,state,epochs,valid_<metric>, its standard_error if trials have several members,
// one column per parameter of the space, fold_1 and on (of several folds, each the mean over its
// repeats), rank, parameters (weights and biases), seed (of the first repeat) and bracket if there
// are several; by trial. A parameter called epochs is in epochs_in_all, and one of which another
// column has the name, such as seed, in parameters.NAME.
// curves.csv: trial,fold,repeat,epoch,train_loss,valid_loss,valid_<metric>; see CurvePoint for the
// metrics that are computed at the ends of rungs only, and are nan between.
// Numbers are in their shortest form that reads back to the same bits; `nan` where there is none.
std::string trials_csv(Result const& result, SearchSpace const& space);
std::string curves_csv(Result const& result);

// The model of a run: DIR/best/model.safetensors. UsageError if there is none.
SavedModel read_best(std::string const& directory);

// What predicts for a run: the ensemble of DIR/best/ensemble.safetensors (of older runs, that of
// the files which best/ensemble.json names), or else the one model. Throws UsageError if there is
// neither, StorageError if the files are damaged or do not belong together.
SavedPredictor read_predictor(std::string const& directory);
// The winner's network alone, of its trial, whatever predicts for the run.
SavedPredictor read_winner(std::string const& directory);
// The network of any trial of which one is kept: of the winner, of the ensemble, or of
// trial_directory(). Throws UsageError if there is none, with those that there are.
SavedPredictor read_trial(std::string const& directory, int trial);

// Throws UsageError if the data that the run's sweep was read with now, or the network that it
// starts from, is not what the run had.
void check_same_run(std::string const& directory, Sweep const& sweep,
                    std::string const& data_fingerprint);

// Where a trial that is trained alone goes: DIRECTORY/trials/N, a run directory by itself.
std::string trial_directory(std::string const& directory, int trial);

// The fingerprints of the rows that trained or validated the model of a run directory, or of its
// best/, sorted; nothing of a run that wrote none. Throws StorageError for a damaged file.
std::optional<std::vector<std::uint64_t>> read_trained_rows(std::string const& directory);

}  // namespace brood::files
