// SPDX-License-Identifier: Apache-2.0
// One value for each lane of a warp. Loops over them are written so that compilers vectorise them.
#pragma once

#include <bit>
#include <cstdint>

namespace brood::machine {

inline constexpr int kLanes = 32;
inline constexpr std::uint32_t kAllLanes = 0xffffffffu;

template <class T>
struct alignas(64) Lanes {
  T lane[kLanes];

  T& operator[](int i) { return lane[i]; }
  T const& operator[](int i) const { return lane[i]; }

  static Lanes all(T value) {
    Lanes result;
    for (T& each : result.lane)
      each = value;
    return result;
  }
};

using Words = Lanes<std::uint32_t>;
using Longs = Lanes<std::uint64_t>;
using Floats = Lanes<float>;
using Doubles = Lanes<double>;

// The lanes for which it holds, as bits.
template <class Holds>
std::uint32_t mask_of(Holds holds) {
  std::uint32_t mask = 0;
  for (int i = 0; i < kLanes; ++i)
    mask |= static_cast<std::uint32_t>(holds(i)) << i;
  return mask;
}

// Calls visit(lane) for each bit that is set, upwards.
template <class Visit>
void for_each_lane(std::uint32_t mask, Visit visit) {
  for (; mask != 0; mask &= mask - 1)
    visit(std::countr_zero(mask));
}

inline float as_float(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
inline std::uint32_t as_bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

}  // namespace brood::machine
