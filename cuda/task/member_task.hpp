// SPDX-License-Identifier: Apache-2.0
// What the kernels are told of a member, as plain data: its description, where each of its tensors
// lies, how its work is cut, and what to do. Written by the backend, read by every thread of the
// member's blocks. None of it but the first and the last part can change a result.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/dropout.hpp"
#include "core/member.hpp"
#include "core/permutation.hpp"
#include "core/progress.hpp"
#include "core/update_rule.hpp"
#include "cuda/task/tile_layout.hpp"

namespace brood::cuda {

// Steps whose scalars are computed at once, a lane each.
inline constexpr int kScalarsAhead = 8;

// Layers that have scalars of their own; where all have the same, it is the first.
BROOD_HD constexpr int layers_with_scalars(Member const& m) {
  for (int l = 1; l < m.layers; ++l) {
    if (m.layer_lr[l] != m.layer_lr[0] || m.layer_rate[l] != m.layer_rate[0] ||
        m.layer_eps[l] != m.layer_eps[0])
      return m.layers;
  }
  return 1;
}

// When the next rows are fetched from the table, and with that where they may lie meanwhile.
enum class Fetching : std::int32_t {
  ahead,        // as soon as the loss is known: in a place of their own
  over_hidden,  // before the first layer's gradient: over the first hidden layer
  over_inputs,  // when the step is done: over the inputs
};

// Places in a block's shared memory, in bytes from its start; < 0: not there. Matrices are in units
// (tile_layout.hpp), of 32-bit words or, operands of bf16, of half the size.
struct SharedMap {
  std::int32_t parameters;           // fp32, in TileLayout; else in global memory
  std::int32_t operands;             // bf16 copy of the weights, in TileLayout at half the places
  std::int32_t moments;              // (state tensors) copies; else in global memory
  std::int32_t gradient;             // one copy; else in global memory, if there is one
  std::int32_t input;                // (rows, inputs): operands
  std::int32_t hidden[kMaxLayers];   // (rows, outputs of layer l): operands; not for the last
  std::int32_t delta[kMaxLayers];    // (rows, outputs of layer l): slopes, then deltas
  std::int32_t logits;               // (rows, outputs): fp32; may be where their deltas go
  std::int32_t raw;                  // (rows, inputs): fp32 rows of the table, on their way
  std::int32_t raw_panel;            // bytes from a panel of them to the next
  std::int32_t index;                // (2, rows): which rows of the table come next, and then
  std::int32_t index_bytes;          // of one of the two
  std::int32_t targets, weights;     // (rows, targets), (rows)
  std::int32_t shift, scale;         // (inputs)
  std::int32_t block_sums;           // (blocks of 16 rows of a batch, 2)
  std::int32_t unit_sums;            // (units of the parameters), for clip_norm
  std::int32_t scalars;              // (kScalarsAhead) StepScalars
  std::int32_t layer_scalars;        // (kScalarsAhead, layers_with_scalars()) LayerScalars
  std::int32_t layer_scalars_bytes;  // of a step
  std::int32_t program;              // (warps) lists of work (step_program.hpp)
  std::int32_t program_bytes;        // of a warp
  std::int32_t program_backward;     // bytes before a warp's list of the backward pass
  std::int32_t bytes;                // in all
  Fetching fetching;
  // Deltas lie over hidden layers that are done with, so each layer's weights are updated before
  // the next deltas are stored.
  std::int32_t layer_by_layer;
};

// How a member's work is cut.
struct Tiling {
  std::int32_t blocks;        // of a cluster
  std::int32_t chunk_rows;    // rows in flight, all blocks together; a multiple of 32 * blocks
  std::int32_t row_warps;     // of a block, by panels of 32 rows ...
  std::int32_t column_warps;  // ... and by columns: their product is the block's warps
  std::int32_t column_bits;   // log2 of column_warps
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

// What a task asks for. Evaluation and prediction are of the rows that the task names as evaluation
// rows, with the weights that predict, and change nothing of the member.
enum class TaskKind : std::int32_t { train, evaluate, predict };

// Inputs that are a list (Transform): shift and scale, as of columns, are then those of nothing.
struct InputList {
  std::int32_t const* source;  // (inputs), like the others padded with zeros to 16; null: no list
  std::int32_t const* shape;   // index into InputShapes
  float const* shift;
  float const* scale;
  float const* offset;
  float const* gain;
};

struct MemberTask {
  Member member;
  // At the step in work, where dropout has a schedule.
  DropoutScalars dropout[kMaxLayers], input_dropout;
  TileLayout layout;
  SharedMap map;
  Tiling tiling;

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
  InputList list;
  float const* target_shift;  // (outputs) or null
  float const* target_scale;
  float const* class_weights;  // (classes) or null
  MemberProgress* progress;

