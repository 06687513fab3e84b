// SPDX-License-Identifier: Apache-2.0
// The table of metrics: names, directions, the tasks that they fit, and how each is computed, from
// the sums of an Evaluation or from predictions; see MetricChoice.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "brood/member.hpp"
#include "brood/table.hpp"
#include "study/prediction_metric.hpp"

namespace brood {

// What a metric needs to know beside the sums.
struct MetricContext {
  Task task = Task::classification;
  int targets = 1;              // target columns
  double target_variation = 0;  // sum of weighted squared deviations of the targets, for r2
  double unit = 1;              // Table::target_unit
};

// A value in the user's units, of which it has the unit's power.
double in_units(double value, double unit, int power);

// The variation of the targets of `rows`, in the table's units.
double target_variation(Table const& table, std::span<std::int32_t const> rows);

// Of metrics that are made from sums; of the others.
double metric_value(std::string_view metric, Evaluation const& sums, MetricContext const& context);
double metric_value(std::string_view metric, PredictedRows const& predicted);
bool is_from_predictions(std::string_view metric);

// Whether the loss that a member of such a configuration is evaluated by is its log loss, which
// then takes no predictions: cross_entropy, bce of two classes (one output) and of labels.
// Evaluations know neither label smoothing nor class weights. The two differ where a probability is
// clipped (prediction_metric.hpp): above 1 - 2^-23 by at most 1.2e-7 a row, and below 2^-23, where
// the loss goes on growing; else by the rounding of fp32.
bool loss_is_log_loss(Config const& config, Task task, int outputs);

// Empty, or why the metric cannot be used.
std::string metric_problem(std::string_view metric, Task task);

// Empty, or why the metric has no value on some rows, whatever is predicted.
std::string undefined_reason(std::string_view metric, Table const& table,
                             std::span<std::int32_t const> rows);

}  // namespace brood
