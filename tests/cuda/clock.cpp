// SPDX-License-Identifier: Apache-2.0
#include "cuda/clock.hpp"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "brood/error.hpp"
#include "cuda/kernels/kernels.hpp"
#include "cuda/layered/layered.hpp"
#include "cuda/memory/copy.hpp"
#include "cuda/plan/device_model.hpp"
#include "cuda/ranking/pairs.hpp"
#include "cuda/ranking/sort.hpp"
#include "cuda/task/init_task.hpp"

namespace brood::cuda {

namespace clocked {

Speed speed;
Counts counts;
Memory memory;
std::vector<std::string> calls;
int failing_launch = 0;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

namespace {

// Seconds in here are not the host side's.
class Inside {
 public:
  ~Inside() { counts.inside += cpu_seconds() - start_; }

 private:
  double start_ = cpu_seconds();
};

double now = 0;  // by the device's clock

class ClockedDevice final : public Device {
 public:
  ClockedDevice() : limits_(planning_device("sm_90")->limits()) {
    limits_.planned_only = false;
    limits_.name = "a clock";
  }
  ~ClockedDevice() override {
    for (auto const& [address, bytes] : allocated_)
      std::free(address);
  }

  DeviceLimits const& limits() const override { return limits_; }
  CUstream_st* stream() const override { return nullptr; }

  void* allocate(std::size_t bytes) override {
    Inside const inside;
    void* const address = std::calloc(bytes, 1);
    allocated_.emplace(address, bytes);
    memory.now += static_cast<std::int64_t>(bytes);
    memory.most = std::max(memory.most, memory.now);
    return address;
  }
  void release(void* address) override {
    Inside const inside;
    calls.emplace_back("release");
    auto const found = allocated_.find(address);
    memory.now -= static_cast<std::int64_t>(found->second);
    allocated_.erase(found);
    std::free(address);
  }
  void copy_in(void* to, void const* from, std::size_t bytes) override { copy(to, from, bytes); }
  void copy_out(void* to, void const* from, std::size_t bytes) override {
    ++counts.waits;
    copy(to, from, bytes);
  }
  void copy_within(void* to, void const* from, std::size_t bytes) override {
    copy(to, from, bytes);
  }
  void zero(void* at, std::size_t bytes) override {
    Inside const inside;
    std::memset(at, 0, bytes);
  }
  void wait() override {
    ++counts.waits;
    calls.emplace_back("wait");
  }
  void fork(int) override { calls.emplace_back("fork"); }
  CUstream_st* stream(int) const override { return nullptr; }
  void join(int) override { calls.emplace_back("join"); }
  void start_timer() override { started_ = now; }
  void stop_timer() override { timed_ = now - started_; }
  double timed_seconds() override { return timed_; }
  void check(int, char const*) const override {}

 private:
  static void copy(void* to, void const* from, std::size_t bytes) {
    Inside const inside;
    if (bytes > 0) std::memcpy(to, from, bytes);
  }

  DeviceLimits limits_;
  std::map<void*, std::size_t> allocated_;
  double started_ = 0, timed_ = 0;
};

// What is left of a member's order or of its launch, evaluations recorded; steps.
std::int64_t train(MemberTask const& task) {
  MemberProgress& progress = *task.progress;
  Member const& m = task.member;
  std::int64_t const per_epoch = steps_per_epoch(m);
  int const until = std::min(task.until_epoch, m.epochs);
  std::int64_t const steps =
      std::clamp<std::int64_t>(until * per_epoch - progress.step, 0, task.most_steps);
  for (std::int64_t const end = progress.step + steps; progress.step < end;) {
    int const every = task.evaluate_every;
    int const next = every > 0 ? std::min((progress.epoch / every + 1) * every, until) : until;
    progress.step = std::min(next * per_epoch, end);
    progress.epoch = static_cast<int>(progress.step / per_epoch);
    if (progress.step < next * per_epoch) break;
    task.records[progress.recorded++] = {
        static_cast<int>(progress.step), progress.epoch, 0, 0, 1, 0, 0, 0};
  }
  if (progress.epoch == m.epochs) progress.state = kComplete;
  return steps;
}

}  // namespace

std::unique_ptr<Device> device() {
  return std::make_unique<ClockedDevice>();
}

}  // namespace clocked

void launch_run(Device&, CUstream_st*, Variant const&, LaunchShape const& shape,
                MemberTask const* tasks) {
  clocked::Inside const inside;
  clocked::calls.emplace_back("launch");
  auto& counts = clocked::counts;
  if (static_cast<int>(counts.launches.size()) + 1 == clocked::failing_launch)
    throw DeviceError("launch of the training kernel: it was told to fail");
  std::int64_t sum = 0, longest = 0;
  for (int i = 0; i < shape.blocks / shape.cluster; ++i) {
    std::int64_t const steps = tasks[i].kind == TaskKind::train ? clocked::train(tasks[i]) : 0;
    if (tasks[i].gradient != nullptr) counts.gradients.push_back(tasks[i].gradient);
    sum += steps;
    longest = std::max(longest, steps);
  }
  double const crowded = static_cast<double>(sum) / clocked::speed.at_once;
  double const seconds =
      clocked::speed.step_seconds * std::max(crowded, static_cast<double>(longest));
  clocked::now += seconds;
  counts.launches.push_back(seconds);
  counts.steps += sum;
}
void prepare_kernels(Device&, Precision) {}
std::array<int, 3> clusters_on(Device& device, Precision) {
  return device.limits().clusters;
}
std::string code_problem(Device&) {
  return "";
}
void launch_init(Device&, int, InitTask const*) {}
void launch_copies(Device&, int count, CopyRun const* runs) {
  clocked::Inside const inside;
  for (int i = 0; i < count; ++i)
    std::copy_n(runs[i].from, runs[i].floats, runs[i].to);
}
void launch_pair_keys(Device&, PairTask const&) {}
void launch_pair_counts(Device&, PairTask const&) {}
void sort_pairs(Device&, Arena&, std::uint64_t* keys, std::int32_t* values, std::int64_t count) {
  clocked::Inside const inside;
  std::vector<std::pair<std::uint64_t, std::int32_t>> pairs;
  for (std::int64_t i = 0; i < count; ++i)
    pairs.emplace_back(keys[i], values[i]);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  for (std::int64_t i = 0; i < count; ++i)
    std::tie(keys[i], values[i]) = pairs[static_cast<std::size_t>(i)];
}
void launch_layered(Device&, int, LayeredArguments const&) {}
std::unique_ptr<LayerProducts> LayerProducts::open(Device&, Precision) {
  throw DeviceError("a clock multiplies nothing");
}
std::string layer_products_problem() {
  return "a clock multiplies nothing";
}
char const* kernel_hash() {
  return "none";
}
std::unique_ptr<Device> Device::open(int, CUstream_st*) {
  return clocked::device();
}
int device_count(std::string*) {
  return 1;
}
DeviceSummary describe_device(int) {
  return {"a clock", ""};
}

}  // namespace brood::cuda
