// SPDX-License-Identifier: Apache-2.0
#include "files/model/single_heads.hpp"

#include <algorithm>

#include "backend/describe.hpp"
#include "core/heads.hpp"

namespace brood::files {

namespace {

// Its first layer takes the signs, its last one loses the outputs of all other heads.
Model head_of_network(Model const& model, int head) {
  Model own = model;
  own.config.set("heads", std::int64_t{1});
  LayerWeights& first = own.layers.front();
  for (std::size_t i = 0; i < first.weights.size(); ++i) {
    auto const input = static_cast<int>(i % static_cast<std::size_t>(first.inputs));
    first.weights[i] *= sign_of_head(head_signs(input / 4).word[input % 4], head);
  }
  LayerWeights& last = own.layers.back();
  int const outputs = last.outputs / head_count(model.config);
  auto const keep = [&](std::vector<float>& values, int each) {
    auto const begin = values.begin() + std::ptrdiff_t{head} * outputs * each;
    values = std::vector<float>(begin, begin + std::ptrdiff_t{outputs} * each);
  };
  keep(last.weights, last.inputs);
  keep(last.bias, 1);
  last.outputs = outputs;
  return own;
}

}  // namespace

Ensemble with_single_heads(Ensemble const& models) {
  int most = 1;
  for (Ensemble::Part const& part : models.parts)
    most = std::max(most, head_count(part.model.config));
  if (most == 1) return models;
  Ensemble result{.calibration = models.calibration};
  for (Ensemble::Part const& part : models.parts) {
    int const heads = head_count(part.model.config);
    for (int head = 0; head < heads; ++head) {
      Model model = heads == 1 ? part.model : head_of_network(part.model, head);
      result.parts.push_back({part.trial, part.count * (most / heads), std::move(model)});
    }
  }
  return result;
}

}  // namespace brood::files
