// SPDX-License-Identifier: Apache-2.0
// Brings an order onto the device: plans it, writes its tasks where the device fetches them, and
// puts all its launches on streams without waiting for one of them. What is too wide for the fused
// kernel goes layer by layer behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "cuda/layered/layered.hpp"
#include "cuda/memory/buffer.hpp"
#include "cuda/plan/submission.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

// What some members are to do. The functions are of a job's index.
struct Order {
  std::vector<Job> jobs;
  // All of a task but map, cut and most_steps, and a gradient buffer for the while.
  std::function<void(std::size_t job, MemberTask& task)> write;
  // The host's copy of the member's progress, as it is before.
  std::function<MemberProgress(std::size_t job)> progress;
};

// Device memory that launched kernels work with: to be kept until they are done.
struct Launched {
  Buffer<MemberTask> tasks, layered_tasks;
  Buffer<float> gradients;  // of members that need one only for the while
  int launches = 0;         // of the fused kernel
  double seconds = 0;       // that they take by the cost model, uncorrected; 0: not known
};

class Launcher {
 public:
  // Throws DeviceError if the device cannot run this program's kernels.
  Launcher(Device& device, Arena& arena, Precision precision, SubmissionLimits const& limits);

  DeviceLimits const& device_limits() const { return plans_.device(); }
  SubmissionLimits const& limits() const { return plans_.limits(); }

  // Trains. Each launch takes limits().launch_seconds at most, by the cost model as timings have
  // corrected it, and ends on a boundary of steps: a device that shows a screen ends what takes
  // longer than seconds. Members that have more to do go on in a later launch; a launch in which
  // every member does what is left of its order is the rule.
  Launched train(Order const& order);
  // What training would take of jobs that are not layered, and its launches.
  Forecast forecast(std::vector<Job> const& jobs, std::vector<LaunchGroup>& groups,
                    int& launches) const;

  // Evaluates or predicts; one block per member.
  Launched infer(Order const& order);

  // The device's own seconds for what train() launched: corrects the cost model. How an order is
  // cut, and whatever else follows from the cost model, changes no result.
  void took(Launched const& launched, double seconds);

  // Room for members that train layer by layer, which share it; waits if it has to grow.
  void make_layer_buffers(std::int64_t bytes);

 private:
  double launch_seconds() const { return limits().launch_seconds / correction_; }
  void upload(Order const& order, std::vector<LaunchGroup> const& groups, Launched& launched);
  void launch_fused(std::vector<LaunchGroup> const& groups, Launched& launched);
  void launch_layered(Order const& order, Launched& launched);

  Device& device_;
  Arena& arena_;
  mutable PlanCache plans_;
  std::unique_ptr<LayerProducts> products_;  // once a member needs them
  Buffer<char> layer_memory_;
  double correction_ = 1;  // the device's seconds for one of the cost model
};

}  // namespace brood::cuda
