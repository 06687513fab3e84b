// SPDX-License-Identifier: Apache-2.0
// The launches of one precision's kernels; instantiated in kernels_<precision>.cu.
#pragma once

#include "cuda/train.cuh"

namespace brood::cuda {

template <class P>
struct Variants {
  // What the runtime says of the launch.
  static cudaError_t run(bool shared_weights, bool clustered, LaunchShape const& shape,
                         cudaStream_t stream, MemberTask const* tasks);
  // Of all of them; see prims.cuh.
  static cudaError_t prepare_all(int shared_bytes);
  // Of the variant for clusters: how many of this shape the device holds at once, and its code.
  static int clusters_at_once(LaunchShape const& shape);
  static KernelCode code_of_clusters();
};

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
