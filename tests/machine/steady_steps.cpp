// SPDX-License-Identifier: Apache-2.0
#include "machine/steady_steps.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace brood::machine {
namespace {

std::unordered_map<std::uint32_t, int> counts_of(Trace const& trace) {
  std::unordered_map<std::uint32_t, int> counts;
  for (Step const& step : trace)
    ++counts[step.instruction];
  return counts;
}

// The positions of an instruction.
std::vector<std::size_t> marks_of(Trace const& trace, std::uint32_t instruction) {
  std::vector<std::size_t> marks;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].instruction == instruction) marks.push_back(i);
  }
  return marks;
}

// Whole steps from the first to the last, without those in which a launch began.
SteadySteps between(std::vector<Trace> const& traces, std::uint32_t mark, std::size_t first,
                    std::size_t last) {
  std::vector<std::vector<std::size_t>> marks;
  for (Trace const& trace : traces)
    marks.push_back(marks_of(trace, mark));
  auto part = [&](std::size_t warp, std::size_t step) {
    auto const at = [&](std::size_t i) {
      return traces[warp].begin() + static_cast<std::ptrdiff_t>(marks[warp][i]);
    };
    return std::pair{at(step), at(step + 1)};
  };
  SteadySteps result{0, std::vector<Trace>(traces.size())};
  for (std::size_t step = first; step < last; ++step) {
    auto const [begin, end] = part(0, step);
    constexpr std::uint32_t kEntry = 0;
    if (std::any_of(begin, end, [](Step const& s) { return s.instruction == kEntry; })) continue;
    ++result.steps;
    for (std::size_t warp = 0; warp < traces.size(); ++warp) {
      auto const [from, to] = part(warp, step);
      result.streams[warp].insert(result.streams[warp].end(), from, to);
    }
  }
  return result;
}

}  // namespace

SteadySteps steady_steps(std::vector<Trace> const& shorter, int steps_of_shorter,
                         std::vector<Trace> const& longer, int steps_of_longer) {
  if (shorter.size() != longer.size() || shorter.empty())
    throw std::runtime_error("the two runs have different warps");
  std::vector<std::unordered_map<std::uint32_t, int>> few, many;
  for (std::size_t i = 0; i < longer.size(); ++i) {
    few.push_back(counts_of(shorter[i]));
    many.push_back(counts_of(longer[i]));
  }
  auto once_a_step = [&](std::uint32_t instruction) {
    for (std::size_t i = 0; i < longer.size(); ++i) {
      auto const in_few = few[i].find(instruction), in_many = many[i].find(instruction);
      if (in_few == few[i].end() || in_few->second != steps_of_shorter) return false;
      if (in_many == many[i].end() || in_many->second != steps_of_longer) return false;
    }
    return true;
  };
  for (Step const& step : longer.front()) {
    if (!once_a_step(step.instruction)) continue;
    // From the second step to the last mark, whose step is not whole.
    return between(longer, step.instruction, 1, static_cast<std::size_t>(steps_of_longer) - 1);
  }
  throw std::runtime_error("no instruction is executed once a step by every warp");
}

SteadySteps first_of(SteadySteps const& all, int steps) {
  if (steps >= all.steps) return all;
  // The mark is each stream's first instruction.
  SteadySteps result{steps, {}};
  for (Trace const& trace : all.streams) {
    auto const end = marks_of(trace, trace.front().instruction)[static_cast<std::size_t>(steps)];
    result.streams.emplace_back(trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return result;
}

}  // namespace brood::machine