  // The order.
  TaskKind kind;
  std::int32_t until_epoch;  // train
  std::int32_t evaluate_every;
  std::int64_t most_steps;  // of this launch; another goes on from there
  MemberRecord* records;    // train: room for all that the order can bring; evaluate: one
  float* out;               // predict: (evaluation rows, outputs)
};
// Host and device write and read them as bytes; a block fetches its task word by word.
static_assert(std::is_trivially_copyable_v<MemberTask> && sizeof(MemberTask) % 4 == 0);
static_assert(std::is_trivially_copyable_v<MemberProgress>);
static_assert(std::is_trivially_copyable_v<MemberRecord>);

// The scalars of one step, worked out ahead; each layer has its own beside them (LayerScalars).
struct TimedScalars {
  StepScalars step;
  double lr, weight_decay;
};
inline constexpr int kMaxWarps = 8;    // of a block
inline constexpr int kMaxBlocks = 16;  // of a cluster

// A run of rows of a batch, or of the evaluation rows, that is in flight at once.
// Rows are counted once for each head.
struct Chunk {
  std::int32_t first;  // position of its first row in the batch
  std::int32_t rows;   // 0: there is none
  std::int32_t begin;  // position of its first row in the epoch's order
  std::int32_t epoch;  // < 0: evaluation rows, in their own order
};

// A chunk of a step.
struct StepChunk {
  Chunk chunk;
  std::int64_t step;
  std::int32_t batch;  // of its epoch
  std::int32_t last;   // whether it is the last of its batch
};

// The chunks of all steps, one after another: the one in work, the two behind it, of which one is
// fetched and one looked up, and room for the one after those. Each stands at its number % 4.
struct Stream {
  StepChunk chunk[4];
  std::int64_t until;      // no chunk from this step on is touched
  std::int32_t per_epoch;  // steps
  std::int32_t batch_rows;
};

// How a step updates weights: plainly (element_update.cuh) by one of the optimizers that most
// members have, or in any other way.
enum class UpdateKind : std::int8_t { sgd, momentum, adam, any };

// How losses are worked out: as cross entropy of at most 16 classes, which stay in registers, or in
// any other way.
enum class LossKind : std::int8_t { classes, any };

// At the start of a block's shared memory. With 32 bytes more, eight members of 16-32-2 would no
// longer fit on a multiprocessor.
struct Control {
  MemberTask task;
  MemberProgress progress;
  BatchOrder order[2];  // of even and odd epochs
  Stream stream;
  std::int64_t goal, end;  // steps: of the next evaluation; of this launch
  std::int32_t overflown[kMaxWarps];
  UpdateKind update;
  LossKind loss;
  std::int8_t shapes_inputs;  // whether inputs are made of raw rows before they are received
  std::int32_t epoch_rows;    // rows of an epoch, like those of a batch each once for each head
  // Where they lie now, in shared or in global memory.
  float* parameters;
  float* moments;
  float* gradient;
};
// Units lie behind it, whose blocks are told apart by single bits of their addresses.
inline constexpr int kControlBytes = (static_cast<int>(sizeof(Control)) + 31) / 32 * 32;

// Sums that an evaluation makes: loss, weight, correct, squared and absolute error.
inline constexpr int kEvaluationSums = 5;

// Units of the layer's weights: for clip_norm each has a sum of squares.
BROOD_HD constexpr int units_of(TileLayer const& layer) {
  return layer.columns / kUnitRows * (layer.rows / kUnitRows);
}

}  // namespace brood::cuda
