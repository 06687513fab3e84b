// SPDX-License-Identifier: Apache-2.0
// What each warp of a member does in a step, tile by tile: for every warp a list of the forward
// pass and one of the backward pass. A block writes them down once, when it takes up a member, so
// that a step spends nothing on finding out what is to do, where operands lie and for whom to wait.
//
// A piece of work is a run of tiles of one shape, whose addresses grow by constant steps. A tile is
// summed by one warp, over its inner dimension in ascending order: the lists decide how fast a
// member trains, never what it becomes.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/activation.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

enum class Work : std::uint32_t {
  none,     // nothing but to wait
  forward,  // activations of a hidden layer
  logits,   // of the last layer
  deltas,   // of a layer's inputs, from those of its outputs
  weights,  // the gradient of a layer's weights, and what becomes of it
  fetch,    // the next rows of the table are sent for
};

// For whom a warp waits behind a piece of work: nobody, those of its rows, or all of the member.
enum class Waits : std::uint32_t { nobody, rows, all };

enum WorkFlags : std::uint32_t {
  kEndOfList = 1,
  kNarrow = 2,  // tiles are one unit wide, of outputs (forward) or inputs (deltas, weights)
  kLow = 4,     // of weights: and one unit high
  kRelu = 8,    // slopes are told from values: positive, or not
  kDrops = 16,  // of a hidden layer: with dropout
};

struct WorkHead {
  Work work;
  Waits waits;
  std::uint32_t flags;
  std::int32_t layer;
};

// Addresses are of the block's shared memory, but where parameters lie in global memory: theirs are
// bytes from the first parameter. Steps are in bytes, from tile to tile; panels are 32 rows of a
// chunk, which a warp of several row warps takes in turn.
struct alignas(16) ForwardWork {
  WorkHead head;
  std::uint32_t x, x_panel;  // inputs of the first panel of rows, and from one of its to the next
  std::uint32_t weights, weights_step;
  std::uint32_t bias;
  std::uint32_t out, out_step, out_panel;  // hidden layer or logits
  std::uint32_t slopes;                    // where those for `out` go
  std::int32_t tiles;                      // of a panel
  std::int32_t units;                      // of the inner dimension, and of a segment of it << 16
  std::int32_t column;                     // of the network's outputs, where the first tile begins
};
struct alignas(16) DeltaWork {
  WorkHead head;
  std::uint32_t deltas, deltas_panel;  // of the outputs
  std::uint32_t weights, weights_step;
  std::uint32_t weights_panel;  // bytes to the weights of the next 32 outputs
  std::uint32_t last_weights;   // of a last panel of 16 outputs; half the step
  std::uint32_t out, out_step, out_panel;
  std::uint32_t slopes;  // those for `out`: relu's inputs, or where `out` is
  std::int32_t tiles;
  std::int32_t units;  // of outputs
};
struct alignas(16) WeightWork {
  WorkHead head;
  std::uint32_t deltas, deltas_step, deltas_panel;  // of outputs: next panel of them; next 32 rows
  std::uint32_t x, x_step, x_panel;                 // of inputs, likewise by tiles
  std::int32_t weights, weights_step, weights_panel;  // floats from the first parameter
  std::int32_t bias;    // likewise, of the first panel of outputs; < 0: not this warp's
  std::int32_t tiles;   // of a panel of outputs
  std::int32_t panels;  // of outputs
};

union TileWork {
  WorkHead head;
  ForwardWork forward;
  DeltaWork deltas;
  WeightWork weights;
};
inline constexpr int kWorkBytes = 64;
static_assert(sizeof(TileWork) == kWorkBytes && sizeof(WorkHead) == 16);
static_assert(std::is_trivially_copyable_v<TileWork>);

// Pieces of a list, at most: a layer has two of deltas and three of weights, or nothing but a wait
// in their place; the rows are fetched once.
inline constexpr int kMaxWork = 5 * kMaxLayers + 2;

