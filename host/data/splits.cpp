// SPDX-License-Identifier: Apache-2.0
// make_splits: which rows train, validate and test. Test rows are dealt out first: by chance they
// depend on the targets, the test share and the seed only, whatever validation is chosen. Every
// part is ascending. Groups and time have rules of their own, see split_rules.hpp.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"
#include "data/split_rules.hpp"

namespace brood {
namespace {

// Streams of the seed; folds of repeat r use kFoldStream + r.
constexpr std::uint64_t kTestStream = 0;
constexpr std::uint64_t kValidStream = 1;
constexpr std::uint64_t kFoldStream = 2;

Rows share(RowList rows) {
  return std::make_shared<RowList const>(std::move(rows));
}

// ---- the validations

std::string class_text(Table const& table, std::size_t c) {
  return table.class_names.empty() ? "class index " + std::to_string(c)
                                   : "class '" + table.class_names[c] + "'";
}

// Of a split's rows, those that validate were taken and the rest trains: two classes at least.
void check_classes_train(Table const& table, RowList const& development, Parts const& parts,
                         Problems& problems) {
  if (table.task != Task::classification) return;
  auto const training = stratum_sizes(table, parts.rest);
  auto const validating = stratum_sizes(table, parts.taken);
  auto const outside_test = stratum_sizes(table, development);
  if (std::count_if(training.begin(), training.end(), [](auto rows) { return rows > 0; }) >= 2)
    return;
  for (std::size_t c = 0; c < training.size(); ++c) {
    if (training[c] > 0) continue;
    bool const some_later = validating[c] < outside_test[c];  // of a window in time
    problems.push_back(class_text(table, c) + " has no training rows: of its " +
                       std::to_string(outside_test[c]) + " rows outside the test rows, " +
                       std::to_string(validating[c]) + " validate" +
                       (some_later ? " and the others come later" : "") +
                       "; it needs more rows, or smaller validation shares");
  }
}

// Part of the rows: of every class alike, whole groups, or the last ones.
Parts take_by(SplitBy by, Table const& table, RowList const& rows, Portion const& portion,
              std::uint64_t seed, std::uint64_t stream, Problems& problems) {
  switch (by) {
    case SplitBy::chance:
      return take_strata(table, rows, portion.count, seed, stream);
    case SplitBy::group:
      return take_groups(table, rows, portion, seed, stream, problems);
    case SplitBy::time:
      return take_last(table, rows, portion, problems);
  }
  return {};
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
  auto parts = take_by(holdout.by, table, development,
                       {count, "validation.holdout " + number_text(holdout.valid) + " of " +
                                   std::to_string(table.y.rows) + " rows"},
                       seed, kValidStream, problems);
  if (problems.empty()) check_classes_train(table, development, parts, problems);
  Rows const train = share(std::move(parts.rest));
  Rows const valid = share(std::move(parts.taken));
  std::vector<Split> splits;
  for (int repeat = 0; repeat < holdout.repeats; ++repeat) {
    splits.push_back({.fold = 0, .repeat = repeat, .train = train, .valid = valid});
  }
  return splits;
}

void check_rows_suffice(RowList const& development, int folds, Problems& problems) {
  if (development.size() >= static_cast<std::size_t>(folds)) return;
  problems.push_back("validation.folds is " + std::to_string(folds) + ", but there are " +
                     std::to_string(development.size()) +
                     " rows outside the test rows; every fold needs at least one: use fewer folds "
                     "or more rows");
}

// The classes that do not train in every split, or do not validate in it.
void note_rare_classes(Table const& table, Splits& splits) {
  if (table.task != Task::classification) return;
  auto const sizes = stratum_sizes(table, *splits.development);
  std::vector<std::string> rare;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    bool everywhere = true;
    for (Split const& split : splits.splits) {
      if (split.repeat > 0) continue;
      everywhere = everywhere && stratum_sizes(table, *split.train)[c] > 0 &&
                   stratum_sizes(table, *split.valid)[c] > 0;
    }
    if (!everywhere) rare.push_back(class_text(table, c) + " (" + std::to_string(sizes[c]) + ")");
  }
  if (rare.empty()) return;
  splits.notes.push_back(
      "with few rows outside the test rows, these classes do not train and validate in every "
      "split: " +
      name_list(rare));
}

// One repeat's folds: what validates is taken, what trains is the rest.
std::vector<Parts> parts_of(Table const& table, RowList const& development, Folds const& folds,
                            std::uint64_t seed, std::uint64_t stream, Problems& problems) {
  if (folds.by == SplitBy::time) return windows(table, development, folds.folds, problems);
  std::vector<RowList> hands;
  if (folds.by == SplitBy::group) {
    hands = deal_groups(table, development, folds.folds, seed, stream, problems);
  } else {
    check_rows_suffice(development, folds.folds, problems);
    if (!problems.empty()) return {};
    hands = deal_strata(table, development, folds.folds, seed, stream);
  }
  std::vector<Parts> parts;
  for (auto& hand : hands) {
    RowList rest = all_but(development, hand);
    parts.push_back({.taken = std::move(hand), .rest = std::move(rest)});
  }
  return parts;
}

// The splits of one repeat.
void append(std::vector<Parts> parts, Table const& table, RowList const& development, int repeat,
            std::vector<Split>& splits, Problems& problems) {
  int fold = 0;
  for (Parts& each : parts) {
    Problems found;
    check_classes_train(table, development, each, found);
    for (auto const& problem : found)
      problems.push_back("validation: in fold " + std::to_string(fold) + " " + problem);
    splits.push_back({.fold = fold,
                      .repeat = repeat,
                      .train = share(std::move(each.rest)),
                      .valid = share(std::move(each.taken))});
    ++fold;
  }
}

std::vector<Split> split(Table const& table, RowList const& development, Folds const& folds,
                         std::uint64_t seed, Problems& problems) {
  std::vector<Split> splits;
  for (int repeat = 0; repeat < folds.repeats && problems.empty(); ++repeat) {
    std::uint64_t const stream = kFoldStream + static_cast<std::uint64_t>(repeat);
    append(parts_of(table, development, folds, seed, stream, problems), table, development, repeat,
           splits, problems);
  }
  return splits;
}

std::vector<Split> split(Table const& table, RowList const& development, GivenFolds const& given,
                         std::uint64_t, Problems& problems) {
  std::int32_t const last = *std::max_element(table.keys.begin(), table.keys.end());
  std::vector<Parts> parts;
  for (std::int32_t fold = 0; fold <= last; ++fold) {
    Parts own;
    for (std::int32_t const row : development) {
      bool const validates = table.keys[static_cast<std::size_t>(row)] == fold;
      (validates ? own.taken : own.rest).push_back(row);
    }
    if (own.taken.empty()) {
      problems.push_back("validation.fold: fold " + std::to_string(fold) +
                         " has no rows; folds are numbered from 0 without gaps");
    }
    if (own.rest.empty()) {
      problems.push_back(
          "validation.fold: all rows that are not test rows validate in the only "
          "fold; some must train");
    }
    parts.push_back(std::move(own));
  }
  if (parts.empty()) {
    problems.push_back("validation.fold: no row validates; some must be of a fold");
  }
  std::vector<Split> splits;
  for (int repeat = 0; repeat < given.repeats && problems.empty(); ++repeat)
    append(parts, table, development, repeat, splits, problems);
  return splits;
}

// ---- test rows

Parts split_off_test(Table const& table, GivenFolds const&, std::uint64_t,
                     std::vector<bool> const& never_test, Problems& problems) {
  Parts parts;
  for (std::int32_t row = 0; row < table.y.rows; ++row) {
    bool const tests = table.keys[static_cast<std::size_t>(row)] == kTestRow;
    (tests ? parts.taken : parts.rest).push_back(row);
    if (!tests || never_test.empty() || !never_test[static_cast<std::size_t>(row)]) continue;
    problems.push_back("validation.fold: row " + std::to_string(row + 1) +
                       " is a test row, and trained the network that this starts from; its score "
                       "would say nothing");
    return {};
  }
  return parts;
}

RowList rows_that_may_test(Table const& table, SplitBy by, std::vector<bool> const& never_test) {
  std::set<std::int32_t> seen;  // groups
  for (std::size_t row = 0; by == SplitBy::group && row < never_test.size(); ++row) {
    if (never_test[row]) seen.insert(table.keys[row]);
  }
  RowList rows;
  for (std::size_t row = 0; row < never_test.size(); ++row) {
    bool const in_group = !seen.empty() && seen.count(table.keys[row]) > 0;
    if (!never_test[row] && !in_group) rows.push_back(static_cast<std::int32_t>(row));
  }
  return rows;
}

template <class Shares>  // Holdout or Folds
Parts split_off_test(Table const& table, Shares const& shares, std::uint64_t seed,
                     std::vector<bool> const& never_test, Problems& problems) {
  double const test_share = shares.test;
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
  if (count == 0) return {.taken = {}, .rest = std::move(rows)};
  if (!never_test.empty()) {
    RowList fresh = rows_that_may_test(table, shares.by, never_test);
    if (fresh.empty()) {
      problems.push_back("validation.test " + number_text(test_share) +
                         ": every row trained the network that this starts from, so that none can "
                         "test; give other "
                         "data, or validation.test=0 for no test rows");
      return {};
    }
    Parts parts;
    if (static_cast<std::int64_t>(fresh.size()) > count) {
      parts =
          take_by(shares.by, table, fresh, {count, "validation.test " + number_text(test_share)},
                  seed, kTestStream, problems);
    } else {
      parts.taken = std::move(fresh);
    }
    parts.rest = all_but(rows, parts.taken);
    return parts;
  }
  return take_by(shares.by, table, rows,
                 {count, "validation.test " + number_text(test_share) + " of " +
                             std::to_string(table.y.rows) + " rows"},
                 seed, kTestStream, problems);
}

}  // namespace

RowList all_but(RowList const& rows, RowList const& left_out) {
  RowList rest;
  std::set_difference(rows.begin(), rows.end(), left_out.begin(), left_out.end(),
                      std::back_inserter(rest));
  return rest;
}

Splits make_splits(Table const& table, Validation const& validation, std::uint64_t seed,
                   std::vector<bool> const& never_test) {
  auto const stop_at = [](Problems& problems) {
    if (!problems.empty()) throw UsageError(std::move(problems));
  };
  Problems problems;
  check_request(table, validation, problems);
  stop_at(problems);

  Parts parts = std::visit(
      [&](auto const& choice) { return split_off_test(table, choice, seed, never_test, problems); },
      validation);
  stop_at(problems);

  Splits splits;
  splits.splits = std::visit(
      [&](auto const& choice) { return split(table, parts.rest, choice, seed, problems); },
      validation);
  stop_at(problems);
  splits.development = share(std::move(parts.rest));
  splits.test = share(std::move(parts.taken));
  note_rare_classes(table, splits);
  return splits;
}

}  // namespace brood
