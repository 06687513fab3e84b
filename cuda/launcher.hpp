// SPDX-License-Identifier: Apache-2.0
// Brings work onto the device: groups members that one launch can take, completes their tasks,
// launches the groups side by side, and sends what is too wide for the fused kernel layer by layer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/buffer.hpp"
#include "cuda/layered.hpp"
#include "cuda/member_task.hpp"
#include "cuda/submission.hpp"

namespace brood::cuda {

// What one member is to do.
struct Work {
  Job job;
  MemberTask task;          // all but map and cut, and a gradient buffer for the while
  MemberProgress progress;  // the host's copy, as it is before
};

// Device memory that launched kernels work with: to be kept until they are done.
struct Launched {
  std::vector<Buffer<MemberTask>> tasks;
  std::vector<Buffer<float>> gradients;  // of members that need one only for the while
};

class Launcher {
 public:
  // Throws DeviceError if the device cannot run this program's kernels.
  Launcher(Device& device, Arena& arena, Precision precision, SubmissionLimits const& limits);

  DeviceLimits const& device_limits() const { return device_limits_; }
  SubmissionLimits const& limits() const { return limits_; }

  // Trains by launches that take about 0.2 s each, on the boundaries of steps: a device that shows
  // a screen ends what takes longer than seconds. Waits for all but the last. A launch in which
  // every member does what is left of its order is the rule. device_seconds: null, or what launches
  // take is added there; of the last, Device::timed_seconds() says it.
  Launched train(std::vector<Work> work, double* device_seconds = nullptr);

  // Evaluates or predicts; one block per member.
  Launched look(std::vector<Work> const& work);

  // Room for members that train layer by layer, which share it; waits if it has to grow.
  void make_layer_buffers(std::int64_t bytes);

 private:
  Launched launch(std::vector<Work> const& work, SubmissionLimits const& limits);
  Launched launch_fused(std::vector<Work const*> const& work, SubmissionLimits const& limits);

  Device& device_;
  Arena& arena_;
  DeviceLimits device_limits_;
  Precision precision_;
  SubmissionLimits limits_;
  std::unique_ptr<LayerProducts> products_;  // once a member needs them
  Buffer<char> layer_memory_;
  // Of a member at a launch where each has a multiprocessor: a guess, corrected as launches are
  // timed.
  double launch_flops_ = 8e9;
};

}  // namespace brood::cuda
