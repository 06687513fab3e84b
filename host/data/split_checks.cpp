// SPDX-License-Identifier: Apache-2.0
// What was asked of make_splits, before any row is dealt; see split_rules.hpp.
#include <cmath>
#include <limits>
#include <variant>

#include "data/split_rules.hpp"

namespace brood {
namespace {

constexpr std::int64_t kMaxMembersPerTrial = 1000;

// ---- shares, folds and repeats

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
  if (members > kMaxMembersPerTrial) {
    problems.push_back("validation makes " + std::to_string(members) +
                       " members of every trial (repeats times folds); at most " +
                       std::to_string(kMaxMembersPerTrial) + " are allowed");
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

void check(GivenFolds const& given, Problems& problems) {
  check_repeats(given.repeats, 1, problems);
}

// ---- the table

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

void check_keys(Table const& table, Validation const& validation, Problems& problems) {
  bool const is_given = std::holds_alternative<GivenFolds>(validation);
  bool const by_chance = std::visit(
      [](auto const& choice) {
        if constexpr (requires { choice.by; }) return choice.by == SplitBy::chance;
        return false;
      },
      validation);
  if (by_chance) return;
  if (static_cast<std::int64_t>(table.keys.size()) != table.y.rows) {
    problems.push_back("the table has " + std::to_string(table.keys.size()) +
                       " keys, and validation by group, time or given folds needs one for each of "
                       "its " +
                       std::to_string(table.y.rows) + " rows");
    return;
  }
  std::int32_t const least = is_given ? kTestRow : 0;
  FaultyRows faulty;
  for (std::size_t row = 0; row < table.keys.size(); ++row) {
    if (table.keys[row] < least) faulty.add(static_cast<std::int64_t>(row));
  }
  if (!faulty.any()) return;
  problems.push_back("the table's key is " +
                     std::to_string(table.keys[static_cast<std::size_t>(faulty.first())]) + " in " +
                     faulty.text() + "; it must be " + std::to_string(least) + " or more");
}

}  // namespace

void check_request(Table const& table, Validation const& validation, Problems& problems) {
  std::visit([&](auto const& choice) { check(choice, problems); }, validation);
  check(table, problems);
  if (problems.empty()) check_keys(table, validation, problems);
}

}  // namespace brood
