// SPDX-License-Identifier: Apache-2.0
// Initial weights, by the counters of core/philox.hpp, and zeros elsewhere: one block draws one
// member's.
#pragma once

#include "cuda/kernels/prims.cuh"
#include "cuda/task/init_task.hpp"

namespace brood::cuda {

struct InitArguments {
  InitTask const* tasks;
};

// A thread draws four elements at a time: a layer's elements are its weights, row by row, then its
// biases.
__global__ void init_weights(InitArguments arguments) {
  InitTask const& task = arguments.tasks[blockIdx.x];
  auto const self = static_cast<int>(threadIdx.x);
  auto const threads = static_cast<int>(blockDim.x);
  for (std::int64_t i = self; i < task.floats; i += threads)
    task.tensors[i] = 0.0f;
  sync_block();
  PhiloxKey const key = philox_key(task.seed);
  auto const purpose = static_cast<std::uint32_t>(Purpose::initial_weight);
  for (int l = 0; l < task.layout.layers; ++l) {
    TileLayer const& layer = task.layout.layer[l];
    InitLaw const law = task.law[l];
    if (law.spread == 0.0) continue;
    int const weights = layer.inputs * layer.outputs;
    int const elements = weights + (task.bias_as_weights != 0 ? layer.outputs : 0);
    for (int i = self; 4 * i < elements; i += threads) {
      PhiloxBlock const block =
          philox({{static_cast<std::uint32_t>(i), 0, static_cast<std::uint32_t>(l), purpose}}, key);
      for (int j = 0; j < 4 && 4 * i + j < elements; ++j) {
        int const element = 4 * i + j;
        int const place = element < weights ? task.layout.weight(l, element / layer.inputs,
                                                                 element % layer.inputs)
                                            : layer.bias + element - weights;
        task.tensors[place] = weight_of(law, block.word[j]);
      }
    }
  }
  sync_block();
  for (int i = self; i < task.layout.size; i += threads) {
    if (task.average != nullptr) task.average[i] = task.tensors[i];
    if (task.best != nullptr) task.best[i] = task.tensors[i];
  }
}

}  // namespace brood::cuda
