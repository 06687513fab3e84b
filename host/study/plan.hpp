// SPDX-License-Identifier: Apache-2.0
// What can be said of a study before it runs.
#pragma once

#include "brood/study.hpp"

namespace brood {

int max_epochs(SchedulerChoice const& scheduler);
double test_share(Validation const& validation);
// The metric's name with the default filled in.
std::string metric_name(Study const& study, Task task);
// Throws UsageError with everything wrong with the study.
Tuner make_tuner(Study const& study, Task task);
// A configuration as its members are trained: with `epochs`, the whole training.
Config member_config(Config config, Study const& study);

}  // namespace brood
