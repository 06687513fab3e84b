// SPDX-License-Identifier: Apache-2.0
// Dealing by chance, in every class alike; see split_rules.hpp.
#include <algorithm>
#include <numeric>

#include "data/shuffle.hpp"
#include "data/split_rules.hpp"

namespace brood {
namespace {

// ---- strata: the rows of each class, or all rows as one stratum

int stratum_count(Table const& table) {
  return table.task == Task::classification ? table.classes : 1;
}

int stratum_of(Table const& table, std::int32_t row) {
  return table.task == Task::classification
             ? static_cast<int>(table.y.data[std::int64_t{row} * table.y.columns])
             : 0;
}

// Each stratum's rows in random order.
std::vector<RowList> shuffled_strata(Table const& table, RowList const& rows, std::uint64_t seed,
                                     std::uint64_t stream) {
  std::vector<RowList> strata(static_cast<std::size_t>(stratum_count(table)));
  for (std::int32_t const row : shuffled(rows, seed, stream)) {
    strata[static_cast<std::size_t>(stratum_of(table, row))].push_back(row);
  }
  return strata;
}

// ---- dealing out

// How many rows of each stratum make `count` together, in proportion to their sizes: the whole
// numbers nearest below, and the rows left over to the largest remainders (the lower stratum among
// equals). Each is within one row of its exact share, and none exceeds its stratum.
std::vector<std::int64_t> apportion(std::vector<RowList> const& strata, std::int64_t count) {
  std::int64_t total = 0;
  for (auto const& stratum : strata)
    total += static_cast<std::int64_t>(stratum.size());
  std::vector<std::int64_t> shares, remainders;
  std::int64_t left = count;
  for (auto const& stratum : strata) {
    std::int64_t const exact = static_cast<std::int64_t>(stratum.size()) * count;  // over total
    shares.push_back(exact / total);
    remainders.push_back(exact % total);
    left -= shares.back();
  }
  std::vector<std::size_t> order(strata.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; left > 0; ++i, --left)
    ++shares[order[i]];
  return shares;
}

}  // namespace

std::vector<std::int64_t> stratum_sizes(Table const& table, RowList const& rows) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(stratum_count(table)), 0);
  for (std::int32_t const row : rows)
    ++sizes[static_cast<std::size_t>(stratum_of(table, row))];
  return sizes;
}

Parts take_strata(Table const& table, RowList const& rows, std::int64_t count, std::uint64_t seed,
                  std::uint64_t stream) {
  auto const strata = shuffled_strata(table, rows, seed, stream);
  auto const shares = apportion(strata, count);
  Parts parts;
  for (std::size_t i = 0; i < strata.size(); ++i) {
    auto const middle = strata[i].begin() + shares[i];
    parts.taken.insert(parts.taken.end(), strata[i].begin(), middle);
    parts.rest.insert(parts.rest.end(), middle, strata[i].end());
  }
  std::sort(parts.taken.begin(), parts.taken.end());
  std::sort(parts.rest.begin(), parts.rest.end());
  return parts;
}

// Deals the rows out like cards, stratum after stratum: folds differ by at most one row, in all and
// within every stratum.
std::vector<RowList> deal_strata(Table const& table, RowList const& rows, int folds,
                                 std::uint64_t seed, std::uint64_t stream) {
  auto const strata = shuffled_strata(table, rows, seed, stream);
  std::vector<RowList> hands(static_cast<std::size_t>(folds));
  std::size_t next = 0;
  for (auto const& stratum : strata) {
    for (std::int32_t const row : stratum) {
      hands[next].push_back(row);
      next = (next + 1) % hands.size();
    }
  }
  for (auto& hand : hands)
    std::sort(hand.begin(), hand.end());
  return hands;
}

}  // namespace brood
