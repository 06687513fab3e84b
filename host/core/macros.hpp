// SPDX-License-Identifier: Apache-2.0
// BROOD_HD marks a function that the host compiler and nvcc both compile. On the host it is always
// inlined, so that the same function compiled for two instruction sets leaves no symbol for the
// linker to merge.
#pragma once

// BROOD_HD_LAMBDA stands after the parameters of a lambda and does the same for it.
#if defined(__CUDACC__)
#define BROOD_HD __host__ __device__ __forceinline__
#define BROOD_HD_LAMBDA
#else
#define BROOD_HD inline __attribute__((always_inline))
#define BROOD_HD_LAMBDA __attribute__((always_inline))
#endif
