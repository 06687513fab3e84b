// SPDX-License-Identifier: Apache-2.0
// The inverse distribution functions. Finite distributions divide [0, 1) into one cell per value;
// the others transform u, then clamp, so that rounding never leaves the range.
#include "search/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/normal.hpp"

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

bool is_whole(double x) {
  return std::floor(x) == x;
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
  return parameter.distribution == Distribution::int_uniform ||
         parameter.distribution == Distribution::q_uniform ||
         parameter.distribution == Distribution::q_log_uniform_values ||
         parameter.distribution == Distribution::q_normal;
}

Multiples multiples_of(Parameter const& parameter) {
  if (parameter.distribution == Distribution::int_uniform) return {parameter.min, parameter.max};
  return multiples_inside(range_of(parameter), parameter.q);
}

Value multiple_of(Parameter const& parameter, double k) {
  if (parameter.distribution == Distribution::int_uniform) return static_cast<std::int64_t>(k);
  return quantised(parameter, k);
}

std::optional<double> multiple_at(Parameter const& parameter, Value const& value) {
  double x = 0;
  if (auto const* whole = std::get_if<std::int64_t>(&value)) {
    x = static_cast<double>(*whole);
  } else if (auto const* real = std::get_if<double>(&value)) {
    x = *real;
  } else {
    return std::nullopt;
  }
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

// ---- problems

namespace {

// Whole numbers up to here, and the number of them between any two, are exact in double.
constexpr double kLargestWhole = 0x1p51;

// Sentences about one parameter, each beginning with its name.
class Complaints {
 public:
  explicit Complaints(std::string_view name) : start_(std::string(name) + ": ") {}
  void add(std::string const& sentence) { sentences_.push_back(start_ + sentence); }
  bool none() const { return sentences_.empty(); }
  std::vector<std::string> take() { return std::move(sentences_); }

 private:
  std::string start_;
  std::vector<std::string> sentences_;
};

void check_values_differ(Parameter const& parameter, Complaints& complaints) {
  // By type and text: unlike operator<, this orders NaN too.
  std::vector<std::pair<std::size_t, std::string>> seen;
  seen.reserve(parameter.values.size());
  for (auto const& value : parameter.values)
    seen.emplace_back(value.index(), to_text(value));
  std::sort(seen.begin(), seen.end());
  auto const twin = std::adjacent_find(seen.begin(), seen.end());
  if (twin != seen.end()) {
    complaints.add("the value " + twin->second +
                   " is there more than once; give each value once, and probabilities to make one "
                   "more likely.");
  }
}

void check_probabilities(Parameter const& parameter, Complaints& complaints) {
  auto const& probabilities = parameter.probabilities;
  if (probabilities.empty()) return;
  if (probabilities.size() != parameter.values.size()) {
    complaints.add("there are " + std::to_string(probabilities.size()) + " probabilities for " +
                   std::to_string(parameter.values.size()) +
                   " values; give one for each value, or none.");
  }
  double sum = 0;
  for (double const probability : probabilities) {
    if (!(probability >= 0 && probability <= 1)) {
      complaints.add("a probability is " + to_text(probability) + "; each must be in 0 .. 1.");
      return;
    }
    sum += probability;
  }
  if (std::abs(sum - 1) > 1e-6) {
    complaints.add("the probabilities sum to " + to_text(sum) + "; the sum must be 1 to 1e-6.");
  }
}

void check_range(Parameter const& parameter, Complaints& complaints) {
  double const min = parameter.min, max = parameter.max;
  if (!std::isfinite(min) || !std::isfinite(max)) {
    complaints.add("min is " + to_text(min) + " and max is " + to_text(max) +
                   "; both must be finite numbers.");
  } else if (min > max) {
    complaints.add("min is " + to_text(min) + " and max is " + to_text(max) +
                   "; the range is empty, min must not exceed max.");
  } else if (!std::isfinite(max - min)) {
    complaints.add("the range " + to_text(min) + " .. " + to_text(max) +
                   " is too wide; max - min must be a finite number.");
  }
}

void check_whole_bounds(Parameter const& parameter, Complaints& complaints) {
  for (double const bound : {parameter.min, parameter.max}) {
    if (!is_whole(bound) || std::abs(bound) > kLargestWhole) {
      complaints.add("the bound " + to_text(bound) + " of " +
                     std::string(name_of(parameter.distribution)) +
                     " must be a whole number of at most 2^51 in size.");
    }
  }
}

void check_logarithm(Parameter const& parameter, Complaints& complaints) {
  if (!(parameter.min > 0)) {
    complaints.add("min is " + to_text(parameter.min) + "; " +
                   std::string(name_of(parameter.distribution)) +
                   " takes a logarithm, so min must be above 0.");
  }
}

void check_normal(Parameter const& parameter, Complaints& complaints) {
  if (!std::isfinite(parameter.mu)) {
    complaints.add("mu is " + to_text(parameter.mu) + "; it must be a finite number.");
  }
  if (!(parameter.sigma > 0) || !std::isfinite(parameter.sigma)) {
    complaints.add("sigma is " + to_text(parameter.sigma) +
                   "; it must be a finite number above 0.");
  }
  if (!complaints.none()) return;
  auto const [min, max] = range_of(parameter);
  if (!std::isfinite(min) || !std::isfinite(max) || !std::isfinite(max - min)) {
    complaints.add("mu " + to_text(parameter.mu) + " and sigma " + to_text(parameter.sigma) +
                   " are too large; mu - 4 sigma .. mu + 4 sigma must be finite numbers.");
  } else if (parameter.distribution == Distribution::log_normal &&
             !(std::isnormal(std::exp(min)) && std::isfinite(std::exp(max)))) {
    complaints.add("exp(mu - 4 sigma) .. exp(mu + 4 sigma) is " + to_text(std::exp(min)) + " .. " +
                   to_text(std::exp(max)) +
                   "; both must be numbers that a double holds: mu and sigma are those of the "
                   "logarithm.");
  }
}

// Called for a range without problems.
void check_step(Parameter const& parameter, Complaints& complaints) {
  double const q = parameter.q;
  if (!(q > 0) || !std::isfinite(q)) {
    complaints.add("q is " + to_text(q) + "; the step must be a finite number above 0.");
    return;
  }
  Range const range = range_of(parameter);
  std::string const between = to_text(range.min) + " .. " + to_text(range.max);
  double const farthest = std::max(std::abs(range.min), std::abs(range.max));
  if (!(farthest / q <= kLargestWhole) || (is_whole(q) && farthest > kLargestWhole)) {
    complaints.add("q is " + to_text(q) + " for the range " + between +
                   "; at most 2^51 steps from 0 can be told apart.");
    return;
  }
  auto const [first, last] = multiples_of(parameter);
  if (first > last) {
    complaints.add("no multiple of q = " + to_text(q) + " lies in " + between +
                   "; take a smaller q or a wider range.");
  }
}

}  // namespace

std::vector<std::string> problems(Parameter const& parameter) {
  Complaints complaints(parameter.name.empty() ? "(a parameter without a name)" : parameter.name);
  if (parameter.name.empty()) complaints.add("every parameter needs a name.");

  switch (parameter.distribution) {
    case Distribution::constant:
      if (parameter.values.size() != 1) {
        complaints.add("a constant has " + std::to_string(parameter.values.size()) +
                       " values; it must have exactly one.");
      }
      break;
    case Distribution::categorical:
      if (parameter.values.empty()) {
        complaints.add("there are no values to choose from; give at least one.");
      }
      check_values_differ(parameter, complaints);
      check_probabilities(parameter, complaints);
      break;
    case Distribution::int_uniform:
      check_range(parameter, complaints);
      if (complaints.none()) check_whole_bounds(parameter, complaints);
      break;
    case Distribution::uniform:
      check_range(parameter, complaints);
      break;
    case Distribution::q_uniform:
      check_range(parameter, complaints);
      if (complaints.none()) check_step(parameter, complaints);
      break;
    case Distribution::log_uniform_values:
    case Distribution::inv_log_uniform_values:
      check_range(parameter, complaints);
      check_logarithm(parameter, complaints);
      break;
    case Distribution::q_log_uniform_values:
      check_range(parameter, complaints);
      check_logarithm(parameter, complaints);
      if (complaints.none()) check_step(parameter, complaints);
      break;
    case Distribution::normal:
    case Distribution::log_normal:
      check_normal(parameter, complaints);
      break;
    case Distribution::q_normal:
      check_normal(parameter, complaints);
      if (complaints.none()) check_step(parameter, complaints);
      break;
  }
  return complaints.take();
}

}  // namespace brood
