// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/device_model.hpp"

#include <cstring>
#include <map>
#include <vector>

#include "brood/error.hpp"

namespace brood::cuda {

namespace {

// Shared memory by compute capability (CUDA C++ Programming Guide, "Technical Specifications");
// multiprocessors, the groups (GPC) that they come in, clock under load and memory of a common
// device of that kind.
struct Model {
  char const* name;
  char const* device;
  int architecture, multiprocessors, processor_groups;
  int shared_kb_block, shared_kb_sm;
  int memory_gb;
  double gigahertz;
};
constexpr Model kModels[] = {
    {"sm_80", "A100", 80, 108, 7, 163, 164, 80, 1.41},
    {"sm_86", "RTX 3090", 86, 82, 7, 99, 100, 24, 1.70},
    {"sm_89", "RTX 4090", 89, 128, 11, 99, 100, 24, 2.52},
    {"sm_90", "H200", 90, 132, 8, 227, 228, 141, 1.83},
    {"sm_100", "B200", 100, 148, 8, 227, 228, 180, 1.92},
    {"sm_120", "RTX 5090", 120, 170, 11, 99, 100, 32, 2.41},
};

// A cluster lies within one group; pairs of multiprocessors are taken to be dealt out evenly.
int clusters_of(Model const& model, int blocks) {
  int count = 0;
  for (int group = 0; group < model.processor_groups; ++group) {
    int const pairs =
        (model.multiprocessors / 2 + model.processor_groups - 1 - group) / model.processor_groups;
    count += 2 * pairs / blocks;
  }
  return count;
}

class PlanningDevice final : public Device {
 public:
  explicit PlanningDevice(Model const& model) {
    limits_.architecture = model.architecture;
    limits_.multiprocessors = model.multiprocessors;
    limits_.shared_bytes_block = model.shared_kb_block * 1024;
    limits_.shared_bytes_sm = model.shared_kb_sm * 1024;
    limits_.memory_bytes = std::int64_t{model.memory_gb} * 1'000'000'000;
    for (int size = 0; size < 3 && model.architecture >= 90; ++size)
      limits_.clusters[static_cast<std::size_t>(size)] = clusters_of(model, 2 << size);
    limits_.clock_hz = 1e9 * model.gigahertz;
    limits_.planned_only = true;
    limits_.name = std::string(model.device) + " (" + model.name + ", planned for only)";
  }

  DeviceLimits const& limits() const override { return limits_; }
  CUstream_st* stream() const override { return nullptr; }

  void* allocate(std::size_t bytes) override {
    std::vector<char> memory(bytes);
    void* const address = memory.data();
    memory_.emplace(address, std::move(memory));
    return address;
  }
  void release(void* memory) override { memory_.erase(memory); }
  void copy_in(void* to, void const* from, std::size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void copy_out(void* to, void const* from, std::size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void copy_within(void* to, void const* from, std::size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void zero(void* memory, std::size_t bytes) override { std::memset(memory, 0, bytes); }
  void wait() override {}
  void fork(int) override {}
  CUstream_st* stream(int) const override { return nullptr; }
  void join(int) override {}
  void check(int, char const*) const override {}

 private:
  DeviceLimits limits_;
  std::map<void*, std::vector<char>> memory_;
};

}  // namespace

std::vector<std::string> device_models() {
  std::vector<std::string> names;
  for (Model const& model : kModels)
    names.push_back(model.name);
  return names;
}

std::unique_ptr<Device> planning_device(std::string const& name) {
  std::string allowed;
  for (Model const& model : kModels) {
    if (name == model.name) return std::make_unique<PlanningDevice>(model);
    allowed += (allowed.empty() ? "" : ", ") + std::string(model.name);
  }
  throw UsageError("device_model: " + name + " is not known; allowed: " + allowed);
}

}  // namespace brood::cuda
