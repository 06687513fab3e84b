// SPDX-License-Identifier: Apache-2.0
// What the kernels are told of a member, as plain data: its description, where each of its tensors
// lies, how its work is cut, and what to do. Written by the backend, read by every thread of the
// member's blocks. None of it but the first and the last part can change a result.
#pragma once

#include <cstdint>

#include "core/member.hpp"
#include "core/permutation.hpp"
#include "cuda/tile_layout.hpp"

namespace brood::cuda {

// Steps whose scalars are computed at once, a lane each.
inline constexpr int kScalarsAhead = 32;
// Rows of a block of rows: the height of an mma tile.
inline constexpr int kBlockRows = 16;

// Places in a block's shared memory, in words (4 bytes) from its start; < 0: not there.
struct SharedMap {
  std::int32_t parameters;          // fp32, in TileLayout; else in global memory
  std::int32_t operands;            // bf16 copy of the weights, in TileLayout at half the places
  std::int32_t moments;             // (state tensors) copies; else in global memory
  std::int32_t gradient;            // one copy; else in global memory, if there is one
  std::int32_t input;               // (rows, inputs): operands
  std::int32_t hidden[kMaxLayers];  // (rows, outputs of layer l): operands; not for the last
  std::int32_t delta[kMaxLayers];   // (rows, outputs of layer l): slopes, then deltas
  std::int32_t logits;              // (rows, outputs): fp32
  std::int32_t staged;  // (rows, inputs): fp32 rows of the table, on their way; or `input`
  std::int32_t staged_targets, staged_weights;
  std::int32_t targets, weights;  // (rows, targets), (rows)
  std::int32_t shift, scale;      // (inputs)
  std::int32_t block_sums;        // (row blocks of a batch, 2)
  std::int32_t unit_sums;         // (16x16 units of the parameters), for clip_norm
  std::int32_t scalars;           // (kScalarsAhead) TimedScalars
  std::int32_t words;             // in all
};

// How a member's work is cut.
struct WorkCut {
  std::int32_t blocks;        // of a cluster
  std::int32_t chunk_rows;    // rows in flight, all blocks together; a multiple of 16 * blocks
  std::int32_t row_warps;     // of a block, by blocks of rows ...
  std::int32_t column_warps;  // ... and by columns: their product is the block's warps
  std::int32_t span;          // columns that a warp takes at a time: 16, 32, ...
};

struct TableView {
  float const* x;        // (rows, stride), padded with zeros to a multiple of 4 columns
  float const* y;        // (rows, targets)
  float const* weights;  // (rows) or null
  std::int32_t stride, targets;
};

struct MemberRecord {
  std::int32_t step, epoch;
  double train_loss;
  double loss_sum, weight, correct, squared_error, absolute_error;
};

enum : std::int32_t { kTraining, kComplete, kStopped, kDiverged };

// What a task asks for. Evaluation and prediction are of the rows that the task names as evaluation
// rows, with the weights that predict, and change nothing of the member.
enum class Errand : std::int32_t { train, evaluate, predict };

// What a member has come to; lives in global memory between launches.
struct MemberProgress {
  std::int64_t step;
  std::int32_t epoch;
  std::int32_t state;
  double loss_sum, loss_weight;  // since the last evaluation
  double best_loss;              // infinity: none yet
  std::int32_t evaluations;      // ever
  std::int32_t best;             // which of them; -1: none
  std::int32_t evaluations_since_best;
  std::int32_t recorded;  // by this order
};

struct MemberTask {
  Member member;
  TileLayout layout;
  SharedMap map;
  WorkCut cut;

  // In global memory; each tensor is one copy in TileLayout (moments: several).
  float* parameters;
  float* moments;
  float* gradient;  // null where it lies in shared memory or is not needed
  float* average;   // null without ema
  float* best;      // null without patience
  TableView table;
  std::int32_t const* train_rows;
  std::int32_t const* eval_rows;
  float const* shift;  // (inputs)
  float const* scale;
  float const* target_shift;  // (outputs) or null
  float const* target_scale;
  float const* class_weights;  // (classes) or null
  MemberProgress* progress;

  // The order.
  Errand errand;
  std::int32_t until_epoch;  // train
  std::int32_t evaluate_every;
  std::int64_t most_steps;  // of this launch; another goes on from there
  MemberRecord* records;    // train: room for all that the order can bring; evaluate: one
  float* out;               // predict: (evaluation rows, outputs)
};

// The scalars of one step, worked out ahead.
struct TimedScalars {
  StepScalars step;
  double lr;
};

inline constexpr int kMostWarps = 8;    // of a block
inline constexpr int kMostBlocks = 16;  // of a cluster

// At the start of a block's shared memory.
struct Control {
  MemberTask task;
  MemberProgress progress;
  BatchOrder order[2];  // of even and odd epochs
  std::int32_t overflown[kMostWarps];
};
inline constexpr int kControlWords = (sizeof(Control) + 63) / 64 * 16;

// Sums that an evaluation makes: loss, weight, correct, squared and absolute error.
inline constexpr int kEvaluationSums = 5;

// Weights are dealt out in tiles of 16 outputs x 32 inputs; the last of a row may be half.
BROOD_HD constexpr int weight_tiles(TileLayer const& layer) {
  return (layer.columns + 31) / 32 * (layer.rows / 16);
}

}  // namespace brood::cuda
