// SPDX-License-Identifier: Apache-2.0
// The Gaussian process against Optuna's kernel and scikit-learn's GaussianProcessRegressor,
// expected improvement against sixty-digit arithmetic, gradients against differences, L-BFGS on
// known minima.
#include "search/samplers/gaussian_process.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "search/samplers/expected_improvement.hpp"
#include "search/samplers/kernel_fit.hpp"
#include "search/samplers/lbfgs.hpp"
#include "search/samplers/random.hpp"

namespace brood {
namespace {

TEST(Matern52, IsOptunas) {
  // Three roundings of numbers up to 5.
  EXPECT_NEAR(matern52(0.01), 0.9917592361711776, 1e-15);
  EXPECT_NEAR(matern52(0.25), 0.8286491424181255, 1e-15);
  EXPECT_NEAR(matern52(1), 0.5239941088318203, 1e-15);
  EXPECT_NEAR(matern52(4), 0.13866021913850426, 1e-15);
  EXPECT_EQ(matern52(0), 1);
}

TEST(LogExpectedImprovement, IsExactFarBelowTheBest) {
  struct Case {
    double z, value;
  };
  for (Case const& each :
       {Case{3, 1.0987396653277077}, Case{1, 0.08002621884930704}, Case{0, -0.9189385332046727},
        Case{-1, -2.4851210257126413}, Case{-2, -4.768783523917114}, Case{-5, -16.74430116266099},
        Case{-10, -55.55312203612235}, Case{-25, -319.86146358149597}, Case{-26, -345.439546722318},
        Case{-30, -457.724653760598}, Case{-50, -1258.744182868461},
        Case{-100, -5010.12957880025}}) {
    // The exponential of -z^2 / 2 is exact to z^2 / 2 ulp, and of z Phi + phi only 1 / z^2 is left;
    // the series, below -25, loses nothing. The references have 16 digits.
    double const lost = each.z >= -25 ? 2.2e-16 * std::pow(each.z, 4) : 0;
    EXPECT_NEAR(log_expected_improvement(each.z, 1, 0).value, each.value,
                lost + 1e-15 * (1 + std::abs(each.value)))
        << each.z;
  }
}

TEST(LogExpectedImprovement, HasTheDerivativesOfItsValue) {
  // Central differences: h^2 / 6 of the third derivative, at most 1e-8 here, and 1e-16 / h
  // rounding.
  double const h = 1e-4;
  for (double const mean : {-60.0, -26.0, -12.0, -1.0, 0.5, 4.0}) {
    for (double const sigma : {0.7, 2.0}) {
      auto const ei = log_expected_improvement(mean, sigma, 0.3);
      double const by_mean = (log_expected_improvement(mean + h, sigma, 0.3).value -
                              log_expected_improvement(mean - h, sigma, 0.3).value) /
                             (2 * h);
      double const by_sigma = (log_expected_improvement(mean, sigma + h, 0.3).value -
                               log_expected_improvement(mean, sigma - h, 0.3).value) /
                              (2 * h);
      EXPECT_NEAR(ei.by_mean, by_mean, 1e-6 * (1 + std::abs(by_mean))) << mean << ' ' << sigma;
      EXPECT_NEAR(ei.by_sigma, by_sigma, 1e-6 * (1 + std::abs(by_sigma))) << mean << ' ' << sigma;
    }
  }
}

GaussianProcess three_points() {
  return GaussianProcess({false}, {{0.1}, {0.4}, {0.9}}, {1, -0.5, 0.3}, {{4}, 1.5, 0.01});
}

// The references have twelve digits; the condition of the covariance, 500, costs three of sixteen.
TEST(GaussianProcess, HasThePosteriorOfScikitLearn) {
  auto const process = three_points();
  EXPECT_NEAR(process.log_marginal_likelihood(), -2.141626667981, 2e-12);
  std::vector<std::vector<double>> const x = {{0}, {0.25}, {0.65}, {1}};
  double const mean[] = {1.286567281998, 0.204215417018, -0.425882952891, 0.466078602398};
  double const variance[] = {0.070191917974, 0.032697217517, 0.128107465428, 0.085411016319};
  double const log_ei[] = {-1.186077722285, -15.410191872913, -12.804783293675, -5.547400682941};
  auto const posterior = process.posterior(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(posterior[i].mean, mean[i], 2e-12);
    EXPECT_NEAR(posterior[i].variance, variance[i], 2e-12);
    double const ei =
        log_expected_improvement(posterior[i].mean, std::sqrt(posterior[i].variance), 1).value;
    EXPECT_NEAR(ei, log_ei[i], 2e-9);  // its slope by the variance is up to 400
  }
}

GaussianProcess::Points points_of(int count) {
  GaussianProcess::Points points;
  for (int i = 0; i < count; ++i) {
    points.push_back({uniform_draw(1, i, "a"), std::floor(3 * uniform_draw(1, i, "b")),
                      uniform_draw(1, i, "c")});
  }
  return points;
}

std::vector<double> values_at(GaussianProcess::Points const& points) {
  std::vector<double> y;
  for (auto const& x : points)
    y.push_back(std::sin(5 * x[0]) + 0.3 * x[1] * x[2]);
  return y;
}

TEST(GaussianProcess, IsTheSameWhenObservationsAreAddedLater) {
  auto const x = points_of(12);
  auto const y = values_at(x);
  KernelParameters const parameters{{3, 0.5, 1}, 1.2, 1e-6};  // the noise of an exact one
  std::vector<bool> const is_category = {false, true, false};
  GaussianProcess const at_once(is_category, x, y, parameters);
  GaussianProcess added(is_category, {x.begin(), x.begin() + 9}, {y.begin(), y.begin() + 9},
                        parameters);
  for (std::size_t i = 9; i < 12; ++i)
    added.add_exact(x[i], y[i]);
  auto const other = points_of(40);
  auto const expected = at_once.posterior(other), actual = added.posterior(other);
  // The same factorisation in another order of operations; the condition is at most 1e7.
  for (std::size_t i = 0; i < other.size(); ++i) {
    EXPECT_NEAR(actual[i].mean, expected[i].mean, 1e-9);
    EXPECT_NEAR(actual[i].variance, expected[i].variance, 1e-9);
  }
}

TEST(GaussianProcess, HasTheGradientOfItsPosterior) {
  auto const x = points_of(10);
  GaussianProcess const process({false, true, false}, x, values_at(x), {{3, 0.5, 1}, 1.2, 0.01});
  std::vector<double> const point = {0.3, 1, 0.8};
  std::vector<double> by_mean(3), by_variance(3);
  auto const at = process.posterior(point, by_mean, by_variance);
  EXPECT_NEAR(at.mean, process.posterior({&point, 1})[0].mean, 1e-13);
  EXPECT_NEAR(at.variance, process.posterior({&point, 1})[0].variance, 1e-13);
  EXPECT_EQ(by_mean[1], 0) << "a category has no gradient";
  double const h = 1e-5;  // the kernel's third derivative is 1e2: errors of 1e-8
  for (std::size_t i : {0, 2}) {
    auto above = point, below = point;
    above[i] += h;
    below[i] -= h;
    auto const a = process.posterior({&above, 1})[0], b = process.posterior({&below, 1})[0];
    EXPECT_NEAR(by_mean[i], (a.mean - b.mean) / (2 * h), 1e-7);
    EXPECT_NEAR(by_variance[i], (a.variance - b.variance) / (2 * h), 1e-7);
  }
}

TEST(KernelFit, HasTheGradientOfItsLoss) {
  for (int const points : {15, 75}) {  // triangles whole, and of halves
    auto const x = points_of(points);
    auto const y = values_at(x);
    std::vector<double> const logarithms = {0.5, -0.3, 0.1, 0.2, -3};
    std::vector<double> gradient(5), unused(5);
    KernelLoss const loss({false, true, false}, x, y);
    loss(logarithms, gradient);
    double const h = 1e-5;
    for (std::size_t i = 0; i < 5; ++i) {
      auto above = logarithms, below = logarithms;
      above[i] += h;
      below[i] -= h;
      double const difference = (loss(above, unused) - loss(below, unused)) / (2 * h);
      EXPECT_NEAR(gradient[i], difference, 1e-6) << i;  // values of 1e1, rounding 1e-15 / h
    }
  }
}

TEST(KernelFit, TellsTheAxesThatMatter) {
  GaussianProcess::Points x;
  std::vector<double> y;
  for (int i = 0; i < 40; ++i) {
    x.push_back({uniform_draw(2, i, "a"), uniform_draw(2, i, "b")});
    y.push_back(1.4 * std::sin(9 * x.back()[0]));
  }
  auto const parameters = fit_kernel({false, false}, x, y);
  EXPECT_GT(parameters.inverse_squared_length[0], 10 * parameters.inverse_squared_length[1]);
  EXPECT_LT(parameters.noise, 1e-2);
}

double rosenbrock(std::span<double const> x, std::span<double> gradient) {
  double const a = 1 - x[0], b = x[1] - x[0] * x[0];
  gradient[0] = -2 * a - 400 * x[0] * b;
  gradient[1] = 200 * b;
  return a * a + 100 * b * b;
}

TEST(Minimise, FindsTheMinimumOfRosenbrocksFunction) {
  Box const box{{-5, -5}, {5, 5}};
  auto const minimum = minimise(rosenbrock, {-1.2, 1}, box, 1e-8, 200);
  EXPECT_NEAR(minimum.x[0], 1, 1e-7);  // curvature 0.4 at least, a gradient of 1e-8
  EXPECT_NEAR(minimum.x[1], 1, 1e-7);
}

// Where x0 <= 0.5, the minimum lies on that bound, at x1 = x0^2.
TEST(Minimise, StopsAtABound) {
  Box const box{{-5, -5}, {0.5, 5}};
  auto const minimum = minimise(rosenbrock, {-1.2, 1}, box, 1e-8, 200);
  EXPECT_EQ(minimum.x[0], 0.5);
  EXPECT_NEAR(minimum.x[1], 0.25, 1e-9);
}

}  // namespace
}  // namespace brood
