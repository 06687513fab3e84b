// SPDX-License-Identifier: Apache-2.0
// Conditions are checked one by one against the parameters before, where their places are known.
#include "files/sweep/when.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "brood/member.hpp"
#include "files/sweep/parameter.hpp"
#include "files/sweep/section.hpp"
#include "search/space/conditions.hpp"
#include "search/space/membership.hpp"

namespace brood::files {

namespace {

class WhenReader {
 public:
  WhenReader(Parameter& parameter, SearchSpace const& space, Node const& root, Problems& problems,
             std::vector<std::string>& notes)
      : parameter_(parameter),
        space_(space),
        root_(root),
        problems_(problems),
        notes_(notes),
        name_("parameters." + parameter.name + ".when"),
        infos_(hyperparameters()) {}

  WhenResult read(Node const& when) {
    if (when.kind != NodeKind::map || when.entries.empty()) {
      problems_.add(when.place, not_allowed(name_, when,
                                            "a map of earlier parameters and their values, such as "
                                            "{optimizer: momentum}"));
      return WhenResult::wrong;
    }
    WhenResult result = WhenResult::searched;
    for (Entry const& entry : when.entries)
      result = std::max(result, read_condition(entry));
    if (result == WhenResult::searched && !holds_ever(parameter_, when.place)) {
      return WhenResult::wrong;
    }
    return result;
  }

 private:
  WhenResult read_condition(Entry const& entry) {
    auto const info = std::find_if(infos_.begin(), infos_.end(),
                                   [&](auto const& each) { return each.name == entry.key; });
    if (info == infos_.end()) {
      Names names;
      for (auto const& parameter : space_.parameters())
        names.push_back(parameter.name);
      problems_.add(entry.place, name_ + ": " + entry.key + " is not a hyperparameter" +
                                     did_you_mean(entry.key, names));
      return WhenResult::wrong;
    }
    Condition condition{entry.key, {}};
    if (!read_values(*info, entry.value, condition)) return WhenResult::wrong;
    for (std::string_view const group : {"network", "train"}) {
      Entry const* section = root_.find(group);
      Entry const* fixed = section == nullptr ? nullptr : section->value.find(entry.key);
      if (fixed != nullptr) return read_fixed(*info, *fixed, condition, entry.place);
    }
    if (!comes_before(entry)) return WhenResult::wrong;
    Parameter alone = parameter_;
    alone.when = {condition};
    if (!holds_ever(alone, entry.value.place)) return WhenResult::wrong;
    parameter_.when.push_back(std::move(condition));
    return WhenResult::searched;
  }

  // A value of the other hyperparameter, or a list of them.
  bool read_values(HyperparameterInfo const& info, Node const& node, Condition& condition) {
    bool const of_lists = info.type == "integers" || info.type == "reals";
    bool const is_one =
        node.kind != NodeKind::list ||
        (of_lists && std::none_of(node.items.begin(), node.items.end(),
                                  [](Node const& item) { return item.kind == NodeKind::list; }));
    if (!is_one && node.items.empty()) {
      problems_.add(node.place, not_allowed(name_ + '.' + condition.parameter, node,
                                            "one value or more, each " + info.allowed));
      return false;
    }
    bool good = true;
    for (Node const& item : is_one ? std::vector{node} : node.items) {
      auto value = read_value(info, item, problems_);
      if (value) condition.values.push_back(std::move(*value));
      good = good && value;
    }
    return good;
  }

  // Of what is fixed the condition holds always, and is nothing to remember, or never.
  WhenResult read_fixed(HyperparameterInfo const& info, Entry const& fixed,
                        Condition const& condition, Place const& place) {
    Problems elsewhere;  // noted where the value is
    auto const value = read_value(info, fixed.value, elsewhere);
    if (!value) return WhenResult::wrong;
    if (std::any_of(condition.values.begin(), condition.values.end(),
                    [&](Value const& each) { return same_value(each, *value); })) {
      return WhenResult::searched;
    }
    std::string const why = "asks that " + text_of(condition) + ", which is fixed as " +
                            to_text(*value) + ", at " + fixed.place.text();
    if (fixed.place.in_file()) {
      problems_.add(place, name_ + ": can never hold: " + why + "; leave the parameter out");
      return WhenResult::wrong;
    }
    notes_.push_back("parameters." + parameter_.name + " is left out: its when " + why);
    return WhenResult::left_out;
  }

  bool comes_before(Entry const& entry) {
    if (space_.find(entry.key) != nullptr) return true;
    auto const& entries = root_.find("parameters")->value.entries;
    auto const place_of = [&](std::string_view name) {
      return std::find_if(entries.begin(), entries.end(),
                          [&](Entry const& each) { return each.key == name; });
    };
    auto const parent = place_of(entry.key);
    if (parent == entries.end()) {
      problems_.add(entry.place, name_ + ": " + entry.key +
                                     " is not under parameters; search it there, before " +
                                     parameter_.name + ", or leave the condition out");
    } else if (entry.key == parameter_.name) {
      problems_.add(entry.place,
                    name_ + ": names " + entry.key + " itself; name an earlier parameter");
    } else if (parent > place_of(parameter_.name)) {
      problems_.add(entry.place, name_ + ": " + entry.key + " comes later, at " +
                                     parent->place.text() + "; put it before " + parameter_.name);
    }  // else it is wrong itself, which is noted there
    return false;
  }

  // Notes the problems of the conditions.
  bool holds_ever(Parameter const& parameter, Place const& place) {
    SearchSpace space = space_;
    space.add(parameter);
    auto const found = space.problems();
    for (auto const& problem : found)
      problems_.add(place, "parameters." + problem);
    return found.empty();
  }

  Parameter& parameter_;
  SearchSpace const& space_;
  Node const& root_;
  Problems& problems_;
  std::vector<std::string>& notes_;
  std::string name_;
  std::vector<HyperparameterInfo> infos_;
};

}  // namespace

WhenResult read_when(Node const& when, Parameter& parameter, SearchSpace const& space,
                     Node const& root, Problems& problems, std::vector<std::string>& notes) {
  return WhenReader(parameter, space, root, problems, notes).read(when);
}

}  // namespace brood::files
