// SPDX-License-Identifier: Apache-2.0
// L-BFGS (Liu & Nocedal 1989; Nocedal & Wright, "Numerical optimization", algorithm 7.4) inside a
// box: a coordinate that lies on its bound and would leave it stands still, and steps are projected
// (Bertsekas 1982). For the few variables of a Gaussian process.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace brood {

struct Box {
  std::vector<double> low, high;  // +-inf where there is no bound
};

// The value at x, and its gradient. A value that is not finite is a point to keep away from.
using Differentiable = std::function<double(std::span<double const> x, std::span<double> gradient)>;

struct Minimum {
  std::vector<double> x;
  double value = 0;
};

// From x, inside the box, at which the function is finite. Ends when no free coordinate of the
// gradient exceeds `tolerance`, or no step is found that descends.
Minimum minimise(Differentiable const& function, std::vector<double> x, Box const& box,
                 double tolerance, int iterations);

}  // namespace brood
