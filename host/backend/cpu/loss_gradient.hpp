// SPDX-License-Identifier: Apache-2.0
// From logits to the loss of a batch and its gradient. Rows are in the lanes, so nothing here
// crosses lanes but the last sum.
#pragma once

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/scratch.hpp"
#include "backend/cpu/simd.hpp"
#include "core/heads.hpp"
#include "core/loss.hpp"

namespace brood::cpu::BROOD_ISA {

// The target of output k for 16 rows, before smoothing.
BROOD_HD Float16 target_of(TargetKind kind, float const* target, int k, int rows16) {
  if (kind == TargetKind::values)
    return Float16::load(target + static_cast<std::int64_t>(k) * rows16);
  Float16 const label = Float16::load(target);
  if (kind == TargetKind::one_logit) return label;
  return select(label == Float16(static_cast<float>(k)), Float16(1.0f), Float16(0.0f));
}

// ---- heads: 16 rows have the outputs of all heads, head by head, and each row has a head.

// The heads of the rows of a block.
inline Float16 heads_of_rows(Member const& m) {
  float head[kLanes];
  for (int i = 0; i < kLanes; ++i)
    head[i] = static_cast<float>(i & (heads_of(m) - 1));
  return Float16::load(head);
}

// Each row's own logits, in place: the first outputs_of(m) of z.
inline void take_own_logits(Member const& m, float* z, int rows16) {
  Float16 const head = heads_of_rows(m);
  int const outputs = outputs_of(m);
  auto at = [&](int h, int k) { return z + std::int64_t{h * outputs + k} * rows16; };
  for (int k = 0; k < outputs; ++k) {
    Float16 own = Float16::load(at(0, k));
    for (int h = 1; h < heads_of(m); ++h)
      own = select(head == Float16(static_cast<float>(h)), Float16::load(at(h, k)), own);
    own.store(at(0, k));
  }
}

// The other way round: deltas of each row's own outputs to their places, zero in all others.
inline void spread_deltas(Member const& m, float* delta, int rows16) {
  Float16 const head = heads_of_rows(m);
  Float16 const zero(0.0f);
  int const outputs = outputs_of(m);
  for (int k = 0; k < outputs; ++k) {
    Float16 const own = Float16::load(delta + static_cast<std::int64_t>(k) * rows16);
    for (int h = 0; h < heads_of(m); ++h) {
      select(head == Float16(static_cast<float>(h)), own, zero)
          .store(delta + std::int64_t{h * outputs + k} * rows16);
    }
  }
}

// -sum t ln softmax(z) of 16 rows. With `delta`, also softmax - t, times `factor`.
// Two passes over the outputs: the maximum, then the exponentials (kept in delta).
template <bool WithDelta>
BROOD_HD Float16 cross_entropy(float const* z, float* delta, float const* target, int outputs,
                               int rows16, float smoothing, Float16 factor) {
  Float16 const label = Float16::load(target);
  Float16 top = Float16::load(z);
  for (int k = 1; k < outputs; ++k) {
    Float16 const zk = Float16::load(z + static_cast<std::int64_t>(k) * rows16);
    top = select(zk < top, top, zk);  // a NaN stays
  }
  Float16 total(0.0f);
  Float16 labelled(0.0f);  // z of the label
  Float16 all(0.0f);       // sum of z
  for (int k = 0; k < outputs; ++k) {
    std::int64_t const at = static_cast<std::int64_t>(k) * rows16;
    Float16 const zk = Float16::load(z + at) - top;
    Float16 const e = exp(zk);
    if constexpr (WithDelta) e.store(delta + at);
    total = total + e;
    labelled = select(label == Float16(static_cast<float>(k)), zk, labelled);
    all = all + zk;
  }
  float const spread = smoothing / static_cast<float>(outputs);
  if constexpr (WithDelta) {
    Float16 const inverse = Float16(1.0f) / total;
    for (int k = 0; k < outputs; ++k) {
      std::int64_t const at = static_cast<std::int64_t>(k) * rows16;
      Float16 const t = select(label == Float16(static_cast<float>(k)),
                               Float16(1.0f - smoothing + spread), Float16(spread));
      ((Float16::load(delta + at) * inverse - t) * factor).store(delta + at);
    }
  }
  Float16 const log_total = log(total);
  if (smoothing == 0.0f) return log_total - labelled;
  return log_total - Float16(1.0f - smoothing) * labelled - Float16(spread) * all;
}

// The mean over outputs of an elementwise loss of 16 rows. With `delta`, its gradient times
// `factor`.
template <bool WithDelta, class Loss>
BROOD_HD Float16 elementwise_loss(Loss loss, Member const& m, float const* z, float* delta,
                                  float const* target, int rows16, float smoothing,
                                  Float16 factor) {
  int const outputs = outputs_of(m);
  Float16 const share(1.0f / static_cast<float>(outputs));
  Float16 const scaled = factor * share;
  Float16 total(0.0f);
  for (int k = 0; k < outputs; ++k) {
    std::int64_t const at = static_cast<std::int64_t>(k) * rows16;
    Float16 t = target_of(m.target_kind, target, k, rows16);
    if (smoothing > 0.0f) t = fma(t, Float16(1.0f - smoothing), Float16(0.5f * smoothing));
    auto const y = loss.apply(Float16::load(z + at), t, m.loss_settings);
    if constexpr (WithDelta) (y.slope * scaled).store(delta + at);
    total = total + y.value;
  }
  return total * share;
}

// One block of 16 rows by the member's loss; see the two above.
template <bool WithDelta>
BROOD_HD Float16 loss_of_block(Member const& m, float const* z, float* delta, float const* target,
                               int rows16, float smoothing, Float16 factor) {
  Float16 result(0.0f);
  visit(Losses{}, m.loss, [&](auto loss) {
    if constexpr (loss.kSoftmax) {
      result = cross_entropy<WithDelta>(z, delta, target, outputs_of(m), rows16, smoothing, factor);
    } else {
      result = elementwise_loss<WithDelta>(loss, m, z, delta, target, rows16, smoothing, factor);
    }
  });
  return result;
}

struct BatchLoss {
  float sum;     // of row losses times row weights
  float weight;  // of the rows
};

// Gradient of the weighted mean loss into delta (outputs, rows16). With heads logits are lost.
inline BatchLoss loss_gradient(Member const& m, Scratch const& s, float* delta) {
  Float16 weights(0.0f);
  for (int r = 0; r < s.rows16; r += kLanes)
    weights = weights + Float16::load(s.weight + r);
  float const weight = sum_lanes(weights);
  Float16 const inverse(weight > 0.0f ? 1.0f / weight : 0.0f);
  Float16 sum(0.0f);
  for (int r = 0; r < s.rows16; r += kLanes) {
    Float16 const w = Float16::load(s.weight + r);
    if (m.head_bits > 0) take_own_logits(m, s.output + r, s.rows16);
    Float16 const loss = loss_of_block<true>(m, s.output + r, delta + r, s.target + r, s.rows16,
                                             m.label_smoothing, w * inverse);
    if (m.head_bits > 0) spread_deltas(m, delta + r, s.rows16);
    sum = sum + loss * w;
  }
  return {sum_lanes(sum), weight};
}

}  // namespace brood::cpu::BROOD_ISA
