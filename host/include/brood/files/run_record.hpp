// SPDX-License-Identifier: Apache-2.0
// A run, read back from its directory: what reports, exports and comparisons are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brood/files/run_directory.hpp"
#include "brood/files/sweep.hpp"
#include "brood/study.hpp"

namespace brood::files {

// A finished run as its files tell of it.
struct RunRecord {
  std::string directory;  // as it was given
  // Of config.yaml, and its name of run.json; without the data and without a network to start from.
  Sweep sweep;
  // Trials, curves, leaderboard and scores; the parts of the ensemble by trial and count. Without
  // networks, segments and rows (read_predictor() and read_trained_rows() have those). `best` is -1
  // if no trial has won.
  Result result;
  RunFacts facts;           // of run.json; without the profile and the fingerprints of rows
  Encoding encoding;        // of the model's columns; empty of a run without a model
  bool unfinished = false;  // of read_saved_study()
};

// Throws UsageError if the directory is not there or is no run's, StorageError `file:line: ...` if
// one of its files is damaged. What older versions of brood did not write has its default.
RunRecord read_run(std::string const& directory);

// A study that may still train, in this process or another, as it was saved last: trials, curves
// and scores by validation, without sizes and seeds of networks, scores of folds, times of rungs
// and what is known at its end only; without trials if nothing was saved yet. Reads its database
// for some milliseconds, in which the study waits to save; it never writes. Throws UsageError if
// the directory is not there or no study has begun in it, StorageError if it is damaged,
// DirectoryBusy if the study saved for seconds.
RunRecord read_saved_study(std::string const& directory);

// A run as far as it has come: read_run() of one that is finished, else read_saved_study().
RunRecord read_run_so_far(std::string const& directory);

}  // namespace brood::files
