// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011) and the one table of how its counters are used. There is no generator state: every random
// number is a function of (key, counter), so it depends on nothing that happened before it.
//
// Key: a member's 64-bit seed, low word first.
//
// clang-format off
//   purpose         c0                            c1           c2          c3
//   initial_weight  element / 4 (word: % 4)       0            layer       purpose
//   batch_order     call (0, 1)                   epoch        0           purpose
//   dropout         unit pair j (units 2j, 2j+1)  step         row         layer << 8 | purpose
//   member_seed     trial                         repeat       0           purpose (key: study seed)
//   sample          trial                         attempt      name hash   purpose (key: study seed)
//   sobol_shift     0                             0            name hash   purpose (key: study seed)
//   candidate       trial                         call         0           purpose (key: study seed)
//   bias_rows       call (0 .. 2)                 output       layer       purpose
//   frequency       index                         0            column      purpose (key: study seed)
//   head_sign       input / 4 (word: % 4)         0            0           purpose (key: 0)
// clang-format on
//
// A layer's elements are its weights, row-major (outputs, inputs), then its biases. In dropout, row
// is (row / 16) * 8 + row % 8 of a row in its batch; the four words are for (row r, unit 2j),
// (r, 2j + 1), (r + 8, 2j), (r + 8, 2j + 1), r = row % 8 in a block of 16 rows: the accumulator
// fragment of an mma.sync tile, and two halves of a vector of 16 rows. Layer 0 drops inputs.
// Of the twelve words of a bias the first five are for rows, the next five for their weights.
// Bit h of a head's sign is that of head h (core/heads.hpp).
// The attempt of a sample is 0, and counts on when the configuration was proposed before.
#pragma once

#include <cstdint>

#include "core/macros.hpp"

namespace brood {

enum class Purpose : std::uint32_t {
  initial_weight,
  batch_order,
  dropout,
  member_seed,
  sample,
  sobol_shift,
  candidate,
  bias_rows,
  frequency,
  head_sign
};

struct PhiloxKey {
  std::uint32_t low, high;
};
struct PhiloxBlock {
  std::uint32_t word[4];
};

inline constexpr std::uint32_t kPhiloxM0 = 0xD2511F53u;
inline constexpr std::uint32_t kPhiloxM1 = 0xCD9E8D57u;
inline constexpr std::uint32_t kPhiloxW0 = 0x9E3779B9u;
inline constexpr std::uint32_t kPhiloxW1 = 0xBB67AE85u;

BROOD_HD constexpr PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  auto c = counter.word;
  for (int round = 0; round < 10; ++round) {
    std::uint64_t const p0 = std::uint64_t{kPhiloxM0} * c[0];
    std::uint64_t const p1 = std::uint64_t{kPhiloxM1} * c[2];
    std::uint32_t const c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key.low;
    std::uint32_t const c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key.high;
    c[1] = static_cast<std::uint32_t>(p1);
    c[3] = static_cast<std::uint32_t>(p0);
    c[0] = c0;
    c[2] = c2;
    key.low += kPhiloxW0;
    key.high += kPhiloxW1;
  }
  return counter;
}

BROOD_HD constexpr PhiloxKey philox_key(std::uint64_t seed) {
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

// The middle of the word's cell in (0, 1): exact in double.
BROOD_HD constexpr double unit_interval(std::uint32_t word) {
  return (static_cast<double>(word) + 0.5) * 0x1p-32;
}

// Dropout keeps a unit if its word is at least this.
BROOD_HD constexpr std::uint32_t dropout_threshold(double rate) {
  double const scaled = rate * 0x1p32 + 0.5;
  return scaled >= 4294967295.0 ? 0xffffffffu : static_cast<std::uint32_t>(scaled);
}

}  // namespace brood
