// SPDX-License-Identifier: Apache-2.0
// The sweep of `brood tune data.csv --target COL`: a search space and a budget for any table. Read
// like a file, so that overrides and `brood plan` treat it alike.
#include <algorithm>
#include <memory>
#include <utility>

#include "brood/files/sweep.hpp"
#include "files/sweep_overrides.hpp"
#include "files/sweep_reader.hpp"
#include "files/yaml.hpp"

namespace brood::files {

namespace {

// 256 trials in rungs of 256, 85, 28, 9 and 3 that end at 1, 3, 9, 27 and 81 epochs: 918
// trial-epochs, as many as training 11 networks to the end. lr spans the usual rates of both
// optimizers; weight_decay is decoupled, so it means the same for both.
constexpr char kDefaultSweep[] = R"(validation: {holdout: 0.2, test: 0.2}
method: random
trials: 256
seed: 0
early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 81}
parameters:
  hidden:       {values: [[32], [64], [128], [256], [64, 64], [128, 64], [128, 128], [64, 64, 64]]}
  activation:   {values: [relu, gelu, tanh]}
  optimizer:    {values: [adam, momentum]}
  lr:           {distribution: log_uniform_values, min: 3e-4, max: 3e-2}
  batch_size:   {values: [16, 32, 64, 128, 256]}
  dropout:      {distribution: uniform, min: 0.0, max: 0.4}
  weight_decay: {distribution: log_uniform_values, min: 1e-6, max: 1e-2}
  lr_schedule:  {value: cosine}
)";

}  // namespace

Sweep default_sweep(std::string const& data_path, std::string const& target,
                    Overrides const& overrides) {
  std::string const name = "default sweep";
  Node root = parse_yaml(kDefaultSweep, name);
  // The shape of a network to start from is that network's.
  bool const started = std::any_of(overrides.begin(), overrides.end(),
                                   [](auto const& each) { return each.first == "start"; });
  for (Entry& section : root.entries) {
    if (!started || section.key != "parameters") continue;
    std::erase_if(section.value.entries, [](Entry const& entry) {
      return entry.key == "hidden" || entry.key == "activation";
    });
  }
  Place const place{std::make_shared<std::string const>(name), 0, 0};
  set_text(root, {"data", "file"}, data_path, place);
  set_text(root, {"data", "target"}, target, place);
  Sweep sweep = read_tree(std::move(root), overrides, study_name_of(data_path), "");
  // Only what the command line says has a place that a person knows.
  std::erase_if(sweep.places, [&](auto const& entry) { return entry.second.starts_with(name); });
  return sweep;
}

}  // namespace brood::files
