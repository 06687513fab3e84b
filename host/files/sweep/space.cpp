// SPDX-License-Identifier: Apache-2.0
// The three sections of hyperparameters: which names they hold, and that none is in two of them.
#include "files/sweep/space.hpp"

#include <algorithm>
#include <utility>

#include "brood/member.hpp"
#include "files/sweep/layer_names.hpp"
#include "files/sweep/parameter.hpp"
#include "files/sweep/section.hpp"
#include "files/sweep/when.hpp"
#include "search/space/membership.hpp"
#include "study/corners.hpp"

namespace brood::files {

namespace {

constexpr std::int64_t kMostLayers = 8;

class SpaceReader {
 public:
  SpaceReader(Node const& root, Problems& problems, std::vector<std::string>& notes)
      : root_(root), problems_(problems), notes_(notes), infos_(hyperparameters()) {}

  SpaceOfSweep read() {
    read_parameters();
    read_fixed("network", "train");
    read_fixed("train", "network");
    return std::move(result_);
  }

 private:
  Names names_of(std::string_view group) const {
    Names names;
    for (HyperparameterInfo const& info : infos_) {
      if (group.empty() || info.group == group) names.push_back(info.name);
    }
    return names;
  }
  HyperparameterInfo const* find(std::string_view name) const {
    auto const info = std::find_if(infos_.begin(), infos_.end(),
                                   [&](auto const& candidate) { return candidate.name == name; });
    return info == infos_.end() ? nullptr : &*info;
  }
  Node const* section(std::string_view name) const {
    Entry const* entry = root_.find(name);
    return entry == nullptr ? nullptr : &entry->value;
  }

  void read_parameters() {
    Node const* parameters = section("parameters");
    Section const known(parameters, "parameters", names_of(""), problems_);
    if (parameters == nullptr) return;
    for (Entry const& entry : parameters->entries) {
      HyperparameterInfo const* info = find(entry.key);
      if (info == nullptr) continue;  // noted above
      if (entry.value.kind != NodeKind::map) {
        problems_.add(entry.value.place,
                      not_allowed("parameters." + entry.key, entry.value,
                                  "a map such as {value: ...}, {values: [...]} or {min: ..., max: "
                                  "...}; to fix it, write it under " +
                                      std::string(info->group)));
        continue;
      }
      auto parameter = read_parameter(*info, entry.value, problems_, notes_);
      if (!parameter) continue;
      Entry const* when = entry.value.find("when");
      if (when != nullptr && read_when(when->value, *parameter, result_.space, root_, problems_,
                                       notes_) != WhenResult::searched) {
        continue;
      }
      if (!is_a_layers_own(*parameter, entry.place)) continue;
      add(*parameter, entry.place);
    }
  }

  // What one hidden layer has of its own is there where the layer is: a condition that need not be
  // written. False if there is no such layer, which is noted.
  bool is_a_layers_own(Parameter& parameter, Place const& place) {
    auto const own = of_layer(parameter.name);
    if (!own || root_.find("start") != nullptr || has_condition_of_shape(parameter)) return true;
    if (Entry const* fixed = fixed_shape()) return is_in_fixed_shape(*own, parameter.name, *fixed);
    bool const by_lists = own->what == "dropout";  // hidden and widths do not go together
    Parameter const* shape = result_.space.find("layers");
    if (shape == nullptr && by_lists) shape = result_.space.find("hidden");
    if (shape == nullptr && own->layer == 1) return true;
    std::string const start = "parameters." + parameter.name + ": ";
    if (shape == nullptr) {
      problems_.add(place, start + "needs layers" + (by_lists ? " or hidden" : "") +
                               ", which must come before it under parameters");
      return false;
    }
    std::vector<Value> const shapes = values_of(*shape);
    Condition condition{shape->name, {}};
    for (Value const& value : shapes) {
      if (layers_of(value) >= own->layer) condition.values.push_back(value);
    }
    if (condition.values.empty()) {
      bool const counted = shape->name == "layers";
      problems_.add(place, start + "there is no such layer: " +
                               (counted ? "layers is never " : "the widths of hidden are never ") +
                               std::to_string(own->layer) + " or more; leave it out");
      return false;
    }
    if (condition.values.size() < shapes.size()) parameter.when.push_back(std::move(condition));
    return true;
  }

