// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/plan.hpp"

#include <algorithm>
#include <bit>

#include "brood/error.hpp"
#include "core/activation.hpp"
#include "cuda/layered/layered.hpp"
#include "cuda/task/step_program.hpp"

namespace brood::cuda {

namespace {

int batch_of(Member const& m) {
  return step_rows(m, 0);
}

// What is placed where; each candidate is one of these.
struct Choice {
  Layout layout;
  bool weights, moments, gradient;  // in shared memory
  int chunk_rows;
  Fetching fetching;
  bool over;  // deltas lie over hidden layers, where they can
};

class Planner {
 public:
  Planner(Member const& member, Precision precision, Share const& share)
      : m_(member),
        layout_(tile_layout(member, tile_order(precision))),
        precision_(precision),
        share_(share) {}

  bool possible(Choice const& choice) const {
    bool const alone = share_.blocks == 1;
    int const inputs = layout_.layer[0].columns;
    if (choice.over && !(alone && hidden_layers() > 1 && relu())) return false;
    if (choice.fetching == Fetching::over_inputs) return per_word() == 1;
    if (choice.fetching == Fetching::over_hidden) {
      return alone && hidden_layers() > 0 && inputs * per_word() <= layout_.layer[0].rows;
    }
    return true;
  }

  MemberPlan plan(Choice const& choice) const {
    MemberPlan plan;
    plan.layout = choice.layout;
    plan.order = layout_.order;
    plan.tiling = tiling(choice.chunk_rows);
    plan.map = map(choice, plan.tiling);
    plan.shared_bytes = plan.map.bytes;
    plan.tensor_floats = std::int64_t{layout_.size} * tensor_count(m_);
    bool const buffered = needs_gradient(choice.chunk_rows) && !choice.gradient;
    plan.gradient_floats = buffered ? layout_.size : 0;
    return plan;
  }

  MemberPlan layered() const {
    MemberPlan plan;
    plan.fits = true;
    plan.layout = Layout::layered;
    plan.order = TileOrder::rows;
    plan.tensor_floats = std::int64_t{layout_.size} * tensor_count(m_);
    plan.gradient_floats = layout_.size;
    plan.buffer_bytes = layer_buffer_bytes(m_, precision_);
    return plan;
  }

  bool needs_gradient(int chunk_rows) const {
    return m_.clip_norm > 0.0f || chunk_rows < batch_of(m_);
  }

 private:
  int per_word() const { return precision_ == Precision::bf16 ? 2 : 1; }
  int hidden_layers() const { return layout_.layers - 1; }
  // Then no slopes are kept where deltas go (forward.cuh).
  bool relu() const { return m_.activation == index_of<Relu>(Activations{}); }

  Tiling tiling(int chunk_rows) const {
    int const panels = chunk_rows / kPanelRows / share_.blocks;
    Tiling tiling{};
    tiling.blocks = share_.blocks;
    tiling.chunk_rows = chunk_rows;
    tiling.row_warps = std::min(share_.warps, floor_to_power_of_two(std::max(1, panels)));
    tiling.column_warps = share_.warps / tiling.row_warps;
    tiling.column_bits = std::countr_zero(static_cast<unsigned>(tiling.column_warps));
    return tiling;
  }

  SharedMap map(Choice const& choice, Tiling const& tiling) const {
    SharedMap map{};
    int at = kControlBytes;
    auto take = [&](int bytes) {
      int const place = at;
      at += round_up(bytes, 16);
      return place;
    };
    int const rows = tiling.chunk_rows / tiling.blocks;
    int const batch_units = round_up(batch_of(m_), kUnitRows) / kUnitRows;
    int const chunk_units = tiling.chunk_rows / kUnitRows;
    int const inputs = layout_.layer[0].columns;
    int const last = layout_.layers - 1;
    auto operands = [&](int columns) { return rows * columns * 4 / per_word(); };
    // A bf16 run multiplies a copy; its master weights are then like moments.
    bool const copy = precision_ == Precision::bf16;
    bool const master = copy ? choice.moments : choice.weights;
    map.parameters = master ? take(4 * layout_.size) : -1;
    map.operands = copy && choice.weights ? take(2 * layout_.size) : -1;
    map.moments = choice.moments ? take(4 * layout_.size * state_tensors(m_)) : -1;
    bool const buffer = choice.gradient && needs_gradient(choice.chunk_rows);
    map.gradient = buffer ? take(4 * layout_.size) : -1;
    map.input = take(operands(inputs));
    for (int l = 0; l < last; ++l)
      map.hidden[l] = take(operands(layout_.layer[l].rows));
    map.hidden[last] = -1;
    // The deltas of layer l lie over the next hidden layer, which is done with when they are made.
    bool over_any = false;
    for (int l = 0; l <= last; ++l) {
      int const bytes = operands(layout_.layer[l].rows);
      bool const over = choice.over && l + 1 < last && bytes <= operands(layout_.layer[l + 1].rows);
      map.delta[l] = over ? map.hidden[l + 1] : take(bytes);
      over_any = over_any || over;
    }
    map.logits = copy ? take(4 * rows * layout_.layer[last].rows) : map.delta[last];
    map.raw = choice.fetching == Fetching::ahead         ? take(4 * rows * inputs)
              : choice.fetching == Fetching::over_hidden ? map.hidden[0]
                                                         : map.input;
    // Over a hidden layer each panel lies over its own, of which its warps are done.
    map.raw_panel = choice.fetching == Fetching::over_hidden
                        ? 4 * kPanelRows * layout_.layer[0].rows / per_word()
                        : 4 * kPanelRows * inputs;
    map.index = take(2 * 4 * rows);
    map.index_bytes = 4 * rows;
    map.targets = take(4 * rows * target_columns(m_));
    map.weights = take(4 * rows);
    map.shift = take(4 * inputs);
    map.scale = take(4 * inputs);
    map.block_sums = take(std::max(8 * batch_units, 8 * kEvaluationSums * chunk_units));
    int units = 0;
    for (int l = 0; l < layout_.layers; ++l)
      units += units_of(layout_.layer[l]);
    map.unit_sums = take(m_.clip_norm > 0.0f ? 4 * units : 0);
    map.scalars = take(kScalarsAhead * static_cast<int>(sizeof(StepScalars)));
    map.layer_scalars_bytes = layers_with_scalars(m_) * static_cast<int>(sizeof(LayerScalars));
    map.layer_scalars = take(kScalarsAhead * map.layer_scalars_bytes);
    map.fetching = choice.fetching;
    map.layer_by_layer = over_any || choice.fetching == Fetching::over_hidden ? 1 : 0;
    WorkCount const work = most_work(map, tiling);
    map.program_backward = kWorkBytes * work.forward;
    map.program_bytes = kWorkBytes * (work.forward + work.backward);
    map.program = take(tiling.row_warps * tiling.column_warps * map.program_bytes);
    map.bytes = at;
    return map;
  }

