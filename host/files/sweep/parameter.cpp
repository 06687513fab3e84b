// SPDX-License-Identifier: Apache-2.0
// Weights & Biases' vocabulary for parameters, with its traps closed: log_uniform takes exponents
// there and is refused here, and a distribution's keys are all needed and no others allowed.
#include "files/sweep/parameter.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "files/io/text.hpp"
#include "files/sweep/section.hpp"
#include "search/space/membership.hpp"

namespace brood::files {

namespace {

struct DistributionKeys {
  Distribution distribution;
  Names keys;  // all needed, but for probabilities, and q, which is 1
};

// Every distribution with its keys.
std::vector<DistributionKeys> const& distributions() {
  static std::vector<DistributionKeys> const kAll = {
      {Distribution::constant, {"value"}},
      {Distribution::categorical, {"values", "probabilities"}},
      {Distribution::ordinal, {"values"}},
      {Distribution::int_uniform, {"min", "max"}},
      {Distribution::uniform, {"min", "max"}},
      {Distribution::q_uniform, {"min", "max", "q"}},
      {Distribution::log_uniform_values, {"min", "max"}},
      {Distribution::q_log_uniform_values, {"min", "max", "q"}},
      {Distribution::inv_log_uniform_values, {"min", "max"}},
      {Distribution::normal, {"mu", "sigma"}},
      {Distribution::q_normal, {"mu", "sigma", "q"}},
      {Distribution::log_normal, {"mu", "sigma"}},
  };
  return kAll;
}

// Distributions whose bounds are exponents in other tools, and what to write.
constexpr std::pair<std::string_view, std::string_view> kExponents[] = {
    {"log_uniform", "log_uniform_values"},
    {"q_log_uniform", "q_log_uniform_values"},
    {"inv_log_uniform", "inv_log_uniform_values"}};

Names parameter_keys() {
  return {"value", "values", "probabilities", "min", "max", "q", "mu", "sigma", "distribution"};
}

Names all_keys() {
  Names keys = parameter_keys();
  keys.push_back("when");  // goes with every distribution, and is read by when.cpp
  return keys;
}

Names distribution_names() {
  Names names;
  for (DistributionKeys const& each : distributions())
    names.push_back(name_of(each.distribution));
  return names;
}

Names const& keys_of(Distribution distribution) {
  auto const& all = distributions();
  return std::find_if(
             all.begin(), all.end(),
             [&](DistributionKeys const& each) { return each.distribution == distribution; })
      ->keys;
}

bool is_listed(Distribution distribution) {
  return distribution == Distribution::constant || distribution == Distribution::categorical ||
         distribution == Distribution::ordinal;
}

// ---- values

std::optional<double> real_of(Node const& node) {
  return node.is_number() ? std::optional(node.real) : std::nullopt;
}

// A list whose every item `read` can read.
template <class T, class Read>
std::optional<Value> list_of(Node const& node, Read read) {
  if (node.kind != NodeKind::list) return std::nullopt;
  std::vector<T> list;
  for (Node const& item : node.items) {
    auto const value = read(item);
    if (!value) return std::nullopt;
    list.push_back(*value);
  }
  return list;
}

// The node as a value of the hyperparameter's type, if it is one: 1 is a real too, 32.0 an integer.
std::optional<Value> typed(std::string_view type, Node const& node) {
  auto const as_value = [](auto const& read) {
    return read ? std::optional<Value>(*read) : std::nullopt;
  };
  if (type == "real") return as_value(real_of(node));
  if (type == "integer") return as_value(whole_number(node));
  if (type == "integers") return list_of<std::int64_t>(node, whole_number);
  if (type == "reals") return list_of<double>(node, real_of);
  if (type == "flag") {
    return node.kind == NodeKind::boolean ? std::optional<Value>(node.boolean) : std::nullopt;
  }
  return node.kind == NodeKind::text ? std::optional<Value>(node.text) : std::nullopt;
}

// What is allowed, with an example of a list.
std::string allowed_values(HyperparameterInfo const& info) {
  std::string example;
  if (info.type == "integers") example = ", such as [64, 64]";
  if (info.type == "reals") example = ", such as [1, 0.5]";
  return info.allowed + example;
}

}  // namespace

std::optional<Value> read_value(HyperparameterInfo const& info, Node const& node,
                                Problems& problems) {
  auto value = typed(info.type, node);
  if (!value) {
    problems.add(node.place, not_allowed(std::string(info.name), node, allowed_values(info)));
    return std::nullopt;
  }
  auto const found = check(info.name, *value);
  for (std::string const& problem : found)
    problems.add(node.place, problem);
  return found.empty() ? value : std::nullopt;
}

namespace {

// ---- one entry of `parameters`

class ParameterReader {
 public:
  ParameterReader(HyperparameterInfo const& info, Node const& node, Problems& problems,
                  std::vector<std::string>& notes)
      : info_(info),
        node_(node),
        section_(&node, "parameters." + std::string(info.name), all_keys(), problems),
        problems_(problems),
        notes_(notes) {}

