// SPDX-License-Identifier: Apache-2.0
// The sweep that backends are held to the oracle on: shapes, and every choice that a member has.
#pragma once

#include <vector>

#include "member_case.hpp"

namespace brood {

// Odd and extreme shapes.
std::vector<MemberCase> const& shape_cases();
// One feature each, on a 13-20-11-4 network (or with as many outputs as its table asks for).
std::vector<MemberCase> const& feature_cases();
// Small members without kinks, for finite differences.
std::vector<MemberCase> smooth_cases();
// `count` members unlike each other, on tables of their own tasks.
std::vector<MemberCase> varied_cases(int count);

}  // namespace brood