// How operands are stored: see precision.cuh.
struct OperandForm {
  int unit;                // bytes of a unit of activations and deltas
  int weight_unit;         // bytes of a unit of weights, as they are read
  bool weights_shared;     // ... from shared memory
  bool weights_copied;     // ... from a copy at half the places
  bool parameters_shared;  // fp32 parameters lie in shared memory whenever the kernel runs
};

// One warp's lists.
class ProgramWriter {
 public:
  // base: address of the block's shared memory.
  BROOD_HD constexpr ProgramWriter(Member const& m, TileLayout const& layout, SharedMap const& map,
                                   Tiling const& tiling, OperandForm const& form,
                                   std::uint32_t base, int rank, int warp)
      : m_(m),
        layout_(layout),
        map_(map),
        form_(form),
        base_(base),
        row_warp_(warp / tiling.column_warps),
        row_warps_(tiling.row_warps),
        column_warp_(warp % tiling.column_warps),
        column_warps_(tiling.column_warps),
        worker_(rank * tiling.row_warps * tiling.column_warps + warp),
        workers_(tiling.blocks * tiling.row_warps * tiling.column_warps) {}

  // Both return how many pieces the list has, kMaxWork at most.
  BROOD_HD constexpr int write_forward(TileWork* to) {
    begin(to);
    for (int l = 0; l < layout_.layers; ++l) {
      forward(l);
      wait(Waits::rows);
    }
    return end();
  }
  BROOD_HD constexpr int write_backward(TileWork* to) {
    begin(to);
    int const last = layout_.layers - 1;
    bool const over_hidden = map_.fetching == Fetching::over_hidden;
    // In turn, each layer's weights follow its deltas; else all deltas come first.
    bool const in_turn = map_.layer_by_layer != 0;
    if (map_.fetching == Fetching::ahead) add({Work::fetch, Waits::nobody, 0, 0});
    for (int l = last; !in_turn && l > 0; --l) {
      deltas(l);
      if (l > 1) wait(Waits::rows);
    }
    if (!in_turn) wait(Waits::all);
    for (int l = last; l >= 0; --l) {
      if (in_turn && l > 0) {
        deltas(l);
        wait(Waits::all);
      }
      if (over_hidden && l == 0) add({Work::fetch, Waits::nobody, 0, 0});
      bool const frozen = m_.layer_lr[l] == 0.0f && !(m_.clip_norm > 0.0f);
      if (!frozen) weights(l);
      // Weights are done with what lies where deltas or the next rows are to lie; at the end,
      // weights are new, and the inputs are done with.
      if (l == 0 || (in_turn && (l > 1 || over_hidden))) wait(Waits::all);
    }
    if (map_.fetching == Fetching::over_inputs) add({Work::fetch, Waits::nobody, 0, 0});
    return end();
  }

 private:
  BROOD_HD constexpr void begin(TileWork* to) {
    to_ = to;
    count_ = 0;
  }
  BROOD_HD constexpr int end() {
    if (count_ == 0) add({Work::none, Waits::nobody, 0, 0});
    to_[-1].head.flags |= kEndOfList;
    return count_;
  }
  BROOD_HD constexpr void add(WorkHead const& head) {
    to_++->head = head;
    ++count_;
  }
  // All warps wait alike, whether they have work before it or not.
  BROOD_HD constexpr void wait(Waits waits) {
    if (count_ == 0 || to_[-1].head.waits != Waits::nobody) add({Work::none, Waits::nobody, 0, 0});
    to_[-1].head.waits = waits;
  }

