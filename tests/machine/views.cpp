// SPDX-License-Identifier: Apache-2.0
#include "machine/views.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <numeric>
#include <vector>

namespace brood::machine {
namespace {

std::string format(char const* pattern, ...) __attribute__((format(printf, 1, 2)));
std::string format(char const* pattern, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

struct Executed {
  double times = 0, wavefronts = 0, sectors = 0;  // a step, of all warps
};

std::map<std::uint32_t, Executed> executed_of(WorkloadRun const& run) {
  std::map<std::uint32_t, Executed> result;
  for (auto const& stream : run.steps.streams) {
    for (Step const& step : stream) {
      Executed& of = result[step.instruction];
      of.times += 1.0 / run.steps.steps;
      of.wavefronts += 1.0 * step.wavefronts / run.steps.steps;
      of.sectors += 1.0 * step.sectors / run.steps.steps;
    }
  }
  return result;
}

// The mangled name's last identifier that says something.
std::string readable(std::string const& function) {
  std::string best = function;
  for (std::size_t at = 0; at < function.size(); ++at) {
    if (function[at] < '1' || function[at] > '9') continue;
    std::size_t length = 0, begin = at;
    while (begin < function.size() && function[begin] >= '0' && function[begin] <= '9')
      length = 10 * length + static_cast<std::size_t>(function[begin++] - '0');
    if (begin + length > function.size()) break;
    std::string const name = function.substr(begin, length);
    if (name != "brood" && name != "cuda") return name;
    at = begin + length - 1;
  }
  return best;
}

std::string function_of(WorkloadRun const& run, std::uint32_t instruction) {
  auto const index = run.code->instructions[instruction].function;
  return readable(run.code->functions[static_cast<std::size_t>(index)]);
}

// Neighbours that are executed equally often.
std::vector<std::vector<std::uint32_t>> runs_of(WorkloadRun const& run,
                                                std::map<std::uint32_t, Executed> const& executed) {
  std::vector<std::vector<std::uint32_t>> runs;
  for (auto const& [instruction, of] : executed) {
    bool const goes_on = !runs.empty() && instruction - runs.back().back() <= 4 &&
                         std::abs(executed.at(runs.back().back()).times - of.times) < 1e-9 &&
                         run.code->instructions[instruction].function ==
                             run.code->instructions[runs.back().back()].function;
    if (!goes_on) runs.emplace_back();
    runs.back().push_back(instruction);
  }
  return runs;
}

std::string units_text(WorkloadRun const& run, std::vector<std::uint32_t> const& instructions) {
  int counts[kUnits] = {};
  for (auto const i : instructions)
    ++counts[static_cast<int>(run.code->instructions[i].unit)];
  std::string text;
  for (int unit = 0; unit < kUnits; ++unit) {
    if (counts[unit]) text += format(" %s %d", name_of(static_cast<Unit>(unit)), counts[unit]);
  }
  return text;
}

template <class Key>
std::vector<std::pair<double, Key>> largest_first(std::map<Key, double> const& sums) {
  std::vector<std::pair<double, Key>> list;
  for (auto const& [key, sum] : sums)
    list.push_back({sum, key});
  std::stable_sort(list.begin(), list.end(),
                   [](auto const& a, auto const& b) { return a.first > b.first; });
  return list;
}

constexpr char const* kStallNames[kStalls] = {"encoded", "scoreboard", "pipe", "barrier"};

double sum_of(double const (&clocks)[kStalls]) {
  return std::accumulate(clocks, clocks + kStalls, 0.0);
}

double all_of(Replay const& replayed) {
  double all = 0;
  for (auto const& [instruction, clocks] : replayed.stalls)
    all += sum_of(clocks);
  return all;
}

}  // namespace

std::string hot_view(WorkloadRun const& run, int most) {
  auto const executed = executed_of(run);
  std::map<std::string, double> by_function, by_unit;
  double total = 0;
  for (auto const& [instruction, of] : executed) {
    by_function[function_of(run, instruction)] += of.times;
    by_unit[name_of(run.code->instructions[instruction].unit)] += of.times;
    total += of.times;
  }
  std::string text =
      format("%.0f warp instructions a step, %zu different ones\n", total, executed.size());
  for (auto const& sums : {by_function, by_unit}) {
    for (auto const& [times, name] : largest_first(sums))
      text += format("  %-24s %9.0f  %5.1f %%\n", name.c_str(), times, 100 * times / total);
  }
  auto runs = runs_of(run, executed);
  auto times_of = [&](auto const& instructions) {
    return static_cast<double>(instructions.size()) * executed.at(instructions.front()).times;
  };
  std::stable_sort(runs.begin(), runs.end(),
                   [&](auto const& a, auto const& b) { return times_of(a) > times_of(b); });
  for (std::size_t i = 0; i < runs.size() && i < static_cast<std::size_t>(most); ++i) {
    double wavefronts = 0;
    for (auto const instruction : runs[i])
      wavefronts += executed.at(instruction).wavefronts;
    text +=
        format("  %-20s %6x-%6x %4zu x %7.1f = %8.0f (%4.1f %%) wavefronts %6.0f:%s\n",
               function_of(run, runs[i].front()).c_str(), 16 * runs[i].front(), 16 * runs[i].back(),
               runs[i].size(), executed.at(runs[i].front()).times, times_of(runs[i]),
               100 * times_of(runs[i]) / total, wavefronts, units_text(run, runs[i]).c_str());
  }
  return text;
}

std::string stalls_view(WorkloadRun const& run, Replay const& replayed, int most) {
  double const all = all_of(replayed);
  std::map<std::string, double> by_reason, by_function;
  std::map<std::pair<std::uint32_t, int>, double> by_instruction;
  for (auto const& [instruction, clocks] : replayed.stalls) {
    for (int reason = 0; reason < kStalls; ++reason) {
      by_reason[kStallNames[reason]] += clocks[reason];
      by_function[function_of(run, instruction) + " " + kStallNames[reason]] += clocks[reason];
      by_instruction[{instruction, reason}] += clocks[reason];
    }
  }
  std::string text = "clocks of warps by reason\n";
  for (auto const& [clocks, name] : largest_first(by_reason))
    text += format("  %-12s %5.1f %%\n", name.c_str(), 100 * clocks / all);
  text += "by function\n";
  int shown = 0;
  for (auto const& [clocks, name] : largest_first(by_function)) {
    if (shown++ < most) text += format("  %-32s %5.1f %%\n", name.c_str(), 100 * clocks / all);
  }
  text += "by instruction\n";
  shown = 0;
  for (auto const& [clocks, key] : largest_first(by_instruction)) {
    if (shown++ >= most) break;
    text += format("  %-20s %6x %-10s %5.2f %%  %s\n", function_of(run, key.first).c_str(),
                   16 * key.first, kStallNames[key.second], 100 * clocks / all,
                   std::string(run.code->instructions[key.first].text).c_str());
  }
  return text;
}

std::string phases_view(WorkloadRun const& run, Replay const& replayed) {
  auto const executed = executed_of(run);
  double const all = all_of(replayed);
  std::string text = format("clocks of a warp's step: %.0f\n", replayed.clocks);
  for (auto const& instructions : runs_of(run, executed)) {
    double clocks[kStalls] = {};
    for (auto const instruction : instructions) {
      auto const found = replayed.stalls.find(instruction);
      if (found == replayed.stalls.end()) continue;
      for (int reason = 0; reason < kStalls; ++reason)
        clocks[reason] += found->second[reason] / all * replayed.clocks;
    }
    if (sum_of(clocks) < 0.002 * replayed.clocks) continue;
    text += format(
        "  %-20s %6x-%6x %4zu x %7.1f %7.0f clocks: encoded %6.0f scoreboard %6.0f pipe "
        "%5.0f barrier %5.0f %s\n",
        function_of(run, instructions.front()).c_str(), 16 * instructions.front(),
        16 * instructions.back(), instructions.size(), executed.at(instructions.front()).times,
        sum_of(clocks), clocks[0], clocks[1], clocks[2], clocks[3],
        units_text(run, instructions).c_str());
  }
  return text;
}

std::string each_view(WorkloadRun const& run, Replay const& replayed) {
  double const all = all_of(replayed);
  std::string text;
  for (auto const& [instruction, of] : executed_of(run)) {
    auto const& function =
        run.code->functions[static_cast<std::size_t>(run.code->instructions[instruction].function)];
    auto first = instruction;
    while (first > 0 && run.code->instructions[first - 1].function ==
                            run.code->instructions[instruction].function)
      --first;
    auto const found = replayed.stalls.find(instruction);
    double const clocks =
        found == replayed.stalls.end() ? 0.0 : sum_of(found->second) / all * replayed.clocks;
    text += function +
            format("\t%x\t%.3f\t%.3f\t%.0f\t", 16 * (instruction - first), of.times, clocks,
                   of.wavefronts) +
            std::string(run.code->instructions[instruction].text) + "\n";
  }
  return text;
}

}  // namespace brood::machine
