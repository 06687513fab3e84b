// SPDX-License-Identifier: Apache-2.0
// Gaussian process: the linear algebra is Eigen's.
#include "search/samplers/gaussian_process.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace brood {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Points = GaussianProcess::Points;

Eigen::Map<Matrix const> square(std::vector<double> const& elements) {
  auto const n = static_cast<Eigen::Index>(std::sqrt(static_cast<double>(elements.size())) + 0.5);
  return {elements.data(), n, n};
}
Eigen::Map<Vector const> column(std::vector<double> const& elements) {
  return {elements.data(), static_cast<Eigen::Index>(elements.size())};
}

// Of many at once, as vectors go faster. `squared` becomes the kernel, scale 1.
void matern52(std::span<double> squared) {
  Eigen::Map<Eigen::ArrayXd> values(squared.data(), static_cast<Eigen::Index>(squared.size()));
  Eigen::ArrayXd const d = (5 * values).sqrt();
  values = (1 + d + 5.0 / 3 * values) * (-d).exp();
}

// And its derivative by the squared distance.
void matern52_slope(std::span<double> squared) {
  Eigen::Map<Eigen::ArrayXd> values(squared.data(), static_cast<Eigen::Index>(squared.size()));
  Eigen::ArrayXd const d = (5 * values).sqrt();
  values = -5.0 / 6 * (1 + d) * (-d).exp();
}

}  // namespace

double matern52(double squared_distance) {
  matern52({&squared_distance, 1});
  return squared_distance;
}

GaussianProcess::GaussianProcess(std::vector<bool> is_category, Points const& x,
                                 std::vector<double> y, KernelParameters parameters)
    : is_category_(std::move(is_category)),
      coordinates_(is_category_.size()),
      y_(std::move(y)),
      parameters_(std::move(parameters)) {
  for (std::size_t i = 0; i < coordinates_.size(); ++i) {
    for (auto const& point : x)
      coordinates_[i].push_back(point[i]);
  }
  auto const n = static_cast<Eigen::Index>(x.size());
  Matrix covariance(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    auto const row = covariances(x[static_cast<std::size_t>(j)]);
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

std::vector<double> GaussianProcess::squared_distances(std::span<double const> point) const {
  std::vector<double> row(y_.size(), 0);
  for (std::size_t i = 0; i < coordinates_.size(); ++i) {
    double const inverse = parameters_.inverse_squared_length[i], x = point[i];
    double const* const others = coordinates_[i].data();
    if (is_category_[i]) {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] += others[j] == x ? 0 : inverse;
    } else {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] += inverse * ((x - others[j]) * (x - others[j]));
    }
  }
  return row;
}

std::vector<double> GaussianProcess::covariances(std::span<double const> point) const {
  auto row = squared_distances(point);
  matern52(row);
  for (double& each : row)
    each *= parameters_.scale;
  return row;
}

void GaussianProcess::add_exact(std::vector<double> const& x, double y) {
  auto const n = static_cast<Eigen::Index>(y_.size());
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
  for (std::size_t i = 0; i < x.size(); ++i)
    coordinates_[i].push_back(x[i]);
  y_.push_back(y);
  Vector weights = column(y_);
  extended.triangularView<Eigen::Lower>().solveInPlace(weights);
  extended.triangularView<Eigen::Lower>().transpose().solveInPlace(weights);
  weights_.assign(weights.begin(), weights.end());
}

double GaussianProcess::log_marginal_likelihood() const {
  return -square(cholesky_).diagonal().array().log().sum() - 0.5 * column(y_).dot(column(weights_));
}

std::vector<Posterior> GaussianProcess::posterior(
    std::span<std::vector<double> const> points) const {
  Matrix covariance(static_cast<Eigen::Index>(y_.size()), static_cast<Eigen::Index>(points.size()));
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

  auto slopes = squared_distances(point);
  matern52_slope(slopes);
  for (std::size_t i = 0; i < coordinates_.size(); ++i) {
    mean_gradient[i] = variance_gradient[i] = 0;
    if (is_category_[i]) continue;
    Vector const derivatives = 2 * parameters_.scale * inverse[i] * column(slopes).array() *
                               (point[i] - column(coordinates_[i]).array());
    mean_gradient[i] = column(weights_).dot(derivatives);
    variance_gradient[i] = -2 * solved.dot(derivatives);
  }
  double const mean = column(weights_).dot(column(row));
  return {mean, std::max(variance, 0.0)};
}

}  // namespace brood
