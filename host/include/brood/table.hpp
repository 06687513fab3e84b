// SPDX-License-Identifier: Apache-2.0
// The data as the engine sees it: a dense table of numbers, targets, and rows chosen by index.
// Text, categories and files belong to brood::files and the data floor, which make such tables.
#pragma once

#include <cstddef>
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
  // Columns that are made of others (pieces of a number, cycles of a date), which Numbers are not
  // for: they are standardised; empty: none.
  std::vector<bool> derived = {};
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
  int inputs = 0;   // columns of the table
  int outputs = 0;  // classes, or target columns
  int numbers = 0;  // columns that are neither as_is nor derived
};
TableShape shape_of(Table const& table);
// Whether a column is neither as_is nor derived.
inline bool is_number(Table const& table, int column) {
  auto const at = static_cast<std::size_t>(column);
  bool const as_is = at < table.as_is.size() && table.as_is[at];
  return !as_is && !(at < table.derived.size() && table.derived[at]);
}

// Row indices into a table, shared by the members that use them. Order matters: it is the order
// that the batch permutation permutes.
using Rows = std::shared_ptr<std::vector<std::int32_t> const>;

// How the numbers of a column are scaled.
//   standard: (r - mean) / deviation
//   robust:   (r - median) / (q75 - q25), through a smooth clip
enum class Scaling : std::int32_t { standard, robust };
// How the numbers of a column become inputs: hyperparameters of these names.
struct Numbers {
  Scaling scaling = Scaling::standard;
  int pieces = 0;             // inputs beside it: how far it has come through each piece between
                              // quantiles of the training rows; fewer than 2: none
  int periodic = 0;           // inputs beside it: cosines of it, of frequencies drawn at random
  double periodic_sigma = 1;  // deviation of the frequencies, in periods a robust unit
  bool operator==(Numbers const&) const = default;

  // Whether each column is one input, standardised.
  bool is_plain() const { return scaling == Scaling::standard && beside() == 0; }
  // Inputs beside each number, at most.
  int beside() const { return (pieces < 2 ? 0 : pieces) + periodic; }
};

inline constexpr int kMaxPieces = 64, kMaxPeriodic = 64;  // of a column

// How regression targets are scaled.
//   standard: (y - mean) / deviation
//   by_mean:  y / mean, for losses whose networks put out a logarithm of what they predict; as they
//             are where the mean is 0
enum class TargetScaling : std::int32_t { standard, by_mean };

// What becomes of z = (r - shift) * scale; z is held where the formula is a number.
//   linear:       (z - offset) * gain
//   smooth_clip:  (z / sqrt(1 + (z / 3)^2) - offset) * gain      |z| <= 1e18
//   piece:        (min(max(z, 0), 1) - offset) * gain
//   cosine:       cos(z - offset) * gain                         |z - offset| <= 8192
enum class InputShape : std::int32_t { linear, smooth_clip, piece, cosine };
std::string_view name_of(InputShape shape);

// What is done to a row on its way into a network. Plainly, each column is one input,
// x = isnan(r) ? 0 : (r - shift) * scale; else the inputs are a list, each of a column and with a
// shape, and 0 where the column is missing. All of it is in fp32, and nothing is fused.
// Regression targets are (y - target_shift) * target_scale, so that predictions come back in the
// user's units as y = p / target_scale + target_shift; with a log link (see loss) p is e^z of an
// output z, and target_shift is 0. Fitted on training rows only.
struct Transform {
  std::vector<float> shift, scale;                // (inputs)
  std::vector<float> target_shift, target_scale;  // (targets); empty unless regression
  // The list, (inputs) each; empty: plainly.
  int columns = 0;                        // of the table
  std::vector<std::int32_t> source = {};  // 0 .. columns - 1
  std::vector<InputShape> shape = {};
  std::vector<float> offset = {}, gain = {};

  bool is_plain() const { return source.empty(); }
};
using SharedTransform = std::shared_ptr<Transform const>;

}  // namespace brood
