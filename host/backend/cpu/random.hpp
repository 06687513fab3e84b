// SPDX-License-Identifier: Apache-2.0
// The random numbers of a step, sixteen at a time: rows of a batch and dropout masks, by the
// counters of core/philox.hpp.
#pragma once

#include <cstdint>

#include "backend/cpu/simd.hpp"
#include "core/dropout.hpp"
#include "core/permutation.hpp"
#include "core/philox.hpp"

namespace brood::cpu::BROOD_ISA {

inline Uint16 lane_numbers() {
  std::uint32_t lane[kLanes];
  for (int i = 0; i < kLanes; ++i)
    lane[i] = static_cast<std::uint32_t>(i);
  return Uint16::load(lane);
}

// out[i] = train_rows[row_at(order, first + i)] for i < count; out has room for padded(count).
inline void batch_rows_of(BatchOrder const& order, std::int32_t const* train_rows,
                          std::uint32_t first, int count, std::uint32_t* out) {
  Uint16 const rows(order.rows);
  for (int i = 0; i < count; i += kLanes) {
    // Lanes beyond the epoch walk from position 0: only a walk that begins inside is sure to end.
    Uint16 const wanted = lane_numbers() + Uint16(first + static_cast<std::uint32_t>(i));
    Uint16 position = feistel(order, select(at_least_unsigned(wanted, rows), Uint16(0u), wanted));
    Mask16 beyond = at_least_unsigned(position, rows);
    while (any(beyond)) {
      position = select(beyond, feistel(order, position), position);
      beyond = at_least_unsigned(position, rows);
    }
    position.store(out + i);
  }
  for (int i = 0; i < count; ++i)
    out[i] = static_cast<std::uint32_t>(train_rows[out[i]]);
}

struct PhiloxVectors {
  Uint16 word[4];
};

inline PhiloxVectors philox(Uint16 c0, Uint16 c1, Uint16 c2, Uint16 c3, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    HighLow const p0 = multiply_wide(c0, kPhiloxM0);
    HighLow const p1 = multiply_wide(c2, kPhiloxM1);
    c0 = p1.high ^ c1 ^ Uint16(key.low);
    c2 = p0.high ^ c3 ^ Uint16(key.high);
    c1 = p1.low;
    c3 = p0.low;
    key.low += kPhiloxW0;
    key.high += kPhiloxW1;
  }
  return {{c0, c1, c2, c3}};
}

// Drops units of values (units, rows16) with the probability that `dropout` is for, scales the
// rest, and does the same to slopes, if there are any.
inline void drop_out(float* values, float* slopes, int units, int rows16,
                     DropoutScalars const& dropout, std::uint64_t seed, std::uint32_t step,
                     std::uint32_t layer) {
  PhiloxKey const key = philox_key(seed);
  Uint16 const threshold(dropout.threshold);
  Float16 const kept(dropout.kept);
  Float16 const zero(0.0f);
  std::uint32_t const purpose = layer << 8 | static_cast<std::uint32_t>(Purpose::dropout);
  Uint16 const lane = lane_numbers();
  Uint16 const row_in_block = lane & Uint16(7u);
  Uint16 const second_pair = lane >> 3;  // lanes 8-15 draw for the next pair of units
  for (int r = 0; r < rows16; r += kLanes) {
    Uint16 const row = row_in_block + Uint16(static_cast<std::uint32_t>(r / 2));
    for (int u = 0; u < units; u += 4) {
      Uint16 const pair = second_pair + Uint16(static_cast<std::uint32_t>(u / 2));
      PhiloxVectors const words = philox(pair, Uint16(step), row, Uint16(purpose), key);
      Uint16 const draw[4] = {
          low_halves(words.word[0], words.word[2]), low_halves(words.word[1], words.word[3]),
          high_halves(words.word[0], words.word[2]), high_halves(words.word[1], words.word[3])};
      for (int i = 0; i < 4 && u + i < units; ++i) {
        Float16 const factor = select(at_least_unsigned(draw[i], threshold), kept, zero);
        std::ptrdiff_t const at = static_cast<std::ptrdiff_t>(u + i) * rows16 + r;
        (Float16::load(values + at) * factor).store(values + at);
        if (slopes != nullptr) (Float16::load(slopes + at) * factor).store(slopes + at);
      }
    }
  }
}

}  // namespace brood::cpu::BROOD_ISA
