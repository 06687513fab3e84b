// SPDX-License-Identifier: Apache-2.0
// The numbers of a column over some rows, sorted once: what scales and pieces are fitted from, for
// any number of pieces and without the rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "brood/table.hpp"

namespace brood {

// Of one column.
class NumberSummary {
 public:
  // In any order, without the missing ones.
  explicit NumberSummary(std::vector<float> numbers);

  // Quantiles as numpy's "linear" has them; 0 of no numbers.
  double lower_quartile() const { return quartiles_[0]; }
  double median() const { return quartiles_[1]; }
  double upper_quartile() const { return quartiles_[2]; }
  double least() const { return least_; }
  double most() const { return most_; }
  bool has_more_than_two() const { return has_more_than_two_; }  // values that differ

  // Quantiles that divide the numbers into so many pieces, up to kMaxPieces, values that occur,
  // each once; nothing if that leaves fewer than two pieces.
  std::vector<float> edges(int pieces) const;
  // Mean and deviation (of the population) of how far the numbers have come through the piece
  // between two of these: 0 before and 1 behind it.
  struct Way {
    double mean = 0, deviation = 0;
  };
  Way way(float low, float high) const;

 private:
  // A value that is an edge of some number of pieces, with what lies from it to the next of them.
  struct Knot {
    float value;
    std::int64_t count = 0;
    double sum = 0, squares = 0;  // of the distances from it
  };
  std::size_t knot_of(float value) const;

  std::int64_t count_ = 0;
  double quartiles_[3] = {};
  double least_ = 0, most_ = 0;
  bool has_more_than_two_ = false;
  std::vector<Knot> knots_ = {};  // ascending
};

// Of each column of a table that is a number (see TableShape) over `rows`; of the others of none.
std::vector<NumberSummary> number_summaries(Table const& table, std::span<std::int32_t const> rows);

// `plain`, what fit_transform says of the same rows, with the inputs that `numbers` ask for. Their
// order: one for each column, then all pieces, then all cosines, column by column.
Transform with_numbers(Transform const& plain, std::vector<NumberSummary> const& summaries,
                       Table const& table, Numbers const& numbers, std::uint64_t seed);

}  // namespace brood
