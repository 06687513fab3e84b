// SPDX-License-Identifier: Apache-2.0
#include "files/sweep/validation.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "files/io/text.hpp"
#include "files/sweep/settings.hpp"

namespace brood::files {

namespace {

constexpr std::string_view kKeys[] = {"holdout", "test", "folds", "repeats",
                                      "group",   "time", "fold",  "final_repeats"};

// The column that validation goes by cannot be anything else.
void check_column(Section const& section, std::string_view key, std::string const& column,
                  DatasetOptions const& data) {
  auto const is_in = [&](std::vector<std::string> const& names) {
    return std::find(names.begin(), names.end(), column) != names.end();
  };
  std::string const name = files::quoted(column);
  if (is_in(data.targets)) section.add_problem(key, name + " is the target; name another column");
  if (is_in(data.drop)) {
    section.add_problem(key, name + " is in data.drop, too; it is no input, so name it here only");
  }
  if (column == data.weight)
    section.add_problem(key, name + " is data.weight; name another column");
}

SplitBy read_columns(Section const& section, DatasetOptions& data) {
  data.group = section.text("group").value_or("");
  data.time = section.text("time").value_or("");
  data.fold = section.text("fold").value_or("");
  std::string_view first;
  for (auto const& [key, column] : {std::pair("group", data.group), std::pair("time", data.time),
                                    std::pair("fold", data.fold)}) {
    if (!section.has(key)) continue;
    if (first.empty()) {
      first = key;
    } else {
      section.add_problem(key, "contradicts " + section.full(first) + "; keep one of them");
    }
    if (!column.empty()) check_column(section, key, column, data);
  }
  return first == "group" ? SplitBy::group : first == "time" ? SplitBy::time : SplitBy::chance;
}

// Of all rows together, some must be left to train on.
void check_shares(Section const& section, Holdout const& holdout) {
  if (holdout.valid + holdout.test < 1) return;
  Node const* node = section.find(section.has("holdout") ? "holdout" : "test");
  section.problems().add(node->place, "validation: holdout " + to_text(holdout.valid) +
                                          " and test " + to_text(holdout.test) +
                                          " leave no rows to train on; their sum must be below 1");
}

}  // namespace

void read_validation(Section const& top, Sweep& sweep) {
  Section const section(top, "validation", Names(std::begin(kKeys), std::end(kKeys)));
  Holdout holdout;
  read_settings(section, holdout);
  Folds folds{.folds = 0, .repeats = holdout.repeats, .test = holdout.test};
  read_settings(section, folds, {"folds"});
  holdout.by = read_columns(section, sweep.dataset);
  if (section.has("fold")) {
    for (std::string_view const key : {"holdout", "folds", "test"}) {
      if (section.has(key)) {
        section.add_problem(key, "contradicts validation.fold, whose column says it of each row");
      }
    }
    sweep.study.validation = GivenFolds{holdout.repeats};
  } else if (section.has("holdout") && section.has("folds")) {
    section.add_problem("folds", "contradicts validation.holdout; keep one of them");
  } else if (folds.folds > 0) {
    folds.by = holdout.by;
    sweep.study.validation = folds;
  } else {
    if (!section.has("folds")) check_shares(section, holdout);
    sweep.study.validation = holdout;
  }
  auto const final_repeats = section.integer("final_repeats", 1, kMaxFolds);
  sweep.study.final_repeats = static_cast<int>(final_repeats.value_or(1));
  if (final_repeats && *final_repeats < holdout.repeats) {
    section.add_problem("final_repeats", std::to_string(*final_repeats) + " is below repeats (" +
                                             std::to_string(holdout.repeats) +
                                             "); it is how many there are in all in the last rung");
  }
  if (final_repeats) {
    sweep.places["final_repeats"] = section.find("final_repeats")->place.text();
  }
  if (section) sweep.places["validation"] = section.place().text();
  for (std::string_view const key : kKeys) {
    if (Node const* node = section.find(key)) sweep.places[section.full(key)] = node->place.text();
  }
}

UsageError at_places(Sweep const& sweep, UsageError const& error) {
  std::vector<std::string> problems;
  for (std::string const& problem : error.problems()) {
    std::string const key = problem.substr(0, problem.find_first_of(" :"));
    auto const place = sweep.places.find(key);
    problems.push_back(place == sweep.places.end() ? problem : place->second + ": " + problem);
  }
  return UsageError(std::move(problems));
}

}  // namespace brood::files
