// SPDX-License-Identifier: Apache-2.0
// L-BFGS: the two loops, and a line search that asks for sufficient descent (Armijo).
#include "search/samplers/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

namespace brood {
namespace {

constexpr std::size_t kMemory = 10;
constexpr double kSufficient = 1e-4;
constexpr int kHalvings = 30;

using Vector = std::vector<double>;

double dot(Vector const& a, Vector const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

struct Pair {
  Vector step, change;  // of x, of the gradient
  double inverse_product;
};

// The gradient without the coordinates that stand at a bound and would leave.
Vector free_part(Vector gradient, Vector const& x, Box const& box) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    bool const held =
        (x[i] <= box.low[i] && gradient[i] > 0) || (x[i] >= box.high[i] && gradient[i] < 0);
    if (held) gradient[i] = 0;
  }
  return gradient;
}

// The inverse Hessian, as the pairs know it, times `gradient`.
Vector newton_direction(std::deque<Pair> const& pairs, Vector const& gradient) {
  Vector direction = gradient;
  Vector alpha(pairs.size());
  for (std::size_t k = pairs.size(); k-- > 0;) {
    alpha[k] = pairs[k].inverse_product * dot(pairs[k].step, direction);
    for (std::size_t i = 0; i < direction.size(); ++i)
      direction[i] -= alpha[k] * pairs[k].change[i];
  }
  if (!pairs.empty()) {
    auto const& last = pairs.back();
    double const scale = 1 / (last.inverse_product * dot(last.change, last.change));
    for (double& d : direction)
      d *= scale;
  }
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    double const beta = pairs[k].inverse_product * dot(pairs[k].change, direction);
    for (std::size_t i = 0; i < direction.size(); ++i)
      direction[i] += (alpha[k] - beta) * pairs[k].step[i];
  }
  return direction;
}

}  // namespace

Minimum minimise(Differentiable const& function, std::vector<double> x, Box const& box,
                 double tolerance, int iterations) {
  std::size_t const n = x.size();
  Vector gradient(n), next(n), next_gradient(n);
  double value = function(x, gradient);
  std::deque<Pair> pairs;

  for (int iteration = 0; iteration < iterations; ++iteration) {
    Vector const free = free_part(gradient, x, box);
    double steepest = 0;
    for (double const g : free)
      steepest = std::max(steepest, std::abs(g));
    if (!(steepest > tolerance)) break;

    Vector direction = newton_direction(pairs, free);
    for (std::size_t i = 0; i < n; ++i)
      direction[i] = free[i] == 0 ? 0 : direction[i];
    if (!(dot(direction, free) > 0)) {
      pairs.clear();
      direction = free;
    }
    // Without a pair the length of a step is unknown: at most 1 in any coordinate.
    double length = pairs.empty() ? std::min(1.0, 1 / steepest) : 1.0;
    bool descended = false;
    double next_value = value;
    for (int halving = 0; halving < kHalvings && !descended; ++halving, length /= 2) {
      double expected = 0;
      for (std::size_t i = 0; i < n; ++i) {
        next[i] = std::clamp(x[i] - length * direction[i], box.low[i], box.high[i]);
        expected += gradient[i] * (x[i] - next[i]);
      }
      if (!(expected > 0)) continue;
      next_value = function(next, next_gradient);
      descended = std::isfinite(next_value) && next_value <= value - kSufficient * expected;
    }
    if (!descended) {
      if (pairs.empty()) break;
      pairs.clear();  // once more, along the gradient
      continue;
    }

    Pair pair{Vector(n), Vector(n), 0};
    for (std::size_t i = 0; i < n; ++i) {
      pair.step[i] = next[i] - x[i];
      pair.change[i] = next_gradient[i] - gradient[i];
    }
    double const product = dot(pair.step, pair.change);
    if (product > 1e-12 * dot(pair.change, pair.change)) {
      pair.inverse_product = 1 / product;
      pairs.push_back(std::move(pair));
      if (pairs.size() > kMemory) pairs.pop_front();
    }
    x = next;
    gradient = next_gradient;
    value = next_value;
  }
  return {std::move(x), value};
}

}  // namespace brood
