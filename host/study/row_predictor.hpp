// SPDX-License-Identifier: Apache-2.0
// What an inspection predicts with: the networks that predict, or those that may be judged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "brood/inspection.hpp"

namespace brood {

// Those rows of a matrix, dense.
std::vector<float> rows_of(Matrix const& x, std::span<std::int32_t const> rows);
// All that some network has, ascending.
std::vector<std::int32_t> rows_of(std::span<JudgedNetwork const> networks);

class RowPredictor {
 public:
  // Borrows both. threads: change no result.
  RowPredictor(Inspected const& inspected, Table const& table, int threads)
      : inspected_(inspected), columns_(table.x.columns), task_(table.task), threads_(threads) {}

  // Multiplications that a row takes.
  double work(bool by_winner) const;
  // Calibrated predictions of rows of the table, ascending, whose inputs are `x` (or what stands in
  // their place).
  std::vector<float> predict(std::span<std::int32_t const> rows, std::vector<float> const& x,
                             bool by_winner) const;

 private:
  Inspected const& inspected_;
  int columns_;
  Task task_;
  int threads_;
};

}  // namespace brood
