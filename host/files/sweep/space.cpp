// SPDX-License-Identifier: Apache-2.0
// The three sections of hyperparameters: which names they hold, and that none is in two of them.
#include "files/sweep/space.hpp"

#include <algorithm>
#include <utility>

#include "brood/member.hpp"
#include "files/sweep/parameter.hpp"
#include "files/sweep/section.hpp"
#include "files/sweep/when.hpp"
#include "search/space/membership.hpp"
#include "study/corners.hpp"

namespace brood::files {

namespace {

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
      if (!is_a_layers_width(*parameter, entry.place)) continue;
      add(*parameter, entry.place);
    }
  }

  // A layer's own width is there where the layer is: a condition that need not be written. False
  // if there is no such layer, which is noted.
  bool is_a_layers_width(Parameter& parameter, Place const& place) {
    constexpr std::string_view kStart = "width_";
    if (!parameter.name.starts_with(kStart)) return true;
    auto const layer = std::int64_t{parameter.name[kStart.size()] - '0'};
    for (Condition const& condition : parameter.when) {
      if (condition.parameter == "layers") return true;
    }
    Node const* fixed = section("network");
    if (fixed != nullptr && fixed->find("layers") != nullptr) return true;  // judged as a whole
    Parameter const* layers = result_.space.find("layers");
    if (layers == nullptr && layer == 1) return true;
    std::string const start = "parameters." + parameter.name + ": ";
    if (layers == nullptr) {
      problems_.add(place, start + "needs layers, which must come before it under parameters");
      return false;
    }
    Condition condition{"layers", {}};
    bool always = true;
    for (std::int64_t count = 1; count <= 8; ++count) {
      if (!value_in(*layers, count)) continue;
      if (count >= layer) {
        condition.values.emplace_back(count);
      } else {
        always = false;
      }
    }
    if (condition.values.empty()) {
      problems_.add(place, start + "there is no such layer: layers is never " +
                               std::to_string(layer) + " or more; leave it out");
      return false;
    }
    if (!always) parameter.when.push_back(std::move(condition));
    return true;
  }

  // The shape is said by hidden, or by layers and widths.
  bool says_the_shape_once(std::string const& name, Place const& place) {
    bool const shape = name == "hidden" || name == "layers" || name.starts_with("width");
    if (!shape) return true;
    bool good = true;
    for (Parameter const& other : result_.space.parameters()) {
      bool const by_list = name == "hidden" || other.name == "hidden";
      bool const other_shape =
          other.name == "hidden" || other.name == "layers" || other.name.starts_with("width");
      bool const by_width = (name == "width" && other.name.starts_with("width_")) ||
                            (other.name == "width" && name.starts_with("width_"));
      if (!(by_list && other_shape) && !by_width) continue;
      problems_.add(place, name + ": does not go with " + other.name +
                               ", which says the same of the network's shape; keep one of them");
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
      if (says_the_shape_once(parameter.name, place)) result_.space.add(parameter);
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
