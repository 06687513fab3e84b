// SPDX-License-Identifier: Apache-2.0
// How long a member's work takes on a device, before anything has run there: what decides how many
// warps and blocks it gets, who comes first, how much of an order one launch does, and what a plan
// says of time. Never a result: an error here costs time only.
#pragma once

#include "core/member.hpp"
#include "cuda/plan/plan.hpp"

namespace brood::cuda {

// Of a training step of one member.
struct Cost {
  double latency = 0;     // seconds, if nothing else is on its multiprocessors
  double throughput = 0;  // seconds of one multiprocessor, if others fill all gaps
};

Cost step_cost(Member const& member, MemberPlan const& plan, Share const& share,
               Precision precision, DeviceLimits const& device);
// Steps that take as long as an evaluation of so many rows.
double evaluation_steps(Member const& member, double rows);

// Seconds, with so many such members on a multiprocessor.
inline double seconds_of(Cost const& cost, int members) {
  double const crowded = cost.throughput * members;
  return cost.latency > crowded ? cost.latency : crowded;
}

// Seconds of a sort of so many keys, by the host and by the device with its launches and the bytes
// that each key brings over the bus.
double host_sort_seconds(double keys);
double device_sort_seconds(double keys, double bytes_of_key);

// Bytes of shared memory that a block may take of which a multiprocessor is to hold so many; and
// how many it holds by their memory alone.
int shared_bytes_beside(int count, DeviceLimits const& device);
int blocks_of_memory(int shared_bytes, DeviceLimits const& device);
// Blocks of such a launch that a multiprocessor holds at once; one at least.
int blocks_per_multiprocessor(int shared_bytes, int threads, DeviceLimits const& device);

}  // namespace brood::cuda
