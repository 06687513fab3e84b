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
  // Clusters of this shape that the device holds at once.
  static int clusters_at_once(LaunchShape const& shape);
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
int Variants<P>::clusters_at_once(LaunchShape const& shape) {
  return cuda::clusters_at_once(cuda::run<P, true, true>, shape);
}

}  // namespace brood::cuda
