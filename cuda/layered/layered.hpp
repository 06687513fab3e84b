// SPDX-License-Identifier: Apache-2.0
// Layer by layer: for a network that the fused kernel cannot hold, or whose weights are so many
// that the whole device should work on one product. Each phase of the step is a launch over the
// whole device, with cublasLt's products between them; weights and activations lie in global memory
// row by row. One such member trains at a time.
//
// The step is the fused kernel's: the same phases in the same order, by the same formulas and
// counters. Sums over rows and weights have their own fixed order, so a network that goes this way
// gets other bits than the fused kernel would give it; which way it goes is a function of its
// shape, batch and precision and of the device's shared memory.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/device.hpp"
#include "cuda/layered/layer_products.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

// Rows of an evaluation that are in flight at once: always as many, so that a row's prediction does
// not depend on the rows beside it.
inline constexpr int kLayeredRows = 256;
// Blocks whose sums of squares make the gradient's norm.
inline constexpr int kNormBlocks = 64;

// What all members share that train layer by layer, one after another. Matrices are (rows in
// flight, padded width); operands are as the precision keeps them.
struct LayerBuffers {
  std::uint32_t* input;
  std::uint32_t* hidden[kMaxLayers];  // put out by layer l; not by the last
  std::uint32_t* delta[kMaxLayers];   // slopes, then deltas
  std::uint32_t* operands;            // a copy of the weights, rounded; unused in fp32
  float* product;                     // what a product put out last; in the end the logits
  float* targets;
  float* row_weights;
  float* block_sums;        // (blocks of rows, 2)
  float* squares;           // (kNormBlocks)
  float* step_sums;         // loss, weight, mean
  double* evaluation_sums;  // totals, then those of a chunk's blocks of rows
  std::int32_t* improved;   // whether the last evaluation was the best so far
};

// Bytes of buffers for a member, and the buffers in so much memory.
std::int64_t layer_buffer_bytes(Member const& member, Precision precision);
LayerBuffers layer_buffers(void* memory, Member const& member, Precision precision);

// A launch of one phase.
enum class LayeredPhase : std::int32_t {
  round_weights,  // operands from `from`
  gather,         // inputs, targets and row weights
  activate,       // hidden[layer] and its slopes from the product
  loss,           // deltas of the last layer, sums by blocks of rows
  count_step,     // the batch's sums, progress, divergence
  slopes,         // delta[layer - 1] from the product
  bias_gradient,
  squares,
  update,
  evaluate,           // evaluation sums of a chunk
  finish_evaluation,  // record and judgement of an evaluation
  keep_best,          // the best weights, if they are
  record_now,         // record of an evaluation that changes nothing
  predict,
};

struct LayeredArguments {
  LayeredPhase phase;
  Precision precision;
  MemberTask const* task;
  LayerBuffers buffers;
  float const* from;  // the parameters in use
  std::int32_t layer;
  std::int32_t first, rows;  // in the epoch's order, or of the evaluation rows; and how many: each
                             // once for each head
  std::int32_t padded_rows;  // rows in flight, those that are padding included
  std::int32_t training;     // a training pass, of `order` and `step`
  std::uint32_t step;
  BatchOrder order;
  TimedScalars scalars;
  DropoutScalars dropout[kMaxLayers], input_dropout;  // of that step
};
static_assert(std::is_trivially_copyable_v<LayeredArguments>);

// Blocks of 256 threads. Throws DeviceError.
void launch_layered(Device& device, int blocks, LayeredArguments const& arguments);

// All launches of a member's order. `task` is the host's copy of what lies at `on_device`; returns
// before the work is done.
void run_layered(Device& device, LayerProducts& products, Precision precision,
                 LayerBuffers const& buffers, MemberTask const& task, MemberTask const* on_device,
                 MemberProgress const& progress);

}  // namespace brood::cuda
