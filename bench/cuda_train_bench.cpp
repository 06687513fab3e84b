// SPDX-License-Identifier: Apache-2.0
// TrainStep/cuda/<workload>/<precision>/members:<P>: a population of the workload's optimizer, in
// epochs of synthetic rows, enough of them at a time for a third of a second of wall clock around
// train() and metrics(). The best of three:
//   steps_per_s         member-steps per second of wall clock
//   device_steps_per_s  the same of the device's own time, from the first launch to the end of the
//                       last: without the host's work around it
//   clocks_per_step     of a multiprocessor, in that time: what a model of the kernel predicts
//   tflops              of the needed products (workloads.hpp)
//   peak_share          of what mma.sync does in the same run (cuda/kernels/peak.hpp); in fp32, of
//   a third
//                       of the tf32 peak, as each product takes three
//   shared_share        of the bandwidth of shared memory, probed likewise, by what the products'
//                       operands take of it: cuda::shared_bytes_of_step(); so a lower bound
//   spread              of the three: slowest over fastest, less 1
// With /optimizer:sgd, of that optimizer.
// BlocksPerMember/cuda/A/<precision>/members:<P>/blocks:<B>: the same with a cluster of B blocks
// for each member. LayerByLayer/cuda/...: networks that are trained layer by layer, and two that
// are not but for this once. Peak/cuda/...: the ceilings themselves.
// OneEpoch/cuda/<workload>/<precision>/members:<P>/steps:<S>: two short epochs of S steps, a launch
// each, for a profiler that looks at the second; their time means nothing.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "brood/profile.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/kernels/kernels.hpp"
#include "cuda/kernels/peak.hpp"
#include "synthetic.hpp"

namespace brood::bench {
namespace {

using cuda::Precision;

constexpr double kSeconds = 0.3;  // of one timing
constexpr int kTimings = 3;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The ceilings, or why they are not known.
cuda::CudaPeak const* peak_of_device(std::string& why_not) {
  static std::optional<cuda::CudaPeak> peak;
  static std::string const reason = [] {
    try {
      peak = cuda::measure_peak(0);
      return std::string();
    } catch (Error const& error) {
      return std::string(error.what());
    }
  }();
  why_not = reason;
  return peak ? &*peak : nullptr;
}

struct Seconds {
  double wall = 0, device = 0;
};

// A population on the device.
class Population {
 public:
  Population(Workload const& w, Precision precision, int members,
             cuda::SubmissionLimits const& limits)
      : workload_(w), precision_(precision), limits_(limits), training_(&profile_, Phase::train) {
    auto device = cuda::Device::open(0);
    device_limits_ = device->limits();
    device_limits_.clusters = cuda::clusters_on(*device, precision);
    backend_ = cuda::make_backend(std::move(device), precision, limits, &profile_);
    rows_ = synthetic_rows(w);
    auto const table = backend_->load(table_of(w, rows_));
    specs_ = members_of(w, table, members);
    auto const needed = static_cast<double>(members) *
                        static_cast<double>(backend_->bytes(specs_.front().config,
                                                            {w.task, w.inputs, w.outputs}, w.rows));
    auto const there = static_cast<double>(backend_->info().memory_bytes);
    if (needed > there) {
      char text[100];
      std::snprintf(text, sizeof text, "does not fit: %.1f GB for members, %.1f GB there",
                    1e-9 * needed, 1e-9 * there);
      throw UsageError(std::string(text));
    }
    slots_ = backend_->admit(specs_);
  }

  // Trains all by so many epochs.
  Seconds run(int epochs) {
    epoch_ += epochs;
    std::vector<TrainOrder> orders;
    for (auto const slot : slots_)
      orders.push_back({slot, epoch_, 0});
    double const device = device_seconds();
    double const start = now();
    backend_->train(orders);
    metrics_ = backend_->metrics(slots_);
    return {now() - start, device_seconds() - device};
  }

  // Steps that the members have done; an Error if one of them stopped.
  double steps() const {
    double sum = 0;
    for (auto const& m : metrics_) {
      sum += m.step;
      if (m.epoch != epoch_) throw UsageError("a member diverged: nothing was measured");
    }
    return sum;
  }

  // How the backend lays them out, and the bytes of shared memory of a step.
  struct LaidOut {
    cuda::MemberPlan plan;
    cuda::LaunchShape shape;
    double shared_bytes;
  };
  LaidOut laid_out() const {
    Workload const& w = workload_;
    Member const member =
        describe(specs_.front().config, {w.task, w.inputs, w.outputs}, 0, w.rows, 0);
    std::vector<cuda::Job> const jobs(specs_.size(), {.member = &member, .steps = 1});
    cuda::SubmissionLimits limits = limits_;
    if (limits.plan.shared_bytes == 0) limits.plan.shared_bytes = device_limits_.shared_bytes_block;
    cuda::PlanCache plans(precision_, device_limits_, limits);
    auto const group = cuda::group_jobs(jobs, plans, limits.launch_seconds).front();
    cuda::MemberPlan const& plan = group.equals.front().planned->plan;
    return {plan, group.shape, cuda::shared_bytes_of_step(member, plan, precision_)};
  }

