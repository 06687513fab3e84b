// SPDX-License-Identifier: Apache-2.0
// Dealing by group; see split_rules.hpp.
#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "data/shuffle.hpp"
#include "data/split_rules.hpp"

namespace brood {
namespace {

// The rows of each group, those that are there, by group.
std::vector<RowList> groups_of(Table const& table, RowList const& rows) {
  RowList by_group = rows;
  auto const group_of = [&](std::int32_t row) { return table.keys[static_cast<std::size_t>(row)]; };
  std::stable_sort(by_group.begin(), by_group.end(),
                   [&](std::int32_t a, std::int32_t b) { return group_of(a) < group_of(b); });
  std::vector<RowList> groups;
  for (std::int32_t const row : by_group) {
    if (groups.empty() || group_of(groups.back().front()) != group_of(row)) groups.emplace_back();
    groups.back().push_back(row);
  }
  return groups;
}

RowList random_order(std::size_t count, std::uint64_t seed, std::uint64_t stream) {
  RowList order(count);
  std::iota(order.begin(), order.end(), 0);
  return shuffled(order, seed, stream);
}

}  // namespace

Parts take_groups(Table const& table, RowList const& rows, Portion const& portion,
                  std::uint64_t seed, std::uint64_t stream, Problems& problems) {
  auto const groups = groups_of(table, rows);
  Parts parts;
  std::size_t taken_groups = 0;
  for (std::int32_t const g : random_order(groups.size(), seed, stream)) {
    RowList const& group = groups[static_cast<std::size_t>(g)];
    auto const taken = static_cast<std::int64_t>(parts.taken.size());
    auto const with_it = taken + static_cast<std::int64_t>(group.size());
    if (std::abs(with_it - portion.count) >= std::abs(taken - portion.count)) continue;
    parts.taken.insert(parts.taken.end(), group.begin(), group.end());
    ++taken_groups;
  }
  if (taken_groups == 0 || taken_groups == groups.size()) {
    problems.push_back(portion.asked + " is " + std::to_string(portion.count) +
                       " rows, and groups are not divided: none or all of the " +
                       std::to_string(groups.size()) +
                       " groups would come nearest to it; choose another share, or none");
    return {};
  }
  std::sort(parts.taken.begin(), parts.taken.end());
  parts.rest = all_but(rows, parts.taken);
  return parts;
}

std::vector<RowList> deal_groups(Table const& table, RowList const& rows, int folds,
                                 std::uint64_t seed, std::uint64_t stream, Problems& problems) {
  auto const groups = groups_of(table, rows);
  if (groups.size() < static_cast<std::size_t>(folds)) {
    problems.push_back("validation.folds is " + std::to_string(folds) + ", but there are " +
                       std::to_string(groups.size()) +
                       " groups outside the test rows; every fold needs at least one: use fewer "
                       "folds");
    return {};
  }
  RowList order = random_order(groups.size(), seed, stream);
  auto const size_of = [&](std::int32_t g) { return groups[static_cast<std::size_t>(g)].size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return size_of(a) > size_of(b); });
  std::vector<RowList> hands(static_cast<std::size_t>(folds));
  for (std::int32_t const g : order) {
    RowList const& group = groups[static_cast<std::size_t>(g)];
    RowList& lightest =
        *std::min_element(hands.begin(), hands.end(),
                          [](RowList const& a, RowList const& b) { return a.size() < b.size(); });
    lightest.insert(lightest.end(), group.begin(), group.end());
  }
  for (auto& hand : hands)
    std::sort(hand.begin(), hand.end());
  return hands;
}

}  // namespace brood
