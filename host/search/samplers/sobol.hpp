// SPDX-License-Identifier: Apache-2.0
// The shifted Sobol sequence.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "brood/space.hpp"

namespace brood {

class SobolSequence {
 public:
  // One word for each dimension, with which its coordinates are exclusive-or-ed.
  explicit SobolSequence(std::vector<std::uint64_t> shift);
  ~SobolSequence();
  SobolSequence(SobolSequence const&) = delete;
  SobolSequence& operator=(SobolSequence const&) = delete;

  // Point `index`, from 0: its coordinates, in (0, 1).
  std::vector<double> point(std::uint64_t index);

 private:
  struct Engine;
  std::vector<std::uint64_t> shift_;
  std::unique_ptr<Engine> engine_;
};

// The shift that belongs to a seed: one word for each dimension, by the parameter's name.
std::vector<std::uint64_t> sobol_shift(SearchSpace const& space, std::uint64_t seed);

}  // namespace brood
