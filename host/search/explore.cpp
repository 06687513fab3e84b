// SPDX-License-Identifier: Apache-2.0
// Jaderberg et al. 2017: a number is multiplied by 1.2 or 0.8, or drawn anew; what is no number is
// drawn anew or stays. The draws are those of random search for names that no parameter has.
#include "search/explore.hpp"

#include <algorithm>
#include <cmath>

#include "search/distribution.hpp"
#include "search/random.hpp"

namespace brood {
namespace {

double draw(std::uint64_t seed, int trial, int round, std::string const& name, char const* what) {
  return uniform_draw(seed, trial, name + " " + what + " " + std::to_string(round));
}

double number(Value const& value) {
  auto const* whole = std::get_if<std::int64_t>(&value);
  return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value);
}

// The value nearest to x that the parameter may have.
Value clipped(Parameter const& parameter, double x) {
  Value const one_end = value_at(parameter, 0.0);
  double const a = number(one_end), b = number(value_at(parameter, 1.0 - 0x1p-53));
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

}  // namespace

Config explored(Config config, PopulationBased const& options, SearchSpace const& space,
                std::uint64_t seed, int trial, int round) {
  auto const& inherited = options.inherited;
  for (Parameter const& parameter : space.parameters()) {
    Value const* const value = config.find(parameter.name);
    if (parameter.distribution == Distribution::constant || value == nullptr ||
        std::find(inherited.begin(), inherited.end(), parameter.name) != inherited.end()) {
      continue;
    }
    if (draw(seed, trial, round, parameter.name, "is drawn anew") < options.resample) {
      config.set(parameter.name,
                 value_at(parameter, draw(seed, trial, round, parameter.name, "anew")));
    } else if (parameter.distribution != Distribution::categorical) {
      double const factor =
          draw(seed, trial, round, parameter.name, "is perturbed") < 0.5 ? 0.8 : 1.2;
      config.set(parameter.name, clipped(parameter, number(*value) * factor));
    }
  }
  return config;
}

int drawn_source(std::uint64_t seed, int trial, int round, int count) {
  double const u = draw(seed, trial, round, "", "copies");
  return std::min(static_cast<int>(u * count), count - 1);
}

}  // namespace brood
