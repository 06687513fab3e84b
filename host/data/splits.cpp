// SPDX-License-Identifier: Apache-2.0
// make_splits: which rows train, validate and test. Test rows are dealt out first and depend on the
// targets, the test share and the seed only, whatever validation is chosen; every part is
// ascending.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"
#include "data/cells.hpp"
#include "data/shuffle.hpp"

namespace brood {
namespace {

using RowList = std::vector<std::int32_t>;

// Streams of the seed; folds of repeat r use kFoldStream + r.
constexpr std::uint64_t kTestStream = 0;
constexpr std::uint64_t kValidStream = 1;
constexpr std::uint64_t kFoldStream = 2;

constexpr std::int64_t kMostMembersPerTrial = 1000;

// ---- what was asked for

void check_share(std::string const& name, double share, bool may_be_zero, Problems& problems) {
  bool const ok = may_be_zero ? share >= 0 && share < 1 : share > 0 && share < 1;
  if (ok) return;
  problems.push_back(name + " is " + number_text(share) +
                     "; it is a share of all rows and must be " +
                     (may_be_zero ? "at least 0" : "above 0") + " and below 1");
}

void check_repeats(int repeats, int folds, Problems& problems) {
  if (repeats < 1) {
    problems.push_back("validation.repeats is " + std::to_string(repeats) +
                       "; it must be 1 or more");
  }
  std::int64_t const members = std::int64_t{repeats} * folds;
  if (members > kMostMembersPerTrial) {
    problems.push_back("validation makes " + std::to_string(members) +
                       " members of every trial (repeats times folds); at most " +
                       std::to_string(kMostMembersPerTrial) + " are allowed");
  }
}

void check(Holdout const& holdout, Problems& problems) {
  check_share("validation.holdout", holdout.valid, false, problems);
  check_share("validation.test", holdout.test, true, problems);
  check_repeats(holdout.repeats, 1, problems);
  if (problems.empty() && holdout.valid + holdout.test >= 1) {
    problems.push_back("validation.holdout " + number_text(holdout.valid) +
                       " and validation.test " + number_text(holdout.test) + " add up to " +
                       number_text(holdout.valid + holdout.test) +
                       " and leave no rows to train on; their sum must be below 1");
  }
}

void check(Folds const& folds, Problems& problems) {
  if (folds.folds < 2) {
    problems.push_back("validation.folds is " + std::to_string(folds.folds) +
                       "; it must be 2 or more");
  }
  check_share("validation.test", folds.test, true, problems);
  check_repeats(folds.repeats, folds.folds, problems);
}

// ---- strata: the rows of each class, or all rows as one stratum

int stratum_count(Table const& table) {
  return table.task == Task::classification ? table.classes : 1;
}

int stratum_of(Table const& table, std::int32_t row) {
  return table.task == Task::classification
             ? static_cast<int>(table.y.data[std::int64_t{row} * table.y.columns])
             : 0;
}

void check(Table const& table, Problems& problems) {
  if (table.y.rows < 1 || table.y.rows > std::numeric_limits<std::int32_t>::max()) {
    problems.push_back("the table has " + std::to_string(table.y.rows) +
                       " rows of targets; it must have 1 .. 2147483647");
    return;
  }
  if (table.task != Task::classification) return;
  if (table.y.columns != 1 || table.classes < 2) {
    problems.push_back("the table has " + std::to_string(table.y.columns) + " target columns and " +
                       std::to_string(table.classes) +
                       " classes; classification needs 1 column and at least 2 classes");
    return;
  }
  FaultyRows faulty;
  for (std::int64_t row = 0; row < table.y.rows; ++row) {
    float const value = table.y.data[row];
    // Also false for NaN.
    bool const is_class =
        value >= 0 && value < static_cast<float>(table.classes) && std::trunc(value) == value;
    if (!is_class) faulty.add(row);
  }
  if (!faulty.any()) return;
  problems.push_back("the target is " + number_text(table.y.data[faulty.first()]) + " in " +
                     faulty.text() + "; class indices must be 0 .. " +
                     std::to_string(table.classes - 1));
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

struct Parts {
  RowList taken, rest;  // ascending
};

Parts take(std::vector<RowList> const& strata, std::int64_t count) {
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
std::vector<RowList> deal(std::vector<RowList> const& strata, int folds) {
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

RowList all_but(RowList const& rows, RowList const& left_out) {
  RowList rest;
  std::set_difference(rows.begin(), rows.end(), left_out.begin(), left_out.end(),
                      std::back_inserter(rest));
  return rest;
}

Rows share(RowList rows) {
  return std::make_shared<RowList const>(std::move(rows));
}

// ---- the two validations

std::vector<std::int64_t> stratum_sizes(Table const& table, RowList const& rows) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(stratum_count(table)), 0);
  for (std::int32_t const row : rows)
    ++sizes[static_cast<std::size_t>(stratum_of(table, row))];
  return sizes;
}

std::vector<Split> split(Table const& table, RowList const& development, Holdout const& holdout,
                         std::uint64_t seed, Problems& problems) {
  std::int64_t const count = std::llround(holdout.valid * static_cast<double>(table.y.rows));
  auto const development_rows = static_cast<std::int64_t>(development.size());
  if (count < 1 || count >= development_rows) {
    problems.push_back("validation.holdout " + number_text(holdout.valid) + " of " +
                       std::to_string(table.y.rows) + " rows is " + std::to_string(count) +
                       " validation rows, of " + std::to_string(development_rows) +
                       " that are not test rows; at least one row must validate and one train");
    return {};
  }
  auto parts = take(shuffled_strata(table, development, seed, kValidStream), count);
  if (table.task == Task::classification) {
    auto const training = stratum_sizes(table, parts.rest);
    auto const validating = stratum_sizes(table, parts.taken);
    auto const outside_test = stratum_sizes(table, development);
    for (std::size_t c = 0; c < training.size(); ++c) {
      if (training[c] > 0) continue;
      problems.push_back("class index " + std::to_string(c) + " has no training rows: of its " +
                         std::to_string(outside_test[c]) + " rows outside the test rows, " +
                         std::to_string(validating[c]) +
                         " validate; it needs more rows, or smaller validation shares");
    }
  }
  Rows const train = share(std::move(parts.rest));
  Rows const valid = share(std::move(parts.taken));
  std::vector<Split> splits;
  for (int repeat = 0; repeat < holdout.repeats; ++repeat) {
    splits.push_back({.fold = 0, .repeat = repeat, .train = train, .valid = valid});
  }
  return splits;
}

std::vector<Split> split(Table const& table, RowList const& development, Folds const& folds,
                         std::uint64_t seed, Problems& problems) {
  auto const sizes = stratum_sizes(table, development);
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (sizes[c] >= folds.folds) continue;
    std::string const who = table.task == Task::classification
                                ? "class index " + std::to_string(c) + " has "
                                : std::string("there are ");
    problems.push_back("validation.folds is " + std::to_string(folds.folds) + ", but " + who +
                       std::to_string(sizes[c]) +
                       " rows outside the test rows; every fold needs at least one: use fewer "
                       "folds or more rows");
  }
  if (!problems.empty()) return {};

  std::vector<Split> splits;
  for (int repeat = 0; repeat < folds.repeats; ++repeat) {
    std::uint64_t const stream = kFoldStream + static_cast<std::uint64_t>(repeat);
    auto hands = deal(shuffled_strata(table, development, seed, stream), folds.folds);
    for (int fold = 0; fold < folds.folds; ++fold) {
      RowList& valid = hands[static_cast<std::size_t>(fold)];
      Rows const train = share(all_but(development, valid));
      splits.push_back(
          {.fold = fold, .repeat = repeat, .train = train, .valid = share(std::move(valid))});
    }
  }
  return splits;
}

Parts split_off_test(Table const& table, double test_share, std::uint64_t seed,
                     Problems& problems) {
  RowList rows(static_cast<std::size_t>(table.y.rows));
  std::iota(rows.begin(), rows.end(), 0);
  std::int64_t const count = std::llround(test_share * static_cast<double>(table.y.rows));
  if ((test_share > 0 && count < 1) || count >= table.y.rows) {
    problems.push_back("validation.test " + number_text(test_share) + " of " +
                       std::to_string(table.y.rows) + " rows is " + std::to_string(count) +
                       " test rows; there must be at least one, and rows left for training and "
                       "validation, or validation.test=0 for none");
    return {};
  }
  return take(shuffled_strata(table, rows, seed, kTestStream), count);
}

}  // namespace

Splits make_splits(Table const& table, Validation const& validation, std::uint64_t seed) {
  auto const stop_at = [](Problems& problems) {
    if (!problems.empty()) throw UsageError(std::move(problems));
  };
  Problems problems;
  std::visit([&](auto const& choice) { check(choice, problems); }, validation);
  check(table, problems);
  stop_at(problems);

  double const test_share = std::visit([](auto const& choice) { return choice.test; }, validation);
  Parts parts = split_off_test(table, test_share, seed, problems);
  stop_at(problems);

  Splits splits;
  splits.splits = std::visit(
      [&](auto const& choice) { return split(table, parts.rest, choice, seed, problems); },
      validation);
  stop_at(problems);
  splits.development = share(std::move(parts.rest));
  splits.test = share(std::move(parts.taken));
  return splits;
}

}  // namespace brood
