// SPDX-License-Identifier: Apache-2.0
// Small models that fit together, for the tests of what is saved. Weights are counted, not drawn.
#pragma once

#include <string>
#include <vector>

#include "brood/files/model_file.hpp"
#include "brood/files/run_directory.hpp"

namespace brood::files {

inline LayerWeights counted_layer(int inputs, int outputs) {
  LayerWeights layer{inputs, outputs, {}, {}};
  for (int i = 0; i < inputs * outputs; ++i) {
    layer.weights.push_back(0.1f * static_cast<float>(i % 7 - 3));
  }
  for (int i = 0; i < outputs; ++i)
    layer.bias.push_back(0.01f * static_cast<float>(i));
  return layer;
}

inline Transform counted_transform(int inputs, int targets) {
  Transform transform;
  for (int i = 0; i < inputs; ++i) {
    transform.shift.push_back(0.3f * static_cast<float>(i));
    transform.scale.push_back(i == 1 ? 0.0f : 1.7f);
  }
  for (int i = 0; i < targets; ++i) {
    transform.target_shift.push_back(150.25f);
    transform.target_scale.push_back(0.013f);
  }
  return transform;
}

// Four inputs: a number, a number with its indicator and a category's two levels are five columns.
inline Encoding encoding_of(Task task) {
  Encoding encoding;
  encoding.task = task;
  encoding.inputs = {{"age", false, {}, false},
                     {"weight, kg", false, {}, true},
                     {"colour \"x\"", true, {"bl\xc3\xa4ulich", "red"}, false}};
  encoding.targets = {"y"};
  if (task == Task::classification) encoding.classes = {"no", "yes"};
  if (task != Task::classification) encoding.targets = {"first", "second", "third"};
  return encoding;
}

inline SavedModel saved_model(Task task, std::string const& loss) {
  SavedModel saved;
  saved.encoding = encoding_of(task);
  int const inputs = saved.encoding.input_count();
  int const outputs = saved.encoding.output_count();
  saved.model.task = task;
  saved.model.outputs = outputs;
  saved.model.config = {{"hidden", std::vector<std::int64_t>{4, 3}},
                        {"activation", "tanh"},
                        {"loss", loss},
                        {"lr", 0.1},
                        {"batch_size", std::int64_t{32}},
                        {"layer_lr", std::vector<double>{1, 0.5, 0.25}}};
  saved.model.transform = counted_transform(inputs, task == Task::regression ? outputs : 0);
  bool const shared = task == Task::classification && loss == "bce";
  saved.model.layers = {counted_layer(inputs, 4), counted_layer(4, 3),
                        counted_layer(3, shared ? 1 : outputs)};
  saved.metric = task == Task::regression ? "rmse" : "accuracy";
  return saved;
}

// Facts of a run that trained for a while and was not disturbed, without rungs.
inline RunFacts undisturbed_facts() {
  return {.command_line = "brood tune 'made up.yaml'",
          .data_fingerprint = "00ff",
          .backend = {.name = "cpu", .device = "a processor", .precision = "fp32"},
          .seconds = 6,
          .started = "2026-01-31T12:00:00Z",
          .events = 3,
          .ended = "complete",
          .rows = 200,
          .development_rows = 100};
}

}  // namespace brood::files
