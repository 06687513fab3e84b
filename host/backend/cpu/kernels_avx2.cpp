// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define BROOD_ISA avx2
#define BROOD_ISA_AVX2
#define BROOD_ISA_NAME "avx2"
#include "backend/cpu/kernels.inl"
#else
#include "backend/cpu/kernels.hpp"
#endif

namespace brood::cpu {
Kernels const* avx2_kernels() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kKernels
                                                                         : nullptr;
#else
  return nullptr;
#endif
}
}  // namespace brood::cpu
