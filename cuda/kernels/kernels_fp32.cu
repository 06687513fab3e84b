// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/variants.cuh"

namespace brood::cuda {
template TrainingKernel training_kernel<Fp32, Reach::anywhere>();
}
