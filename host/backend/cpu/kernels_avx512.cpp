// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define BROOD_ISA avx512
#define BROOD_ISA_AVX512
#define BROOD_ISA_NAME "avx512"
#include "backend/cpu/kernels.inl"
#else
#include "backend/cpu/kernels.hpp"
#endif

namespace brood::cpu {
Kernels const* avx512_kernels() {
#if defined(__x86_64__)
  bool const usable = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return usable ? &avx512::kKernels : nullptr;
#else
  return nullptr;
#endif
}
}  // namespace brood::cpu
