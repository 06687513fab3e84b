// SPDX-License-Identifier: Apache-2.0
// Registers the benchmarks under their full names and runs those that are asked for.
//   BROOD_BENCH_SECONDS   CUDA benchmarks that have not begun by then are left out, and say so
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "brood/engine.hpp"

namespace brood::bench {
void register_train_steps();
void register_phases();
void register_populations();
void register_studies();
void register_cuda_benchmarks(double seconds);
}  // namespace brood::bench

#if defined(__clang__)
constexpr char const* kCompiler = __VERSION__;
#else
constexpr char const* kCompiler = "g++ " __VERSION__;
#endif

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a run that is cut short has printed what it had
  brood::bench::register_train_steps();
  brood::bench::register_phases();
  brood::bench::register_populations();
#if BROOD_BENCH_FILES
  brood::bench::register_studies();
#endif
#if BROOD_BENCH_CUDA
  char const* const seconds = std::getenv("BROOD_BENCH_SECONDS");
  brood::bench::register_cuda_benchmarks(seconds != nullptr ? std::atof(seconds) : 1e9);
#endif
  benchmark::AddCustomContext("compiler", kCompiler);
  benchmark::AddCustomContext("cpu", brood::Engine({.device = "cpu"}).info().device);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
