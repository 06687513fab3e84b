// SPDX-License-Identifier: Apache-2.0
// The inverse distribution functions. Finite distributions divide [0, 1) into one cell per value;
// the others transform u, then clamp, so that rounding never leaves the range.
#include "search/space/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/normal.hpp"
#include "search/space/membership.hpp"

namespace brood {
namespace {

constexpr double kSigmas = 4;  // where the normals are clipped

// Which of `cells` equal cells of [0, 1) holds u: exactly floor(u * cells), 0 .. cells - 1, for
// whole cells up to 2^53. The rounded product may lie in the next cell; the sign of the exact
// difference tells.
double cell(double u, double cells) {
  double k = std::floor(u * cells);
  if (std::fma(u, cells, -k) < 0) k -= 1;
  return std::clamp(k, 0.0, cells - 1);
}

std::size_t category_at(std::vector<double> const& probabilities, double u) {
  double total = 0;
  for (double const probability : probabilities)
    total += probability;
  double below = 0;
  std::size_t last_possible = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] <= 0) continue;
    below += probabilities[i];
    if (u * total < below) return i;
    last_possible = i;
  }
  return last_possible;
}

Multiples multiples_inside(Range range, double q) {
  // A quotient that misses a whole number by rounding only (0.7 / 0.1 = 6.999...) is meant whole.
  double const slack = is_whole(q) ? 0 : 4 * std::numeric_limits<double>::epsilon();
  double const low = range.min / q, high = range.max / q;
  return {std::ceil(low - slack * std::abs(low)), std::floor(high + slack * std::abs(high))};
}

double multiple(double k, double q) {
  // q = 0.1 stands for 1/10, and 3 / 10 is the double nearest to 0.3, which 3 * 0.1 is not.
  // The sum turns -0.0 into 0.0.
  double const parts = q < 1 ? std::round(1 / q) : 1;
  return (1 / parts == q ? k / parts : k * q) + 0.0;
}

// A whole q gives whole numbers: std::int64_t. Others are doubles.
Value quantised(Parameter const& parameter, double k) {
  Range const range = range_of(parameter);
  double const value = std::clamp(multiple(k, parameter.q), range.min, range.max);
  if (is_whole(parameter.q)) return static_cast<std::int64_t>(value);
  return value;
}

double interpolate(double low, double high, double u) {
  return low + u * (high - low);
}

double log_uniform_at(Range range, double u) {
  return std::exp(interpolate(std::log(range.min), std::log(range.max), u));
}

double standard_normal_at(double u) {
  if (u == 0) return -kSigmas;
  return std::clamp(normal_quantile(u), -kSigmas, kSigmas);
}

// Every multiple is equally likely, the two at the ends included.
Value q_uniform_at(Parameter const& parameter, double u) {
  auto const [first, last] = multiples_of(parameter);
  return quantised(parameter, first + cell(u, last - first + 1));
}

// Each multiple k q stands for the interval (k - 1/2) q .. (k + 1/2) q, the two at the ends
// included, with the law's mass of it.
Value q_log_uniform_at(Parameter const& parameter, double u) {
  auto const [first, last] = multiples_of(parameter);
  double const k = std::nearbyint(log_uniform_at({first - 0.5, last + 0.5}, u));
  return quantised(parameter, std::clamp(k, first, last));
}

Value q_normal_at(Parameter const& parameter, double u) {
  auto const [first, last] = multiples_of(parameter);
  double const x = parameter.mu + parameter.sigma * standard_normal_at(u);
  return quantised(parameter, std::clamp(std::nearbyint(x / parameter.q), first, last));
}

}  // namespace

Range range_of(Parameter const& parameter) {
  bool const normal = parameter.distribution == Distribution::normal ||
                      parameter.distribution == Distribution::q_normal ||
                      parameter.distribution == Distribution::log_normal;
  if (!normal) return {parameter.min, parameter.max};
  double const reach = kSigmas * parameter.sigma;
  return {parameter.mu - reach, parameter.mu + reach};
}

bool has_steps(Parameter const& parameter) {
  return parameter.distribution == Distribution::ordinal ||
         parameter.distribution == Distribution::int_uniform ||
         parameter.distribution == Distribution::q_uniform ||
         parameter.distribution == Distribution::q_log_uniform_values ||
         parameter.distribution == Distribution::q_normal;
}