  std::optional<Parameter> read() {
    auto const distribution = distribution_of();
    if (!distribution || !has_its_keys(*distribution) || !suits_type(*distribution)) {
      return std::nullopt;
    }
    Parameter parameter{.name = std::string(info_.name), .distribution = *distribution};
    bool const read = is_listed(*distribution) ? read_values(parameter) : read_numbers(parameter);
    if (!read || !is_sound(parameter)) return std::nullopt;
    return parameter;
  }

 private:
  std::string full(std::string_view key) const { return section_.full(key); }

  std::optional<Distribution> distribution_of() {
    if (Node const* node = section_.find("distribution")) return named_distribution(*node);
    if (section_.has("value")) return Distribution::constant;
    if (section_.has("values")) return Distribution::categorical;
    if (section_.has("min") || section_.has("max")) return implied_range();
    if (node_.kind != NodeKind::map) return std::nullopt;  // noted by the section
    bool const normal = section_.has("mu") || section_.has("sigma");
    problems_.add(node_.place, full(normal ? "distribution" : "value") + ": is missing" +
                                   (normal ? "; allowed: normal, q_normal, log_normal"
                                           : "; give value, values, min and max, or a "
                                             "distribution"));
    return std::nullopt;
  }

  std::optional<Distribution> named_distribution(Node const& node) {
    for (auto const& [name, instead] : kExponents) {
      if (node.text != name) continue;
      problems_.add(node.place, full("distribution") + ": " + std::string(name) +
                                    " takes exponents; write " + std::string(instead) +
                                    ", whose min and max are values");
      return std::nullopt;
    }
    auto const name = section_.choice("distribution", distribution_names());
    if (!name) return std::nullopt;
    for (DistributionKeys const& each : distributions()) {
      if (name_of(each.distribution) == *name) return each.distribution;
    }
    return std::nullopt;
  }

  // Whole numbers if both ends are written as such, as in Weights & Biases.
  Distribution implied_range() {
    Node const *min = section_.find("min"), *max = section_.find("max");
    bool const whole = min != nullptr && max != nullptr && min->kind == NodeKind::integer &&
                       max->kind == NodeKind::integer;
    if (whole && info_.type == "real") {
      notes_.push_back(node_.place.text() + ": " + std::string(info_.name) + ": min " + min->text +
                       " and max " + max->text +
                       " are whole numbers, so only whole numbers are drawn (int_uniform); write "
                       "distribution: uniform for all between");
    }
    return whole ? Distribution::int_uniform : Distribution::uniform;
  }

  // All keys of the distribution and none of another.
  bool has_its_keys(Distribution distribution) {
    Names const& keys = keys_of(distribution);
    std::string const name(name_of(distribution));
    bool good = true;
    for (std::string_view const key : parameter_keys()) {
      bool const wanted = std::find(keys.begin(), keys.end(), key) != keys.end();
      Node const* node = section_.find(key);
      if (node != nullptr && !wanted && key != "distribution") {
        problems_.add(node->place, full(key) + ": does not go with " + name + ", whose keys are " +
                                       joined(keys));
        good = false;
      } else if (node == nullptr && wanted && key != "probabilities" && key != "q") {
        problems_.add(node_.place, full(key) + ": is missing; " + name + " needs " + joined(keys));
        good = false;
      }
    }
    return good;
  }

  // Ranges are for numbers, and those that give fractions for reals only.
  bool suits_type(Distribution distribution) {
    if (is_listed(distribution) || info_.type == "real") return true;
    Node const* written = section_.find("distribution");
    Place const& place = written == nullptr ? node_.place : written->place;
    std::string const name(name_of(distribution));
    if (info_.type != "integer") {
      problems_.add(place, std::string(info_.name) + ": " + name +
                               " is for numbers; give values, each " + allowed_values(info_));
      return false;
    }
    if (distribution == Distribution::int_uniform) return true;
    Node const* q = section_.find("q");
    bool const by_steps = distribution == Distribution::q_uniform ||
                          distribution == Distribution::q_log_uniform_values ||
                          distribution == Distribution::q_normal;
    if (by_steps && (q == nullptr || !q->is_number() || whole_number(*q))) return true;
    problems_.add(
        q == nullptr ? place : q->place,
        std::string(info_.name) + ": " + name +
            " draws fractions, and this is a whole number; take int_uniform, or q_uniform "
            "or q_log_uniform_values with a whole q");
    return false;
  }

  bool read_values(Parameter& parameter) {
    if (Node const* value = section_.find("value")) return add_value(*value, parameter);
    Node const& values = *section_.find("values");
    if (values.kind != NodeKind::list || values.items.empty()) {
      problems_.add(values.place,
                    not_allowed(full("values"), values,
                                "a list of one or more, each " + allowed_values(info_)));
      return false;
    }
    bool good = true;
    for (Node const& item : values.items)
      good = add_value(item, parameter) && good;
    if (!section_.has("probabilities")) drop_twins(values, parameter);
    return read_probabilities(parameter) && good;
  }

