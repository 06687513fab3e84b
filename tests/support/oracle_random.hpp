// SPDX-License-Identifier: Apache-2.0
// A second writing of what is random in a member: Philox4x32-10 from its paper, the counter table
// of host/core/philox.hpp, the batch permutation and the initial weights, in plain scalar code that
// shares nothing with host/core. The normal quantile is found by solving Phi(z) = p in long double,
// not by the approximation that core uses.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "support/textbook.hpp"

namespace brood::oracle {

using Words = std::array<std::uint32_t, 4>;

// Salmon et al. 2011, section 3.3: L' = mulhi(R, M) ^ k ^ L of the other half, R' = mullo(R, M).
inline Words philox4x32(Words counter, std::uint64_t key) {
  std::uint32_t k0 = static_cast<std::uint32_t>(key & 0xffffffffu);
  std::uint32_t k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 1; round <= 10; ++round) {
    std::uint64_t const a = 0xD2511F53ull * counter[0];
    std::uint64_t const b = 0xCD9E8D57ull * counter[2];
    Words next;
    next[0] = static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ k0;
    next[1] = static_cast<std::uint32_t>(b & 0xffffffffu);
    next[2] = static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ k1;
    next[3] = static_cast<std::uint32_t>(a & 0xffffffffu);
    counter = next;
    k0 += 0x9E3779B9u;  // golden ratio
    k1 += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

enum : std::uint32_t {
  kWeightPurpose = 0,
  kOrderPurpose = 1,
  kDropoutPurpose = 2,
  kBiasPurpose = 7,
  kHeadPurpose = 9
};

// z with Phi(z) = p: Halley's method on erfc from a rough start (Abramowitz & Stegun 26.2.23).
inline double quantile(long double p) {
  if (p > 0.5L) return -quantile(1 - p);
  long double const t = std::sqrt(-2 * std::log(p));
  long double z = -(t - (2.515517L + t * (0.802853L + t * 0.010328L)) /
                            (1 + t * (1.432788L + t * (0.189269L + t * 0.001308L))));
  for (int i = 0; i < 3; ++i) {
    long double const excess = std::erfc(-z / std::sqrt(2.0L)) / 2 - p;
    long double const density = std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0L));
    long double const newton = excess / density;
    z -= newton / (1 + newton * z / 2);
  }
  return static_cast<double>(z);
}

// All of a network's parameters in dense order, as they are before the first step.
inline std::vector<float> initial_weights(std::vector<int> const& widths, std::string_view init,
                                          bool bias_as_weights, std::uint64_t seed) {
  std::vector<float> result;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    Law const law = initial_law(init, widths[l], widths[l + 1]);
    std::uint32_t const weights = static_cast<std::uint32_t>(widths[l] * widths[l + 1]);
    std::uint32_t const all = weights + static_cast<std::uint32_t>(widths[l + 1]);
    for (std::uint32_t e = 0; e < all; ++e) {
      bool const drawn = law.spread > 0 && (e < weights || bias_as_weights);
      Words const words =
          philox4x32({e / 4, 0, static_cast<std::uint32_t>(l), kWeightPurpose}, seed);
      long double const u = (words[e % 4] + 0.5L) / 4294967296.0L;
      double const draw = law.normal ? quantile(u) : static_cast<double>(2 * u - 1);
      result.push_back(drawn ? static_cast<float>(law.spread * draw) : 0.0f);
    }
  }
  return result;
}

// By which each head reads each input: (heads, inputs). Bit h of an input's word is head h's.
inline std::vector<double> head_signs(int heads, int inputs) {
  std::vector<double> signs;
  for (int h = 0; h < heads; ++h) {
    for (int i = 0; i < inputs; ++i) {
      Words const words = philox4x32({static_cast<std::uint32_t>(i / 4), 0, 0, kHeadPurpose}, 0);
      signs.push_back((words[static_cast<std::size_t>(i % 4)] >> h) % 2 == 1 ? -1 : 1);
    }
  }
  return signs;
}

// The order of an epoch: a Feistel network of eight rounds over the next power of two (at least
// 16), cycle-walking past the end. The round function mixes the other half with its key.
inline std::vector<int> epoch_order(int rows, int epoch, std::uint64_t seed) {
  std::uint32_t keys[8];
  for (std::uint32_t call = 0; call < 2; ++call) {
    Words const words =
        philox4x32({call, static_cast<std::uint32_t>(epoch), 0, kOrderPurpose}, seed);
    for (std::uint32_t i = 0; i < 4; ++i)
      keys[4 * call + i] = words[i];
  }
  int bits = 4;
  while ((std::int64_t{1} << bits) < rows)
    ++bits;
  int const low_bits = bits - bits / 2;
  std::uint64_t const low_size = std::uint64_t{1} << low_bits;
  std::uint64_t const high_size = std::uint64_t{1} << (bits / 2);
  auto mix = [](std::uint64_t half, std::uint32_t key, std::uint64_t size) {
    std::uint64_t h = (half + key) % 4294967296u * 0x9E3779B1u % 4294967296u;
    h = (h ^ h / 32768) * 0x85EBCA77u % 4294967296u;
    h = h ^ h / 8192;
    return h / (4294967296u / size);  // its leading bits
  };
  std::vector<int> order;
  for (int position = 0; position < rows; ++position) {
    std::uint64_t x = static_cast<std::uint64_t>(position);
    do {
      std::uint64_t high = x / low_size;
      std::uint64_t low = x % low_size;
      for (int round = 0; round < 8; ++round) {
        if (round % 2 == 0) {
          low ^= mix(high, keys[round], low_size);
        } else {
          high ^= mix(low, keys[round], high_size);
        }
      }
      x = high * low_size + low;
    } while (x >= static_cast<std::uint64_t>(rows));
    order.push_back(static_cast<int>(x));
  }
  return order;
}

// Whether dropout keeps a unit (layer 0: an input) of a row of the batch.
inline bool dropout_keeps(double rate, int step, int layer, int row, int unit, std::uint64_t seed) {
  int const block = row / 16;
  int const row_in_block = row % 16;
  Words const words =
      philox4x32({static_cast<std::uint32_t>(unit / 2), static_cast<std::uint32_t>(step),
                  static_cast<std::uint32_t>(block * 8 + row_in_block % 8),
                  static_cast<std::uint32_t>(layer) << 8 | kDropoutPurpose},
                 seed);
  std::uint32_t const word = words[static_cast<std::size_t>(row_in_block / 8 * 2 + unit % 2)];
  return static_cast<double>(word) >= std::floor(rate * 4294967296.0 + 0.5);
}

}  // namespace brood::oracle
