// SPDX-License-Identifier: Apache-2.0
#define BROOD_ISA scalar
#define BROOD_ISA_NAME "scalar"
#include "backend/cpu/kernels.inl"

namespace brood::cpu {
Kernels const* scalar_kernels() {
  return &scalar::kKernels;
}
}  // namespace brood::cpu
