// SPDX-License-Identifier: Apache-2.0
// Evaluation and prediction: forward passes over chunks of rows. Sums go row by row in double, so
// they do not depend on how rows are cut into chunks.
#pragma once

#include "backend/cpu/forward.hpp"
#include "backend/cpu/loss_gradient.hpp"

namespace brood::cpu::BROOD_ISA {

// To logits of which the heads' mean is predicted, of a row each: what they predict, averaged, and
// back. Of `rows` rows in place, (outputs, rows16).
inline void average_heads(Member const& m, Scratch const& s, int rows) {
  int const outputs = outputs_of(m), heads = heads_of(m);
  HeadMean const kind = head_mean(m);
  bool const two = kind == HeadMean::apart || kind == HeadMean::shares;
  float* const values = s.output;    // averaged
  float* const others = s.delta[0];  // of two: 1 - what is averaged, without its rounding
  auto at = [&](float* matrix, int k, int r) {
    return matrix + static_cast<std::int64_t>(k) * s.rows16 + r;
  };
  for (int r = 0; r < s.rows16; r += kLanes) {
    take_own_logits(m, values + r, s.rows16);
    if (kind == HeadMean::values) continue;
    Float16 top = Float16::load(at(values, 0, r));
    for (int k = 1; k < outputs && kind == HeadMean::softmax; ++k)
      top = at_least(Float16::load(at(values, k, r)), top);
    Float16 total(0.0f);
    for (int k = 0; k < outputs; ++k) {
      Float16 const z = Float16::load(at(values, k, r));
      Float16 const p = kind == HeadMean::softmax ? exp(z - top)
                        : kind == HeadMean::means ? exp(z)
                                                  : sigmoid(z);
      p.store(at(values, k, r));
      if (kind == HeadMean::apart) sigmoid(Float16(0.0f) - z).store(at(others, k, r));
      total = total + p;
    }
    if (kind == HeadMean::apart || kind == HeadMean::means) continue;
    for (int k = 0; k < outputs; ++k) {
      Float16 const p = Float16::load(at(values, k, r));
      (p / total).store(at(values, k, r));
      if (kind == HeadMean::shares) ((total - p) / total).store(at(others, k, r));
    }
  }
  float const share = 1.0f / static_cast<float>(heads);  // exact
  for (float* const matrix : {values, two ? others : nullptr}) {
    for (int k = 0; k < outputs && matrix != nullptr; ++k) {
      float* const column = at(matrix, k, 0);
      for (int i = 0; i < rows; ++i) {
        float sum = 0.0f;
        for (int h = 0; h < heads; ++h)
          sum = sum + column[i * heads + h];
        column[i] = sum * share;
      }
    }
  }
  for (int k = 0; k < outputs && kind != HeadMean::values; ++k) {
    for (int r = 0; r < rows; r += kLanes) {
      Float16 const yes = log_of_share(Float16::load(at(values, k, r)));
      Float16 const no = two ? log_of_share(Float16::load(at(others, k, r))) : Float16(0.0f);
      (yes - no).store(at(values, k, r));
    }
  }
}

// Logits of up to kEvaluateRows rows, each counted once for each head.
inline Scratch predict_chunk(MemberView const& view, float const* weights, TableView const& table,
                             std::int32_t const* rows, int count, float* scratch) {
  Member const& m = *view.member;
  int const all = count << m.head_bits;
  Scratch const s = carve(m, *view.layout, all, scratch);
  for (int i = 0; i < all; ++i)
    s.row[i] = static_cast<std::uint32_t>(rows[i >> m.head_bits]);
  lay_out_signs(m, s);
  gather_inputs(view, table, s, all);
  forward_pass<false>(view, weights, s, 0);
  if (m.head_bits == 0) return s;
  average_heads(m, s, count);
  for (int i = 0; i < count; ++i)
    s.row[i] = static_cast<std::uint32_t>(rows[i]);
  return s;
}

// Per row of a block of 16: the class with the largest logit (the first of equals), as a float.
BROOD_HD Float16 predicted_class(Member const& m, float const* z, int rows16) {
  if (m.target_kind == TargetKind::one_logit) {
    return select(Float16::load(z) > Float16(0.0f), Float16(1.0f), Float16(0.0f));
  }
  Float16 top = Float16::load(z);
  Float16 label(0.0f);
  for (int k = 1; k < outputs_of(m); ++k) {
    Float16 const zk = Float16::load(z + static_cast<std::int64_t>(k) * rows16);
    auto const better = zk > top;
    top = select(better, zk, top);
    label = select(better, Float16(static_cast<float>(k)), label);
  }
  return label;
}

// Targets of a block that are met (of one class label, or of several labels), or the squared and
// absolute errors in the user's units, per row.
struct BlockErrors {
  Float16 correct, squared, absolute;
};
BROOD_HD BlockErrors block_errors(MemberView const& view, float const* z, float const* target,
                                  int rows16) {
  Member const& m = *view.member;
  Float16 const one(1.0f), zero(0.0f);
  BlockErrors e{zero, zero, zero};
  if (m.target_kind != TargetKind::values) {
    Float16 const hit = select(predicted_class(m, z, rows16) == Float16::load(target), one, zero);
    e.correct = hit;
    return e;
  }
  bool const log_link = has_log_link(m.loss);
  for (int k = 0; k < outputs_of(m); ++k) {
    std::int64_t const at = static_cast<std::int64_t>(k) * rows16;
    Float16 const zk = Float16::load(z + at);
    Float16 const t = Float16::load(target + at);
    Float16 const said = select(zk > zero, one, zero);
    e.correct = e.correct + select(said == t, one, zero);
    Float16 error = (log_link ? exp(zk) : zk) - t;
    if (view.target_scale != nullptr) error = error / Float16(view.target_scale[k]);
    e.squared = fma(error, error, e.squared);
    e.absolute = e.absolute + abs(error);
  }
  return e;
}

inline EvaluateResult evaluate(MemberView const& view, float const* weights, TableView const& table,
                               std::int32_t const* rows, std::int64_t count, float* scratch) {
  Member const& m = *view.member;
  EvaluateResult total{0.0, 0.0, 0.0, 0.0, 0.0};
  int const most = kEvaluateRows >> m.head_bits;
  for (std::int64_t first = 0; first < count; first += most) {
    int const chunk = static_cast<int>(count - first < most ? count - first : most);
    Scratch const s = predict_chunk(view, weights, table, rows + first, chunk, scratch);
    gather_targets(view, table, s, chunk);
    gather_weights(view, table, s, chunk, /*training=*/false);
    for (int r = 0; r < chunk; r += kLanes) {
      alignas(64) float loss[kLanes], correct[kLanes], squared[kLanes], absolute[kLanes];
      loss_of_block<false>(m, s.output + r, nullptr, s.target + r, s.rows16, 0.0f, Float16(0.0f))
          .store(loss);
      BlockErrors const errors = block_errors(view, s.output + r, s.target + r, s.rows16);
      errors.correct.store(correct);
      errors.squared.store(squared);
      errors.absolute.store(absolute);
      for (int i = 0; i < kLanes && r + i < chunk; ++i) {
        double const w = static_cast<double>(s.weight[r + i]);
        total.loss_sum += w * static_cast<double>(loss[i]);
        total.weight += w;
        total.correct += w * static_cast<double>(correct[i]);
        total.squared_error += w * static_cast<double>(squared[i]);
        total.absolute_error += w * static_cast<double>(absolute[i]);
      }
    }
  }
  return total;
}

// Logits (outputs, rows16) in place to what is predicted: probabilities or values.
inline void predictions(MemberView const& view, Scratch const& s) {
  Member const& m = *view.member;
  int const outputs = outputs_of(m);
  bool const softmax = m.loss == index_of<CrossEntropy>(Losses{});
  bool const logistic = m.loss == index_of<Bce>(Losses{});
  bool const log_link = has_log_link(m.loss);
  for (int r = 0; r < s.rows16; r += kLanes) {
    float* const z = s.output + r;
    auto at = [&](int k) { return z + static_cast<std::int64_t>(k) * s.rows16; };
    if (softmax || (logistic && m.target_kind == TargetKind::one_hot)) {
      Float16 top = Float16::load(z);
      for (int k = 1; k < outputs; ++k)
        top = at_least(Float16::load(at(k)), top);
      Float16 total(0.0f);
      for (int k = 0; k < outputs; ++k) {
        Float16 const zk = Float16::load(at(k));
        Float16 const p = softmax ? exp(zk - top) : sigmoid(zk);
        p.store(at(k));
        total = total + p;
      }
      for (int k = 0; k < outputs; ++k)
        (Float16::load(at(k)) / total).store(at(k));
    } else if (logistic) {
      for (int k = 0; k < outputs; ++k)
        sigmoid(Float16::load(at(k))).store(at(k));
    } else {
      for (int k = 0; k < outputs && log_link; ++k)
        exp(Float16::load(at(k))).store(at(k));
      for (int k = 0; k < outputs && view.target_scale != nullptr; ++k) {
        Float16 const value = Float16::load(at(k)) / Float16(view.target_scale[k]);
        (value + Float16(view.target_shift[k])).store(at(k));
      }
    }
  }
}

inline void forward(MemberView const& view, float const* weights, TableView const& table,
                    std::int32_t const* rows, std::int64_t count, float* scratch, float* out,
                    int outputs) {
  Member const& m = *view.member;
  int const most = kEvaluateRows >> m.head_bits;
  for (std::int64_t first = 0; first < count; first += most) {
    int const chunk = static_cast<int>(count - first < most ? count - first : most);
    Scratch const s = predict_chunk(view, weights, table, rows + first, chunk, scratch);
    predictions(view, s);
    for (int i = 0; i < chunk; ++i) {
      float* const row = out + (first + i) * outputs;
      if (m.target_kind == TargetKind::one_logit) {
        row[1] = s.output[i];
        row[0] = 1.0f - s.output[i];
      } else {
        for (int k = 0; k < outputs; ++k) {
          row[k] = s.output[static_cast<std::int64_t>(k) * s.rows16 + i];
        }
      }
    }
  }
}

}  // namespace brood::cpu::BROOD_ISA