  BROOD_HD constexpr std::uint32_t address(int place) const {
    return base_ + static_cast<std::uint32_t>(place);
  }
  static BROOD_HD constexpr std::uint32_t bytes(int count) {
    return static_cast<std::uint32_t>(count);
  }
  BROOD_HD constexpr int units(int l) const { return layout_.layer[l].columns / kUnitRows; }
  BROOD_HD constexpr int output_units(int l) const { return layout_.layer[l].rows / kUnitRows; }
  // Of the weights of a layer, as operands.
  BROOD_HD constexpr std::uint32_t weights_of(int l) const {
    int const at = layout_.layer[l].weights;
    if (!form_.weights_shared) return bytes(4 * at);
    return form_.weights_copied ? address(map_.operands + 2 * at)
                                : address(map_.parameters + 4 * at);
  }
  BROOD_HD constexpr std::uint32_t bias_of(int l) const {
    int const at = 4 * layout_.layer[l].bias;
    return form_.parameters_shared ? address(map_.parameters + at) : bytes(at);
  }
  // Of things that are dealt out one after another: those of one of several.
  static BROOD_HD constexpr int share(int count, int first, int step) {
    return first < count ? (count - first + step - 1) / step : 0;
  }

  // The tiles of its rows that a warp takes: every column_warps_-th pair of `units`, or the last
  // unit of an odd number.
  struct Columns {
    int first, tiles;
  };
  BROOD_HD constexpr Columns columns(int units, bool narrow) const {
    int const pairs = units / 2;
    if (!narrow) return {column_warp_, share(pairs, column_warp_, column_warps_)};
    return {pairs, units % 2 != 0 && pairs % column_warps_ == column_warp_ ? 1 : 0};
  }
  BROOD_HD constexpr bool relu() const { return m_.activation == index_of<Relu>(Activations{}); }
  // Of what layer l puts out.
  BROOD_HD constexpr std::uint32_t flags(bool narrow, int l) const {
    return (narrow ? kNarrow : 0u) | (relu() ? kRelu : 0u) | (m_.dropout[l] > 0.0f ? kDrops : 0u);
  }

  BROOD_HD constexpr void forward(int l) {
    forward(l, false);
    forward(l, true);
  }
  BROOD_HD constexpr void forward(int l, bool narrow) {
    int const inputs = units(l), outputs = output_units(l);
    bool const last = l + 1 == layout_.layers;
    auto const [first, tiles] = columns(outputs, narrow);
    if (tiles == 0) return;
    int const out_unit = last ? 4 * kUnitWords : form_.unit;
    int const place = 2 * row_warp_ * outputs + 4 * first;  // of the first tile, in units
    add({last ? Work::logits : Work::forward, Waits::nobody, flags(narrow, l), l});
    ForwardWork& work = to_[-1].forward;
    int const panel = 2 * inputs * form_.unit;
    work.x = address((l == 0 ? map_.input : map_.hidden[l - 1]) + row_warp_ * panel);
    work.x_panel = bytes(row_warps_ * panel);
    work.weights = weights_of(l) + bytes(first * 2 * inputs * form_.weight_unit);
    work.weights_step = bytes(column_warps_ * 2 * inputs * form_.weight_unit);
    work.bias = bias_of(l) + bytes(4 * kPanelRows * first);
    work.out = address(last ? map_.logits : map_.hidden[l]) + bytes(place * out_unit);
    work.out_step = bytes(4 * column_warps_ * out_unit);
    work.out_panel = bytes(2 * row_warps_ * outputs * out_unit);
    work.slopes = address(map_.delta[l]) + bytes(place * form_.unit);
    work.tiles = tiles;
    work.units = inputs | layout_.layer[l].segment << 16;
    work.column = kPanelRows * first;
  }

  BROOD_HD constexpr void deltas(int l) {
    deltas(l, false);
    deltas(l, true);
  }
  BROOD_HD constexpr void deltas(int l, bool narrow) {
    int const inputs = units(l), outputs = output_units(l);
    auto const [first, tiles] = columns(inputs, narrow);
    if (tiles == 0) return;
    add({Work::deltas, Waits::nobody, flags(narrow, l - 1), l});
    DeltaWork& work = to_[-1].deltas;
    int const unit = form_.unit, weight_unit = form_.weight_unit;
    int const place = (2 * row_warp_ * inputs + 4 * first) * unit;
    work.deltas = address(map_.delta[l] + 2 * row_warp_ * outputs * unit);
    work.deltas_panel = bytes(2 * row_warps_ * outputs * unit);
    work.weights = weights_of(l) + bytes(4 * first * weight_unit);
    work.weights_step = bytes(4 * column_warps_ * weight_unit);
    work.weights_panel = bytes(2 * inputs * weight_unit);
    work.last_weights = weights_of(l) + bytes((outputs / 2 * 2 * inputs + 2 * first) * weight_unit);
    work.out = address(map_.delta[l - 1] + place);
    work.out_step = bytes(4 * column_warps_ * unit);
    work.out_panel = bytes(2 * row_warps_ * inputs * unit);
    work.slopes = relu() ? address(map_.hidden[l - 1] + place) : work.out;
    work.tiles = tiles;
    work.units = outputs;
  }

