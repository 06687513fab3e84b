// SPDX-License-Identifier: Apache-2.0
// trials.csv of a run, read back: its cells as texts, a trial as a study knows it, and the lines
// that a person asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/study.hpp"

namespace brood::files {

// Lines and columns count from 0. Those of older versions of brood lack some columns.
struct TrialTable {
  std::string path;  // for messages
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> lines;  // a trial each, as many cells as names
  std::vector<std::int64_t> places;             // the line of the file that each begins at, from 1
  std::string metric;                           // the column valid_METRIC has the scores
  bool maximize = false;

  // Nothing if there is none of that name.
  std::optional<std::size_t> find(std::string_view name) const;
  // Also the metric's name, or `score`, for the scores. Throws UsageError, that begins with `where`
  // and names the nearest column, if there is none.
  std::size_t column(std::string_view name, std::string_view where) const;
  // Whether it holds scores: of the trial or of a fold.
  bool is_score(std::size_t column) const;
  // Of that trial; nothing if there is none.
  std::optional<std::size_t> line_of(int trial) const;
};

// Throws UsageError if there is no run with trials in the directory, StorageError if its trials.csv
// is damaged.
TrialTable read_trials(std::string const& directory);

// The trial of a line; what older versions did not write has its default. Throws StorageError
// `file:line: ...` where a cell is none of its kind.
TrialResult trial_of(TrialTable const& table, std::size_t line);
// Those of all lines.
std::vector<TrialResult> trials_of(TrialTable const& table);

// Indices of the lines that keep to all of a filter's conditions, which are joined by &, as in
// `lr<0.01 & optimizer=adam`: a column, one of < <= > >= = !=, a value. Numbers are compared as
// numbers, all else as text; a line without a value in the column keeps to none. Throws UsageError.
std::vector<std::size_t> filtered(TrialTable const& table, std::string_view filter);

// The lines by a column: scores best first, other numbers and texts from the least; lines without a
// value last, and those that are equal in their order. Empty: as the run ranks them, by their rank,
// or of older runs by epochs and score.
std::vector<std::size_t> sorted(TrialTable const& table, std::vector<std::size_t> lines,
                                std::optional<std::size_t> by);

}  // namespace brood::files
