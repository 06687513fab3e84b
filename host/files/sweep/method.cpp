// SPDX-License-Identifier: Apache-2.0
// Points are checked against the space here, where their places are known; the samplers check them
// again for those who use the library.
#include "files/sweep/method.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "brood/member.hpp"
#include "files/sweep/parameter.hpp"
#include "files/sweep/settings.hpp"
#include "search/samplers/points.hpp"
#include "search/samplers/sampler.hpp"

namespace brood::files {

namespace {

constexpr std::int64_t kMaxTrials = 10'000'000;

// The settings of all methods, in order.
Names sampler_keys() {
  Names keys;
  for_alternatives<SamplerChoice>([&]<class S>(S const&) {
    for (std::string_view const key : settings_keys<S>()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  });
  return keys;
}

class MethodReader {
 public:
  MethodReader(Section const& top, Study& study, std::vector<std::string>& notes)
      : top_(top), study_(study), notes_(notes), infos_(hyperparameters()) {}

  void read() {
    Names methods;
    for_alternatives<SamplerChoice>([&](auto const& each) { methods.push_back(each.kName); });
    auto const method = top_.choice("method", methods);
    for_alternatives<SamplerChoice>([&](auto const& each) {
      if (method == each.kName) study_.sampler = each;
    });
    if (auto* list = std::get_if<List>(&study_.sampler))
      list->configs = read_points("points", /*of_list=*/true);
    read_settings();
    read_first();
    auto const trials = top_.integer("trials", 1, kMaxTrials);
    study_.trials = static_cast<int>(trials.value_or(default_trials()));
    // What follows needs a space and points that are sound.
    if (!top_.problems().none()) return;
    for (auto const& problem : problems(study_.sampler, study_.space))
      top_.add_problem(top_.has("method") ? "method" : "first", problem);
    if (top_.problems().none()) limit_trials(trials.has_value());
  }

 private:
  // `sampler` may have the keys of every method; those of another than the chosen are noted.
  void read_settings() {
    Section const section(top_, "sampler", sampler_keys());
    std::visit(
        [&](auto& sampler) {
          Names const own = settings_keys<std::remove_cvref_t<decltype(sampler)>>();
          for (std::string_view const key : sampler_keys()) {
            bool const goes = std::find(own.begin(), own.end(), key) != own.end();
            if (section.has(key) && !goes)
              section.add_problem(key, "does not go with method " + std::string(sampler.kName));
          }
          files::read_settings(section, sampler);
        },
        study_.sampler);
  }

  void read_first() {
    bool const list = std::holds_alternative<List>(study_.sampler);
    if (list && top_.has("first")) {
      top_.add_problem("first", "does not go with method list; write them under points");
    } else if (!list && top_.has("points")) {
      top_.add_problem("points", "does not go with method " + std::string(name_of(study_.sampler)) +
                                     "; write them under first");
    } else if (top_.has("first")) {
      auto points = read_points("first", /*of_list=*/false);
      std::visit(
          [&](auto& sampler) {
            if constexpr (requires { sampler.first; }) sampler.first = std::move(points);
          },
          study_.sampler);
    } else if (list && !top_.has("points")) {
      top_.add_missing("points", "a list of maps such as [{lr: 0.1, hidden: [32]}]");
    }
  }

  std::vector<Config> read_points(std::string_view key, bool of_list) {
    Node const* node = top_.find(key);
    std::vector<Config> points;
    if (node == nullptr) return points;
    bool good = node->kind == NodeKind::list && !node->items.empty();
    for (Node const& item : node->items)
      good = good && item.kind == NodeKind::map;
    if (!good) {
      top_.add_problem(key,
                       "is not allowed so; allowed: a list of one or more maps such as "
                       "[{lr: 0.1, hidden: [32]}]");
      return points;
    }
    for (Node const& item : node->items)
      points.push_back(read_point(key, item));
    // Of a space with problems not every parameter is known.
    if (!top_.problems().none()) return points;
    if (of_list) add_parameters(points);
    for (std::size_t i = 0; i < points.size(); ++i)
      check_point(key, node->items[i], points[i], of_list);
    return points;
  }

  Config read_point(std::string_view key, Node const& map) {
    Names names;
    for (auto const& info : infos_)
      names.push_back(info.name);
    Section const known(&map, std::string(key), names, top_.problems());
    Config point;
    for (Entry const& entry : map.entries) {
      auto const info = std::find_if(infos_.begin(), infos_.end(),
                                     [&](auto const& each) { return each.name == entry.key; });
      if (info == infos_.end()) continue;  // noted above
      if (entry.key == "epochs" && study_.space.find("epochs") == nullptr) {
        top_.problems().add(entry.place, known.full(entry.key) +
                                             ": epochs are the scheduler's and cannot be chosen "
                                             "for a point");
        continue;
      }
      if (auto value = read_value(*info, entry.value, top_.problems())) {
        point.set(entry.key, std::move(*value));
      }
    }
    return point;
  }

  // The hyperparameters of a list that are not in the space, with their values in order.
  void add_parameters(std::vector<Config> const& points) {
    std::vector<Parameter> added;
    for (auto const& point : points) {
      for (auto const& [key, value] : point) {
        std::string const& name = key;
        if (study_.space.find(name) != nullptr) continue;
        auto parameter = std::find_if(added.begin(), added.end(),
                                      [&](auto const& each) { return each.name == name; });
        if (parameter == added.end()) {
          parameter =
              added.insert(added.end(), {.name = name, .distribution = Distribution::categorical});
        }
        auto& values = parameter->values;
        if (std::find(values.begin(), values.end(), value) == values.end()) {
          values.push_back(value);
        }
      }
    }
    for (auto& parameter : added)
      study_.space.add(std::move(parameter));
  }

  void check_point(std::string_view key, Node const& map, Config const& point, bool of_list) {
    bool good = true;
    for (Entry const& entry : map.entries) {
      auto const problem =
          problem_of_value(entry.key, *point.find(entry.key), study_.space, std::string(key));
      if (problem.empty()) continue;
      top_.problems().add(entry.value.place, problem);
      good = false;
    }
    if (!good) return;
    for (auto const& problem : problems_of_point(point, study_.space, std::string(key), of_list))
      top_.problems().add(map.place, problem);
  }

  // One pass over all brackets, or 64.
  std::int64_t default_trials() const {
    auto const* hyperband = std::get_if<Hyperband>(&study_.scheduler);
    return hyperband != nullptr ? std::min<std::int64_t>(trials_of_a_pass(*hyperband), kMaxTrials)
                                : 64;
  }

  // Where nothing is said, all of a grid or a list; of a finite space never more than there are.
  void limit_trials(bool given) {
    int const most = static_cast<int>(
        std::min<std::int64_t>(most_trials(study_.sampler, study_.space), kMaxTrials));
    bool const counted = std::holds_alternative<Grid>(study_.sampler) ||
                         std::holds_alternative<List>(study_.sampler);
    if (given && study_.trials > most) {
      notes_.push_back("trials: " + std::to_string(study_.trials) + " are more than there are: " +
                       std::to_string(most) + " configurations, each proposed once");
    }
    study_.trials = counted && !given ? most : std::min(study_.trials, most);
  }

  Section const& top_;
  Study& study_;
  std::vector<std::string>& notes_;
  std::vector<HyperparameterInfo> infos_;
};

}  // namespace

void read_method(Section const& top, Study& study, std::vector<std::string>& notes) {
  MethodReader(top, study, notes).read();
}

}  // namespace brood::files