  // Tiles of 2 x 2 units: workers stand in a grid, so that a run has constant steps: the grid in
  // which the one with the most has the fewest. A last column of one unit goes on behind the pairs,
  // and a last panel of one unit has tiles of one, dealt out from the other end.
  BROOD_HD constexpr void weights(int l) {
    int const inputs = units(l), outputs = output_units(l);
    int const panels = outputs / 2, pairs = inputs / 2, columns = (inputs + 1) / 2;
    int down = 1;
    for (int each = 1, least = 0; each <= workers_; each *= 2) {
      int const most = share(panels, 0, each) * share(columns, 0, workers_ / each);
      if (each > 1 && most >= least) continue;
      least = most;
      down = each;
    }
    int const across = workers_ / down;
    int const panel = worker_ / across, column = worker_ % across;
    weights(l, 0, panel, share(panels, panel, down), down, column, share(pairs, column, across),
            across);
    weights(l, kNarrow, panel, share(panels, panel, down), down, pairs,
            inputs % 2 != 0 && pairs % across == column ? 1 : 0, 1);
    int const from_end = workers_ - 1 - worker_;
    weights(l, kNarrow | kLow, panels, outputs % 2, 1, from_end, share(inputs, from_end, workers_),
            workers_);
  }
  // A run of `tiles` from `column` on (of their own width), `across` apart, in each of `count`
  // panels from `panel` on, `down` apart.
  BROOD_HD constexpr void weights(int l, std::uint32_t flags, int panel, int count, int down,
                                  int column, int tiles, int across) {
    if (count == 0 || tiles == 0) return;
    add({Work::weights, Waits::nobody, flags, l});
    WeightWork& work = to_[-1].weights;
    TileLayer const& layer = layout_.layer[l];
    int const inputs = units(l), outputs = output_units(l);
    int const high = (flags & kLow) != 0 ? 1 : 2, wide = (flags & kNarrow) != 0 ? 1 : 2;
    int const unit = form_.unit;
    // The narrow column of whole panels is numbered in pairs.
    int const first = flags == kNarrow ? 2 * column : wide * column;  // unit of inputs
    work.deltas = address(map_.delta[l] + 4 * panel * unit);
    work.deltas_step = bytes(4 * down * unit);
    work.deltas_panel = bytes(2 * outputs * unit);
    work.x = address((l == 0 ? map_.input : map_.hidden[l - 1]) + 2 * first * unit);
    work.x_step = bytes(2 * across * wide * unit);
    work.x_panel = bytes(2 * inputs * unit);
    work.weights = layer.weights + (2 * panel * inputs + high * first) * kUnitWords;
    work.weights_step = high * wide * across * kUnitWords;
    work.weights_panel = 2 * down * inputs * kUnitWords;
    work.bias = first == 0 ? layer.bias + kPanelRows * panel : -1;
    work.tiles = tiles;
    work.panels = count;
  }

  Member const& m_;
  TileLayout const& layout_;
  SharedMap const& map_;
  OperandForm const form_;
  std::uint32_t const base_;
  int row_warp_, row_warps_, column_warp_, column_warps_;
  int worker_, workers_;    // of the member
  TileWork* to_ = nullptr;  // behind the last piece
  int count_ = 0;
};

}  // namespace brood::cuda
