// SPDX-License-Identifier: Apache-2.0
// Copies within device memory: a block copies one run. Bound by memory bandwidth where runs are
// many, by a block's share of it where there is one.
#pragma once

#include "cuda/kernels/prims.cuh"
#include "cuda/memory/copy.hpp"

namespace brood::cuda {

struct CopyArguments {
  CopyRun const* runs;
};

__global__ void copy(CopyArguments arguments) {
  CopyRun const run = arguments.runs[blockIdx.x];
  for (std::int64_t i = threadIdx.x; i < run.floats; i += blockDim.x)
    run.to[i] = run.from[i];
}

}  // namespace brood::cuda
