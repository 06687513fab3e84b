// SPDX-License-Identifier: Apache-2.0
// Keys of a sweep file that are no settings of a struct and no hyperparameters: the reader's lists
// of what is allowed, and what `brood list keys` tells of them.
#pragma once

#include <cstddef>
#include <string_view>

#include "files/sweep/section.hpp"

namespace brood::files {

// `fallback` is the default; empty: none.
struct Key {
  std::string_view name, fallback, allowed, help;
};

// clang-format off
inline constexpr Key kTopKeys[] = {
  {"data", "", "a map, see data.file and so on", "the table"},
  {"task", "by target", "see brood list tasks", "what is learned"},
  {"validation", "{holdout: 0.2, test: 0.2}", "a map, see brood list validation", "which rows score"},
  {"metric", "by task", "a name or a map, see brood list metrics", "what trials are compared by"},
  {"method", "random", "see brood list methods", "how trials are proposed"},
  {"sampler", "{}", "a map, see brood list settings", "the method's settings"},
  {"points", "", "a list of maps such as {lr: 0.1, hidden: [32]}", "the trials of method list"},
  {"first", "[]", "the same", "trials before those that the method proposes"},
  {"trials", "64", "a whole number, 1 .. 10000000; run_cap is the same", "how many; of a grid or a list, all; of hyperband, a pass"},
  {"seed", "0", "a whole number, 0 .. 18446744073709551615", "of everything that is drawn"},
  {"time_limit", "", "a time such as 60s, 10m, 2h or 1d; a number is in seconds", "when to end"},
  {"stop", "{}", "a map, see brood list stop", "what ends the study early"},
  {"calibrate", "{}", "a map, see brood list calibrate", "what is fitted on predictions in the end"},
  {"parameters", "{}", "a map of hyperparameters, see brood list parameters", "what is searched"},
  {"network", "{}", "a map of hyperparameters", "those of the network that are fixed"},
  {"train", "{}", "a map of hyperparameters", "those of the training that are fixed"},
  {"early_terminate", "none", "a type or a map, see brood list early_terminate", "who trains how long"},
  {"start", "", "a run, its best/ or a model.safetensors", "weights that trials start from"},
  {"warm_start", "", "a run, a list of runs, or a map", "former trials that the method learns from"},
  {"observations", "[]", "a list of maps such as {score: 0.9, epoch: 81, lr: 0.1}", "the same, written out"},
  {"constraints", "{}", "a map, see brood list constraints", "what a network may cost"},
};

inline constexpr Key kDataKeys[] = {
  {"file", "", "a csv, idx, npy or npz file, also with .gz; - is the standard input", "what to learn from"},
  {"target", "", "a column's name, a list of them, or -1 for the last", "what to predict"},
  {"format", "by name", "one of csv, idx, npy, npz", "of the file"},
  {"header", "found", "true or false", "whether line 1 has the columns' names"},
  {"separator", "found", "comma, semicolon, tab, pipe, space, or another character", "between the cells of a csv file"},
  {"decimal", "found", "one of ., ,", "the decimal mark"},
  {"missing", "usual words", "a word or a list of words", "cells that hold no value"},
  {"drop", "[]", "a column's name, or a list of them", "columns that are no inputs"},
  {"labels", "", "a second file, of as many rows", "the target, where it is apart from the inputs"},
  {"missing_indicator", "false", "true or false", "a column more for each with missing values"},
  {"bins", "0", "0, or 2 to 64", "pieces that each numeric column is also given in"},
  {"weight", "", "a column's name", "how much each row counts"},
  {"positive", "the second", "one of two classes", "which one precision, recall and the like are of"},
  {"columns", "{}", "a map such as {zip: categorical}", "types of columns: categorical or numeric"},
};

inline constexpr Key kMetricKeys[] = {
  {"name", "by task", "see brood list metrics; val_acc and the like are read", "the metric"},
  {"goal", "by metric", "maximize or minimize", "must be the metric's own"},
  {"target", "", "a score of the metric", "the same as stop.target"},
};

inline constexpr Key kWarmStartKeys[] = {
  {"runs", "", "a run, or a list of them", "former runs"},
  {"first", "0", "a whole number, 0 .. 1000", "so many of their best trials are trained first"},
};
// clang-format on

template <std::size_t N>
Names names_of(Key const (&keys)[N]) {
  Names names;
  for (Key const& key : keys)
    names.push_back(key.name);
  return names;
}

}  // namespace brood::files
