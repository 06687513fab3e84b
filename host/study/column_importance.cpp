// SPDX-License-Identifier: Apache-2.0
#include "study/column_importance.hpp"

#include <algorithm>
#include <cmath>

#include "core/permutation.hpp"
#include "study/truth.hpp"

namespace brood {

namespace {

constexpr double kMostWork = 3e8;  // multiplications: a fraction of a second on one core
constexpr int kRepeats = 3;
constexpr std::int64_t kMostRows = 1000, kFewestRows = 50;

int width_of(InputEncoding const& input) {
  if (input.categorical) return static_cast<int>(input.levels.size());
  return 1 + (input.missing_indicator ? 1 : 0) + input.pieces() +
         2 * static_cast<int>(input.cycles.size());
}

// How much is measured.
struct Effort {
  bool by_winner = false;
  int repeats = 0;  // 0: nothing
  std::int64_t rows = 0;
};

Effort effort_of(Inspected const& inspected, RowPredictor const& predictor, std::int64_t rows) {
  auto const columns = static_cast<double>(inspected.encoding.inputs.size());
  std::int64_t const most = std::min(rows, kMostRows);
  for (bool const by_winner : {inspected.predictor.empty(), true}) {
    // Of a row through all columns.
    double const passes = kMostWork / (columns * predictor.work(by_winner));
    if (passes >= static_cast<double>(most)) {
      auto const repeats =
          static_cast<int>(std::min<double>(kRepeats, passes / static_cast<double>(most)));
      return {by_winner && !inspected.predictor.empty(), repeats, most};
    }
    if (by_winner && passes >= static_cast<double>(std::min(most, kFewestRows)))
      return {!inspected.predictor.empty(), 1, static_cast<std::int64_t>(passes)};
  }
  return {};
}

// x with some of its inputs taken from other rows.
std::vector<float> shuffled(std::vector<float> x, std::int64_t rows, int columns, int first,
                            int width, BatchOrder const& order) {
  std::vector<float> const before = x;
  for (std::int64_t row = 0; row < rows; ++row) {
    auto const from = static_cast<std::int64_t>(row_at(order, static_cast<std::uint32_t>(row)));
    std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(from * columns + first), width,
                x.begin() + static_cast<std::ptrdiff_t>(row * columns + first));
  }
  return x;
}

}  // namespace

std::vector<std::int32_t> chosen(std::span<std::int32_t const> rows, std::int64_t count) {
  std::vector<std::int32_t> some;
  for (std::int64_t i = 0; i < count; ++i)
    some.push_back(rows[static_cast<std::size_t>(i * std::ssize(rows) / count)]);
  return some;
}

void measure_columns(Inspected const& inspected, RowPredictor const& predictor, Table const& table,
                     std::span<std::int32_t const> all_rows, Inspection& inspection) {
  Effort const effort = effort_of(inspected, predictor, std::ssize(all_rows));
  if (effort.repeats == 0) return;
  auto const rows = chosen(all_rows, effort.rows);
  std::vector<float> const x = rows_of(table.x, rows);
  Truth const truth(table, rows, quantile_of(inspected.metric, inspected.winner.config));
  auto const score = [&](std::vector<float> const& inputs) {
    return truth.score(inspected.metric, table.task,
                       predictor.predict(rows, inputs, effort.by_winner));
  };
  double const whole = score(x);
  if (!std::isfinite(whole)) return;
  int first = 0;
  std::uint32_t shuffle = 0;
  for (InputEncoding const& input : inspected.encoding.inputs) {
    int const width = width_of(input);
    Inspection::Column column{.name = input.name};
    double sum = 0, squares = 0;
    for (int repeat = 0; repeat < effort.repeats; ++repeat) {
      auto const order =
          batch_order(inspected.seed, shuffle++, static_cast<std::uint32_t>(effort.rows));
      double const now = score(shuffled(x, effort.rows, table.x.columns, first, width, order));
      double const worse = inspected.maximize ? whole - now : now - whole;
      sum += worse;
      squares += worse * worse;
    }
    column.mean = sum / effort.repeats;
    column.deviation =
        std::sqrt(std::max(squares / effort.repeats - column.mean * column.mean, 0.0));
    if (!std::isfinite(column.mean)) column.mean = column.deviation = 0;
    inspection.columns.push_back(column);
    first += width;
  }
  inspection.column_rows = effort.rows;
  inspection.column_repeats = effort.repeats;
  inspection.by_winner = effort.by_winner;
}

}  // namespace brood