Multiples multiples_of(Parameter const& parameter) {
  if (parameter.distribution == Distribution::ordinal) {
    return {0, static_cast<double>(parameter.values.size()) - 1};
  }
  if (parameter.distribution == Distribution::int_uniform) return {parameter.min, parameter.max};
  return multiples_inside(range_of(parameter), parameter.q);
}

Value multiple_of(Parameter const& parameter, double k) {
  if (parameter.distribution == Distribution::ordinal) {
    return parameter.values[static_cast<std::size_t>(k)];
  }
  if (parameter.distribution == Distribution::int_uniform) return static_cast<std::int64_t>(k);
  return quantised(parameter, k);
}

std::optional<double> multiple_at(Parameter const& parameter, Value const& value) {
  if (parameter.distribution == Distribution::ordinal) {
    auto const found =
        std::find_if(parameter.values.begin(), parameter.values.end(),
                     [&](Value const& candidate) { return same_value(candidate, value); });
    if (found == parameter.values.end()) return std::nullopt;
    return static_cast<double>(found - parameter.values.begin());
  }
  auto const number = number_of(value);
  if (!number) return std::nullopt;
  double const x = *number;
  double const q = parameter.distribution == Distribution::int_uniform ? 1 : parameter.q;
  double const k = std::nearbyint(x / q);
  auto const [first, last] = multiples_of(parameter);
  // x = k q has rounded once, and q, which stands for a decimal fraction, once before.
  double const slack = is_whole(q) ? 0 : 4 * std::numeric_limits<double>::epsilon();
  if (!(k >= first && k <= last && std::abs(x - k * q) <= slack * std::abs(x))) return std::nullopt;
  return k;
}

Value value_at(Parameter const& parameter, double u) {
  Range const range = range_of(parameter);
  auto const inside = [&](double x) { return std::clamp(x, range.min, range.max); };
  switch (parameter.distribution) {
    case Distribution::constant:
      return parameter.values.front();
    case Distribution::categorical: {
      auto const count = static_cast<double>(parameter.values.size());
      auto const index = parameter.probabilities.empty() ? static_cast<std::size_t>(cell(u, count))
                                                         : category_at(parameter.probabilities, u);
      return parameter.values[index];
    }
    case Distribution::ordinal:
      return parameter
          .values[static_cast<std::size_t>(cell(u, static_cast<double>(parameter.values.size())))];
    case Distribution::int_uniform:
      return static_cast<std::int64_t>(range.min + cell(u, range.max - range.min + 1));
    case Distribution::uniform:
      return inside(interpolate(range.min, range.max, u));
    case Distribution::q_uniform:
      return q_uniform_at(parameter, u);
    case Distribution::log_uniform_values:
    case Distribution::inv_log_uniform_values:
      return inside(log_uniform_at(range, u));
    case Distribution::q_log_uniform_values:
      return q_log_uniform_at(parameter, u);
    case Distribution::normal:
      return inside(parameter.mu + parameter.sigma * standard_normal_at(u));
    case Distribution::q_normal:
      return q_normal_at(parameter, u);
    case Distribution::log_normal:
      return std::exp(inside(parameter.mu + parameter.sigma * standard_normal_at(u)));
  }
  return {};
}

std::int64_t cardinality(Parameter const& parameter) {
  Range const range = range_of(parameter);
  switch (parameter.distribution) {
    case Distribution::constant:
      return 1;
    case Distribution::categorical:
      if (parameter.probabilities.empty()) {
        return static_cast<std::int64_t>(parameter.values.size());
      }
      return std::count_if(parameter.probabilities.begin(), parameter.probabilities.end(),
                           [](double probability) { return probability > 0; });
    case Distribution::ordinal:
    case Distribution::int_uniform:
    case Distribution::q_uniform:
    case Distribution::q_log_uniform_values:
    case Distribution::q_normal: {
      auto const [first, last] = multiples_of(parameter);
      return static_cast<std::int64_t>(last - first) + 1;
    }
    case Distribution::uniform:
    case Distribution::log_uniform_values:
    case Distribution::inv_log_uniform_values:
    case Distribution::normal:
    case Distribution::log_normal:
      break;
  }
  return range.min == range.max ? 1 : 0;
}

}  // namespace brood
