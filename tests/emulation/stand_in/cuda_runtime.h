// SPDX-License-Identifier: Apache-2.0
// In the emulated build, the names of the CUDA runtime and language that kernels and launches use.
#pragma once

#include "cuda_vectors.h"

struct CUstream_st;
using cudaStream_t = CUstream_st*;

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorLaunchFailure = 719,
};

struct EmulatedIndex {
  unsigned x = 0, y = 0, z = 0;
};
// Of the thread that runs; the emulator sets them.
inline constinit thread_local EmulatedIndex threadIdx, blockIdx, blockDim, gridDim;

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
