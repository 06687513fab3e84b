// SPDX-License-Identifier: Apache-2.0
// What networks get right and wrong on rows that nothing has looked at, and which columns they go
// by: what a score alone does not tell. It decides nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "brood/model.hpp"

namespace brood {

// What was found.
struct Inspection {
  std::int64_t rows = 0;   // that were looked at: the test rows, or of many an even sample
  bool validated = false;  // without test rows: those that validated, each predicted out of fold

  // Classification. (classes, classes): rows of a class, by the class that was predicted.
  std::vector<std::vector<std::int64_t>> confusion = {};
  // A bar of a reliability diagram: of the probability of the predicted class, in tenths; those
  // without rows are left out.
  struct Reliability {
    double predicted = 0;  // the mean probability
    double right = 0;      // the share of rows that were predicted rightly
    std::int64_t rows = 0;
    bool operator==(Reliability const&) const = default;
  };
  std::vector<Reliability> reliability = {};

  // Multi-label, by label.
  struct LabelCounts {
    std::int64_t true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;
    bool operator==(LabelCounts const&) const = default;
  };
  std::vector<LabelCounts> labels = {};

  // Regression, by target, in the user's units: prediction minus truth.
  struct Residuals {
    double mean = 0, deviation = 0;
    std::vector<double> truth = {}, predicted = {};  // of at most 400 rows, evenly chosen
    bool operator==(Residuals const&) const = default;
  };
  std::vector<Residuals> residuals = {};

  // Permutation importance (Breiman, "Random Forests", 2001): by how much the metric is worse where
  // the values of a column are shuffled among the rows. Negative: it is better.
  struct Column {
    std::string name = {};
    double mean = 0, deviation = 0;  // over the repeats; 0 of one
    bool operator==(Column const&) const = default;
  };
  std::vector<Column> columns = {};  // in the order of the file; empty: not measured
  std::int64_t column_rows = 0;      // that were shuffled
  int column_repeats = 0;
  bool by_winner = false;  // of the winner's network, where all of an ensemble would take too long
  bool operator==(Inspection const&) const = default;
};

// A network with rows that it was not trained on, ascending. A row is predicted by the weighted
// mean of those that have it.
struct JudgedNetwork {
  Model model = {};   // its calibration is that of what predicts
  double weight = 1;  // in the mean of what predicts
  double alone = 1;   // in that of the winner alone
  Rows rows = {};
};

// The networks that predict, and the winner alone. Where there are any that may be judged by other
// rows than the test rows, or before they were trained on these, they stand for both.
struct Inspected {
  Ensemble const& predictor;
  Model const& winner;
  std::span<JudgedNetwork const> judged = {};
  Encoding const& encoding;
  std::string metric;
  bool maximize = false;
  std::uint64_t seed = 0;  // of the shuffles
};

// Of the rows of the judged networks, or else of those of the table that are not development rows
// (ascending), as many as take at most some 100 million multiplications, at least 50. With columns,
// ten times as many, and the importance of columns for at most some 300 million more: on fewer
// rows, with fewer repeats and by the winner alone where more would be needed, and not at all where
// that is not enough. A pure function of its arguments; threads change no result.
Inspection inspect(Inspected const& inspected, Table const& table, Rows const& development,
                   bool with_columns, int threads);

}  // namespace brood
