// SPDX-License-Identifier: Apache-2.0
// Metrics from the sums of an Evaluation. The names, directions and the tasks that they fit are one
// table; see MetricChoice.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "brood/member.hpp"
#include "brood/table.hpp"

namespace brood {

// What a metric needs to know beside the sums.
struct MetricContext {
  Task task = Task::classification;
  int targets = 1;              // target columns
  double target_variation = 0;  // sum of weighted squared deviations of the targets, for r2
};

// The variation of the targets of `rows`, in the user's units.
double target_variation(Table const& table, std::span<std::int32_t const> rows);

double metric_value(std::string_view metric, Evaluation const& sums, MetricContext const& context);

// Empty, or why the metric cannot be used.
std::string metric_problem(std::string_view metric, Task task);

}  // namespace brood
