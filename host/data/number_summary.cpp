// SPDX-License-Identifier: Apache-2.0
#include "data/number_summary.hpp"

#include <algorithm>
#include <cmath>

namespace brood {

namespace {

// Which of so many sorted numbers is the i-th of the edges of so many pieces.
std::size_t rank_of(std::size_t count, int i, int pieces) {
  return (count - 1) * static_cast<std::size_t>(i) / static_cast<std::size_t>(pieces);
}

double quantile(std::vector<float> const& sorted, double share) {
  double const place = share * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(place);
  auto const above = std::min(below + 1, sorted.size() - 1);
  auto const low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[above]);
  return low + (place - std::floor(place)) * (high - low);
}

}  // namespace

NumberSummary::NumberSummary(std::vector<float> numbers)
    : count_(static_cast<std::int64_t>(numbers.size())) {
  if (numbers.empty()) return;
  std::sort(numbers.begin(), numbers.end());
  for (int i = 0; i < 3; ++i)
    quartiles_[i] = quantile(numbers, 0.25 * (i + 1));
  least_ = static_cast<double>(numbers.front());
  most_ = static_cast<double>(numbers.back());
  auto const second = std::upper_bound(numbers.begin(), numbers.end(), numbers.front());
  has_more_than_two_ = second != numbers.end() && *second != numbers.back();

  std::vector<std::size_t> ranks;
  for (int pieces = 2; pieces <= kMaxPieces; ++pieces) {
    for (int i = 0; i <= pieces; ++i)
      ranks.push_back(rank_of(numbers.size(), i, pieces));
  }
  std::sort(ranks.begin(), ranks.end());
  for (std::size_t const rank : ranks) {
    if (knots_.empty() || knots_.back().value != numbers[rank])
      knots_.push_back({.value = numbers[rank]});
  }
  std::size_t at = 0;
  for (float const number : numbers) {
    while (at + 1 < knots_.size() && number >= knots_[at + 1].value)
      ++at;
    double const distance = static_cast<double>(number) - static_cast<double>(knots_[at].value);
    ++knots_[at].count;
    knots_[at].sum += distance;
    knots_[at].squares += distance * distance;
  }
}

std::size_t NumberSummary::knot_of(float value) const {
  auto const found =
      std::lower_bound(knots_.begin(), knots_.end(), value,
                       [](Knot const& knot, float wanted) { return knot.value < wanted; });
  return static_cast<std::size_t>(found - knots_.begin());
}

std::vector<float> NumberSummary::edges(int pieces) const {
  std::vector<float> edges;
  if (pieces < 2 || knots_.empty()) return edges;
  // The number of a rank is that of the last knot that has no more than the rank before it.
  std::size_t at = 0;
  std::int64_t before = 0;
  for (int i = 0; i <= pieces; ++i) {
    auto const rank =
        static_cast<std::int64_t>(rank_of(static_cast<std::size_t>(count_), i, pieces));
    while (at + 1 < knots_.size() && before + knots_[at].count <= rank)
      before += knots_[at++].count;
    edges.push_back(knots_[at].value);
  }
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  if (edges.size() < 3) edges.clear();
  return edges;
}

// Every term is positive, so that nothing cancels where a piece is small beside the range.
NumberSummary::Way NumberSummary::way(float low, float high) const {
  double const width = static_cast<double>(high) - static_cast<double>(low);
  double sum = 0, squares = 0;
  std::int64_t behind = 0;
  std::size_t const first = knot_of(low), last = knot_of(high);
  for (std::size_t k = first; k < knots_.size(); ++k) {
    Knot const& knot = knots_[k];
    if (k >= last) {
      behind += knot.count;
      continue;
    }
    double const begin = static_cast<double>(knot.value) - static_cast<double>(low);
    auto const count = static_cast<double>(knot.count);
    sum += knot.sum + count * begin;
    squares += knot.squares + 2 * begin * knot.sum + count * begin * begin;
  }
  auto const all = static_cast<double>(count_), ends = static_cast<double>(behind);
  double const mean = (sum / width + ends) / all;
  double const mean_square = (squares / (width * width) + ends) / all;
  return {mean, std::sqrt(std::max(0.0, mean_square - mean * mean))};
}

std::vector<NumberSummary> number_summaries(Table const& table,
                                            std::span<std::int32_t const> rows) {
  std::vector<NumberSummary> summaries;
  for (int c = 0; c < table.x.columns; ++c) {
    std::vector<float> numbers;
    for (std::int32_t const row : rows) {
      if (!is_number(table, c)) break;
      float const value = table.x.data[std::int64_t{row} * table.x.columns + c];
      if (!std::isnan(value)) numbers.push_back(value);
    }
    summaries.emplace_back(std::move(numbers));
  }
  return summaries;
}

}  // namespace brood