 private:
  double device_seconds() const {
    return profile_.report().train[static_cast<std::size_t>(TrainPart::device)];
  }

  Workload workload_;
  Precision precision_;
  cuda::SubmissionLimits limits_;
  Profile profile_;
  Profile::Scope training_;
  cuda::DeviceLimits device_limits_;
  std::unique_ptr<Backend> backend_;
  Synthetic rows_;
  std::vector<MemberSpec> specs_;
  std::vector<Slot> slots_;
  std::vector<MemberMetrics> metrics_;
  int epoch_ = 0;
};

struct Case {
  Workload workload;
  Precision precision;
  int members;
  cuda::SubmissionLimits limits = {};
};

void measure(benchmark::State& state, Case const& c) {
  Population population(c.workload, c.precision, c.members, c.limits);
  population.run(1);  // to warm up
  double const epoch = population.run(1).wall;
  auto const epochs = static_cast<int>(std::clamp(kSeconds / epoch, 1.0, 10000.0));
  // Where one epoch takes many seconds, it must do once.
  int const timings = epoch > 10 * kSeconds ? 1 : kTimings;
  double fastest = 1e30, slowest = 0, on_device = 1e30, steps = 0;
  for (int i = 0; i < timings; ++i) {
    double const before = population.steps();
    Seconds const seconds = population.run(epochs);
    steps = population.steps() - before;
    fastest = std::min(fastest, seconds.wall);
    slowest = std::max(slowest, seconds.wall);
    on_device = std::min(on_device, seconds.device);
  }
  double const rows = static_cast<double>(epochs) * c.workload.rows * c.members;
  double const flops =
      mean_step_flops(c.workload, c.members) / c.workload.batch_size * rows / fastest;
  state.SetIterationTime(fastest);
  state.counters["steps_per_s"] = steps / fastest;
  state.counters["tflops"] = 1e-12 * flops;
  state.counters["spread"] = slowest / fastest - 1;
  state.counters["seconds"] = fastest;
  state.counters["device_seconds"] = on_device;
  state.counters["device_steps_per_s"] = steps / on_device;
  std::string why_not;
  cuda::CudaPeak const* const peak = peak_of_device(why_not);
  if (peak != nullptr) {
    state.counters["peak_share"] = flops / cuda::peak_flops(*peak, c.precision);
    state.counters["clocks_per_step"] = peak->multiprocessors * peak->clock * on_device / steps;
  }
  if (c.workload.ragged) {
    state.SetLabel("members differ");
    return;
  }
  auto const [plan, shape, shared_bytes] = population.laid_out();
  bool const layered = plan.layout == cuda::Layout::layered;
  if (layered) {
    state.SetLabel(std::string(name_of(plan.layout)));
  } else {
    state.SetLabel(std::string(name_of(plan.layout)) + ", " + std::to_string(shape.threads / 32) +
                   " warps, " + std::to_string(shape.cluster) + " blocks, " +
                   std::to_string(plan.shared_bytes / 1024) + " KB, chunks of " +
                   std::to_string(plan.tiling.chunk_rows));
  }
  if (peak == nullptr || layered) return;
  state.counters["shared_share"] = shared_bytes * steps / fastest / peak->shared_bytes;
}

constexpr int kProfiledSteps = 32;

void show_to_profiler(benchmark::State& state, Case c) {
  c.workload.rows = kProfiledSteps * c.workload.batch_size;
  c.limits.launch_seconds = 60;  // an epoch is a launch, whatever it takes
  Population population(c.workload, c.precision, c.members, c.limits);
  population.run(1);
  double const before = population.steps();
  state.SetIterationTime(population.run(1).wall);
  state.counters["steps"] = population.steps() - before;
}

// Out of time, or out of luck: the others may still do.
template <class Measure>
void attempt(benchmark::State& state, double deadline, Measure&& measure) {
  for (auto _ : state) {
    if (now() > deadline) {
      state.SkipWithError("out of time");
      return;
    }
    try {
      measure();
    } catch (std::exception const& error) {
      state.SkipWithError(error.what());
      return;
    }
  }
}

void show_peak(benchmark::State& state, int which) {
  for (auto _ : state) {
    std::string why_not;
    cuda::CudaPeak const* const peak = peak_of_device(why_not);
    if (peak == nullptr) {
      state.SkipWithError(why_not.c_str());
      return;
    }
    double const sm = peak->multiprocessors, clock = peak->clock;
    state.SetIterationTime(1e-9);
    if (which == 0) {
      state.counters["multiprocessors"] = sm;
      state.counters["clock_ghz"] = 1e-9 * clock;
      state.counters["tf32_tflops"] = 1e-12 * peak->tf32;
      state.counters["bf16_tflops"] = 1e-12 * peak->bf16;
      // Clocks of a multiprocessor for an mma: of 2 * 16 * 8 * 8 flops in tf32, twice that in bf16.
      state.counters["tf32_clocks_per_mma"] = 2048 * sm * clock / peak->tf32;
      state.counters["bf16_clocks_per_mma"] = 4096 * sm * clock / peak->bf16;
      state.counters["shared_tb_per_s"] = 1e-12 * peak->shared_bytes;
      state.counters["shared_bytes_per_clock"] = peak->shared_bytes / sm / clock;
      state.counters["l2_tb_per_s"] = 1e-12 * peak->l2_bytes;
      state.counters["l2_bytes_per_clock"] = peak->l2_bytes / sm / clock;
      continue;
    }
    auto const& cluster = peak->clusters[static_cast<std::size_t>(which) - 1];
    state.counters["at_once"] = cluster.at_once;
    state.counters["barrier_clocks"] = cluster.barrier_clocks;
    state.counters["far_tb_per_s"] = 1e-12 * cluster.far_bytes;
    state.counters["far_bytes_per_clock"] = cluster.far_bytes / sm / clock;
  }
}

template <class Run>
void add(std::string const& name, Run&& run) {
  benchmark::RegisterBenchmark(name.c_str(), std::forward<Run>(run))
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

// As many as show how a population fills the device; fewer where an epoch takes seconds.
std::vector<int> populations_of(Workload const& w) {
  if (w.ragged) return {1000};
  std::vector<int> members = {132, 1056};
  if (w.rows < 50000) members.insert(members.end(), {4224, 16896});
  if (std::string_view(w.name) == "D") members.insert(members.end(), {131072, 1048576});
  return members;
}

void add_training(std::string const& name, Case const& c, double deadline) {
  add(name, [c, deadline](benchmark::State& state) {
    attempt(state, deadline, [&] { measure(state, c); });
  });
}

Workload with_optimizer(Workload w, char const* optimizer) {
  w.optimizer = optimizer;
  return w;
}

}  // namespace

// seconds: after so long, what has not begun is left out.
void register_cuda_benchmarks(double seconds) {
  std::string why_none;
  if (cuda::device_count(&why_none) == 0) {
    std::fprintf(stderr, "no CUDA benchmarks: no CUDA device: %s\n", why_none.c_str());
    return;
  }
  benchmark::AddCustomContext("kernel_hash", cuda::kernel_hash());
  try {
    benchmark::AddCustomContext("device", cuda::Device::open(0)->limits().name);
  } catch (Error const& error) {
    std::fprintf(stderr, "no CUDA benchmarks: %s\n", error.what());
    return;
  }
  double const deadline = now() + seconds;
  char const* const peaks[] = {"device",    "cluster:1", "cluster:2",
                               "cluster:4", "cluster:8", "cluster:16"};
  for (int i = 0; i < 6; ++i) {
    add(std::string("Peak/cuda/") + peaks[i],
        [i](benchmark::State& state) { show_peak(state, i); });
  }
  auto const all = workloads();
  for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
    std::string const of(name_of(precision));
    for (auto const& w : all) {
      for (int const members : populations_of(w)) {
        add_training("TrainStep/cuda/" + std::string(w.name) + "/" + of +
                         "/members:" + std::to_string(members),
                     {w, precision, members}, deadline);
      }
    }
    for (auto const& w : std::span(all).first(4)) {
      std::string const name = std::string(w.name) + "/" + of;
      for (int const members : {132, 4224}) {
        std::string const population = name + "/members:" + std::to_string(members);
        add_training("TrainStep/cuda/" + population + "/optimizer:sgd",
                     {with_optimizer(w, "sgd"), precision, members}, deadline);
        Case const profiled{w, precision, members};
        add("OneEpoch/cuda/" + population + "/steps:" + std::to_string(kProfiledSteps),
            [profiled, deadline](benchmark::State& state) {
              attempt(state, deadline, [&] { show_to_profiler(state, profiled); });
            });
      }
    }
    for (auto const& w : {wide_workload(), all[1], all[2]}) {
      for (int const members : {1, 8, 33}) {
        add_training("LayerByLayer/cuda/" + std::string(w.name) + "/" + of +
                         "/members:" + std::to_string(members),
                     {w, precision, members, {.plan = {.first = cuda::Layout::layered}}}, deadline);
      }
    }
    for (int const members : {1, 8, 33, 66, 132}) {
      for (int const blocks : {1, 2, 4, 8}) {
        add_training("BlocksPerMember/cuda/A/" + of + "/members:" + std::to_string(members) +
                         "/blocks:" + std::to_string(blocks),
                     {all.front(), precision, members, {.plan = {}, .warps = 0, .blocks = blocks}},
                     deadline);
      }
    }
  }
}

}  // namespace brood::bench
