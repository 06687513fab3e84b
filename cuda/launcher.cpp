// SPDX-License-Identifier: Apache-2.0
#include "cuda/launcher.hpp"

#include <algorithm>
#include <utility>

#include "brood/error.hpp"
#include "cuda/kernels/kernels.hpp"

namespace brood::cuda {

namespace {

// Where launches take less, their beginnings and ends are most of what is timed.
constexpr double kLeastTimed = 1e-3;
// One timing moves the correction by so much at most; it stays within its bounds, so that a device
// that says nonsense only costs time.
constexpr double kMaxCorrection = 4, kCorrections = 64;

// Branches until they are joined. If something fails between, what was launched is waited for, so
// that nothing is given back that kernels work with.
class Fork {
 public:
  Fork(Device& device, int streams) : device_(device), side_streams_(streams) {
    device_.fork(side_streams_);
  }
  ~Fork() {
    if (joined_) return;
    try {
      device_.join(side_streams_);
      device_.wait();
    } catch (DeviceError const&) {
      // The first failure is the one to be told.
    }
  }
  Fork(Fork const&) = delete;
  Fork& operator=(Fork const&) = delete;

  void join() {
    joined_ = true;
    device_.join(side_streams_);
  }

 private:
  Device& device_;
  int side_streams_;
  bool joined_ = false;
};

// The device as the launcher sees it: with the clusters that these kernels can be launched in.
DeviceLimits limits_on(Device& device, Precision precision) {
  DeviceLimits limits = device.limits();
  if (limits.planned_only) return limits;
  std::string const problem = code_problem(device);
  if (!problem.empty()) throw DeviceError("device: " + limits.name + " " + problem);
  prepare_kernels(device, precision);
  limits.clusters = clusters_on(device, precision);
  return limits;
}

SubmissionLimits with_shared_bytes(SubmissionLimits limits, DeviceLimits const& device) {
  if (limits.plan.shared_bytes == 0) limits.plan.shared_bytes = device.shared_bytes_block;
  return limits;
}

// Floats of a gradient buffer that a job needs for the while.
std::size_t while_floats(Planned const& planned, Job const& job) {
  if (job.steps == 0 || job.has_gradient) return 0;
  return static_cast<std::size_t>((planned.plan.gradient_floats + 63) / 64 * 64);
}

}  // namespace

Launcher::Launcher(Device& device, Arena& arena, Precision precision,
                   SubmissionLimits const& limits)
    : device_(device),
      arena_(arena),
      plans_(precision, limits_on(device, precision), with_shared_bytes(limits, device.limits())) {}

Launched Launcher::train(Order const& order) {
  Launched launched;
  auto const groups = group_jobs(order.jobs, plans_, launch_seconds());
  upload(order, groups, launched);
  device_.start_timer();
  launch_fused(groups, launched);
  launch_layered(order, launched);
  device_.stop_timer();
  if (launched.layered_tasks.size() > 0) launched.seconds = 0;  // theirs are not forecast
  return launched;
}

Forecast Launcher::forecast(std::vector<Job> const& jobs, std::vector<LaunchGroup>& groups,
                            int& launches) const {
  groups = group_jobs(jobs, plans_, launch_seconds());
  auto const cut = launches_of(groups, launch_seconds());
  launches = static_cast<int>(cut.size());
  Forecast forecast = forecast_of(groups, cut, device_limits());
  forecast.seconds *= correction_;
  return forecast;
}

Launched Launcher::infer(Order const& order) {
  Launched launched;
  auto const groups = group_jobs(order.jobs, plans_, launch_seconds(), /*alone=*/true);
  upload(order, groups, launched);
  launch_fused(groups, launched);
  launch_layered(order, launched);
  return launched;
}

void Launcher::took(Launched const& launched, double seconds) {
  if (launched.seconds < kLeastTimed || seconds <= 0) return;
  double const said = seconds / (launched.seconds * correction_);
  correction_ *= std::clamp(said, 1 / kMaxCorrection, kMaxCorrection);
  correction_ = std::clamp(correction_, 1 / kCorrections, kCorrections);
}

void Launcher::upload(Order const& order, std::vector<LaunchGroup> const& groups,
                      Launched& launched) {
  std::size_t tasks = 0, floats = 0;
  for (auto const& group : groups) {
    tasks += group.jobs.size();
    for (auto const& equals : group.equals) {
      if (equals.planned->plan.gradient_floats == 0) continue;
      for (std::size_t i = 0; i < equals.count; ++i)
        floats += while_floats(*equals.planned, order.jobs[group.jobs[equals.first + i]]);
    }
  }
  if (tasks == 0) return;
  launched.gradients = Buffer<float>(arena_, floats);
  launched.tasks = Buffer<MemberTask>(arena_, tasks);
  float* gradient = launched.gradients.data();
  auto group = groups.begin();
  auto equals = group->equals.begin();
  std::size_t place = 0;  // in the group
  fill(device_, launched.tasks.data(), tasks, [&](std::size_t, MemberTask& task) {
    while (place == equals->first + equals->count) {
      if (++equals != group->equals.end()) continue;
      equals = (++group)->equals.begin();
      place = 0;
    }
    std::size_t const job = group->jobs[place++];
    Planned const& planned = *equals->planned;
    order.write(job, task);
    task.map = planned.plan.map;
    task.tiling = planned.plan.tiling;
    task.most_steps = equals->most_steps;
    if (task.kind != TaskKind::train) task.map.moments = -1;
    std::size_t const needed = while_floats(planned, order.jobs[job]);
    if (needed > 0) task.gradient = std::exchange(gradient, gradient + needed);
  });
}

void Launcher::launch_fused(std::vector<LaunchGroup> const& groups, Launched& launched) {
  if (groups.empty()) return;
  auto const launches = launches_of(groups, launch_seconds());
  std::vector<MemberTask const*> tasks;  // of each group
  for (MemberTask const* next = launched.tasks.data(); auto const& group : groups)
    tasks.push_back(std::exchange(next, next + group.jobs.size()));
  // Side by side: each group alone may leave most of the device idle.
  Fork fork(device_, static_cast<int>(groups.size()));
  for (auto const& launch : launches) {
    LaunchGroup const& group = groups[launch.group];
    LaunchShape shape = group.shape;
    shape.blocks = static_cast<int>(launch.count) * shape.cluster;
    launch_run(device_, device_.stream(static_cast<int>(launch.group)), group.variant, shape,
               tasks[launch.group] + launch.first);
  }
  fork.join();
  launched.launches = static_cast<int>(launches.size());
  launched.seconds = forecast_of(groups, launches, device_limits()).seconds;
}

void Launcher::launch_layered(Order const& order, Launched& launched) {
  std::vector<MemberTask> tasks;
  std::vector<std::size_t> jobs;
  for (std::size_t i = 0; i < order.jobs.size(); ++i) {
    if (!order.jobs[i].layered) continue;
    order.write(i, tasks.emplace_back());
    tasks.back().most_steps = order.jobs[i].steps;
    jobs.push_back(i);
  }
  if (tasks.empty()) return;
  launched.layered_tasks = Buffer<MemberTask>(arena_, device_, tasks);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    LayerBuffers const shared =
        layer_buffers(layer_memory_.data(), tasks[i].member, plans_.precision());
    run_layered(device_, *products_, plans_.precision(), shared, tasks[i],
                launched.layered_tasks.data() + i, order.progress(jobs[i]));
  }
}

void Launcher::make_layer_buffers(std::int64_t bytes) {
  if (bytes == 0) return;
  if (products_ == nullptr) products_ = LayerProducts::open(device_, plans_.precision());
  if (static_cast<std::int64_t>(layer_memory_.size()) >= bytes) return;
  device_.wait();  // what is there is in use until then
  layer_memory_ = Buffer<char>(arena_, static_cast<std::size_t>(bytes));
}

}  // namespace brood::cuda
