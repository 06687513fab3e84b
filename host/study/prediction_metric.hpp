// SPDX-License-Identifier: Apache-2.0
// Metrics that the sums of an Evaluation do not hold: they take each row's prediction. Definitions
// and corner cases are scikit-learn's, where it has one; what differs is said beside each.
#pragma once

#include <span>

#include "brood/backend.hpp"
#include "brood/table.hpp"
#include "study/predicted_rows.hpp"

namespace brood {

// ---- of what is predicted: the likeliest class; labels above 0.5 (confusion_metric.cpp)

// Mean of the classes' recalls, over the classes that have a row with weight.
double balanced_accuracy(PredictedRows const& p);

// Precision = tp / (tp + fp), recall = tp / (tp + fn) and F1 = 2 tp / (2 tp + fp + fn), 0 where
// that is 0 / 0. Of two classes: of the second. Of more: the mean over each class that is a target
// or predicted in some row with weight; of labels: over all of them.
double precision(PredictedRows const& p);
double recall(PredictedRows const& p);
double f1(PredictedRows const& p);
// The mean of F1, of two classes too.
double f1_macro(PredictedRows const& p);

// Matthews' correlation coefficient of targets and predictions; of more than two classes,
// Gorodkin's (2004); of labels, the mean over labels. 0 where one of the two does not vary.
double mcc(PredictedRows const& p);

// ---- of the order of the rows by their probabilities (ranking_metric.cpp)

// Area under the ROC curve, ties counting half (Hanley & McNeil 1982). Of two classes: of the
// second. Of more: the mean of each class against the rest; of labels: the mean over labels.
// Classes and labels that are the same in every row are left out, where scikit-learn refuses; NaN
// if all are.
double auc(PredictedRows const& p);
// The same of what Backend::ordered_pairs counted of one member.
double auc(Task task, int outputs, std::span<OrderedPairs const> pairs);

// Average precision: the precision at each distinct probability, from the highest down, weighted by
// how much recall it adds. Of classes and labels as auc.
double pr_auc(PredictedRows const& p);

// ---- of the probabilities themselves (probability_metric.cpp)

// Mean of -ln of the probability of what is true; of labels, the mean over labels too.
// Probabilities are clipped to 2^-23 .. 1 - 2^-23, as scikit-learn does in fp32.
double log_loss(PredictedRows const& p);

// Brier's score: mean squared difference of probabilities and what is true. Of two classes: of the
// second; of more: the sum over classes; of labels: the mean over labels.
double brier(PredictedRows const& p);

// ---- of values (quantile_metric.cpp)

// The mean pinball loss of a quantile q: q e where e = target - prediction is above 0, (q - 1) e
// below; of several targets, the mean over them.
double pinball(PredictedRows const& p);

}  // namespace brood
