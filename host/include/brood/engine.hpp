// SPDX-License-Identifier: Apache-2.0
// Engine: one device with the tables loaded on it. The doors Population and Study stand on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brood/backend.hpp"
#include "brood/data.hpp"
#include "brood/profile.hpp"

namespace brood {

// Which device an engine uses, and how.
struct EngineOptions {
  // "cpu", "cuda" or "cuda:N". "auto": what the environment's BROOD_BACKEND says (cpu, cuda), else
  // a GPU if one can be used, else the CPU.
  std::string device = "auto";
  // "": the device's own (fp32 on the CPU, tf32 with CUDA). With CUDA: "tf32", "bf16" (both with
  // fp32 master weights and sums) or "fp32" (products of 22 bits).
  std::string precision = {};
  // With CUDA: a stream of the caller's (a cudaStream_t) that all work is ordered in; null: one of
  // the engine's own, never the legacy stream. It must outlive the engine.
  void* stream = nullptr;
  // With CUDA, to plan for a device that is not there: "sm_80", "sm_86", "sm_89", "sm_90", "sm_100"
  // or "sm_120". Nothing can be trained on such an engine.
  std::string device_model = {};
  // With CUDA: milliseconds (1 .. 60000) that a launch of training takes at most, as far as that
  // can be predicted. A device that also shows a screen ends what takes seconds. Changes no result.
  int max_launch_ms = 200;
  int threads = 0;                // CPU workers; 0: all cores
  std::int64_t memory_limit = 0;  // bytes for resident members; 0: what the device has
  // CPU kernels: "" (the best this machine has), "scalar", "avx2", "avx512". All give the same
  // bits; only tests and benchmarks choose.
  std::string instruction_set = {};
  // Where to measure what takes the time; null: nothing is measured. It must outlive the engine.
  Profile* profile = nullptr;
};

// A table on an engine's device; unloaded with its last copy. Keeps its engine's backend alive.
class Data {
 public:
  TableId id() const;
  Table const& table() const;  // the host's copy
  Task task() const { return table().task; }
  int inputs() const { return table().x.columns; }
  int outputs() const { return shape().outputs; }  // classes, or target columns
  TableShape shape() const { return shape_of(table()); }
  std::int64_t rows() const { return table().x.rows; }

 private:
  friend class Engine;
  struct Loaded;
  explicit Data(std::shared_ptr<Loaded const> loaded) : loaded_(std::move(loaded)) {}
  std::shared_ptr<Loaded const> loaded_;
};

// A device to train on. A copy is the same device, with the same tables.
class Engine {
 public:
  // Throws UsageError for an unknown device or instruction set, DeviceError if it cannot be used.
  explicit Engine(EngineOptions const& options = {});

  // Copies the table. Throws UsageError if shapes or values do not fit its task.
  Data load(Table const& table);

  // Whether `data` was loaded by this engine (or a copy of it).
  bool holds(Data const& data) const;

  Backend& backend() { return *backend_; }
  BackendInfo info() const { return backend_->info(); }
  std::int64_t memory_limit() const { return memory_limit_; }
  Profile* profile() const { return profile_; }

 private:
  std::shared_ptr<Backend> backend_;
  std::int64_t memory_limit_ = 0;
  Profile* profile_ = nullptr;
};

// One line per device that this build and machine can use, and why others cannot be.
struct DeviceInfo {
  std::string name;  // "cpu", "cuda:0"
  std::string description;
  bool usable = false;
};
std::vector<DeviceInfo> devices();

}  // namespace brood
