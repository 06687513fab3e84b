// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a distribution, in sentences.
#include <algorithm>
#include <cmath>

#include "search/space/distribution.hpp"

namespace brood {
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
    case Distribution::ordinal:
      if (parameter.values.empty()) {
        complaints.add("there are no values to choose from; give at least one.");
      }
      check_values_differ(parameter, complaints);
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
