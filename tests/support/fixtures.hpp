// SPDX-License-Identifier: Apache-2.0
// Synthetic tables, the same on every machine: std::mt19937's words are fixed by the standard, and
// only arithmetic follows.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "brood/table.hpp"

namespace brood::fixtures {

class Uniform {
 public:
  explicit Uniform(std::uint32_t seed) : words_(seed) {}
  // On [low, high).
  float operator()(float low, float high) {
    return low + (high - low) * static_cast<float>(words_() >> 8) * 0x1p-24f;
  }
  int below(int n) { return static_cast<int>(words_() % static_cast<std::uint32_t>(n)); }
  // Roughly normal with deviation 1: a scaled sum of four (each of variance 1/3).
  float normal() {
    float sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += (*this)(-1, 1);
    return 0.8660254f * sum;
  }

 private:
  std::mt19937 words_;
};

// A table that owns its numbers.
struct OwnedTable {
  Task task = Task::classification;
  int rows = 0, inputs = 0, targets = 1, classes = 0;
  std::vector<float> x, y, weights;

  Table table() const {
    return {.x = {x.data(), rows, inputs},
            .y = {y.data(), rows, targets},
            .weights = {weights.empty() ? nullptr : weights.data(), weights.empty() ? 0 : rows, 1},
            .task = task,
            .classes = classes,
            .as_is = {}};
  }
};

// Classes around centres: separable, but not perfectly.
inline OwnedTable blobs(int rows, int inputs, int classes, std::uint32_t seed = 1) {
  OwnedTable t{Task::classification, rows, inputs, 1, classes, {}, {}, {}};
  Uniform draw(seed);
  std::vector<float> centres;
  for (int i = 0; i < classes * inputs; ++i)
    centres.push_back(draw(-1.5f, 1.5f));
  for (int r = 0; r < rows; ++r) {
    int const label = r < classes ? r : draw.below(classes);  // every class occurs
    t.y.push_back(static_cast<float>(label));
    for (int c = 0; c < inputs; ++c)
      t.x.push_back(centres[static_cast<std::size_t>(label * inputs + c)] + 0.7f * draw.normal());
  }
  return t;
}

// Columns of a smooth function of the inputs, with noise; far from 0 and 1, as real targets are.
inline OwnedTable regression(int rows, int inputs, int targets = 1, std::uint32_t seed = 2) {
  OwnedTable t{Task::regression, rows, inputs, targets, 0, {}, {}, {}};
  Uniform draw(seed);
  for (int r = 0; r < rows; ++r) {
    float sum = 0, product = 1;
    for (int c = 0; c < inputs; ++c) {
      float const x = draw(-2, 2);
      t.x.push_back(x);
      sum += x;
      if (c < 2) product *= x;
    }
    for (int k = 0; k < targets; ++k) {
      float const slope = static_cast<float>(k + 1);
      t.y.push_back(20 * slope + 3 * sum / slope + 2 * product + 0.3f * draw.normal());
    }
  }
  return t;
}

// Labels that are each a noisy half-space.
inline OwnedTable multi_label(int rows, int inputs, int labels, std::uint32_t seed = 3) {
  OwnedTable t{Task::multi_label, rows, inputs, labels, 0, {}, {}, {}};
  Uniform draw(seed);
  std::vector<float> direction;
  for (int i = 0; i < labels * inputs; ++i)
    direction.push_back(draw(-1, 1));
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < inputs; ++c)
      t.x.push_back(draw.normal());
    float const* const x = t.x.data() + t.x.size() - static_cast<std::size_t>(inputs);
    for (int k = 0; k < labels; ++k) {
      float score = 0.3f * draw.normal();
      for (int c = 0; c < inputs; ++c)
        score += direction[static_cast<std::size_t>(k * inputs + c)] * x[c];
      t.y.push_back(score > 0 ? 1.0f : 0.0f);
    }
  }
  return t;
}

inline OwnedTable with_missing(OwnedTable t, double share, std::uint32_t seed = 4) {
  Uniform draw(seed);
  for (float& x : t.x) {
    if (draw(0, 1) < share) x = std::numeric_limits<float>::quiet_NaN();
  }
  return t;
}

// Weights from 0 (one row in ten) to 3.
inline OwnedTable with_row_weights(OwnedTable t, std::uint32_t seed = 5) {
  Uniform draw(seed);
  for (int r = 0; r < t.rows; ++r)
    t.weights.push_back(draw.below(10) == 0 ? 0.0f : draw(0.2f, 3));
  return t;
}

// A transform that does something in every column (and to every regression target).
inline SharedTransform some_transform(OwnedTable const& t, std::uint32_t seed = 6) {
  Uniform draw(seed);
  auto transform = std::make_shared<Transform>();
  for (int c = 0; c < t.inputs; ++c) {
    transform->shift.push_back(draw(-0.5f, 0.5f));
    transform->scale.push_back(draw(0.5f, 1.5f));
  }
  for (int k = 0; t.task == Task::regression && k < t.targets; ++k) {
    transform->target_shift.push_back(20.0f * static_cast<float>(k + 1) + draw(-1, 1));
    transform->target_scale.push_back(draw(0.1f, 0.3f));
  }
  return transform;
}

// A transform whose inputs are a list: of every shape, of each column several times and in no
// order, the last of them alone.
inline SharedTransform listed_transform(OwnedTable const& t, int inputs, std::uint32_t seed = 8) {
  Uniform draw(seed);
  auto transform = std::make_shared<Transform>(*some_transform(t));
  transform->columns = t.inputs;
  transform->shift.clear();
  transform->scale.clear();
  for (int i = 0; i < inputs; ++i) {
    transform->source.push_back(i + 1 == inputs ? t.inputs - 1 : draw.below(t.inputs));
    transform->shape.push_back(static_cast<InputShape>(i % 4));
    transform->shift.push_back(draw(-0.5f, 0.5f));
    transform->scale.push_back(i % 4 == 3 ? draw(-8.0f, 8.0f) : draw(0.3f, 1.5f));
    transform->offset.push_back(draw(-1.0f, 1.0f));
    transform->gain.push_back(draw(0.5f, 1.5f));
  }
  return transform;
}

inline Rows rows_between(int first, int last) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(last - first));
  std::iota(rows.begin(), rows.end(), first);
  return std::make_shared<std::vector<std::int32_t> const>(std::move(rows));
}
// The rows from 0 on that are not among the last `held_out`, and those, but not in order.
inline std::pair<Rows, Rows> shuffled_split(int rows, int held_out, std::uint32_t seed = 7) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  Uniform draw(seed);
  for (int i = rows - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(draw.below(i + 1))]);
  auto const middle = order.end() - held_out;
  return {std::make_shared<std::vector<std::int32_t> const>(order.begin(), middle),
          std::make_shared<std::vector<std::int32_t> const>(middle, order.end())};
}

}  // namespace brood::fixtures
