// SPDX-License-Identifier: Apache-2.0
// How far apart many steps of training may lie: distances between sets of weights, and the distance
// that fp32 arithmetic accounts for (tolerance.hpp, 5).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "support/oracle.hpp"

namespace brood::oracle {

// |a - b| / |b - start|, in Euclidean norms over all weights.
template <class A, class B, class C>
double distance(std::vector<A> const& a, std::vector<B> const& b, std::vector<C> const& start) {
  if (a.size() != b.size() || a.size() != start.size()) return INFINITY;
  double apart = 0, moved = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double const to_b = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    double const update = static_cast<double>(b[i]) - static_cast<double>(start[i]);
    apart += to_b * to_b;
    moved += update * update;
  }
  return apart == 0 ? 0 : std::sqrt(apart / moved);
}

// What a training comes to: the weights, their average, and each epoch's mean training loss.
struct Course {
  std::vector<double> weights, average, train_loss;
};

template <class Number>
Course course(Settings const& settings, Samples const& samples, std::vector<int> const& train_rows,
              std::vector<float> const& initial, Randomness const& randomness, int epochs) {
  auto const start = network_from<Number>(widths(settings, samples.inputs), initial);
  Trainer<Number> trainer(settings, samples, train_rows, start, randomness);
  Course course;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (int step = 0; step < trainer.steps_per_epoch(); ++step)
      trainer.step();
    course.train_loss.push_back(trainer.take_train_loss());
  }
  course.weights = dense(trainer.network());
  course.average = dense(trainer.average());
  return course;
}

inline double largest_difference(std::vector<double> const& a, std::vector<double> const& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

// The truth, and how far from it a correct fp32 backend keeps.
struct Expected {
  Course truth;
  double weights = 0, average = 0;  // distances
  double train_loss = 0;            // of any epoch
};

inline Expected expected_course(Settings const& settings, Samples const& samples,
                                std::vector<int> const& train_rows,
                                std::vector<float> const& initial, Randomness const& randomness,
                                int epochs) {
  Expected e;
  e.truth = course<double>(settings, samples, train_rows, initial, randomness, epochs);
  for (int draw = 0; draw < kNoisyDraws; ++draw) {
    Noisy::seed(static_cast<std::uint64_t>(draw) + 1);
    auto const noisy = course<Noisy>(settings, samples, train_rows, initial, randomness, epochs);
    e.weights = std::max(e.weights, distance(noisy.weights, e.truth.weights, initial));
    e.average = std::max(e.average, distance(noisy.average, e.truth.average, initial));
    e.train_loss = std::max(e.train_loss, largest_difference(noisy.train_loss, e.truth.train_loss));
  }
  auto rounded_once = [&](std::vector<double> values) {  // each weight once, all the same way
    auto const exact = values;
    for (double& v : values)
      v *= 1 + kUnitRoundoff;
    return distance(values, exact, initial);
  };
  e.weights = kNoisyFactor * e.weights + rounded_once(e.truth.weights);
  e.average = kNoisyFactor * e.average + rounded_once(e.truth.average);
  // A batch's loss is added up in fp32: (rows / 16 + 8) roundings of it (16 lanes, then a tree).
  double const loss = *std::max_element(e.truth.train_loss.begin(), e.truth.train_loss.end());
  int const rows = std::min(settings.batch_size, static_cast<int>(train_rows.size()));
  e.train_loss = kNoisyFactor * e.train_loss + (rows / 16 + 8) * kUnitRoundoff * loss;
  return e;
}

}  // namespace brood::oracle
