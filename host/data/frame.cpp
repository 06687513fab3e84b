// SPDX-License-Identifier: Apache-2.0
#include "data/frame.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace brood {

namespace {

// Of the numbers times 2^-exponent, the largest of which is 1 to 2: no sum or square overflows.
struct Spread {
  std::int64_t count = 0;
  int exponent = 0;
  double most = 0;  // magnitude
  double mean = 0, deviation = 0;
};

Spread spread_of(std::span<double const> numbers) {
  Spread spread;
  double most = 0;
  for (double const x : numbers) {
    if (std::isnan(x)) continue;
    ++spread.count;
    most = std::max(most, std::fabs(x));
  }
  if (spread.count == 0 || most == 0) return spread;
  spread.exponent = std::ilogb(most);
  spread.most = std::ldexp(most, -spread.exponent);
  auto const count = static_cast<double>(spread.count);
  for (double const x : numbers) {
    if (!std::isnan(x)) spread.mean += std::ldexp(x, -spread.exponent) / count;
  }
  double squares = 0;
  for (double const x : numbers) {
    if (std::isnan(x)) continue;
    double const difference = std::ldexp(x, -spread.exponent) - spread.mean;
    squares += difference * difference;
  }
  spread.deviation = std::sqrt(squares / count);
  // Equal numbers: what is left is the rounding of their mean.
  if (spread.deviation < spread.most * 0x1p-50) spread.deviation = 0;
  return spread;
}

// Fewer bits than these of a deviation would be left by fp32, which has 24 of the number.
constexpr double kBitsShort = 0x1p-12;

}  // namespace

double Frame::inside(double value) const {
  return value / unit - origin / unit;
}

double Frame::outside(double value) const {
  return (value + origin / unit) * unit;
}

Frame frame_of(std::span<double const> numbers, Magnitudes const& magnitudes) {
  Spread const spread = spread_of(numbers);
  if (spread.most == 0) return {};
  bool const too_large = std::ldexp(spread.most, spread.exponent) > magnitudes.most;
  if (spread.deviation == 0) {  // constant: the distance is 0
    return too_large ? Frame{std::ldexp(spread.mean, spread.exponent), 1.0} : Frame{};
  }
  bool const too_small = std::ldexp(spread.deviation, spread.exponent) < magnitudes.least_deviation;
  bool const too_near = spread.deviation < spread.most * kBitsShort;
  if (!too_large && !too_small && !too_near) return {};
  int const exponent = std::clamp(std::ilogb(spread.deviation) + 1 + spread.exponent, -1021, 1022);
  double const unit = std::ldexp(1.0, exponent);
  double const units = std::nearbyint(std::ldexp(spread.mean, spread.exponent - exponent));
  return {units * unit, unit};
}

}  // namespace brood