  // Pieces of work of the warps that have the most of them.
  struct WorkCount {
    int forward = 0, backward = 0;
  };
  WorkCount most_work(SharedMap const& map, Tiling const& tiling) const {
    Member trained = m_;  // whose layers may all train: others of this plan may
    std::fill_n(trained.layer_lr, kMaxLayers, 1.0f);
    TileWork work[kMaxWork];
    WorkCount most;
    for (int rank = 0; rank < tiling.blocks; ++rank) {
      for (int warp = 0; warp < tiling.row_warps * tiling.column_warps; ++warp) {
        ProgramWriter lists(trained, layout_, map, tiling, {}, 0, rank, warp);
        most.forward = std::max(most.forward, lists.write_forward(work));
        most.backward = std::max(most.backward, lists.write_backward(work));
      }
    }
    return most;
  }

  Member const& m_;
  TileLayout layout_;
  Precision precision_;
  Share share_;
};

}  // namespace

Precision precision_named(std::string const& name) {
  for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
    if (name == name_of(precision)) return precision;
  }
  throw UsageError("precision: " + name + " is not known; allowed: tf32, bf16, fp32");
}

std::string_view name_of(Precision precision) {
  constexpr std::string_view names[] = {"tf32", "bf16", "fp32"};
  return names[static_cast<int>(precision)];
}

std::string_view name_of(Layout layout) {
  constexpr std::string_view names[] = {"resident", "chunked", "moments in L2", "weights in L2",
                                        "layer by layer"};
  return names[static_cast<int>(layout)];
}

TileOrder tile_order(Precision precision) {
  return precision == Precision::bf16 ? TileOrder::apart : TileOrder::neighbours;
}

int most_blocks(Member const& m) {
  return std::min(floor_to_power_of_two(round_up(batch_of(m), kPanelRows) / kPanelRows),
                  kMaxBlocks);
}

MemberPlan plan_member(Member const& m, Precision precision, Share const& share,
                       PlanLimits const& limits) {
  Planner const planner(m, precision, share);
  int const unit = kPanelRows * share.blocks;
  int const whole = round_up(batch_of(m), unit);
  bool const alone = share.blocks == 1;
  MemberPlan plan;
  if (tile_layout(m, tile_order(precision)).size > kMaxFusedFloats)
    return alone ? planner.layered() : plan;
  for (Layout const layout : {Layout::resident, Layout::moments_in_l2, Layout::weights_in_l2}) {
    bool const on_chip = layout == Layout::resident;
    // In a cluster each block keeps the weights, and global memory what only their owner reads.
    bool const weights = layout != Layout::weights_in_l2;
    // Chunks are cut only when nothing can lie over anything else any more: each costs a pass over
    // the gradient.
    for (int rows = whole;; rows = round_up(rows / 2, unit)) {
      Layout const name = on_chip && rows < whole ? Layout::chunked : layout;
      for (Fetching const fetching :
           {Fetching::ahead, Fetching::over_hidden, Fetching::over_inputs}) {
        for (bool const over : {false, true}) {
          bool const moments = on_chip && alone;
          Choice const choice{name, weights, moments, weights && alone, rows, fetching, over};
          if (name < limits.first || rows > limits.most_chunk_rows || !planner.possible(choice))
            continue;
          plan = planner.plan(choice);
          plan.fits = plan.shared_bytes <= limits.shared_bytes;
          if (plan.fits) return plan;
        }
      }
      if (rows <= unit || round_up(rows / 2, unit) == rows) break;
    }
  }
  return alone ? planner.layered() : plan;
}

}  // namespace brood::cuda
