// SPDX-License-Identifier: Apache-2.0
// A sweep file (YAML or JSON) with the command line's `key=value`s, resolved into what to run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brood/data.hpp"
#include "brood/engine.hpp"
#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/study.hpp"

namespace brood::files {

// What a sweep file and the overrides come to.
struct Sweep {
  std::string name;       // of the study; from the file's name
  std::string data_path;  // as opened
  ReadOptions read;
  TextLayout layout;       // of the data file, once it has been read
  DatasetOptions dataset;  // `targets` as written: names, or -1 for the last column
  // A run directory, its best/ or a model file, as opened: load_dataset() reads the network that
  // every trial starts from. Empty: none.
  std::string start_path;
  // Run directories whose trials load_dataset() adds to study.prior, and how many of the best of
  // them come first in this study.
  std::vector<std::string> warm_start_paths;
  int warm_start_first = 0;
  Study study;  // space complete with constants; without callbacks
  std::optional<double> time_limit_seconds;
  int most_trials = 10000;         // that a time limit is filled with
  std::vector<std::string> notes;  // one line each: keys ignored, readings taken
  // Where what only the data can prove wrong was asked for: "validation.folds", and where it was
  // written: "sweep.yaml:3:14".
  std::map<std::string, std::string> places;
  // The data, if it has been read already; load_dataset takes it.
  std::shared_ptr<std::vector<Column> const> columns;
};

// key=value of the command line: a dotted key of the sweep file; a bare hyperparameter `lr=0.01`
// fixes it. The value is read like a YAML value.
using Overrides = std::vector<std::pair<std::string, std::string>>;

// Throws UsageError with every problem, each `file:line:col: what, the value, what is allowed`, or
// `key=value: ...` for an override.
Sweep read_sweep(std::string const& path, Overrides const& overrides = {});
Sweep parse_sweep(std::string_view text, std::string const& name, Overrides const& overrides = {});

// How much a sweep that is picked for a table may cost: a fourth of the trials of `good`, or four
// times as many, for three times as many epochs.
enum class Quality { fast, good, best };
// Of the table that it is picked for; the target may count as a column.
struct TableSize {
  std::int64_t rows = 0, numeric_columns = 0;
};
// No sweep file: `brood tune data.csv --target COL`, with the default space; validation, budget,
// what becomes of numbers and the ensemble are picked by the size of the table, and a note says
// what was.
Sweep default_sweep(std::string const& data_path, std::string const& target, TableSize size,
                    Overrides const& overrides = {}, Quality quality = Quality::good);
// The same for a file that is there: it is read.
Sweep automatic_sweep(std::string const& data_path, std::string const& target,
                      Overrides const& overrides = {}, Quality quality = Quality::good);

// The columns of the sweep's data file; how they were read is put into the sweep.
std::vector<Column> read_data(Sweep& sweep);
// Reads the file and makes the dataset. Writes into the sweep what the data decides: the names of
// targets given as -1 and the like, the task, and the metric if none was chosen. profile: null:
// nothing is measured.
Dataset load_dataset(Sweep& sweep, Profile* profile = nullptr);

// The error with each of its problems at the place of the key that it begins with, if that was
// written anywhere.
UsageError at_places(Sweep const& sweep, UsageError const& error);

// The sweep written out with every default: reading it back gives the same study. Paths absolute.
std::string resolved_yaml(Sweep const& sweep);

}  // namespace brood::files
