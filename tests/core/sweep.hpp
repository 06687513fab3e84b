// SPDX-License-Identifier: Apache-2.0
// Sweeps over floats, evenly in their bits, and the typed-test list of a TypeList.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/type_list.hpp"

namespace brood {

// A prime, so that all trailing bits occur; about 8,000 floats per power of two.
inline constexpr std::uint32_t kFloatStride = 1049;

// f(x) for a float in every kFloatStride of those in [low, high], and for the ends.
template <class F>
void for_floats(float low, float high, F const& f) {
  f(low);
  f(high);
  if (low < 0) {
    auto const most = std::bit_cast<std::uint32_t>(-low);
    auto const least = high < 0 ? std::bit_cast<std::uint32_t>(-high) : 0x20000000u;  // 2^-63
    for (std::uint64_t bits = least; bits <= most; bits += kFloatStride)
      f(-std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  if (high > 0) {
    auto const most = std::bit_cast<std::uint32_t>(high);
    auto const least = low > 0 ? std::bit_cast<std::uint32_t>(low) : 0x20000000u;
    for (std::uint64_t bits = least; bits <= most; bits += kFloatStride)
      f(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
}

// |got - exact| in units of the last place of a float of exact's size.
inline double ulps(float got, double exact) {
  return std::fabs(got - exact) / std::ldexp(1.0, std::ilogb(exact) - 23);
}

template <class List>
struct TypedTests;
template <class... Types>
struct TypedTests<TypeList<Types...>> {
  using type = ::testing::Types<Types...>;
};
// Names the instances after the types' own names.
struct ByName {
  template <class T>
  static std::string GetName(int) {
    return T::name;
  }
};

}  // namespace brood
