// SPDX-License-Identifier: Apache-2.0
// What the CPU backend keeps of tables and members.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "backend/admission.hpp"
#include "backend/cpu/kernels.hpp"
#include "backend/member_life.hpp"
#include "backend/rows.hpp"
#include "brood/member.hpp"
#include "brood/table.hpp"

namespace brood::cpu {

// Zeroed floats on a cache line's boundary.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::int64_t size);

  float* data() { return data_.get(); }
  float const* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  std::unique_ptr<float[], Free> data_;
  std::int64_t size_ = 0;
};

struct LoadedTable {
  explicit LoadedTable(Table const& table);

  TableView view() const;
  // Raw, (rows, inputs).
  std::vector<float> inputs_of(std::span<std::int32_t const> of_rows) const;

  TableShape shape;
  std::int64_t rows = 0;
  int stride = 0, targets = 0;
  AlignedFloats x;
  std::vector<float> y, weights;
};

// A Transform with its columns padded to a table's stride.
struct PaddedTransform {
  PaddedTransform(Transform const* transform, TableShape const& shape);

  std::vector<float> shift, scale, target_shift, target_scale;
};

// What a worker did for a profile.
struct alignas(64) WorkerTimes {
  StepTicks ticks{};
  double busy = 0, evaluating = 0;  // seconds; the latter is within the former
};

// One member. Its tensors lie in one run of memory: weights, moments, average, best.
class Resident {
 public:
  // The initial weights are set by draw_weights(), which may run on any thread; `table` is the one
  // it was admitted with.
  Resident(Admission const& admission, LoadedTable const& table,
           std::shared_ptr<PaddedTransform const> transform);

  void draw_weights(Admission const& admission, LoadedTable const& table);
  // Trains and evaluates as ordered; `table` is the one it was admitted with. times: null without a
  // profile.
  void train(Kernels const& kernels, LoadedTable const& table, int until_epoch, int evaluate_every,
             float* scratch, WorkerTimes* times);

  // The sums over `rows` of what `weights` predict.
  Evaluation evaluate(Kernels const& kernels, LoadedTable const& table, float const* weights,
                      std::span<std::int32_t const> rows, float* scratch);

  MemberImage save() const;
  void restore(MemberImage const& image);
  void copy_from(Resident const& other);

  MemberView view();
  // The weights that are evaluated and predicted with.
  float const* evaluated_weights() const;
  float const* predicting_weights() const;
  std::vector<LayerWeights> layers() const;

  Member const& member() const { return member_; }
  MemberMetrics const& metrics() const { return life_.metrics; }
  TableId table() const { return table_; }
  std::int64_t tensor_floats() const { return tensors_.size(); }

 private:
  void draw_layers(InitialWeights const& start);
  void record(Kernels const& kernels, LoadedTable const& table, float* scratch,
              MemberProgress& progress);

  Member member_;
  ParamLayout layout_;
  TableId table_;
  Rows train_rows_, eval_rows_;
  std::shared_ptr<PaddedTransform const> transform_;
  std::vector<float> class_weights_;
  AlignedFloats tensors_;
  float* weights_ = nullptr;
  float* moments_ = nullptr;
  float* average_ = nullptr;  // null without ema
  float* best_ = nullptr;     // null without patience
  MemberLife life_;
};

}  // namespace brood::cpu
