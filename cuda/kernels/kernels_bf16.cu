// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/variants.cuh"

namespace brood::cuda {
template TrainingKernel training_kernel<Bf16, Reach::chip>();
template TrainingKernel training_kernel<Bf16, Reach::memory>();
template TrainingKernel training_kernel<Bf16, Reach::cluster>();
}  // namespace brood::cuda
