// SPDX-License-Identifier: Apache-2.0
// What the CUDA backend keeps of tables and members: device memory, and what the host knows of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/admission.hpp"
#include "backend/member_life.hpp"
#include "backend/rows.hpp"
#include "cuda/memory/buffer.hpp"
#include "cuda/memory/copy.hpp"
#include "cuda/plan/plan.hpp"
#include "cuda/task/init_task.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

struct DeviceTable {
  DeviceTable(Arena& arena, Device& device, Table const& table);

  TableView view() const;
  // Raw, (rows, inputs). Waits.
  std::vector<float> inputs_of(Device& device, std::span<std::int32_t const> of_rows) const;

  TableShape shape;
  std::int64_t rows = 0;
  int stride = 0, targets = 0;
  std::vector<float> labels;  // the host's copy of y
  Buffer<float> x, y, weights;
};

struct DeviceTransform {
  DeviceTransform(Arena& arena, Device& device, Transform const* transform,
                  TableShape const& table);

  InputList list() const;

  Buffer<float> shift, scale;          // identity where the transform has none, and beside a list
  Buffer<std::int32_t> source, shape;  // of a list, like the next row; else empty
  Buffer<float> list_shift, list_scale, offset, gain;
  Buffer<float> target_shift, target_scale;  // empty unless targets are transformed
};

// The evaluation that a record tells of; without evaluation rows only the training loss is known.
Evaluation evaluation_of(MemberRecord const& record, bool evaluated);

// One member. Its tensors lie in one run of device memory: parameters, moments, average, best, and
// a gradient buffer if it needs one there.
class Resident {
 public:
  // Takes device memory; its contents are drawn by the kernel that init_task() is for.
  Resident(Arena& arena, Device& device, Admission const& admission, DeviceTable const& table,
           MemberPlan const& plan, std::shared_ptr<Buffer<std::int32_t>> train,
           std::shared_ptr<Buffer<std::int32_t>> eval, std::shared_ptr<DeviceTransform> transform);

  InitTask init_task() const;
  // Puts the layers that are given in the place of drawn ones. Waits.
  void take_start(Device& device, InitialWeights const& start);
  // Everything but map, cut, progress and order.
  MemberTask task(DeviceTable const& table) const;

  // Its tensors on the device, and how their contents are read and written: dense tensors become
  // tiles and back. What restore() leaves alone of `tensors` is to be zero.
  Run tensors() const { return {tensors_.data(), static_cast<std::int64_t>(tensors_.size())}; }
  MemberImage image(std::span<float const> tensors) const;
  void restore(MemberImage const& image, std::span<float> tensors);
  // The weights that predict.
  Run predicting() const;
  std::vector<LayerWeights> layers(std::span<float const> predicting) const;

  // Takes over where the other one is, with the copy that completes it; only if both have the same
  // tiles.
  bool has_tiles_of(Resident const& other) const;
  CopyRun become(Resident const& other);

  MemberProgress progress() const { return life_.progress(); }
  // Takes over what a submission brought: progress and records since the one before.
  void take_over(MemberProgress const& progress, std::span<MemberRecord const> records);

  Member const& member() const { return member_; }
  TableId table() const { return table_; }
  MemberMetrics const& metrics() const { return life_.metrics; }
  bool has_gradient() const { return gradient_ != nullptr; }
  bool is_layered() const { return layout_.order == TileOrder::rows; }

 private:
  Member member_;
  TileLayout layout_;
  TableId table_;
  Rows train_rows_, eval_rows_;  // keep the keys of the shared copies alive
  std::shared_ptr<Buffer<std::int32_t>> device_train_rows_, device_eval_rows_;
  std::shared_ptr<DeviceTransform> transform_;
  Buffer<float> class_weights_;
  Buffer<float> tensors_;
  float* moments_ = nullptr;
  float* average_ = nullptr;   // null without ema
  float* best_ = nullptr;      // null without patience
  float* gradient_ = nullptr;  // null where none is needed
  MemberLife life_;
};

}  // namespace brood::cuda
