// SPDX-License-Identifier: Apache-2.0
// What a device can do at most, probed now: the ceilings that training is held against.
#pragma once

#include <string>

namespace brood {

struct Peak {
  double flops = 0;         // per second, of products in the precision that was asked for
  double shared_bytes = 0;  // per second, read of shared memory; 0 where there is none
};

// Of one thread: fused multiply-adds in registers, the best of the instruction sets, each for so
// many seconds of the thread's CPU time. Other processes disturb it little.
double cpu_peak_flops(double seconds);

// Of a GPU: mma.sync in this precision (in fp32 a third of tf32, as a product takes three) and
// shared memory without bank conflicts, in about half a second. Throws DeviceError.
Peak cuda_peak(int device, std::string const& precision);

}  // namespace brood
