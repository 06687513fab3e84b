// SPDX-License-Identifier: Apache-2.0
// The data as the engine sees it: a dense table of numbers, targets, and rows chosen by index.
// Text, categories and files belong to brood::files and the data floor, which make such tables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace brood {

// What the targets are, and so which losses and metrics apply.
//   classification: one target column of class indices 0 .. classes-1
//   regression:     one or several real columns
//   multi_label:    one column of 0 or 1 per label
enum class Task { classification, regression, multi_label };
std::string_view name_of(Task task);

// A borrowed view of row-major fp32 numbers; row r, column c is data[r * columns + c].
struct Matrix {
  float const* data = nullptr;  // (rows, columns)
  std::int64_t rows = 0;
  int columns = 0;
};

// What Backend::load copies. NaN in x is a missing value; y and weights must be finite.
struct Table {
  Matrix x = {};        // (rows, inputs)
  Matrix y = {};        // (rows, targets); class indices as floats for classification
  Matrix weights = {};  // (rows, 1), each >= 0, or empty: all rows weigh the same
  Task task = Task::classification;
  int classes = 0;               // classification only; >= 2
  std::vector<bool> as_is = {};  // columns that fit_transform leaves alone (one-hot); empty: none
  // What validation goes by (see Validation): each row's group, its rank in time (the same for the
  // same time), or the fold that it validates in; empty: nothing but chance.
  std::vector<std::int32_t> keys = {};
  std::vector<std::string> class_names = {};  // for messages; empty: classes go by their index
  // Regression: the user's units that a 1 of y stands for; scores are told in the user's.
  double target_unit = 1;
};

using TableId = int;

// What a network on a table must fit.
struct TableShape {
  Task task = Task::classification;
  int inputs = 0;
  int outputs = 0;  // classes, or target columns
};
TableShape shape_of(Table const& table);

// Row indices into a table, shared by the members that use them. Order matters: it is the order
// that the batch permutation permutes.
using Rows = std::shared_ptr<std::vector<std::int32_t> const>;

// What is done to a row on its way into a network: x = isnan(r) ? 0 : (r - shift) * scale, and the
// same for regression targets, so that predictions come back in the user's units as
// y = p / target_scale + target_shift. Fitted on training rows only.
struct Transform {
  std::vector<float> shift, scale;                // (inputs)
  std::vector<float> target_shift, target_scale;  // (targets); empty unless regression
};
using SharedTransform = std::shared_ptr<Transform const>;

}  // namespace brood
