// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace brood::cuda {

// How a kernel is launched. `blocks` is a multiple of `cluster`.
struct LaunchShape {
  int blocks = 1;
  int threads = 32;      // a block; a multiple of 32
  int cluster = 1;       // blocks of a cluster
  int shared_bytes = 0;  // dynamic, a block
};

}  // namespace brood::cuda
