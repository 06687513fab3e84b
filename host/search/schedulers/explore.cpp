// SPDX-License-Identifier: Apache-2.0
// Jaderberg et al. 2017: a number is multiplied by 1.2 or 0.8, or drawn anew; one of values in an
// order becomes its neighbour, or is drawn anew; what is neither is drawn anew or stays. The draws
// are those of random search for names that no parameter has.
#include "search/schedulers/explore.hpp"

#include <algorithm>
#include <cmath>

#include "search/samplers/random.hpp"
#include "search/space/conditions.hpp"
#include "search/space/distribution.hpp"

namespace brood {
namespace {

constexpr std::uint32_t kAttempts = 64;

double draw(std::uint64_t seed, int trial, int round, std::string const& name, char const* what,
            std::uint32_t attempt = 0) {
  return uniform_draw(seed, trial, name + " " + what + " " + std::to_string(round), attempt);
}

// The value nearest to x that the parameter may have.
Value clipped(Parameter const& parameter, double x) {
  Value const one_end = value_at(parameter, 0.0);
  double const a = *number_of(one_end), b = *number_of(value_at(parameter, 1.0 - 0x1p-53));
  bool const whole = std::holds_alternative<std::int64_t>(one_end);
  bool const quantised = parameter.distribution == Distribution::q_uniform ||
                         parameter.distribution == Distribution::q_log_uniform_values ||
                         parameter.distribution == Distribution::q_normal;
  double const step = quantised ? parameter.q : whole ? 1.0 : 0.0;
  if (step > 0) x = std::round(x / step) * step;
  x = std::clamp(x, std::min(a, b), std::max(a, b));
  if (whole) return static_cast<std::int64_t>(x);
  return x;
}

// The value before or after, if there is one.
Value neighbour(Parameter const& parameter, Value const& value, bool lower) {
  auto const [first, last] = multiples_of(parameter);
  double const k = *multiple_at(parameter, value) + (lower ? -1 : 1);
  return multiple_of(parameter, std::clamp(k, first, last));
}

Config explored_once(Config const& config, PopulationBased const& options, SearchSpace const& space,
                     std::uint64_t seed, int trial, int round, std::uint32_t attempt) {
  auto const& inherited = options.inherited;
  Config after;
  for (Parameter const& parameter : space.parameters()) {
    std::string const& name = parameter.name;
    // A change before it may have taken it away, or brought it.
    if (!is_active(parameter, after)) continue;
    Value const* const value = config.find(name);
    auto const anew = [&] {
      return value_at(parameter, draw(seed, trial, round, name, "anew", attempt));
    };
    if (value == nullptr) {
      if (!parameter.when.empty()) after.set(name, anew());
    } else if (parameter.distribution == Distribution::constant ||
               std::find(inherited.begin(), inherited.end(), name) != inherited.end()) {
      after.set(name, *value);
    } else if (draw(seed, trial, round, name, "is drawn anew", attempt) < options.resample) {
      after.set(name, anew());
    } else if (parameter.distribution == Distribution::categorical) {
      after.set(name, *value);
    } else {
      bool const lower = draw(seed, trial, round, name, "is perturbed", attempt) < 0.5;
      if (parameter.distribution == Distribution::ordinal) {
        after.set(name, neighbour(parameter, *value, lower));
        continue;
      }
      after.set(name, clipped(parameter, *number_of(*value) * (lower ? 0.8 : 1.2)));
    }
  }
  return after;
}

}  // namespace

Config explored(Config const& config, PopulationBased const& options, SearchSpace const& space,
                std::uint64_t seed, int trial, int round, Allowed const& allowed) {
  for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
    Config after = explored_once(config, options, space, seed, trial, round, attempt);
    if (!allowed || allowed(after)) return after;
  }
  return config;
}

int drawn_source(std::uint64_t seed, int trial, int round, int count) {
  double const u = draw(seed, trial, round, "", "copies");
  return std::min(static_cast<int>(u * count), count - 1);
}

}  // namespace brood
