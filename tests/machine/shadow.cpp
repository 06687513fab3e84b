// SPDX-License-Identifier: Apache-2.0
#include "machine/shadow.hpp"

#include <algorithm>

namespace brood::machine {

void Shadow::reset(int bytes, int warps) {
  words_.assign(static_cast<std::size_t>(bytes + 3) / 4, Word{});
  warps_ = warps;
}

void Shadow::note_one_more(Word& word, Clock const& clock) {
  auto const warps = static_cast<std::size_t>(warps_);
  if (many_.size() < words_.size() * warps) many_.resize(words_.size() * warps);
  std::uint32_t* const row = many_.data() + row_of(word);
  if (word.readers != kMany) {
    std::fill(row, row + warps, 0u);
    row[word.readers - 1] = word.read_in;
    word.readers = kMany;
  }
  row[clock.warp] = clock.now();
}

bool Shadow::readers_before(Word const& word, Clock const& clock) const {
  if (word.readers != kMany) return clock.after(static_cast<int>(word.readers) - 1, word.read_in);
  std::uint32_t const* const row = many_.data() + row_of(word);
  for (int i = 0; i < warps_; ++i) {
    if (!clock.after(i, row[i])) return false;
  }
  return true;
}

}  // namespace brood::machine
