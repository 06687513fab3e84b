// SPDX-License-Identifier: Apache-2.0
// The inputs that numbers become beside themselves: a robust scale in place of the standard one,
// pieces, cosines.
#include <algorithm>
#include <limits>
#include <numbers>

#include "brood/data.hpp"
#include "core/math.hpp"
#include "core/normal.hpp"
#include "core/philox.hpp"
#include "data/number_summary.hpp"

namespace brood {

namespace {

constexpr double kLeast = std::numeric_limits<float>::min();  // that is normal
constexpr double kMost = std::numeric_limits<float>::max();

// A transform whose list of inputs grows.
class Inputs {
 public:
  Inputs(Transform const& plain, int columns) {
    transform_.target_shift = plain.target_shift;
    transform_.target_scale = plain.target_scale;
    transform_.columns = columns;
  }

  void add(int source, InputShape shape, double shift, double scale, double offset = 0,
           double gain = 1) {
    transform_.source.push_back(source);
    transform_.shape.push_back(shape);
    transform_.shift.push_back(static_cast<float>(shift));
    transform_.scale.push_back(static_cast<float>(std::clamp(scale, -kMost, kMost)));
    transform_.offset.push_back(static_cast<float>(offset));
    transform_.gain.push_back(static_cast<float>(gain));
  }
  Transform take() { return std::move(transform_); }

 private:
  Transform transform_;
};

bool is_normal(double scale) {
  return scale >= kLeast && scale <= kMost;
}

// As in RealMLP's preprocessing; 0 of a constant.
double robust_scale(NumberSummary const& column) {
  double const quartiles = 1 / (column.upper_quartile() - column.lower_quartile());
  if (is_normal(quartiles)) return quartiles;
  double const range = 2 / (column.most() - column.least());
  return is_normal(range) ? range : 0;
}

void add_pieces(Inputs& inputs, int source, NumberSummary const& column, int pieces) {
  auto const edges = column.edges(pieces);
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    auto const low = static_cast<double>(edges[i]), high = static_cast<double>(edges[i + 1]);
    auto const [mean, deviation] = column.way(edges[i], edges[i + 1]);
    if (!is_normal(1 / (high - low)) || !is_normal(1 / deviation)) continue;
    inputs.add(source, InputShape::piece, low, 1 / (high - low), mean, 1 / deviation);
  }
}

// cos(2 pi w z + b), w ~ N(0, sigma^2), b ~ U(-pi, pi): the same for all members of a study that
// have as large a sigma, and for the first of more cosines as for those of fewer.
void add_cosines(Inputs& inputs, int source, NumberSummary const& column, Numbers const& numbers,
                 PhiloxKey key) {
  constexpr double kPi = std::numbers::pi;
  for (int i = 0; i < numbers.periodic; ++i) {
    PhiloxBlock const block =
        philox({{static_cast<std::uint32_t>(i), 0, static_cast<std::uint32_t>(source),
                 static_cast<std::uint32_t>(Purpose::frequency)}},
               key);
    double const frequency = numbers.periodic_sigma * normal_quantile(unit_interval(block.word[0]));
    double const phase = kPi * (2 * unit_interval(block.word[1]) - 1);
    inputs.add(source, InputShape::cosine, column.median(),
               2 * kPi * frequency * robust_scale(column), -phase);
  }
}

}  // namespace

Transform with_numbers(Transform const& plain, std::vector<NumberSummary> const& summaries,
                       Table const& table, Numbers const& numbers, std::uint64_t seed) {
  if (numbers.is_plain()) return plain;
  Inputs inputs(plain, table.x.columns);
  for (int c = 0; c < table.x.columns; ++c) {
    auto const at = static_cast<std::size_t>(c);
    if (numbers.scaling == Scaling::robust && is_number(table, c)) {
      inputs.add(c, InputShape::smooth_clip, summaries[at].median(), robust_scale(summaries[at]));
    } else {
      inputs.add(c, InputShape::linear, static_cast<double>(plain.shift[at]),
                 static_cast<double>(plain.scale[at]));
    }
  }
  auto const for_each_number = [&](auto const& add) {
    for (int c = 0; c < table.x.columns; ++c) {
      NumberSummary const& column = summaries[static_cast<std::size_t>(c)];
      if (is_number(table, c) && column.has_more_than_two()) add(c, column);
    }
  };
  for_each_number(
      [&](int c, NumberSummary const& column) { add_pieces(inputs, c, column, numbers.pieces); });
  for_each_number([&](int c, NumberSummary const& column) {
    add_cosines(inputs, c, column, numbers, philox_key(seed));
  });
  return inputs.take();
}

Transform fit_transform(Table const& table, std::span<std::int32_t const> rows,
                        Numbers const& numbers, std::uint64_t seed, TargetScaling targets) {
  Transform plain = fit_transform(table, rows, targets);
  if (numbers.is_plain()) return plain;
  return with_numbers(plain, number_summaries(table, rows), table, numbers, seed);
}

}  // namespace brood
