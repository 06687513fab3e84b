// SPDX-License-Identifier: Apache-2.0
// Metrics that the sums of an Evaluation do not hold: they take each row's prediction. Definitions
// and corner cases are scikit-learn's, where it has one; what differs is said beside each.
#pragma once

#include <cstdint>
#include <span>

#include "brood/backend.hpp"
#include "brood/table.hpp"

namespace brood {

// Predictions as Backend::forward gives them, beside the targets.
struct PredictedRows {
  Task task = Task::classification;
  std::int64_t rows = 0;
  int outputs = 1;                     // classes, or target columns
  int targets = 1;                     // target columns
  std::span<float const> predictions;  // (rows, outputs)
  std::span<float const> y;            // (rows, targets)
  std::span<float const> weights;      // (rows), or empty: all 1
};

// Mean of the classes' recalls, over the classes that have a row with weight.
double balanced_accuracy(PredictedRows const& p);

// Mean of the F1 = 2 tp / (2 tp + fp + fn) of each class that is a target or predicted in some row
// with weight; of labels (predicted above 0.5): of all of them, 0 for one that is neither.
double f1_macro(PredictedRows const& p);

// Area under the ROC curve, ties counting half (Hanley & McNeil 1982). Of two classes: of the
// second. Of more: the mean of each class against the rest; of labels: the mean over labels.
// Classes and labels that are the same in every row are left out, where scikit-learn refuses; NaN
// if all are.
double auc(PredictedRows const& p);
// The same of what Backend::ordered_pairs counted of one member.
double auc(Task task, int outputs, std::span<OrderedPairs const> pairs);

// Mean of -ln of the probability of what is true; of labels, the mean over labels too.
// Probabilities are clipped to 2^-23 .. 1 - 2^-23, as scikit-learn does in fp32.
double log_loss(PredictedRows const& p);

}  // namespace brood
