// SPDX-License-Identifier: Apache-2.0
// The sweep of `brood tune data.csv --target COL`: a search space for any table; validation, budget
// and ensemble by its number of rows. Read like a file, so that overrides and `brood plan` treat it
// alike.
#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "brood/files/sweep.hpp"
#include "files/io/yaml.hpp"
#include "files/sweep/overrides.hpp"
#include "files/sweep/reader.hpp"

namespace brood::files {

namespace {

// What the number of rows decides. Few rows are validated by folds, several times over, for a score
// on a fifth of them is mostly luck; and no more trials are compared on them than that, for the
// best of thousands would be the luckiest (measured on tables of 178 to 569 rows: 2,000 trials
// predict no better than 256, or worse). Many rows need fewer epochs and larger batches, and bear
// columns in pieces (R2 of winequality 0.44 -> 0.46 with 4 and 0.49 with 8, of abalone 0.59 -> 0.59
// and 0.58, accuracy on adult 0.858 -> 0.860; of fewer rows predictions get worse).
struct Choice {
  std::int64_t most_rows;
  int bins;                     // pieces of a numeric column
  std::string_view validation;  // beside `test: 0`: no row is shut away, what predicts is scored
                                // out of fold
  int trials;                   // without a time limit
  int most_trials;              // with one
  int max_epochs;
  std::string_view batch_sizes;
};
constexpr Choice kChoices[] = {
    {5, 0, "folds: 2, repeats: 3", 64, 64, 81, "[16, 32]"},
    {1'000, 0, "folds: 5, repeats: 3", 256, 256, 81, "[16, 32, 64, 128, 256]"},
    {10'000, 4, "folds: 5", 256, 1024, 81, "[16, 32, 64, 128, 256]"},
    {100'000, 8, "holdout: 0.2", 256, 4096, 27, "[64, 128, 256, 512]"},
    {std::numeric_limits<std::int64_t>::max(), 8, "holdout: 0.1", 64, 4096, 9,
     "[128, 256, 512, 1024]"},
};

Choice const& choice_for(std::int64_t rows) {
  return *std::find_if(std::begin(kChoices), std::end(kChoices),
                       [&](Choice const& choice) { return rows <= choice.most_rows; });
}

bool overrides(Overrides const& said, std::string_view key) {
  return std::any_of(said.begin(), said.end(), [&](auto const& each) { return each.first == key; });
}

// Whether the command line says how to validate; then nothing of ours stands beside it.
bool validates(Overrides const& said) {
  constexpr std::string_view kKeys[] = {"holdout", "folds", "repeats", "group", "time", "fold"};
  return overrides(said, "validation") ||
         std::any_of(std::begin(kKeys), std::end(kKeys), [&](std::string_view key) {
           return overrides(said, "validation." + std::string(key));
         });
}

// Whether it leaves open how many rows are test rows: then none are. A column of folds says it of
// each row.
bool leaves_test_open(Overrides const& said) {
  return !overrides(said, "validation") && !overrides(said, "validation.fold");
}

// An ensemble predicts by the networks of all folds as they were validated, so that nothing is
// trained again; a single network is trained again on all the rows.
bool makes_no_ensemble(Overrides const& said) {
  return std::find(said.begin(), said.end(), Overrides::value_type{"ensemble", "0"}) != said.end();
}

// lr spans the usual rates of both optimizers; weight_decay is decoupled, so it means the same for
// both. With 256 trials and 81 epochs rungs of 256, 85, 28, 9 and 3 trials end at 1, 3, 9, 27 and
// 81 epochs: 918 trial-epochs, as many as training 11 configurations to the end.
std::string default_text(Choice const& choice, Overrides const& said) {
  std::string text = "data: {bins: " + std::to_string(choice.bins) + "}\n";
  if (!validates(said)) {
    text += "validation: {" + std::string(choice.validation) + ", test: 0}\n";
  } else if (leaves_test_open(said)) {
    text += "validation: {test: 0}\n";
  }
  text += makes_no_ensemble(said) ? "refit: true\n" : "ensemble: 32\nrefit: false\n";
  text += "method: random\ntrials: " + std::to_string(choice.trials) +
          "\nseed: 0\nearly_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: " +
          std::to_string(choice.max_epochs) + "}\n";
  return text + R"(parameters:
  hidden:       {values: [[32], [64], [128], [256], [64, 64], [128, 64], [128, 128], [64, 64, 64]]}
  activation:   {values: [relu, gelu, tanh]}
  optimizer:    {values: [adam, momentum]}
  lr:           {distribution: log_uniform_values, min: 3e-4, max: 3e-2}
  dropout:      {distribution: uniform, min: 0.0, max: 0.4}
  weight_decay: {distribution: log_uniform_values, min: 1e-6, max: 1e-2}
  lr_schedule:  {value: cosine}
  batch_size:   {values: )" +
         std::string(choice.batch_sizes) + "}\n";
}

// What was picked, so that nobody has to guess.
std::string picked(std::int64_t rows, Choice const& choice, Overrides const& said) {
  std::string text = "picked for " + std::to_string(rows) + " rows: ";
  if (!validates(said)) text += std::string(choice.validation) + "; ";
  if (leaves_test_open(said) && !overrides(said, "validation.test"))
    text += "no test rows (validation.test=0.2: a fifth); ";
  if (choice.bins > 0 && !overrides(said, "data.bins")) {
    text += "numbers also in " + std::to_string(choice.bins) + " pieces (data.bins); ";
  }
  text += "random search under successive halving to " + std::to_string(choice.max_epochs) +
          " epochs; ";
  text += makes_no_ensemble(said) ? "the best network, trained again on all rows"
                                  : "an ensemble of 32 picks (ensemble=0: one network)";
  return text + "; key=value changes any of it";
}

}  // namespace

Sweep default_sweep(std::string const& data_path, std::string const& target, std::int64_t rows,
                    Overrides const& said) {
  std::string const name = "default sweep";
  Choice const& choice = choice_for(rows);
  Node root = parse_yaml(default_text(choice, said), name);
  // The shape of a network to start from is that network's.
  for (Entry& section : root.entries) {
    if (!overrides(said, "start") || section.key != "parameters") continue;
    std::erase_if(section.value.entries, [](Entry const& entry) {
      return entry.key == "hidden" || entry.key == "activation";
    });
  }
  Place const place{std::make_shared<std::string const>(name), 0, 0};
  set_text(root, {"data", "file"}, data_path, place);
  set_text(root, {"data", "target"}, target, place);
  Sweep sweep = read_tree(std::move(root), said, study_name_of(data_path), "");
  sweep.most_trials = choice.most_trials;
  sweep.notes.push_back(picked(rows, choice, said));
  // Only what the command line says has a place that a person knows.
  std::erase_if(sweep.places, [&](auto const& entry) { return entry.second.starts_with(name); });
  return sweep;
}

Sweep automatic_sweep(std::string const& data_path, std::string const& target,
                      Overrides const& said) {
  // How the file is to be read does not depend on its rows.
  Sweep reader = default_sweep(data_path, target, 0, said);
  reader.notes.clear();
  auto const columns = std::make_shared<std::vector<Column> const>(read_data(reader));
  std::size_t rows = 0;
  if (!columns->empty())
    rows = std::max(columns->front().numbers.size(), columns->front().codes.size());
  Sweep sweep = default_sweep(data_path, target, static_cast<std::int64_t>(rows), said);
  sweep.columns = columns;
  sweep.layout = reader.layout;
  sweep.notes.insert(sweep.notes.begin(), reader.notes.begin(), reader.notes.end());
  return sweep;
}

}  // namespace brood::files
