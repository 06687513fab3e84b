// SPDX-License-Identifier: Apache-2.0
#include "cuda/launcher.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "brood/error.hpp"
#include "cuda/kernels.hpp"

namespace brood::cuda {

namespace {

constexpr double kLaunchSeconds = 0.2;

bool is_layered(MemberTask const& task) {
  return task.layout.swizzled == 0;
}

// Branches until they are joined. If something fails between, what was launched is waited for, so
// that nothing is given back that kernels work with.
class Fork {
 public:
  Fork(Device& device, int branches) : device_(device), branches_(branches) {
    device_.fork(branches_);
  }
  ~Fork() {
    if (joined_) return;
    try {
      device_.join(branches_);
      device_.wait();
    } catch (DeviceError const&) {
      // The first failure is the one to be told.
    }
  }
  Fork(Fork const&) = delete;
  Fork& operator=(Fork const&) = delete;

  void join() {
    joined_ = true;
    device_.join(branches_);
  }

 private:
  Device& device_;
  int branches_;
  bool joined_ = false;
};

}  // namespace

Launcher::Launcher(Device& device, Arena& arena, Precision precision,
                   SubmissionLimits const& limits)
    : device_(device),
      arena_(arena),
      device_limits_(device.limits()),
      precision_(precision),
      limits_(limits) {
  if (limits_.plan.shared_bytes == 0) limits_.plan.shared_bytes = device_limits_.shared_bytes_block;
  if (device_limits_.planned_only) return;
  std::string const problem = code_problem(device_);
  if (!problem.empty()) throw DeviceError("device: " + device_limits_.name + " " + problem);
  prepare_kernels(device_, precision_);
  device_limits_.clusters = clusters_on(device_, precision_);
}

Launched Launcher::train(std::vector<Work> work, double* device_seconds) {
  for (;;) {
    double const crowd =
        std::max(1.0, static_cast<double>(work.size()) / device_limits_.multiprocessors);
    double const flops = limits_.launch_flops > 0 ? limits_.launch_flops : launch_flops_ / crowd;
    std::vector<double> left;
    for (auto& [job, task, progress] : work) {
      double const most = std::ceil(flops / step_flops(*job.member));
      task.most_steps = static_cast<std::int64_t>(std::min(most, job.steps));
      bool const layered = is_layered(task);  // one launch takes next to no time
      left.push_back(layered ? 0.0 : job.steps - static_cast<double>(task.most_steps));
      if (!layered) job.steps = static_cast<double>(task.most_steps);
    }
    auto const start = std::chrono::steady_clock::now();
    if (device_seconds != nullptr) device_.start_timer();
    Launched launched = launch(work, limits_);
    if (device_seconds != nullptr) device_.stop_timer();
    std::size_t more = 0;
    for (std::size_t i = 0; i < work.size(); ++i) {
      if (left[i] <= 0) continue;
      work[more] = work[i];
      work[more++].job.steps = left[i];
    }
    if (more == 0) return launched;
    work.resize(more);
    device_.wait();
    if (device_seconds != nullptr) *device_seconds += device_.timed_seconds();
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
    launch_flops_ *= std::clamp(kLaunchSeconds / std::max(took.count(), 1e-6), 0.25, 4.0);
  }
}

Launched Launcher::look(std::vector<Work> const& work) {
  SubmissionLimits limits = limits_;
  limits.blocks = 1;
  return launch(work, limits);
}

Launched Launcher::launch(std::vector<Work> const& work, SubmissionLimits const& limits) {
  std::vector<Work const*> fused, layered;
  std::vector<MemberTask> layered_tasks;
  for (auto const& each : work) {
    (is_layered(each.task) ? layered : fused).push_back(&each);
    if (is_layered(each.task)) layered_tasks.push_back(each.task);
  }
  Launched launched = launch_fused(fused, limits);
  if (layered.empty()) return launched;
  launched.tasks.emplace_back(arena_, device_, layered_tasks);
  MemberTask const* on_device = launched.tasks.back().data();
  for (auto const* each : layered) {
    LayerBuffers const shared = layer_buffers(layer_memory_.data(), each->task.member,
                                              each->task.table.targets, precision_);
    run_layered(device_, *products_, precision_, shared, each->task, on_device++, each->progress);
  }
  return launched;
}

Launched Launcher::launch_fused(std::vector<Work const*> const& work,
                                SubmissionLimits const& limits) {
  std::vector<Job> jobs;
  for (auto const* each : work)
    jobs.push_back(each->job);
  Launched launched;
  auto const groups = group_jobs(jobs, precision_, device_limits_, limits);
  for (auto const& group : groups) {
    std::vector<MemberTask> planned;
    for (auto const& job : group.jobs) {
      MemberTask& task = planned.emplace_back(work[job.job]->task);
      task.map = job.plan.map;
      task.cut = job.plan.cut;
      if (task.errand != Errand::train) {
        task.map.moments = -1;
      } else if (job.plan.gradient_floats > 0 && task.gradient == nullptr) {
        auto const floats = static_cast<std::size_t>(job.plan.gradient_floats);
        task.gradient = launched.gradients.emplace_back(arena_, floats).data();
      }
    }
    launched.tasks.emplace_back(arena_, device_, planned);
  }
  // Side by side: each alone may leave most of the device idle.
  auto const branches = static_cast<int>(groups.size());
  Fork fork(device_, branches);
  for (int i = 0; i < branches; ++i) {
    LaunchGroup const& group = groups[static_cast<std::size_t>(i)];
    launch_run(device_, device_.branch(i), group.variant, group.shape,
               launched.tasks[static_cast<std::size_t>(i)].data());
  }
  fork.join();
  return launched;
}

void Launcher::make_layer_buffers(std::int64_t bytes) {
  if (bytes == 0) return;
  if (products_ == nullptr) products_ = LayerProducts::open(device_, precision_);
  if (static_cast<std::int64_t>(layer_memory_.size()) >= bytes) return;
  device_.wait();  // what is there is in use until then
  layer_memory_ = Buffer<char>(arena_, static_cast<std::size_t>(bytes));
}

}  // namespace brood::cuda
