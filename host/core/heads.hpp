// SPDX-License-Identifier: Apache-2.0
// Parallel heads: k networks in one, which share all but the last layer (TabM-mini of Gorishniy,
// Kotelnikov & Babenko, ICLR 2025, with signs that are never trained). Head j reads the inputs
// times signs of its own and has outputs of its own in the last layer, which is k times as wide. A
// batch takes each row once for each head: row' = row k + head, so that a block of 16 rows holds
// all heads of its rows. A row' has the loss of its own outputs; what is predicted is the mean over
// heads of what each predicts.
//
// Signs are of the input and the head alone, not of the seed, so that weights mean the same in
// every member: what is copied, started from or read from a file needs none beside it.
#pragma once

#include <cstdint>

#include "core/loss.hpp"
#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/member.hpp"
#include "core/philox.hpp"

namespace brood {

// The signs of inputs 4 group .. 4 group + 3, a word each: bit h is set where head h reads the
// input negated.
BROOD_HD constexpr PhiloxBlock head_signs(int group) {
  return philox(
      {{static_cast<std::uint32_t>(group), 0, 0, static_cast<std::uint32_t>(Purpose::head_sign)}},
      PhiloxKey{0, 0});
}
BROOD_HD constexpr float sign_of_head(std::uint32_t signs, int head) {
  return (signs >> head & 1u) != 0 ? -1.0f : 1.0f;
}

// A mean below it counts as it: its logarithm is a number.
inline constexpr float kLeastShare = 0x1p-126f;

template <class F>
BROOD_HD F log_of_share(F share) {
  return log(select(share < F(kLeastShare), F(kLeastShare), share));  // a NaN stays
}

// What the outputs of one network are, of which the heads' are averaged: values, means by their
// logarithm, probabilities of which each stands alone, or probabilities that add up to 1.
enum class HeadMean : std::int32_t { values, means, apart, shares, softmax };
BROOD_HD HeadMean head_mean(Member const& m) {
  if (m.loss == index_of<CrossEntropy>(Losses{})) return HeadMean::softmax;
  if (has_log_link(m.loss)) return HeadMean::means;
  if (m.loss != index_of<Bce>(Losses{})) return HeadMean::values;
  return m.target_kind == TargetKind::one_hot ? HeadMean::shares : HeadMean::apart;
}

}  // namespace brood
