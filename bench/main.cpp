// SPDX-License-Identifier: Apache-2.0
// Registers the benchmarks under their full names and runs those that are asked for.
#include <benchmark/benchmark.h>

namespace brood::bench {
void register_train_steps();
}

int main(int argc, char** argv) {
  brood::bench::register_train_steps();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