  static bool has_condition_of_shape(Parameter const& parameter) {
    return std::any_of(parameter.when.begin(), parameter.when.end(), [](Condition const& each) {
      return each.parameter == "layers" || each.parameter == "hidden";
    });
  }

  Entry const* fixed_shape() const {
    Node const* const network = section("network");
    for (std::string_view const shape : {"layers", "hidden"}) {
      if (network == nullptr) return nullptr;
      if (Entry const* entry = network->find(shape)) return entry;
    }
    return nullptr;
  }

  // What the command line takes away of the shape takes its layers' own away. The rest is checked
  // with the network as a whole.
  bool is_in_fixed_shape(OfLayer const& own, std::string const& name, Entry const& fixed) {
    Node const& value = fixed.value;
    std::int64_t const layers = value.kind == NodeKind::list
                                    ? static_cast<std::int64_t>(value.items.size())
                                    : whole_number(value).value_or(own.layer);
    if (layers >= own.layer || fixed.place.in_file()) return true;
    notes_.push_back("parameters." + name + " is left out: there is no such layer, at " +
                     fixed.place.text());
    return false;
  }

  // All values that say how many hidden layers there are, and how many one says.
  static std::vector<Value> values_of(Parameter const& shape) {
    if (shape.name == "hidden") return shape.values;
    std::vector<Value> values;
    for (std::int64_t count = 1; count <= kMostLayers; ++count) {
      if (value_in(shape, count)) values.emplace_back(count);
    }
    return values;
  }
  static std::int64_t layers_of(Value const& value) {
    auto const number = number_of(value);
    return number ? static_cast<std::int64_t>(*number)
                  : static_cast<std::int64_t>(numbers_of(value).size());
  }

  // The shape is said by hidden, or by layers and widths; dropout by one, one for each, or a list.
  bool is_said_once(std::string const& name, Place const& place) {
    bool good = true;
    for (Parameter const& other : result_.space.parameters()) {
      if (!say_the_same(name, other.name)) continue;
      bool const of_dropout = name.find("dropout") != std::string::npos;
      problems_.add(place, name + ": does not go with " + other.name +
                               ", which says the same of the network's " +
                               (of_dropout ? "dropout" : "shape") + "; keep one of them");
      good = false;
    }
    return good;
  }

  void read_fixed(std::string const& group, std::string const& other) {
    Node const* map = section(group);
    Section const known(map, group, names_of(group), problems_, names_of(other), "under " + other);
    if (map == nullptr) return;
    Node const* searched = section("parameters");
    for (Entry const& entry : map->entries) {
      HyperparameterInfo const* info = find(entry.key);
      if (info == nullptr || info->group != group) continue;  // noted above
      if (Entry const* twin = searched == nullptr ? nullptr : searched->find(entry.key)) {
        problems_.add(entry.place, group + '.' + entry.key + ": is under parameters too, at " +
                                       twin->place.text() + "; keep one of them");
        continue;
      }
      auto value = read_value(*info, entry.value, problems_);
      if (value) {
        add({.name = entry.key, .values = {std::move(*value)}}, entry.place);
      }
    }
  }

  void add(Parameter const& parameter, Place const& place) {
    if (parameter.name != "epochs") {
      if (is_said_once(parameter.name, place)) result_.space.add(parameter);
      return;
    }
    result_.epochs = most_epochs(parameter);
    result_.epochs_place = place;
    bool const same = std::all_of(parameter.values.begin(), parameter.values.end(),
                                  [&](Value const& v) { return v == parameter.values.front(); });
    if (parameter.values.empty() || !same) result_.space.add(parameter);
  }

  static std::int64_t most_epochs(Parameter parameter) {
    std::int64_t most = 1;
    for (Value const& value : corners(std::move(parameter)))
      most = std::max(most, static_cast<std::int64_t>(number_of(value).value_or(1)));
    return most;
  }

  Node const& root_;
  Problems& problems_;
  std::vector<std::string>& notes_;
  std::vector<HyperparameterInfo> infos_;
  SpaceOfSweep result_;
};

}  // namespace

SpaceOfSweep read_space(Node const& root, Problems& problems, std::vector<std::string>& notes) {
  return SpaceReader(root, problems, notes).read();
}

}  // namespace brood::files
