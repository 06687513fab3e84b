// SPDX-License-Identifier: Apache-2.0
// Settings are told by their own lists (brood/settings.hpp).
#include "study/identity.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "data/fnv1a.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

// A value that a study is told by; of points, everything that they hold.
void append(std::vector<Config> const& points, std::string& text) {
  for (auto const& point : points) {
    text += " point";
    for (auto const& [name, value] : point)
      text += " " + name + " " + to_text(value);
  }
}

void append(std::vector<int> const& values, std::string& text) {
  for (int const value : values)
    text += " " + std::to_string(value);
}
template <class T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T>
void append(T value, std::string& text) {
  if constexpr (std::is_floating_point_v<T>) {
    text += " " + to_text(value);
  } else {
    text += " " + std::to_string(static_cast<std::int64_t>(value));
  }
}
template <class T>
void append(std::optional<T> const& value, std::string& text) {
  if (value) {
    append(*value, text);
  } else {
    text += " none";
  }
}

template <class S>
std::string identity_of_settings(S const& s) {
  std::string text;
  S::settings([&](setting::Name name, auto S::*field, auto const&, std::string_view) {
    text += " " + std::string(name.field);
    append(s.*field, text);
  });
  return text;
}
// Of a sampler, a scheduler, a validation: which it is, and every setting.
template <class Choice>
std::string identity_of(Choice const& choice) {
  return std::visit(
      [](auto const& s) { return " " + std::string(s.kName) + identity_of_settings(s); }, choice);
}

// Everything but who is trained for how long.
std::string identity_of_trials(Data const& data, Study const& study) {
  std::string text = fingerprint(data.table()) + " seed " + std::to_string(study.seed) +
                     " metric " + metric_name(study, data.task()) + " sampler" +
                     identity_of(study.sampler);
  text += " constraints" + identity_of_settings(study.constraints);
  for (auto const& p : study.space.parameters()) {
    text += " " + p.name + " " + std::string(name_of(p.distribution));
    for (double const x : {p.min, p.max, p.q, p.mu, p.sigma})
      text += " " + to_text(x);
    for (auto const& value : p.values)
      text += " " + to_text(value);
    for (double const x : p.probabilities)
      text += " " + to_text(x);
    for (Condition const& condition : p.when) {
      text += " when " + condition.parameter;
      for (auto const& value : condition.values)
        text += " " + to_text(value);
    }
  }
  text += " validation" + identity_of(study.validation);
  std::string prior;
  for (auto const& trial : study.prior) {
    append({trial.config}, prior);
    prior += " " + to_text(trial.score) + "@" + std::to_string(trial.epoch);
  }
  Fnv1a128 hash;
  hash.add_bytes(prior);
  return text + " final repeats " + std::to_string(study.final_repeats) + " start " +
         identity(study.start) + " prior " + hash.hex();
}

constexpr std::string_view kScheduled = " scheduled over ";

// The schedule by which a step depends on how long its training will be; empty: there is none.
std::string spanning_schedule(SearchSpace const& space) {
  if (space.find("epochs") != nullptr) return "";
  auto const spans = [](Value const& value) {
    std::string const name = to_text(value);
    return name != "constant" && name != "step" && name != "exponential";
  };
  for (char const* const name : {"lr_schedule", "dropout_schedule", "weight_decay_schedule"}) {
    Parameter const* const course = space.find(name);
    if (course == nullptr) continue;
    if (std::any_of(course->values.begin(), course->values.end(), spans)) return name;
  }
  return "";
}

}  // namespace

std::string identity(Data const& data, Study const& study) {
  int const epochs = spanning_schedule(study.space).empty() ? 0 : max_epochs(study.scheduler);
  std::string text = identity_of_trials(data, study) + std::string(kScheduled) +
                     std::to_string(epochs) + " trials " + std::to_string(study.trials) + " rungs";
  for (auto const& rung : plan_rungs(study.scheduler, study.trials))
    text += " " + std::to_string(rung.trials) + "@" + std::to_string(rung.epoch);
  return text + " of scheduler" + identity_of(study.scheduler);
}

std::string reason_not_to_extend(std::string const& stored, Data const& data, Study const& study) {
  std::string const trials = identity_of_trials(data, study) + std::string(kScheduled);
  if (!stored.starts_with(trials)) {
    return "the saved state belongs to another study or other data: go on with the study that "
           "saved it";
  }
  if (std::holds_alternative<PopulationBased>(study.scheduler)) {
    return "trials: population based training cannot be extended, because its trials are copies of "
           "each other, which are others from the first round on; begin it anew";
  }
  std::string const own = identity(data, study);
  auto const epochs = [&](std::string const& text) {
    return text.substr(trials.size(), text.find(' ', trials.size()) - trials.size());
  };
  if (epochs(stored) != epochs(own)) {
    return spanning_schedule(study.space) + ": its course spans all epochs of a trial, which are " +
           epochs(own) + " now and were " + epochs(stored) +
           ", so that nothing that was trained could be kept; begin anew";
  }
  return "";
}

}  // namespace brood
