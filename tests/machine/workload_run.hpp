// SPDX-License-Identifier: Apache-2.0
// A workload of the benchmarks through the CUDA backend on executed machine code.
#pragma once

#include <string>
#include <vector>

#include "machine/machine.hpp"
#include "machine/steady_steps.hpp"
#include "machine/timing.hpp"

namespace brood::machine {

struct WorkloadChoice {
  std::string workload = "A", optimizer = "sgd", precision = "tf32", architecture = "sm_90";
  // One member on the whole device, in place of as many as fill it.
  bool alone = false;
  bool checked = false;
  int per_multiprocessor = 0;  // members side by side; 0: as many as fit
};

struct WorkloadRun {
  WorkloadChoice choice;
  Code const* code = nullptr;  // of the kernel that trained
  Request launch;              // without parameters
  int per_multiprocessor = 1;  // clusters; of those of several blocks, on as many multiprocessors
  SteadySteps steps;           // of the first member
  double error = 0;            // |w - w of the CPU backend| / |update|
  std::int64_t executed = 0;   // instructions of warps in all
  double seconds = 0;          // that executing them took
};

WorkloadRun run_workload(WorkloadChoice const& choice);

// What of it is kept in the table.
struct Row {
  double warp_instructions = 0, tensor = 0, wavefronts = 0, sectors = 0, clocks = 0,
         steps_per_s = 0;
};
Row row_of(WorkloadRun const& run, Replay const& replayed);
Replay replayed(WorkloadRun const& run);
std::string json_of(WorkloadRun const& run, Row const& row);

}  // namespace brood::machine
