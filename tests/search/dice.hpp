// SPDX-License-Identifier: Apache-2.0
// A stream of random numbers that is a function of its seed.
#pragma once

#include <cstdint>

#include "core/philox.hpp"

namespace brood {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : key_(philox_key(seed)) {}
  int below(int n) {
    return static_cast<int>(philox({{count_++, 0, 0, 77}}, key_).word[0] %
                            static_cast<std::uint32_t>(n));
  }

 private:
  PhiloxKey key_;
  std::uint32_t count_ = 0;
};

}  // namespace brood
