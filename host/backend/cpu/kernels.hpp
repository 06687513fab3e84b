// SPDX-License-Identifier: Apache-2.0
// What the CPU kernels are given and give back: plain pointers, so that the files compiled for one
// instruction set share no inline code with the rest of the program. The same source (step.hpp,
// evaluate.hpp) is compiled once per instruction set; all give the same bits.
#pragma once

#include <cstdint>

#include "core/member.hpp"
#include "core/param_layout.hpp"

namespace brood::cpu {

// A table as loaded: rows padded with zeros to a multiple of 16 columns.
struct TableView {
  float const* x;  // (rows, stride)
  int stride;
  int columns;
  float const* y;  // (rows, targets)
  int targets;
  float const* weights;  // (rows) or null
};

// A member's tensors and what belongs to its rows. Each tensor is one copy of the parameters in its
// ParamLayout.
struct MemberView {
  Member const* member;
  ParamLayout const* layout;
  float* weights;
  float* moments;  // (state tensors, layout->size)
  float* average;  // or null
  std::int32_t const* train_rows;
  float const* shift;  // (stride of the table); zero beyond its columns. Of a list: (inputs)
  float const* scale;
  std::int32_t const* source;  // (inputs) of a list (Transform), like the next three; else null
  std::int32_t const* input_shape;  // index into InputShapes
  float const* offset;
  float const* gain;
  float const* target_shift;  // (outputs) or null
  float const* target_scale;
  float const* class_weights;  // (classes) or null
};

struct TrainResult {
  std::int64_t steps;  // done by this call; fewer than asked for if the member diverged
  double loss_sum;     // of row losses times row weights
  double loss_weight;
  bool diverged;
};

struct EvaluateResult {
  double loss_sum, weight, correct, squared_error, absolute_error;
};

// The phases of a step, and the ticks that some of a worker's steps spent in each. A tick is what
// laps.hpp says: ticks tell shares, not times.
enum StepPhase { kGather, kForward, kLoss, kBackward, kUpdate, kStepPhases };
struct StepTicks {
  std::uint64_t spent[kStepPhases];
};

// Rows are evaluated and predicted in chunks of this many, each counted once for each head.
inline constexpr int kEvaluateRows = 128;

struct Kernels {
  char const* name;
  // Floats of scratch that a worker needs for a member.
  std::int64_t (*scratch_size)(Member const& member);
  // Steps from .. to-1 of the member's training. ticks: where to add to, or null.
  TrainResult (*train)(MemberView const& view, TableView const& table, float* scratch,
                       std::int64_t from, std::int64_t to, StepTicks* ticks);
  EvaluateResult (*evaluate)(MemberView const& view, float const* weights, TableView const& table,
                             std::int32_t const* rows, std::int64_t count, float* scratch);
  // out: (count, outputs) predictions, see Backend::forward; `outputs` may exceed the network's
  // (two classes by one logit).
  void (*forward)(MemberView const& view, float const* weights, TableView const& table,
                  std::int32_t const* rows, std::int64_t count, float* scratch, float* out,
                  int outputs);
  // Multiply-adds per second of twelve independent chains in registers, as flops: the peak that
  // shares are quoted against.
  double (*peak_flops)(double seconds);
};

// Null where the machine lacks the instruction set (or the build does).
Kernels const* scalar_kernels();
Kernels const* avx2_kernels();
Kernels const* avx512_kernels();

}  // namespace brood::cpu
