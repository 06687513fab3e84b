// SPDX-License-Identifier: Apache-2.0
// Gaussian process: the linear algebra is Eigen's.
#include "search/gaussian_process.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "search/lbfgs.hpp"

namespace brood {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Points = GaussianProcess::Points;

constexpr double kLeastNoise = 1e-6;
constexpr double kFitTolerance = 1e-2;
constexpr int kFitIterations = 100;

Eigen::Map<Matrix const> square(std::vector<double> const& elements) {
  auto const n = static_cast<Eigen::Index>(std::sqrt(static_cast<double>(elements.size())) + 0.5);
  return {elements.data(), n, n};
}
Eigen::Map<Vector const> column(std::vector<double> const& elements) {
  return {elements.data(), static_cast<Eigen::Index>(elements.size())};
}

double squared_difference(bool is_category, double a, double b) {
  return is_category ? (a == b ? 0 : 1) : (a - b) * (a - b);
}

double squared_distance(std::vector<bool> const& is_category,
                        std::vector<double> const& inverse_squared_length,
                        std::span<double const> a, std::span<double const> b) {
  double sum = 0;
  for (std::size_t i = 0; i < inverse_squared_length.size(); ++i)
    sum += inverse_squared_length[i] * squared_difference(is_category[i], a[i], b[i]);
  return sum;
}

// The kernel's derivative by the squared distance.
double matern52_slope(double squared_distance) {
  double const d = std::sqrt(5 * squared_distance);
  return -5.0 / 6 * (1 + d) * std::exp(-d);
}

// Optuna's priors: a length, by its inverse square, near 1; scale by Gamma(2, 1), noise by
// Gamma(1.1, 30).
double log_prior(KernelParameters const& parameters) {
  double sum = std::log(parameters.scale) - parameters.scale + 0.1 * std::log(parameters.noise) -
               30 * parameters.noise;
  for (double const inverse : parameters.inverse_squared_length)
    sum -= 0.1 / inverse + 0.1 * inverse;
  return sum;
}

KernelParameters from_logarithms(std::span<double const> logarithms) {
  std::size_t const axes = logarithms.size() - 2;
  KernelParameters parameters;
  for (std::size_t i = 0; i < axes; ++i)
    parameters.inverse_squared_length.push_back(std::exp(logarithms[i]));
  parameters.scale = std::exp(logarithms[axes]);
  parameters.noise = std::exp(logarithms[axes + 1]) + kLeastNoise;
  return parameters;
}

double log_likelihood(Matrix const& lower, Vector const& y, Vector const& weights) {
  return -lower.diagonal().array().log().sum() - 0.5 * y.dot(weights);
}

}  // namespace

double matern52(double squared_distance) {
  double const d = std::sqrt(5 * squared_distance);
  return (1 + d + 5.0 / 3 * squared_distance) * std::exp(-d);
}

GaussianProcess::GaussianProcess(std::vector<bool> is_category, Points x, std::vector<double> y,
                                 KernelParameters parameters)
    : is_category_(std::move(is_category)),
      x_(std::move(x)),
      y_(std::move(y)),
      parameters_(std::move(parameters)) {
  auto const n = static_cast<Eigen::Index>(x_.size());
  Matrix covariance(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    auto const row = covariances(x_[static_cast<std::size_t>(j)]);
    covariance.col(j) = column(row);
    covariance(j, j) += parameters_.noise;
  }
  Eigen::LLT<Matrix> const llt(covariance);
  if (llt.info() != Eigen::Success) {
    throw std::domain_error("the covariance of a Gaussian process is not positive definite");
  }
  Matrix const lower = llt.matrixL();
  cholesky_.assign(lower.data(), lower.data() + lower.size());
  Vector const weights = llt.solve(column(y_));
  weights_.assign(weights.begin(), weights.end());
}

std::vector<double> GaussianProcess::covariances(std::span<double const> point) const {
  std::vector<double> row;
  row.reserve(x_.size());
  for (auto const& other : x_) {
    row.push_back(
        parameters_.scale *
        matern52(squared_distance(is_category_, parameters_.inverse_squared_length, point, other)));
  }
  return row;
}

void GaussianProcess::add_exact(std::vector<double> const& x, double y) {
  auto const n = static_cast<Eigen::Index>(x_.size());
  auto const row = covariances(x);
  auto const lower = square(cholesky_);
  Vector const extension = lower.triangularView<Eigen::Lower>().solve(column(row));
  Matrix extended = Matrix::Zero(n + 1, n + 1);
  extended.topLeftCorner(n, n) = lower;
  extended.row(n).head(n) = extension.transpose();
  // Not below the noise but for rounding.
  double const rest = parameters_.scale + kLeastNoise - extension.squaredNorm();
  extended(n, n) = std::sqrt(std::max(rest, 0.5 * kLeastNoise));
  cholesky_.assign(extended.data(), extended.data() + extended.size());
  x_.push_back(x);
  y_.push_back(y);
  Vector weights = column(y_);
  extended.triangularView<Eigen::Lower>().solveInPlace(weights);
  extended.triangularView<Eigen::Lower>().transpose().solveInPlace(weights);
  weights_.assign(weights.begin(), weights.end());
}

double GaussianProcess::log_marginal_likelihood() const {
  return log_likelihood(square(cholesky_), column(y_), column(weights_));
}

