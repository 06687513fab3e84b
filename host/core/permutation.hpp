// SPDX-License-Identifier: Apache-2.0
// The batch order: for every epoch a keyed permutation of a member's training rows, computed for
// one position at a time, without a table. An unbalanced Feistel network over the next power of
// two; values beyond the end walk on along their cycle (Black & Rogaway 2002, "Ciphers with
// arbitrary finite domains"). `I` is uint32_t, or the CPU backend's vector of 16 of them.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/philox.hpp"

namespace brood {

struct BatchOrder {
  static constexpr int kRounds = 8;
  std::uint32_t round_key[kRounds];
  std::uint32_t rows;
  int left_bits, right_bits;  // their sum: the bits of rows - 1, at least 4
};

BROOD_HD constexpr BatchOrder batch_order(std::uint64_t seed, std::uint32_t epoch,
                                          std::uint32_t rows) {
  BatchOrder order{};
  PhiloxKey const key = philox_key(seed);
  auto const purpose = static_cast<std::uint32_t>(Purpose::batch_order);
  PhiloxBlock const a = philox({{0, epoch, 0, purpose}}, key);
  PhiloxBlock const b = philox({{1, epoch, 0, purpose}}, key);
  for (int i = 0; i < 4; ++i)
    order.round_key[i] = a.word[i];
  for (int i = 4; i < BatchOrder::kRounds; ++i)
    order.round_key[i] = b.word[i - 4];
  order.rows = rows;
  int bits = 4;  // in less the network mixes badly
  while (bits < 31 && (std::uint32_t{1} << bits) < rows)
    ++bits;
  order.left_bits = bits / 2;
  order.right_bits = bits - bits / 2;
  return order;
}

// A hash of x under a round key: `bits` high bits (0 .. 31) of a multiply-shift-multiply mix.
template <class I>
BROOD_HD constexpr I feistel_hash(I x, std::uint32_t key, int bits) {
  I h = (x + I(key)) * I(0x9E3779B1u);
  h = (h ^ (h >> 15)) * I(0x85EBCA77u);
  h = h ^ (h >> 13);
  return (h >> 1) >> (31 - bits);
}

// One pass of the network over [0, 2^(left_bits + right_bits)).
template <class I>
BROOD_HD constexpr I feistel(BatchOrder const& order, I x) {
  I left = x >> order.right_bits;
  I right = x & I((std::uint32_t{1} << order.right_bits) - 1u);
  for (int i = 0; i < BatchOrder::kRounds; i += 2) {
    right = right ^ feistel_hash(left, order.round_key[i], order.right_bits);
    left = left ^ feistel_hash(right, order.round_key[i + 1], order.left_bits);
  }
  return (left << order.right_bits) | right;
}

// The row (index into the member's training rows) at `position` < rows of the epoch.
BROOD_HD constexpr std::uint32_t row_at(BatchOrder const& order, std::uint32_t position) {
  do {
    position = feistel(order, position);
  } while (position >= order.rows);
  return position;
}

}  // namespace brood
