// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/variants.cuh"

namespace brood::cuda {
template TrainingKernel training_kernel<Tf32, Reach::chip>();
template TrainingKernel training_kernel<Tf32, Reach::memory>();
template TrainingKernel training_kernel<Tf32, Reach::cluster>();
}  // namespace brood::cuda
