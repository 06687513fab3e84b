// SPDX-License-Identifier: Apache-2.0
// Fine-tuning at the study's level; see start.hpp. The inputs are standardised as they were for the
// trained network, whatever the rows of this study say: its first layer was trained on numbers of
// that scale. Targets likewise, unless the last layer is new.
#include "study/start.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "backend/describe.hpp"
#include "backend/rows.hpp"
#include "brood/error.hpp"
#include "data/fnv1a.hpp"
#include "search/space/membership.hpp"
#include "study/corners.hpp"

namespace brood {

namespace {

std::vector<std::int64_t> hidden_of(Model const& model) {
  std::vector<std::int64_t> hidden;
  for (std::size_t l = 0; l + 1 < model.layers.size(); ++l)
    hidden.push_back(model.layers[l].outputs);
  return hidden;
}

Value value_of(Model const& model, std::string_view name) {
  return *with_defaults(model.config, model.task).find(name);
}

// Outputs of the network: two classes under bce share one.
int network_outputs(Task task, int outputs, Value const& loss) {
  bool const shared = task == Task::classification && outputs == 2 && loss == Value("bce");
  return shared ? 1 : outputs;
}

void add_contradiction(SearchSpace const& space, std::string const& name, Value const& expected,
                       std::vector<std::string>& found) {
  Parameter const* const parameter = space.find(name);
  if (parameter == nullptr) return;
  for (Value const& value : corners(*parameter)) {
    if (same_value(value, expected)) continue;
    found.push_back(name + ": " + to_text(value) + " contradicts start, whose network has " +
                    to_text(expected) + "; leave " + name + " out");
    return;
  }
}

// The layers follow each other, and their numbers are there and finite.
bool is_sound(Model const& model) {
  if (model.layers.empty() || model.inputs() < 1) return false;
  int inputs = model.layers.front().inputs;
  for (LayerWeights const& layer : model.layers) {
    auto const outputs = static_cast<std::size_t>(std::max(layer.outputs, 0));
    if (layer.inputs != inputs || outputs < 1 || layer.bias.size() != outputs) return false;
    if (layer.weights.size() != outputs * static_cast<std::size_t>(inputs)) return false;
    auto const finite = [](float x) { return std::isfinite(x); };
    if (!std::all_of(layer.weights.begin(), layer.weights.end(), finite)) return false;
    if (!std::all_of(layer.bias.begin(), layer.bias.end(), finite)) return false;
    inputs = layer.outputs;
  }
  Transform const& transform = model.transform;
  if (transform.target_shift.size() != transform.target_scale.size()) return false;
  if (!transform.target_shift.empty() &&
      static_cast<int>(transform.target_shift.size()) != model.outputs)
    return false;
  bool const identity = transform.is_plain() && transform.shift.empty() && transform.scale.empty();
  if (identity) return true;
  try {
    check_transform(&transform, {Task::classification, model.inputs(), model.outputs});
  } catch (UsageError const&) {
    return false;
  }
  return static_cast<int>(transform.shift.size()) == model.layers.front().inputs;
}

// Of these the model's inputs are made.
constexpr char const* kNumberSettings[] = {"scaling", "pieces", "periodic", "periodic_sigma"};

}  // namespace

Study with_start(Study study) {
  if (study.start.model == nullptr) return study;
  Model const& model = *study.start.model;
  auto const add = [&](std::string const& name, Value value) {
    if (study.space.find(name) == nullptr) study.space.constant(name, std::move(value));
  };
  add("hidden", hidden_of(model));
  add("activation", value_of(model, "activation"));
  if (head_count(model.config) > 1) add("heads", std::int64_t{head_count(model.config)});
  if (!model.transform.is_plain()) {
    for (char const* const name : kNumberSettings) {
      if (Value const* const value = model.config.find(name)) add(name, *value);
    }
  }
  if (study.start.fresh_output) return study;
  add("loss", value_of(model, "loss"));
  for (char const* const name : {"tau", "tweedie_power"}) {
    if (Value const* const value = model.config.find(name)) add(name, *value);
  }
  return study;
}

std::vector<std::string> start_problems(Study const& study, Task task) {
  if (study.start.model == nullptr) return {};
  Model const& model = *study.start.model;
  std::vector<std::string> found;
  if (!is_sound(model)) {
    found.push_back(
        "start: the network's layers do not follow each other, or hold numbers that are not "
        "finite");
    return found;
  }
  add_contradiction(study.space, "hidden", hidden_of(model), found);
  add_contradiction(study.space, "activation", value_of(model, "activation"), found);
  add_contradiction(study.space, "heads", std::int64_t{head_count(model.config)}, found);
  Config const full = with_defaults(model.config, model.task);
  for (char const* const name : kNumberSettings) {
    if (Value const* const value = full.find(name))
      add_contradiction(study.space, name, *value, found);
  }
  Parameter const* const loss = study.space.find("loss");
  if (loss == nullptr || study.start.fresh_output || model.task != task) return found;
  for (Value const& value : loss->values) {
    if (has_log_link({{"loss", value}}) != has_log_link(full)) {
      found.push_back("loss: " + to_text(value) +
                      (has_log_link(full) ? " is of values, and the network of start puts out "
                                            "their logarithms"
                                          : " is of logarithms, and the network of start puts out "
                                            "values") +
                      ": leave loss out, or set fresh_output");
      continue;
    }
    int const needed = network_outputs(task, model.outputs, value) * head_count(model.config);
    if (needed == model.layers.back().outputs) continue;
    found.push_back("loss: " + to_text(value) + " needs " + std::to_string(needed) +
                    " outputs; the network of start has " +
                    std::to_string(model.layers.back().outputs) + ": leave loss out");
  }
  return found;
}

void check_start(Study const& study, Data const& data) {
  if (study.start.model == nullptr) return;
  Model const& model = *study.start.model;
  std::vector<std::string> found;
  if (model.inputs() != data.inputs()) {
    found.push_back("start: the network takes " + std::to_string(model.inputs()) +
                    " inputs; the data has " + std::to_string(data.inputs()));
  }
  bool const same = model.task == data.task() && model.outputs == data.outputs();
  if (!study.start.fresh_output && !same) {
    found.push_back("start: the network is for " + std::string(name_of(model.task)) + " of " +
                    std::to_string(model.outputs) + " outputs, the data for " +
                    std::string(name_of(data.task())) + " of " + std::to_string(data.outputs()) +
                    "; set fresh_output, and the last layer is drawn anew");
  }
  if (!found.empty()) throw UsageError(std::move(found));
}

std::vector<bool> rows_of_start(Start const& start, Table const& table) {
  std::vector<bool> seen;
  if (start.trained_rows.empty()) return seen;
  for (auto const fingerprint : row_fingerprints(table.x))
    seen.push_back(
        std::binary_search(start.trained_rows.begin(), start.trained_rows.end(), fingerprint));
  return seen;
}

void note_start_rows(Study const& study, Table const& table, Splits const& splits,
                     std::vector<std::string>& notes) {
  auto const seen = rows_of_start(study.start, table);
  if (seen.empty()) return;
  auto const& valid = *splits.splits.front().valid;
  auto const count = std::count_if(valid.begin(), valid.end(), [&](std::int32_t row) {
    return seen[static_cast<std::size_t>(row)];
  });
  if (count == 0) return;
  notes.push_back("start: " + std::to_string(count) + " of " + std::to_string(valid.size()) +
                  " rows that validate have trained the network, so that valid scores are too "
                  "good; no test row has");
}

InitialWeights initial_weights(Start const& start) {
  if (start.model == nullptr) return nullptr;
  auto layers = start.model->layers;
  if (start.fresh_output) layers.back() = {};
  return std::make_shared<std::vector<LayerWeights> const>(std::move(layers));
}

Transform transform_for(Study const& study, Table const& table, std::span<std::int32_t const> rows,
                        TargetScaling targets) {
  if (study.start.model == nullptr) return fit_transform(table, rows, targets);
  Transform transform = study.start.model->transform;
  auto const inputs = static_cast<std::size_t>(table.x.columns);
  if (transform.shift.empty()) {
    transform.shift.assign(inputs, 0.0f);
    transform.scale.assign(inputs, 1.0f);
  }
  if (!study.start.fresh_output) return transform;
  Transform fitted = fit_transform(table, rows, targets);
  transform.target_shift = std::move(fitted.target_shift);
  transform.target_scale = std::move(fitted.target_scale);
  return transform;
}

std::string identity(Start const& start) {
  if (start.model == nullptr) return "";
  Fnv1a128 hash;
  auto const add = [&](std::vector<float> const& numbers) {
    hash.add(static_cast<std::uint64_t>(numbers.size()));
    hash.add_bytes({reinterpret_cast<char const*>(numbers.data()), numbers.size() * sizeof(float)});
  };
  for (LayerWeights const& layer : start.model->layers)
    add(layer.weights), add(layer.bias);
  Transform const& transform = start.model->transform;
  add(transform.shift), add(transform.scale);
  add(transform.target_shift), add(transform.target_scale);
  for (std::size_t i = 0; i < transform.source.size(); ++i) {
    hash.add(static_cast<std::uint64_t>(transform.source[i]));
    hash.add(static_cast<std::uint64_t>(transform.shape[i]));
  }
  if (!transform.is_plain()) add(transform.offset), add(transform.gain);
  return hash.hex() + (start.fresh_output ? " fresh output" : "");
}

}  // namespace brood
