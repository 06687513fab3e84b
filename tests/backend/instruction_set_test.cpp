// SPDX-License-Identifier: Apache-2.0
// The CPU kernels: the same bits from every instruction set.
#include <gtest/gtest.h>

#include "brood/error.hpp"
#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

class InstructionSet : public ::testing::TestWithParam<char const*> {};

TEST_P(InstructionSet, GivesTheBitsOfAllOthers) {
  EngineOptions options = Residents::one();
  options.instruction_set = GetParam();
  try {
    Engine const engine(options);
  } catch (UsageError const&) {
    GTEST_SKIP() << "this machine or build lacks " << GetParam();
  }
  auto cases = varied_cases(80);
  for (auto const* list : {&shape_cases(), &feature_cases()})
    cases.insert(cases.end(), list->begin(), list->end());
  options.instruction_set = "scalar";
  auto const expected = train_all(cases, 2, options);
  options.instruction_set = GetParam();
  auto const got = train_all(cases, 2, options);
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(expected[i], got[i], cases[i].name);
}

INSTANTIATE_TEST_SUITE_P(, InstructionSet, ::testing::Values("avx2", "avx512"),
                         [](auto const& info) { return std::string(info.param); });

// Epochs at which the calls of a training end.

}  // namespace
}  // namespace brood
