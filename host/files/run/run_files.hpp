// SPDX-License-Identifier: Apache-2.0
// What the files of a run directory hold. Only run.json knows of clock, machine and threads, and
// report.html says what is in it: the other files are the same whenever and wherever the run is
// repeated on the same kind of backend.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "brood/files/run_directory.hpp"

namespace brood::files {

// A card of the model (files/report/), and what the files beside it hold.
inline constexpr std::string_view kModelPage = "best/README.md";
inline constexpr std::array<std::string_view, 9> kRunFiles = {"config.yaml",
                                                              "run.json",
                                                              "trials.csv",
                                                              "curves.csv",
                                                              kModelPage,
                                                              "best/config.yaml",
                                                              "best/score.json",
                                                              "best/model.safetensors",
                                                              "best/trained_rows.npy"};

// In trials.csv: its name, or epochs_in_all for `epochs`, and `parameters.NAME` where another
// column has that.
std::string column_of_parameter(std::string_view name);
// Whether a column holds the scores of a fold.
bool is_fold_column(std::string_view name);

// Throws UsageError if there is none.
TrialResult const& winner(Result const& result);

// Of a run with test rows.
inline constexpr std::string_view kInspectionFile = "inspection.json";
// Made of the others (files/report/).
inline constexpr std::string_view kReportFile = "report.html";
// What a run has from its beginning on: the store's own (brood/files/store.hpp).
inline constexpr char const* kDatabaseFile = "study.db";
inline constexpr char const* kLockFile = "lock";
inline constexpr std::array<std::string_view, 5> kStoreFiles = {
    kDatabaseFile, "study.db-journal", "members-1.state", "members-2.state", kLockFile};

// An ensemble has two more files.
inline constexpr std::string_view kEnsembleDocument = "best/ensemble.json";
inline constexpr std::string_view kEnsembleFile = "best/ensemble.safetensors";
// Of older runs, from 0: "ensemble-1.safetensors".
std::string ensemble_part_name(std::size_t part);
// Whether a run writes a file of that name, or wrote it once, or has a folder of that name, with a
// slash at the end; also what of them is left unfinished where a process was killed.
bool is_run_file(std::string_view name);
bool is_run_folder(std::string_view name);

struct RunFile {
  std::string name;  // is_run_file
  std::string bytes;
};
std::vector<RunFile> run_files(Sweep const& sweep, Result const& result, Encoding const& encoding,
                               RunFacts const& facts);

}  // namespace brood::files
