// SPDX-License-Identifier: Apache-2.0
// What a device can do at most, by small kernels of ours: the ceilings that training steps are held
// against, and what the design takes for granted about exchange within clusters.
#pragma once

#include <vector>

#include "cuda/plan/plan.hpp"

namespace brood::cuda {

struct CudaPeak {
  int multiprocessors = 0;
  double clock = 0;  // of a multiprocessor while tensor cores are busy, per second
  double tf32 = 0;   // flop/s of mma.sync
  double bf16 = 0;
  double shared_bytes = 0;  // per second, of all multiprocessors, without bank conflicts
  double l2_bytes = 0;      // per second
  struct Cluster {
    int blocks = 0;   // 1: of a block's barrier, and of its own memory
    int at_once = 0;  // such clusters that the device holds, at full shared memory
    double barrier_clocks = 0;
    double far_bytes = 0;  // per second: reads of the next block's shared memory, by all
  };
  std::vector<Cluster> clusters;
};

// Measures the device with this index, in about half a second. Throws DeviceError.
CudaPeak measure_peak(int device);
// Of products: mma.sync, and in fp32 a third of tf32, as a product takes three.
double peak_flops(CudaPeak const& peak, Precision precision);

}  // namespace brood::cuda
