// SPDX-License-Identifier: Apache-2.0
// What variants.hpp declares; instantiated in kernels_<precision>.cu.
#pragma once

#include "cuda/kernels/train.cuh"
#include "cuda/kernels/variants.hpp"

namespace brood::cuda {

template <class P>
cudaError_t Variants<P>::run(bool shared_weights, bool clustered, LaunchShape const& shape,
                             cudaStream_t stream, MemberTask const* tasks) {
  RunArguments const arguments{tasks};
  if (clustered) return launch(cuda::run<P, true, true>, shape, stream, arguments);
  if (shared_weights) return launch(cuda::run<P, true, false>, shape, stream, arguments);
  return launch(cuda::run<P, false, false>, shape, stream, arguments);
}

template <class P>
cudaError_t Variants<P>::prepare_all(int shared_bytes) {
  for (auto* const kernel :
       {cuda::run<P, true, true>, cuda::run<P, true, false>, cuda::run<P, false, false>}) {
    cudaError_t const error = prepare(kernel, shared_bytes);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

template <class P>
KernelCode Variants<P>::code_of_clusters() {
  return code_of(cuda::run<P, true, true>);
}

template <class P>
int Variants<P>::clusters_at_once(LaunchShape const& shape) {
  return cuda::clusters_at_once(cuda::run<P, true, true>, shape);
}

}  // namespace brood::cuda