  // A value that is there twice counts once.
  void drop_twins(Node const& node, Parameter& parameter) {
    std::vector<Value> kept;
    for (Value& value : parameter.values) {
      bool const twice = std::any_of(kept.begin(), kept.end(),
                                     [&](Value const& each) { return same_value(each, value); });
      if (twice) {
        notes_.push_back(node.place.text() + ": " + full("values") + ": " + to_text(value) +
                         " is there twice, and counts once");
      } else {
        kept.push_back(std::move(value));
      }
    }
    parameter.values = std::move(kept);
  }

  bool add_value(Node const& node, Parameter& parameter) {
    auto value = read_value(info_, node, problems_);
    if (value) parameter.values.push_back(std::move(*value));
    return value.has_value();
  }

  bool read_probabilities(Parameter& parameter) {
    Node const* node = section_.find("probabilities");
    if (node == nullptr) return true;
    bool good = node->kind == NodeKind::list && !node->items.empty();
    for (Node const& item : node->items) {
      good = good && item.is_number();
      parameter.probabilities.push_back(item.real);
    }
    if (!good) {
      problems_.add(node->place, not_allowed(full("probabilities"), *node,
                                             "a list of numbers, one for each value"));
    }
    return good;
  }

  bool read_numbers(Parameter& parameter) {
    std::pair<std::string_view, double*> const fields[] = {{"min", &parameter.min},
                                                           {"max", &parameter.max},
                                                           {"q", &parameter.q},
                                                           {"mu", &parameter.mu},
                                                           {"sigma", &parameter.sigma}};
    Names const& keys = keys_of(parameter.distribution);
    if (std::find(keys.begin(), keys.end(), "q") != keys.end()) {
      parameter.q = 1;
      if (!section_.has("q"))
        notes_.push_back(node_.place.text() + ": " + full("q") +
                         " is 1 where none is given, as for Weights & Biases");
    }
    bool good = true;
    for (auto const& [key, field] : fields) {
      Node const* node = section_.find(key);
      if (node == nullptr) continue;
      good = good && node->is_number();
      *field = node->real;
      if (!node->is_number()) {
        problems_.add(node->place, not_allowed(full(key), *node, "a number"));
      }
    }
    if (good) raise_zero(parameter);
    return good;
  }

  // A range that begins at 0, of what is above 0: drawn uniformly, 0 has no part in it.
  void raise_zero(Parameter& parameter) {
    double const small = parameter.max * 1e-6;
    bool const raised = parameter.distribution == Distribution::uniform && parameter.min == 0 &&
                        !check(info_.name, Value(0.0)).empty() &&
                        check(info_.name, Value(small)).empty();
    if (!raised) return;
    parameter.min = small;
    notes_.push_back(section_.find("min")->place.text() + ": " + std::string(info_.name) +
                     ": min 0 is read as " + to_text(small) + ", for it is above 0");
  }

  // The distribution has no problems of its own, and its ends are good hyperparameters.
  bool is_sound(Parameter const& parameter) {
    SearchSpace alone;
    alone.add(parameter);
    auto found = alone.problems();
    for (std::string const& problem : found)
      problems_.add(node_.place, problem);
    if (!found.empty() || is_listed(parameter.distribution)) return found.empty();
    bool const low = end_is_good(lowest(alone), "min");
    return end_is_good(highest(alone), "max") && low;
  }

  bool end_is_good(Value const& end, std::string_view key) {
    Node const* written = section_.find(key);
    Place const& place = written == nullptr ? node_.place : written->place;
    auto const found = check(info_.name, end);
    for (std::string const& problem : found) {
      std::string const which = written == nullptr ? " (this law's " : " (the range's ";
      problems_.add(place, problem + which + std::string(key) + ')');
    }
    return found.empty();
  }

  // The ends as written, where that is how they are drawn; else the outermost draws.
  static bool ends_as_written(Parameter const& parameter) {
    return parameter.distribution == Distribution::uniform ||
           parameter.distribution == Distribution::log_uniform_values ||
           parameter.distribution == Distribution::inv_log_uniform_values;
  }
  static Value drawn(SearchSpace const& alone, double at) {
    return alone.decode(std::vector{at}).entries()[0].second;
  }
  static Value lowest(SearchSpace const& alone) {
    Parameter const& parameter = alone.parameters()[0];
    return ends_as_written(parameter) ? parameter.min : drawn(alone, 0);
  }
  static Value highest(SearchSpace const& alone) {
    Parameter const& parameter = alone.parameters()[0];
    return ends_as_written(parameter) ? parameter.max : drawn(alone, std::nextafter(1.0, 0.0));
  }

  HyperparameterInfo const& info_;
  Node const& node_;
  Section section_;
  Problems& problems_;
  std::vector<std::string>& notes_;
};

}  // namespace

std::optional<Parameter> read_parameter(HyperparameterInfo const& info, Node const& node,
                                        Problems& problems, std::vector<std::string>& notes) {
  return ParameterReader(info, node, problems, notes).read();
}

}  // namespace brood::files
