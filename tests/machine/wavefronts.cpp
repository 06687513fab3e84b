// SPDX-License-Identifier: Apache-2.0
#include "machine/wavefronts.hpp"

#include <algorithm>

namespace brood::machine {

std::uint32_t wavefronts(Words const& at, std::uint32_t lanes, unsigned bytes) {
  constexpr int kBanks = 32;
  int const together = bytes == 16 ? 8 : bytes == 8 ? 16 : 32;
  unsigned const words_of_lane = std::max(bytes / 4, 1u);
  std::uint32_t total = 0;
  for (int first = 0; first < kLanes; first += together) {
    std::uint32_t const of_pass =
        lanes & (together == 32 ? kAllLanes : ((1u << together) - 1) << first);
    std::uint32_t seen[kBanks][kLanes];
    std::uint32_t count[kBanks] = {};
    std::uint32_t most = 0;
    for_each_lane(of_pass, [&](int i) {
      for (unsigned k = 0; k < words_of_lane; ++k) {
        std::uint32_t const word = at[i] / 4 + k;
        auto& words = seen[word % kBanks];
        std::uint32_t& known = count[word % kBanks];
        if (std::find(words, words + known, word) != words + known) continue;
        words[known++] = word;
        most = std::max(most, known);
      }
    });
    total += most;
  }
  return total;
}

std::uint32_t sectors(Longs const& at, std::uint32_t lanes, unsigned bytes) {
  std::uint64_t seen[2 * kLanes];
  int count = 0;
  for_each_lane(lanes, [&](int i) {
    seen[count++] = at[i] / 32;
    seen[count++] = (at[i] + bytes - 1) / 32;
  });
  std::sort(seen, seen + count);
  return static_cast<std::uint32_t>(std::unique(seen, seen + count) - seen);
}

}  // namespace brood::machine
