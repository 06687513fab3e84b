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

constexpr std::string_view
    kNarrow = "[[32], [64], [128], [256], [64, 64], [128, 64], [128, 128], [64, 64, 64]]",
    kWide =
        "[[128], [256], [64, 64], [128, 64], [128, 128], [256, 128], [256, 256], "
        "[128, 128, 128]]";

// How numbers become inputs, a choice of each trial; none: by mean and deviation alone. Measured
// with 96 trials on one or two splits of the tables that it was picked by, so a little too good,
// beside four pieces for all trials (adult: eight): root mean squared error of winequality -3 %,
// log loss of its classes -6 % and of adult -5 % (with cosines of many frequencies and wider
// layers), abalone +0.7 +- 0.5 %; beside none, diabetes (442 rows) +1.1 +- 0.6 %.
struct Numbers {
  std::int64_t most_columns;         // that are numeric; of more there would be too many inputs
  std::int64_t least_rows;           // of the table
  std::string_view pieces, cosines;  // how many, of each number
  std::string_view most_periods;     // of the cosines, see periodic_sigma
};
constexpr Numbers kPlain = {};
constexpr Numbers kNumbers[] = {{16, 10'001, "[0, 16]", "[16, 32, 64]", "30"},
                                {30, 1'001, "[0, 16, 32]", "[0, 8, 16]", "10"},
                                {120, 1'001, "[0, 4, 8]", "[0, 4]", "10"}};

Numbers numbers_for(TableSize size) {
  auto const found =
      std::find_if(std::begin(kNumbers), std::end(kNumbers), [&](Numbers const& each) {
        return size.numeric_columns <= each.most_columns && size.rows >= each.least_rows;
      });
  return found == std::end(kNumbers) ? kPlain : *found;
}

// What the number of rows and the quality decide.
struct Choice {
  std::int64_t most_rows;
  int folds;  // 0: a holdout
  int repeats;
  std::string_view holdout;
  int trials;       // without a time limit
  int most_trials;  // with one
  int max_epochs;
  int ensemble;
  std::string_view batch_sizes, hidden;
  Numbers numbers = kPlain;

  // Beside `test: 0`: no row is shut away, what predicts is scored out of fold.
  std::string validation() const {
    if (folds == 0) return "holdout: " + std::string(holdout);
    std::string const text = "folds: " + std::to_string(folds);
    return repeats == 1 ? text : text + ", repeats: " + std::to_string(repeats);
  }
};

// Few rows are validated by folds, several times over, for a score on a fifth of them is mostly
// luck; and no more trials are compared on them than that, for the best of thousands would be the
// luckiest (measured on tables of 178 to 569 rows: 2,000 trials predict no better than 256, or
// worse). Many rows need fewer epochs and larger batches.
constexpr Choice kChoices[] = {
    {5, 2, 3, "", 64, 64, 81, 32, "[16, 32]", kNarrow},
    {1'000, 5, 3, "", 256, 256, 81, 32, "[16, 32, 64, 128, 256]", kNarrow},
    {10'000, 5, 1, "", 256, 1024, 81, 32, "[16, 32, 64, 128, 256]", kWide},
    {100'000, 0, 1, "0.2", 256, 4096, 27, 32, "[64, 128, 256, 512]", kWide},
    {std::numeric_limits<std::int64_t>::max(), 0, 1, "0.1", 64, 4096, 9, 32,
     "[128, 256, 512, 1024]", kWide},
};

Choice choice_for(TableSize size, Quality quality) {
  Choice choice = *std::find_if(std::begin(kChoices), std::end(kChoices),
                                [&](Choice const& each) { return size.rows <= each.most_rows; });
  choice.numbers = numbers_for(size);
  if (quality == Quality::fast) {
    choice.trials /= 4;
    choice.ensemble = 8;
    choice.repeats = 1;
    choice.hidden = kNarrow;
  }
  if (quality == Quality::best) {
    choice.trials *= 4;
    choice.most_trials *= 4;
    choice.max_epochs *= 3;
    choice.ensemble = 64;
    constexpr std::int64_t kMostFolded = 30'000, kMostRepeated = 10'000;
    if (choice.folds == 0 && size.rows <= kMostFolded) choice.folds = 5;
    if (size.rows <= kMostRepeated) choice.repeats = 3;
  }
  return choice;
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

// A network to start from has made the choice.
bool searches_numbers(Choice const& choice, Overrides const& said) {
  return !choice.numbers.pieces.empty() && !overrides(said, "data.bins") &&
         !overrides(said, "start");
}

// With 256 trials and 81 epochs rungs of 256, 85, 28, 9 and 3 trials end at 1, 3, 9, 27 and
// 81 epochs: 918 trial-epochs, as many as training 11 configurations to the end.
std::string default_text(Choice const& choice, Overrides const& said) {
  std::string text;
  if (!validates(said)) {
    text += "validation: {" + choice.validation() + ", test: 0}\n";
  } else if (leaves_test_open(said)) {
    text += "validation: {test: 0}\n";
  }
  text += makes_no_ensemble(said)
              ? "refit: true\n"
              : "ensemble: " + std::to_string(choice.ensemble) + "\nrefit: false\n";
  text += "method: random\ntrials: " + std::to_string(choice.trials) +
          "\nseed: 0\nearly_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: " +
          std::to_string(choice.max_epochs) + "}\n";
  text += "parameters:\n  hidden:       {values: " + std::string(choice.hidden) + R"(}
  activation:   {values: [relu, gelu, tanh]}
  optimizer:    {value: adam}
  lr:           {distribution: log_uniform_values, min: 3e-4, max: 3e-2}
  dropout:      {distribution: uniform, min: 0.0, max: 0.4}
  weight_decay: {distribution: log_uniform_values, min: 1e-6, max: 1e-2}
  lr_schedule:  {value: cosine}
  batch_size:   {values: )" +
          std::string(choice.batch_sizes) + "}\n";
  // Measured on 6 splits of each of three tables of few rows, against mean and deviation alone:
  // log loss of breast_cancer -7 +- 3 %, of wine -1 +- 8 %; error of diabetes 0.0 +- 0.4 %.
  if (!overrides(said, "start")) text += "  scaling:      {values: [standard, robust]}\n";
  if (searches_numbers(choice, said)) {
    text += "  pieces:       {values: " + std::string(choice.numbers.pieces) +
            "}\n  periodic:     {values: " + std::string(choice.numbers.cosines) + R"(}
  periodic_sigma: {distribution: log_uniform_values, min: 0.3, max: )" +
            std::string(choice.numbers.most_periods) + "}\n";
  }
  return text;
}

// What was picked, so that nobody has to guess.
std::string picked(std::int64_t rows, Choice const& choice, Overrides const& said) {
  std::string text = "picked for " + std::to_string(rows) + " rows: ";
  if (!validates(said)) text += choice.validation() + "; ";
  if (leaves_test_open(said) && !overrides(said, "validation.test"))
    text += "no test rows (validation.test=0.2: a fifth); ";
  if (searches_numbers(choice, said)) {
    text += "numbers also in pieces " + std::string(choice.numbers.pieces) + " and cosines " +
            std::string(choice.numbers.cosines) + " (pieces, periodic); ";
  }
  text += "random search under successive halving to " + std::to_string(choice.max_epochs) +
          " epochs; ";
  text += makes_no_ensemble(said) ? "the best network, trained again on all rows"
                                  : "an ensemble of " + std::to_string(choice.ensemble) +
                                        " picks (ensemble=0: one network)";
  return text + "; key=value changes any of it";
}

}  // namespace

Sweep default_sweep(std::string const& data_path, std::string const& target, TableSize size,
                    Overrides const& said, Quality quality) {
  std::string const name = "default sweep";
  Choice const choice = choice_for(size, quality);
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
  sweep.notes.push_back(picked(size.rows, choice, said));
  // Only what the command line says has a place that a person knows.
  std::erase_if(sweep.places, [&](auto const& entry) { return entry.second.starts_with(name); });
  return sweep;
}

Sweep automatic_sweep(std::string const& data_path, std::string const& target,
                      Overrides const& said, Quality quality) {
  // How the file is to be read does not depend on its size.
  Sweep reader = default_sweep(data_path, target, {}, said);
  reader.notes.clear();
  auto const columns = std::make_shared<std::vector<Column> const>(read_data(reader));
  TableSize size;
  if (!columns->empty())
    size.rows = std::ssize(columns->front().numbers) + std::ssize(columns->front().codes);
  size.numeric_columns = std::count_if(columns->begin(), columns->end(),
                                       [](Column const& each) { return !each.categorical; });
  Sweep sweep = default_sweep(data_path, target, size, said, quality);
  sweep.columns = columns;
  sweep.layout = reader.layout;
  sweep.notes.insert(sweep.notes.begin(), reader.notes.begin(), reader.notes.end());
  return sweep;
}

}  // namespace brood::files
