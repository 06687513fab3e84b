// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels.hpp"

#include <algorithm>

#include "cuda/copy.cuh"
#include "cuda/draw.cuh"
#include "cuda/kernel_hash.hpp"
#include "cuda/variants.cuh"

namespace brood::cuda {

extern template struct Variants<Tf32>;
extern template struct Variants<Bf16>;
extern template struct Variants<Fp32>;

void launch_run(Device& device, CUstream_st* stream, Variant const& variant,
                LaunchShape const& shape, MemberTask const* tasks) {
  auto run = [&](auto variants) {
    return variants.run(variant.shared_weights, variant.clustered, shape, stream, tasks);
  };
  cudaError_t const error = variant.precision == Precision::tf32   ? run(Variants<Tf32>{})
                            : variant.precision == Precision::bf16 ? run(Variants<Bf16>{})
                                                                   : run(Variants<Fp32>{});
  device.check(error, "launch of the training kernel");
}

int largest_cluster(Device& device, Precision precision) {
  for (int blocks = device.limits().most_cluster_blocks; blocks > 1; blocks /= 2) {
    LaunchShape const shape{.blocks = blocks,
                            .threads = 32 * kMostWarps,
                            .cluster = blocks,
                            .shared_bytes = device.limits().shared_bytes_block};
    auto at_once = [&](auto variants) { return variants.clusters_at_once(shape); };
    int const count = precision == Precision::tf32   ? at_once(Variants<Tf32>{})
                      : precision == Precision::bf16 ? at_once(Variants<Bf16>{})
                                                     : at_once(Variants<Fp32>{});
    if (count > 0) return std::min(blocks, 8);  // 16 is not portable
  }
  return 1;
}

void launch_draw(Device& device, int members, DrawTask const* tasks) {
  LaunchShape const shape{.blocks = members, .threads = 128};
  device.check(launch(draw, shape, device.stream(), DrawArguments{tasks}),
               "launch of the drawing kernel");
}

void launch_copies(Device& device, int count, CopyRun const* runs) {
  LaunchShape const shape{.blocks = count, .threads = 256};
  device.check(launch(copy, shape, device.stream(), CopyArguments{runs}),
               "launch of the copying kernel");
}

char const* kernel_hash() {
  return BROOD_KERNEL_HASH;
}

}  // namespace brood::cuda
