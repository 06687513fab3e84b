// SPDX-License-Identifier: Apache-2.0
// What fp32 can hold of a column. Most columns it holds as they are; one that varies only beyond
// its 24 bits (seconds since 1970, 20240131, 1.4e9 Hz), or is far too large or small to be squared,
// is held as distances from an origin in a unit that is a power of two, so that nothing is rounded
// but the distance itself.
#pragma once

#include <span>

#include "brood/data.hpp"

namespace brood {

// Magnitudes that are left as they are, if they can be told apart.
struct Magnitudes {
  double least_deviation, most;
};
// Of inputs, of which only differences are multiplied; and of targets, whose errors are squared and
// summed in fp32.
inline constexpr Magnitudes kInputMagnitudes{1e-36, 1e37};
inline constexpr Magnitudes kTargetMagnitudes{1e-15, 1e15};

// The frame that a column's numbers need; NaN is missing, all others are finite.
Frame frame_of(std::span<double const> numbers, Magnitudes const& magnitudes);

}  // namespace brood
