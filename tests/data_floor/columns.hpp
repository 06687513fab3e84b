// SPDX-License-Identifier: Apache-2.0
// Columns for tests, and what a call complains about.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"

namespace brood::test {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline Column numbers(std::string name, std::vector<double> values) {
  Column column;
  column.name = std::move(name);
  column.numbers = std::move(values);
  return column;
}

// Levels in order of first appearance; an empty cell is missing.
inline Column texts(std::string name, std::vector<std::string> const& cells) {
  Column column;
  column.name = std::move(name);
  column.categorical = true;
  for (auto const& cell : cells) {
    if (cell.empty()) {
      column.codes.push_back(-1);
      continue;
    }
    auto const found = std::find(column.levels.begin(), column.levels.end(), cell);
    column.codes.push_back(static_cast<std::int32_t>(found - column.levels.begin()));
    if (found == column.levels.end()) column.levels.push_back(cell);
  }
  return column;
}

// "c7"
inline std::string numbered(std::string name, int number) {
  return name += std::to_string(number);
}

// The problems that `call` throws as a UsageError; empty if it throws nothing.
template <typename Call>
std::vector<std::string> problems_of(Call const& call) {
  try {
    call();
  } catch (UsageError const& error) {
    return error.problems();
  }
  return {};
}

inline bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace brood::test

// One problem, which says all of `...`.
#define EXPECT_ONLY_PROBLEM(call, ...)                                              \
  do {                                                                              \
    auto const found_problems = brood::test::problems_of([&] { (void)(call); });    \
    ASSERT_EQ(found_problems.size(), 1u) << testing::PrintToString(found_problems); \
    for (std::string const part : std::vector<std::string>{__VA_ARGS__}) {          \
      EXPECT_TRUE(brood::test::has(found_problems[0], part))                        \
          << "missing: " << part << "\nin: " << found_problems[0];                  \
    }                                                                               \
  } while (false)
