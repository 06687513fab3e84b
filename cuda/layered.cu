// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered.cuh"

namespace brood::cuda {

void launch_layered(Device& device, Precision precision, int blocks,
                    LayeredArguments const& arguments) {
  constexpr int kParts = kMostWarps;  // sums of squares of a block's warps
  LaunchShape const shape{
      .blocks = blocks,
      .threads = 32 * kMostWarps,
      .shared_bytes = kLayeredArguments + static_cast<int>(sizeof(LayeredArguments)) + 4 * kParts};
  auto run = [&](auto kernel) { return launch(kernel, shape, device.stream(), arguments); };
  cudaError_t const error = precision == Precision::tf32   ? run(layered<Tf32>)
                            : precision == Precision::bf16 ? run(layered<Bf16>)
                                                           : run(layered<Fp32>);
  device.check(error, "launch of the layer-by-layer kernel");
}

}  // namespace brood::cuda
