// SPDX-License-Identifier: Apache-2.0
// The rules that make_splits deals rows by: chance, in every class alike; groups, which are never
// on two sides; and time, where what comes later validates. Lists of rows are ascending; what
// cannot be done is noted as a problem, and then what is returned is empty.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "data/cells.hpp"

namespace brood {

using RowList = std::vector<std::int32_t>;

struct Parts {
  RowList taken, rest;
};

RowList all_but(RowList const& rows, RowList const& left_out);

// Whether the shares, numbers and keys can be used at all.
void check_request(Table const& table, Validation const& validation, Problems& problems);

// ---- chance

// The rows of each class; of one class, all rows, where there are none.
std::vector<std::int64_t> stratum_sizes(Table const& table, RowList const& rows);

// So many rows, of each class within one row of its exact share.
Parts take_strata(Table const& table, RowList const& rows, std::int64_t count, std::uint64_t seed,
                  std::uint64_t stream);

// Folds that differ by at most one row, in all and within every class.
std::vector<RowList> deal_strata(Table const& table, RowList const& rows, int folds,
                                 std::uint64_t seed, std::uint64_t stream);

// ---- groups

// `asked` says in messages what the count comes from: "validation.test 0.2 of 50 rows".
struct Portion {
  std::int64_t count = 0;  // rows
  std::string asked;
};

// Whole groups, about `portion.count` rows of them: groups in random order, each taken if that
// brings the number of rows nearer. scikit-learn's GroupShuffleSplit takes a share of the groups.
Parts take_groups(Table const& table, RowList const& rows, Portion const& portion,
                  std::uint64_t seed, std::uint64_t stream, Problems& problems);

// scikit-learn's GroupKFold: groups from the largest to the smallest, each to the fold with the
// fewest rows (the lowest among equals). Groups of equal size come in random order.
std::vector<RowList> deal_groups(Table const& table, RowList const& rows, int folds,
                                 std::uint64_t seed, std::uint64_t stream, Problems& problems);

// ---- time

// About the last `portion.count` rows in time. Cuts are made between different times only, at the
// place nearest to the count, so that rows of the same time stay together.
Parts take_last(Table const& table, RowList const& rows, Portion const& portion,
                Problems& problems);

// scikit-learn's TimeSeriesSplit, an expanding window: of folds + 1 parts of n / (folds + 1) rows,
// the first with what is left over, fold k trains on the first k + 1 parts and validates on the
// next. Cuts as in take_last.
std::vector<Parts> windows(Table const& table, RowList const& rows, int folds, Problems& problems);

}  // namespace brood
