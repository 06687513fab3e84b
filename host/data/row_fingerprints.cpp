// SPDX-License-Identifier: Apache-2.0
// row_fingerprints: each row by itself, a word at a time, with the finalizer of MurmurHash3
// (Appleby 2011, public domain) between the words.
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "brood/data.hpp"

namespace brood {
namespace {

constexpr std::uint32_t kMissingBits = 0x7fc00000;

std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

// -0 and 0 are one number.
std::uint32_t bits_of(float value) {
  if (std::isnan(value)) return kMissingBits;
  return std::bit_cast<std::uint32_t>(value == 0.0F ? 0.0F : value);
}

}  // namespace

std::vector<std::uint64_t> row_fingerprints(Matrix const& x) {
  std::vector<std::uint64_t> fingerprints;
  fingerprints.reserve(static_cast<std::size_t>(x.rows));
  for (std::int64_t row = 0; row < x.rows; ++row) {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
    for (std::int64_t column = 0; column < x.columns; ++column)
      hash = mixed(hash ^ bits_of(x.data[row * x.columns + column])) + 0x9e3779b97f4a7c15ULL;
    fingerprints.push_back(hash);
  }
  return fingerprints;
}

}  // namespace brood
