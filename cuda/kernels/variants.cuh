// SPDX-License-Identifier: Apache-2.0
// What variants.hpp declares; instantiated in kernels_*.cu.
#pragma once

#include "cuda/kernels/train.cuh"
#include "cuda/kernels/variants.hpp"

namespace brood::cuda {

template <class P, Reach R>
TrainingKernel training_kernel() {
  return run<P, R>;
}

}  // namespace brood::cuda
