// SPDX-License-Identifier: Apache-2.0
// Random order of rows for splits: a pure function of (rows, seed, stream), the same on every
// machine and compiler. Used by make_splits only; nothing that trains draws from here.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace brood {

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): the n-th
// word is a mix of key + n * kGolden, so a key names a whole sequence.
class SplitMix64 {
 public:
  // Different streams of one seed give unrelated sequences.
  SplitMix64(std::uint64_t seed, std::uint64_t stream)
      : state_(mix(mix(seed) ^ (stream * kGolden))) {}

  std::uint64_t next() {
    state_ += kGolden;
    return mix(state_);
  }

  // Uniform in 0 .. bound-1 without bias: words below 2^64 mod bound are thrown away, and what is
  // left is a whole multiple of bound. bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t const uneven = (0 - bound) % bound;  // 2^64 mod bound
    std::uint64_t word = next();
    while (word < uneven)
      word = next();
    return word % bound;
  }

  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  std::uint64_t state_;
};

// Fisher-Yates: every order is as likely as any other.
inline std::vector<std::int32_t> shuffled(std::span<std::int32_t const> rows, std::uint64_t seed,
                                          std::uint64_t stream) {
  std::vector<std::int32_t> order(rows.begin(), rows.end());
  SplitMix64 random(seed, stream);
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  return order;
}

}  // namespace brood
