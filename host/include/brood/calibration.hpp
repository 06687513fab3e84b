// SPDX-License-Identifier: Apache-2.0
// Calibration: what a model's raw predictions are put through before they are told, fitted on rows
// that validated.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "brood/settings.hpp"
#include "brood/table.hpp"

namespace brood {

// An interval around predicted values.
struct Interval {
  double coverage = 0.9;  // the share of rows whose target is within, above 0 and below 1
  // Half its width, a number for each target, in the units of Model::predict.
  std::vector<double> half_widths = {};
  bool operator==(Interval const&) const = default;
};

// By default it changes nothing.
struct Calibration {
  // Log odds of classes and labels are divided by it, above 0: above 1 makes them less certain
  // (Guo, Pleiss, Sun & Weinberger 2017). It changes no order of classes.
  double temperature = 1;
  // The second of two classes is predicted where its probability is above this, between 0 and 1,
  // and each label. None: the likeliest class, labels above 0.5.
  std::optional<double> threshold = {};
  // Of values: ascending in coverage (split conformal prediction, Vovk, Gammerman & Shafer 2005).
  std::vector<Interval> intervals = {};

  bool operator==(Calibration const&) const = default;
  // Probabilities (rows, outputs), by the temperature; values stay.
  void apply(Task task, int outputs, std::span<float> predictions) const;
  // The class that is predicted for a row of probabilities.
  std::size_t decide(std::span<float const> row) const;
  // Whether a label is predicted.
  bool is_on(float probability) const {
    return static_cast<double>(probability) > threshold.value_or(0.5);
  }
};

// A metric that a threshold is tuned by.
enum class ThresholdBy { none, accuracy, balanced_accuracy, f1, f1_macro, mcc };

// What is fitted once a study has ended, on the predictions of the rows that validated, each by a
// network that was not trained on it.
struct Calibrate {
  // Of classes and labels, where at least 200 rows validate and a likelihood ratio test at 5 % says
  // that it helps.
  bool temperature = true;
  // Of two classes and of labels.
  ThresholdBy threshold = ThresholdBy::none;
  // Of values: those of coverage 0.5, 0.8, 0.9, 0.95 and 0.99 that so many rows can tell.
  bool intervals = true;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("temperature", &Calibrate::temperature, setting::YesOrNo{},
          "fit a temperature of the probabilities; kept where it helps");
    visit("threshold", &Calibrate::threshold,
          setting::OneOf{"none", "accuracy", "balanced_accuracy", "f1", "f1_macro", "mcc"},
          "of two classes, or of labels, the threshold is tuned by this metric");
    visit("intervals", &Calibrate::intervals, setting::YesOrNo{},
          "of values: how far from the prediction the target is, and how often");
  }
};

}  // namespace brood
