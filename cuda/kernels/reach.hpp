// SPDX-License-Identifier: Apache-2.0
// What a training kernel knows of its members when it is compiled.
#pragma once

namespace brood::cuda {

enum class Reach {
  chip,      // one block trains each, with the weights in its shared memory
  memory,    // one block, with the weights in global memory
  anywhere,  // one block, with the weights where the task says; not where a copy is multiplied
  cluster,   // several blocks, each with the weights in its shared memory
};

}  // namespace brood::cuda
