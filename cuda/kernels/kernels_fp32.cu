// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/variants.cuh"

namespace brood::cuda {
template struct Variants<Fp32>;
}
