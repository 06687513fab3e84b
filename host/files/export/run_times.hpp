// SPDX-License-Identifier: Apache-2.0
// When a run began and ended, as the formats of others want it. Trials train side by side, so that
// these are the times of each.
#pragma once

#include <string>

#include "brood/files/run_record.hpp"

namespace brood::files {

// Seconds since 1970-01-01 in UTC.
struct RunTimes {
  double start = 0, end = 0;
};
// Of a run that does not say when it began: from 0 on.
RunTimes times_of(RunRecord const& run);

// "2026-01-31 12:00:00.000000", UTC.
std::string date_time(double seconds);

}  // namespace brood::files
