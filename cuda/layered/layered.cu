// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/layered.cuh"

namespace brood::cuda {

void launch_layered(Device& device, int blocks, LayeredArguments const& arguments) {
  constexpr int kParts = kMaxWarps;  // sums of squares of a block's warps
  LaunchShape const shape{
      .blocks = blocks,
      .threads = 32 * kMaxWarps,
      .shared_bytes = kLayeredArguments + static_cast<int>(sizeof(LayeredArguments)) + 4 * kParts};
  device.check(launch(layered, shape, device.stream(), arguments),
               "launch of the layer-by-layer kernel");
}

}  // namespace brood::cuda