std::vector<Posterior> GaussianProcess::posterior(
    std::span<std::vector<double> const> points) const {
  Matrix covariance(static_cast<Eigen::Index>(x_.size()), static_cast<Eigen::Index>(points.size()));
  for (std::size_t j = 0; j < points.size(); ++j) {
    auto const row = covariances(points[j]);
    covariance.col(static_cast<Eigen::Index>(j)) = column(row);
  }
  Vector const means = covariance.transpose() * column(weights_);
  square(cholesky_).triangularView<Eigen::Lower>().solveInPlace(covariance);
  std::vector<Posterior> posteriors;
  for (Eigen::Index j = 0; j < covariance.cols(); ++j) {
    double const variance = parameters_.scale - covariance.col(j).squaredNorm();
    posteriors.push_back({means[j], std::max(variance, 0.0)});
  }
  return posteriors;
}

Posterior GaussianProcess::posterior(std::span<double const> point, std::span<double> mean_gradient,
                                     std::span<double> variance_gradient) const {
  auto const& inverse = parameters_.inverse_squared_length;
  auto const row = covariances(point);
  auto const lower = square(cholesky_);
  Vector solved = column(row);
  lower.triangularView<Eigen::Lower>().solveInPlace(solved);
  double const variance = parameters_.scale - solved.squaredNorm();
  lower.triangularView<Eigen::Lower>().transpose().solveInPlace(solved);

  double mean = 0;
  std::fill(mean_gradient.begin(), mean_gradient.end(), 0.0);
  std::fill(variance_gradient.begin(), variance_gradient.end(), 0.0);
  for (std::size_t j = 0; j < x_.size(); ++j) {
    mean += weights_[j] * row[j];
    double const slope = 2 * parameters_.scale *
                         matern52_slope(squared_distance(is_category_, inverse, point, x_[j]));
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      if (is_category_[i]) continue;
      double const derivative = slope * inverse[i] * (point[i] - x_[j][i]);
      mean_gradient[i] += weights_[j] * derivative;
      variance_gradient[i] -= 2 * solved[static_cast<Eigen::Index>(j)] * derivative;
    }
  }
  return {mean, std::max(variance, 0.0)};
}

// ---- fit

// The likelihood's gradient: Rasmussen & Williams, equation 5.9.
double kernel_loss(std::vector<bool> const& is_category, Points const& x,
                   std::vector<double> const& y, std::span<double const> logarithms,
                   std::span<double> gradient) {
  KernelParameters const parameters = from_logarithms(logarithms);
  auto const& inverse = parameters.inverse_squared_length;
  auto const n = static_cast<Eigen::Index>(x.size());
  auto const at = [&](Eigen::Index i) -> std::vector<double> const& {
    return x[static_cast<std::size_t>(i)];
  };
  Matrix covariance(n, n), slope(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    for (Eigen::Index i = j; i < n; ++i) {
      double const squared = squared_distance(is_category, inverse, at(i), at(j));
      double const d = std::sqrt(5 * squared), decay = std::exp(-d);
      covariance(i, j) = parameters.scale * (1 + d + 5.0 / 3 * squared) * decay;
      slope(i, j) = parameters.scale * (-5.0 / 6) * (1 + d) * decay;
    }
    covariance(j, j) += parameters.noise;
  }
  Eigen::LLT<Matrix> const llt(covariance);
  if (llt.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
  Matrix inverse_lower = Matrix::Identity(n, n);
  llt.matrixL().solveInPlace(inverse_lower);
  Matrix precision = Matrix::Zero(n, n);
  precision.selfadjointView<Eigen::Lower>().rankUpdate(inverse_lower.transpose());
  Vector const weights = llt.solve(column(y));
  double const loss = -log_likelihood(llt.matrixLLT(), column(y), weights) - log_prior(parameters);

  // Each pair stands for two elements of the symmetric matrix, an element of the diagonal for one.
  std::size_t const axes = inverse.size();
  std::fill(gradient.begin(), gradient.end(), 0.0);
  for (Eigen::Index j = 0; j < n; ++j) {
    double const diagonal = 0.5 * (weights[j] * weights[j] - precision(j, j));
    gradient[axes] -= diagonal * parameters.scale;
    gradient[axes + 1] -= diagonal;
    for (Eigen::Index i = j + 1; i < n; ++i) {
      double const factor = weights[i] * weights[j] - precision(i, j);
      gradient[axes] -= factor * covariance(i, j);
      double const by_distance = factor * slope(i, j);
      for (std::size_t a = 0; a < axes; ++a)
        gradient[a] -= by_distance * squared_difference(is_category[a], at(i)[a], at(j)[a]);
    }
  }
  // The priors', then by the logarithms.
  for (std::size_t a = 0; a < axes; ++a)
    gradient[a] = (gradient[a] - 0.1 / (inverse[a] * inverse[a]) + 0.1) * inverse[a];
  gradient[axes] += parameters.scale - 1;
  gradient[axes + 1] += 30 - 0.1 / parameters.noise;
  gradient[axes + 1] *= parameters.noise - kLeastNoise;
  return loss;
}

KernelParameters fit_kernel(std::vector<bool> const& is_category, Points const& x,
                            std::vector<double> const& y) {
  std::size_t const count = is_category.size() + 2;
  double const unbounded = std::numeric_limits<double>::infinity();
  Box const box{std::vector<double>(count, -unbounded), std::vector<double>(count, unbounded)};
  auto const minimum = minimise(
      [&](std::span<double const> logarithms, std::span<double> gradient) {
        return kernel_loss(is_category, x, y, logarithms, gradient);
      },
      std::vector<double>(count, 0.0), box, kFitTolerance, kFitIterations);
  return from_logarithms(minimum.x);
}

}  // namespace brood
