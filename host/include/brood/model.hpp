// SPDX-License-Identifier: Apache-2.0
// Model: a trained network by itself, with the transform of its inputs: enough to predict on any
// machine without a device, table or population.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brood/calibration.hpp"
#include "brood/member.hpp"
#include "brood/table.hpp"

namespace brood {

// A trained network that predicts by itself.
struct Model {
  Task task = Task::classification;
  int outputs = 0;     // classes, or target columns
  Config config = {};  // the resolved hyperparameters it was trained with
  Transform transform = {};
  std::vector<LayerWeights> layers = {};
  Calibration calibration = {};

  int inputs() const;  // columns of the table that it takes
  // Raw inputs (rows, inputs), NaN is missing -> (rows, outputs): class probabilities, label
  // probabilities, both calibrated, or values in the user's units. Sums are in double; agrees with
  // the backend that trained it to 1e-4 relative. Throws UsageError if the columns do not match.
  // threads: that share the rows; 0: all cores. Changes no result.
  std::vector<float> predict(Matrix x, int threads = 1) const;
};

// Several networks that predict together: the mean of their predictions, each counted as often as
// it was picked, summed in double.
struct Ensemble {
  // One of the networks, and how often it was picked.
  struct Part {
    int trial = 0;
    int count = 1;  // above 0
    Model model = {};
  };
  std::vector<Part> parts = {};
  Calibration calibration = {};  // of the mean

  bool empty() const { return parts.empty(); }
  // As Model::predict. Throws UsageError too if there are no parts.
  std::vector<float> predict(Matrix x, int threads = 1) const;
};

// The score of predictions (rows, outputs), as Model::predict and Backend::forward give them,
// against targets (rows, target columns) by a metric (see MetricChoice). `loss` is the cross
// entropy of the probabilities, or the mean squared error. Weights are per row; empty: all 1.
// target_unit: see Table::target_unit. threshold: see Calibration. quantile: that pinball is of,
// 0.5 if it is not said.
double score(std::string_view metric, Task task, std::span<float const> predictions,
             std::span<float const> targets, std::int64_t rows, std::span<float const> weights = {},
             double target_unit = 1, std::optional<double> threshold = {},
             std::optional<double> quantile = {});

// The scores by every metric that fits the task, by name, but `loss`, which is not of predictions
// alone, and pinball where no quantile is said. NaN where one is undefined.
using NamedScores = std::vector<std::pair<std::string, double>>;
NamedScores all_scores(Task task, std::span<float const> predictions,
                       std::span<float const> targets, std::int64_t rows,
                       std::span<float const> weights = {}, double target_unit = 1,
                       std::optional<double> threshold = {}, std::optional<double> quantile = {});

}  // namespace brood
