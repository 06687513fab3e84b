// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan.hpp"

#include <algorithm>

#include "brood/error.hpp"
#include "cuda/layered.hpp"

namespace brood::cuda {

namespace {

constexpr int kWholeRow = 1 << 20;  // a span that no layer exceeds

int batch_of(Member const& m) {
  return batch_rows(m, 0);
}

// What is placed where; each candidate is one of these.
struct Choice {
  Layout layout;
  bool weights, moments, gradient;  // in shared memory
  bool ahead;                       // the next rows are fetched beside the ones in use
  int chunk_rows;
};

class Planner {
 public:
  Planner(Member const& member, int targets, Precision precision, Share const& share)
      : m_(member),
        layout_(tile_layout(member)),
        targets_(targets),
        precision_(precision),
        share_(share) {}

  MemberPlan plan(Choice const& choice) const {
    MemberPlan plan;
    plan.layout = choice.layout;
    plan.cut = cut(choice.chunk_rows);
    plan.map = map(choice, plan.cut);
    plan.shared_bytes = plan.map.words * 4;
    plan.tensor_floats = std::int64_t{layout_.size} * tensor_count(m_);
    bool const buffered = needs_gradient(choice.chunk_rows) && !choice.gradient;
    plan.gradient_floats = buffered ? layout_.size : 0;
    return plan;
  }

  MemberPlan layered() const {
    MemberPlan plan;
    plan.fits = true;
    plan.layout = Layout::layered;
    plan.tensor_floats = std::int64_t{layout_.size} * tensor_count(m_);
    plan.gradient_floats = layout_.size;
    plan.buffer_bytes = layer_buffer_bytes(m_, targets_, precision_);
    return plan;
  }

  bool needs_gradient(int chunk_rows) const {
    return m_.clip_norm > 0.0f || chunk_rows < batch_of(m_);
  }

 private:
  int per_word() const { return precision_ == Precision::bf16 ? 2 : 1; }

  WorkCut cut(int chunk_rows) const {
    int const row_blocks = chunk_rows / kBlockRows / share_.blocks;
    WorkCut cut{};
    cut.blocks = share_.blocks;
    cut.chunk_rows = chunk_rows;
    cut.row_warps = std::min(share_.warps, floor_to_power_of_two(std::max(1, row_blocks)));
    cut.column_warps = share_.warps / cut.row_warps;
    int widest = 0;
    for (int l = 0; l < layout_.layers; ++l)
      widest = std::max({widest, layout_.layer[l].rows, l > 0 ? layout_.layer[l].columns : 0});
    cut.span = cut.column_warps == 1 ? kWholeRow : widest >= 32 * cut.column_warps ? 32 : 16;
    return cut;
  }

  SharedMap map(Choice const& choice, WorkCut const& cut) const {
    SharedMap map{};
    int at = kControlWords;
    auto take = [&](int words) {
      int const place = at;
      at += round_up(words, 16);
      return place;
    };
    int const rows = cut.chunk_rows / cut.blocks;
    int const batch_blocks = round_up(batch_of(m_), kBlockRows) / kBlockRows;
    int const inputs = layout_.layer[0].columns;
    int const last = layout_.layers - 1;
    // A bf16 run multiplies a copy; its master weights are then like moments.
    bool const copy = precision_ == Precision::bf16;
    bool const master = copy ? choice.moments : choice.weights;
    map.parameters = master ? take(layout_.size) : -1;
    map.operands = copy && choice.weights ? take(layout_.size / 2) : -1;
    map.moments = choice.moments ? take(layout_.size * state_tensors(m_)) : -1;
    bool const buffer = choice.gradient && needs_gradient(choice.chunk_rows);
    map.gradient = buffer ? take(layout_.size) : -1;
    map.input = take(rows * inputs / per_word());
    for (int l = 0; l < layout_.layers; ++l) {
      int const words = rows * layout_.layer[l].rows / per_word();
      map.hidden[l] = l < last ? take(words) : -1;
      map.delta[l] = take(words);
    }
    map.logits = take(rows * layout_.layer[last].rows);
    map.staged = choice.ahead ? take(rows * inputs) : map.input;
    map.staged_targets = take(rows * targets_);
    map.staged_weights = take(rows);
    map.targets = take(rows * targets_);
    map.weights = take(rows);
    map.shift = take(inputs);
    map.scale = take(inputs);
    map.block_sums =
        take(std::max(2 * batch_blocks, 2 * kEvaluationSums * (cut.chunk_rows / kBlockRows)));
    int tiles = 0;
    for (int l = 0; l < layout_.layers; ++l)
      tiles += weight_tiles(layout_.layer[l]);
    map.unit_sums = take(m_.clip_norm > 0.0f ? tiles : 0);
    map.scalars = take(kScalarsAhead * static_cast<int>(sizeof(TimedScalars) / 4));
    map.words = at;
    return map;
  }

  Member const& m_;
  TileLayout layout_;
  int targets_;
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

int most_blocks(Member const& m) {
  return std::min(floor_to_power_of_two(round_up(batch_of(m), kBlockRows) / kBlockRows),
                  kMostBlocks);
}

MemberPlan plan_member(Member const& m, int targets, Precision precision, Share const& share,
                       PlanLimits const& limits) {
  Planner const planner(m, targets, precision, share);
  int const unit = kBlockRows * share.blocks;
  int const whole = round_up(batch_of(m), unit);
  bool const alone = share.blocks == 1;
  MemberPlan plan;
  if (tile_layout(m).size > kMostFusedFloats) return alone ? planner.layered() : plan;
  for (Layout const layout : {Layout::resident, Layout::moments_in_l2, Layout::weights_in_l2}) {
    bool const on_chip = layout == Layout::resident;
    int const least = layout == Layout::weights_in_l2 ? unit : std::max(unit, 2 * kBlockRows);
    // In a cluster each block keeps the weights, and global memory what only their owner reads.
    bool const weights = layout != Layout::weights_in_l2;
    // Rows are fetched in the place of the inputs only where the two are of a kind.
    for (bool const ahead : {true, false}) {
      if (!ahead && precision == Precision::bf16) break;
      for (int rows = whole;; rows = round_up(rows / 2, unit)) {
        Layout const name = on_chip && rows < whole ? Layout::chunked : layout;
        if (name >= limits.first && rows <= limits.most_chunk_rows) {
          bool const moments = on_chip && alone;
          plan = planner.plan({name, weights, moments, weights && alone, ahead, rows});
          plan.fits = plan.shared_bytes <= limits.shared_bytes;
          if (plan.fits) return plan;
        }
        if (rows <= least || round_up(rows / 2, unit) == rows) break;
      }
    }
  }
  return alone ? planner.layered() : plan;
}

}  // namespace brood::cuda
