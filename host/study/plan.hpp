// SPDX-License-Identifier: Apache-2.0
// What can be said of a study before it runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "brood/study.hpp"

namespace brood {

int max_epochs(SchedulerChoice const& scheduler);
// The metric's name with the default filled in.
std::string metric_name(Study const& study, Task task);
// As quantile_of() a config of the space, all of which have one tau where the metric is pinball.
std::optional<double> quantile_of(std::string_view metric, SearchSpace const& space);
// Throws UsageError if the metric has no value on the rows that validate, or on the test rows.
void check_defined(std::string const& metric, Table const& table, Splits const& splits);
// Throws UsageError with everything wrong with the study. The tuner refers to the engine, and to
// the data if the study has constraints.
Tuner make_tuner(Engine& engine, Data const& data, Study const& study);
// Whether some configuration has patience, and so members that end before their last epoch.
bool may_stop_early(SearchSpace const& space);
// How long a configuration trains if it is never stopped: its own epochs, or the scheduler's.
int own_epochs(Config const& config, Study const& study);
// A configuration as its members are trained: with `epochs`, the whole training, and without a
// seed, which is the MemberSpec's.
Config member_config(Config const& config, Study const& study);

}  // namespace brood
