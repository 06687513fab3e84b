// SPDX-License-Identifier: Apache-2.0
// brood_machine: a workload on executed machine code; prints one row as JSON, or where it goes.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "machine/views.hpp"

namespace {

constexpr char const* kUsage =
    "usage: brood_machine [--workload A|B|C|D|...] [--optimizer NAME] [--precision "
    "tf32|bf16|fp32]\n"
    "  [--architecture sm_90|sm_80] [--alone]     one member on the whole device\n"
    "  [--per-sm N]      members side by side on a multiprocessor; as many as fit if not given\n"
    "  [--check]         reports of misuse as well\n"
    "  [--hot N] [--stalls] [--phases] [--each]    where instructions and clocks are, in place of "
    "JSON\n";

int number(char const* text) {
  return static_cast<int>(std::strtol(text, nullptr, 10));
}

}  // namespace

int main(int count, char** arguments) try {
  using namespace brood::machine;
  WorkloadChoice choice;
  int hot = 0;
  bool stalls = false, phases = false, each = false;
  for (int i = 1; i < count; ++i) {
    std::string const name = arguments[i];
    bool const has_value = i + 1 < count;
    if (name == "--workload" && has_value) {
      choice.workload = arguments[++i];
    } else if (name == "--optimizer" && has_value) {
      choice.optimizer = arguments[++i];
    } else if (name == "--precision" && has_value) {
      choice.precision = arguments[++i];
    } else if (name == "--architecture" && has_value) {
      choice.architecture = arguments[++i];
    } else if (name == "--per-sm" && has_value) {
      choice.per_multiprocessor = number(arguments[++i]);
    } else if (name == "--hot" && has_value) {
      hot = number(arguments[++i]);
    } else if (name == "--alone") {
      choice.alone = true;
    } else if (name == "--check") {
      choice.checked = true;
    } else if (name == "--stalls") {
      stalls = true;
    } else if (name == "--phases") {
      phases = true;
    } else if (name == "--each") {
      each = true;
    } else {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  WorkloadRun const run = run_workload(choice);
  if (hot > 0) std::fputs(hot_view(run, hot).c_str(), stdout);
  if (hot > 0 && !stalls && !phases && !each) return 0;
  Replay const replay = replayed(run);
  if (stalls) std::fputs(stalls_view(run, replay, 28).c_str(), stdout);
  if (phases) std::fputs(phases_view(run, replay).c_str(), stdout);
  if (each) std::fputs(each_view(run, replay).c_str(), stdout);
  if (hot == 0 && !stalls && !phases && !each) std::puts(json_of(run, row_of(run, replay)).c_str());
  std::fprintf(stderr, "%.1f M warp instructions in %.1f s\n",
               1e-6 * static_cast<double>(run.executed), run.seconds);
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "brood_machine: %s\n", error.what());
  return 1;
}
