// SPDX-License-Identifier: Apache-2.0
// What a backend is given to make a member resident: its description, and what it has of a table.
// From a MemberSpec it is made once, and checked then; backends take it at its word.
#pragma once

#include <cstdint>

#include "brood/member.hpp"
#include "brood/table.hpp"
#include "core/member.hpp"

namespace brood {

struct Admission {
  Member member;
  TableId table;
  Rows train_rows, eval_rows;  // at least one to train on; eval_rows may be null
  SharedTransform transform;   // null: the identity
  InitialWeights start;        // null: all layers are drawn
};

// Throws UsageError with all that is wrong with the configuration, or else with the first problem
// of the transform, the rows and the weights to start from. shape, table_rows: of the spec's table.
Admission admission_of(MemberSpec const& spec, TableShape const& shape, std::int64_t table_rows);

// Whether the weights to start from have a layer; else it is drawn.
inline bool is_given(InitialWeights const& start, int layer) {
  return start != nullptr && !(*start)[static_cast<std::size_t>(layer)].weights.empty();
}

}  // namespace brood
