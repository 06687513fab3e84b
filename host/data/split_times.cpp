// SPDX-License-Identifier: Apache-2.0
// Dealing by time; see split_rules.hpp.
#include <algorithm>
#include <set>

#include "data/split_rules.hpp"

namespace brood {
namespace {

// Rows in order of time; those of the same time in their own.
RowList in_time(Table const& table, RowList const& rows) {
  RowList order = rows;
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return table.keys[static_cast<std::size_t>(a)] < table.keys[static_cast<std::size_t>(b)];
  });
  return order;
}

// The cut between two different times that is nearest to `place` rows from the start; the earlier
// of two. 0 if all rows are of one time.
std::size_t nearest_cut(Table const& table, RowList const& order, std::size_t place) {
  auto const is_cut = [&](std::size_t at) {
    return at > 0 && at < order.size() &&
           table.keys[static_cast<std::size_t>(order[at - 1])] !=
               table.keys[static_cast<std::size_t>(order[at])];
  };
  for (std::size_t distance = 0; distance <= order.size(); ++distance) {
    if (distance <= place && is_cut(place - distance)) return place - distance;
    if (is_cut(place + distance)) return place + distance;
  }
  return 0;
}

Parts cut(RowList const& order, std::size_t from, std::size_t to) {
  auto const at = [&](std::size_t place) {
    return order.begin() + static_cast<std::ptrdiff_t>(place);
  };
  Parts parts{.taken = {at(from), at(to)}, .rest = {at(0), at(from)}};
  std::sort(parts.taken.begin(), parts.taken.end());
  std::sort(parts.rest.begin(), parts.rest.end());
  return parts;
}

}  // namespace

Parts take_last(Table const& table, RowList const& rows, Portion const& portion,
                Problems& problems) {
  RowList const order = in_time(table, rows);
  std::size_t const from =
      nearest_cut(table, order, order.size() - static_cast<std::size_t>(portion.count));
  if (from == 0) {
    problems.push_back(portion.asked + " cannot be the last in time: all of the " +
                       std::to_string(rows.size()) +
                       " rows to choose from have the same validation.time");
    return {};
  }
  return cut(order, from, order.size());
}

std::vector<Parts> windows(Table const& table, RowList const& rows, int folds, Problems& problems) {
  RowList const order = in_time(table, rows);
  auto const count = static_cast<std::size_t>(folds);
  std::size_t const size = rows.size() / (count + 1);
  std::vector<std::size_t> cuts;
  for (std::size_t k = 0; k < count; ++k)
    cuts.push_back(nearest_cut(table, order, rows.size() - (count - k) * size));
  cuts.push_back(rows.size());
  bool const all_differ =
      std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) == cuts.end();
  if (size == 0 || cuts.front() == 0 || !all_differ) {
    std::set<std::int32_t> times;
    for (std::int32_t const row : rows)
      times.insert(table.keys[static_cast<std::size_t>(row)]);
    problems.push_back("validation.folds is " + std::to_string(folds) + ", but the " +
                       std::to_string(rows.size()) + " rows outside the test rows, of " +
                       std::to_string(times.size()) + " different times, do not make " +
                       std::to_string(folds + 1) +
                       " parts of about the same size in order of time; use fewer folds");
    return {};
  }
  std::vector<Parts> parts;
  for (std::size_t k = 0; k < count; ++k)
    parts.push_back(cut(order, cuts[k], cuts[k + 1]));
  // Later rows than those that validate are cut away from the order, and so never train.
  return parts;
}

}  // namespace brood
