// SPDX-License-Identifier: Apache-2.0
// What `brood bench` measures: training steps of populations of one shape on synthetic rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/engine.hpp"
#include "tools/commands/commands.hpp"

namespace brood::tools {

// A population's figures. Times are by wall clock, over whole calls of train().
struct BenchRow {
  int members = 0;
  double steps_per_second = 0;  // of a member, all members together; the median of the repeats
  double spread = 0;            // of the repeats: slowest over fastest, less 1
  int repeats = 0;
  double step_flops = 0;              // needed by a step of one member
  double peak_share = 0;              // of what the device could do in flops
  std::string bound;                  // the resource that binds, as far as it is known
  double bound_share = 0;             // of it; of shared memory a lower bound
  double busy = 0;                    // CPU time over wall time and threads; NaN on a GPU
  std::int64_t bytes_per_member = 0;  // resident
  std::string placement;              // where tensors lie
  int launches = 0;                   // of kernels in a submission
};

struct Bench {
  BackendInfo device;
  double peak_flops = 0;  // of all threads, or of the whole GPU; probed in the same run
  std::vector<BenchRow> rows;
};

// Throws UsageError with everything wrong with the network or the number of members, DeviceError as
// the engine does, and NoUsableTrial if a member diverged.
Bench run_bench(Options const& options);

}  // namespace brood::tools
