// SPDX-License-Identifier: Apache-2.0
// The launches of one precision's kernels.
#pragma once

#include "cuda/kernels/prims.cuh"

namespace brood::cuda {

struct MemberTask;

// P: a precision of precision.cuh, which is not needed here.
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

}  // namespace brood::cuda
