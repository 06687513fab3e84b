// SPDX-License-Identifier: Apache-2.0
// Fit of a kernel: the likelihood and its gradient (Rasmussen & Williams 2006, equations 5.8 and
// 5.9), with Optuna's priors.
#include "search/samplers/kernel_fit.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <utility>

#include "search/samplers/lbfgs.hpp"

namespace brood {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Block = Eigen::Ref<Matrix>;

constexpr double kFitTolerance = 1e-2;
constexpr int kFitIterations = 100;
constexpr Eigen::Index kLeaf = 32;  // rows of a triangle that is not divided further

// A length, by its inverse square, near 1; scale by Gamma(2, 1), noise by Gamma(1.1, 30).
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

Eigen::Map<Vector const> column(std::vector<double> const& elements) {
  return {elements.data(), static_cast<Eigen::Index>(elements.size())};
}

// ---- the inverse of L L^T in n^3 / 1.5 operations, from halves, as triangles have no others

// L becomes its inverse.
void invert_lower(Block lower) {
  Eigen::Index const n = lower.rows(), half = n / 2;
  if (n <= kLeaf) {
    Matrix inverse = Matrix::Identity(n, n);
    lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
    lower.triangularView<Eigen::Lower>() = inverse;
    return;
  }
  Block top = lower.topLeftCorner(half, half), bottom = lower.bottomRightCorner(n - half, n - half);
  auto across = lower.bottomLeftCorner(n - half, half);
  invert_lower(top);
  invert_lower(bottom);
  Matrix const left = bottom.triangularView<Eigen::Lower>() * across;
  across.noalias() = -left * top.triangularView<Eigen::Lower>();
}

// M becomes the lower triangle of M^T M.
void square_lower(Block lower) {
  Eigen::Index const n = lower.rows(), half = n / 2;
  if (n <= kLeaf) {
    Matrix const whole = lower.triangularView<Eigen::Lower>();
    lower.triangularView<Eigen::Lower>() = whole.transpose() * whole;
    return;
  }
  Block top = lower.topLeftCorner(half, half), bottom = lower.bottomRightCorner(n - half, n - half);
  auto across = lower.bottomLeftCorner(n - half, half);
  square_lower(top);
  top.selfadjointView<Eigen::Lower>().rankUpdate(across.transpose());
  Matrix const product = bottom.triangularView<Eigen::Lower>().transpose() * across;
  across = product;
  square_lower(bottom);
}

}  // namespace

KernelLoss::KernelLoss(std::vector<bool> const& is_category, GaussianProcess::Points const& x,
                       std::vector<double> y)
    : y_(std::move(y)), squares_(is_category.size()) {
  for (std::size_t axis = 0; axis < squares_.size(); ++axis) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      for (std::size_t i = j + 1; i < x.size(); ++i) {
        double const difference = x[i][axis] - x[j][axis];
        squares_[axis].push_back(is_category[axis] ? difference != 0 : difference * difference);
      }
    }
  }
}

double KernelLoss::operator()(std::span<double const> logarithms,
                              std::span<double> gradient) const {
  KernelParameters const parameters = from_logarithms(logarithms);
  auto const& inverse = parameters.inverse_squared_length;
  auto const n = static_cast<Eigen::Index>(y_.size());
  std::size_t const axes = inverse.size();
  // Calls visit(j, from, length) of every column: its pairs are [from, from + length).
  auto const by_column = [&](auto visit) {
    for (Eigen::Index j = 0, from = 0; j < n; from += n - 1 - j, ++j)
      visit(j, from, n - 1 - j);
  };

  Vector squared = Vector::Zero(n * (n - 1) / 2);
  for (std::size_t a = 0; a < axes; ++a)
    squared += inverse[a] * column(squares_[a]);
  Vector const distance = (5 * squared).cwiseSqrt();
  Vector const decay = (-distance).array().exp();
  Vector const covariance =
      parameters.scale * (1 + distance.array() + 5.0 / 3 * squared.array()) * decay.array();

  Matrix matrix(n, n);
  by_column([&](Eigen::Index j, Eigen::Index from, Eigen::Index length) {
    matrix(j, j) = parameters.scale + parameters.noise;
    matrix.col(j).tail(length) = covariance.segment(from, length);
  });
  Eigen::LLT<Block> const llt(matrix);  // in its place
  if (llt.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
  Vector const weights = llt.solve(column(y_));
  double const loss =
      matrix.diagonal().array().log().sum() + 0.5 * column(y_).dot(weights) - log_prior(parameters);
  invert_lower(matrix);
  square_lower(matrix);

  // Each pair stands for two elements of the symmetric matrix, an element of the diagonal for one.
  Vector factor(squared.size());
  by_column([&](Eigen::Index j, Eigen::Index from, Eigen::Index length) {
    factor.segment(from, length) = weights[j] * weights.tail(length) - matrix.col(j).tail(length);
  });
  double const diagonal = 0.5 * (weights.squaredNorm() - matrix.trace());
  Vector const by_distance =
      factor.array() * (-5.0 / 6 * parameters.scale) * (1 + distance.array()) * decay.array();
  for (std::size_t a = 0; a < axes; ++a)
    gradient[a] = -by_distance.dot(column(squares_[a]));
  gradient[axes] = -diagonal * parameters.scale - factor.dot(covariance);
  gradient[axes + 1] = -diagonal;
  // The priors', then by the logarithms.
  for (std::size_t a = 0; a < axes; ++a)
    gradient[a] = (gradient[a] - 0.1 / (inverse[a] * inverse[a]) + 0.1) * inverse[a];
  gradient[axes] += parameters.scale - 1;
  gradient[axes + 1] += 30 - 0.1 / parameters.noise;
  gradient[axes + 1] *= parameters.noise - kLeastNoise;
  return loss;
}

KernelParameters fit_kernel(std::vector<bool> const& is_category, GaussianProcess::Points const& x,
                            std::vector<double> const& y) {
  std::size_t const count = is_category.size() + 2;
  double const unbounded = std::numeric_limits<double>::infinity();
  Box const box{std::vector<double>(count, -unbounded), std::vector<double>(count, unbounded)};
  KernelLoss const loss(is_category, x, y);
  auto const minimum =
      minimise(loss, std::vector<double>(count, 0.0), box, kFitTolerance, kFitIterations);
  return from_logarithms(minimum.x);
}

}  // namespace brood
