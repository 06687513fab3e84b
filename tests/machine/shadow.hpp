// SPDX-License-Identifier: Apache-2.0
// What is known of each word of a block's shared memory beside its value: whether it was written,
// by whom, who has read it since, and whether an asynchronous copy into it is under way.
//
// Order between warps is told by vector clocks: a warp counts its intervals between barriers, and
// knows of every other warp of the cluster the last interval that a barrier has put before its own.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/lanes.hpp"

namespace brood::machine {

// Of a warp; its index counts through the blocks of the cluster.
struct Clock {
  int warp = 0;
  std::vector<std::uint32_t> seen;  // by warp; its own is the interval that it is in

  std::uint32_t now() const { return seen[static_cast<std::size_t>(warp)]; }
  void tick() { ++seen[static_cast<std::size_t>(warp)]; }
  void join(std::vector<std::uint32_t> const& other) {
    for (std::size_t i = 0; i < seen.size(); ++i)
      seen[i] = seen[i] < other[i] ? other[i] : seen[i];
  }
  bool after(int other, std::uint32_t interval) const {
    return other == warp || interval <= seen[static_cast<std::size_t>(other)];
  }
};

class Shadow {
 public:
  enum Found : unsigned { good = 0, uninitialised = 1, race = 2, in_flight = 4 };

  // Of `bytes` of a block, all unwritten; `warps` in its cluster.
  void reset(int bytes, int warps);

  // Of `bytes` (1 to 4) at an offset that do not cross a word. What is wrong with the access.
  unsigned read(Clock const& clock, std::uint32_t offset, unsigned bytes) {
    Word& word = words_[offset / 4];
    unsigned found = good;
    unsigned const needed = ((1u << bytes) - 1) << offset % 4;
    if ((word.written & needed) != needed) found |= uninitialised;
    if (word.in_flight) found |= in_flight;
    if (word.written && !clock.after(word.writer, word.written_in)) found |= race;
    note_reader(word, clock);
    return found;
  }
  unsigned write(Clock const& clock, std::uint32_t offset, unsigned bytes, bool initialised = true,
                 bool by_copy = false) {
    Word& word = words_[offset / 4];
    unsigned found = good;
    if (word.in_flight) found |= in_flight;
    if (word.written && !clock.after(word.writer, word.written_in)) found |= race;
    if (word.readers != kNone && !readers_before(word, clock)) found |= race;
    unsigned const set = ((1u << bytes) - 1) << offset % 4;
    word.written =
        static_cast<std::uint8_t>(initialised ? word.written | set : word.written & ~set);
    word.writer = static_cast<std::uint16_t>(clock.warp);
    word.written_in = clock.now();
    word.readers = kNone;
    word.in_flight = by_copy;
    return found;
  }
  // By an atomic operation, which does not race with others of its kind; with what else, is not
  // looked at.
  unsigned update(Clock const& clock, std::uint32_t offset, unsigned bytes) {
    Word& word = words_[offset / 4];
    unsigned const needed = ((1u << bytes) - 1) << offset % 4;
    unsigned const found = (word.written & needed) == needed ? good : uninitialised;
    word.writer = static_cast<std::uint16_t>(clock.warp);
    word.written_in = clock.now();
    word.readers = kNone;
    return found;
  }
  // A copy into the word has been awaited by the warp that issued it.
  void land(Clock const& clock, std::uint32_t offset) {
    Word& word = words_[offset / 4];
    word.in_flight = false;
    word.writer = static_cast<std::uint16_t>(clock.warp);
    word.written_in = clock.now();
  }

 private:
  static constexpr std::uint32_t kNone = 0, kMany = ~0u;

  struct Word {
    std::uint32_t written_in = 0;
    // kNone, or 1 + a single reader with its interval, or kMany: a row of many_.
    std::uint32_t readers = kNone;
    std::uint32_t read_in = 0;
    std::uint16_t writer = 0;
    std::uint8_t written = 0;  // a bit a byte
    bool in_flight = false;
  };

  void note_reader(Word& word, Clock const& clock) {
    auto const self = static_cast<std::uint32_t>(clock.warp) + 1;
    if (word.readers == self) {
      word.read_in = clock.now();
      return;
    }
    if (word.readers == kNone ||
        (word.readers != kMany && clock.after(static_cast<int>(word.readers) - 1, word.read_in))) {
      word.readers = self;
      word.read_in = clock.now();
      return;
    }
    note_one_more(word, clock);
  }
  void note_one_more(Word& word, Clock const& clock);
  bool readers_before(Word const& word, Clock const& clock) const;
  std::size_t row_of(Word const& word) const {
    return static_cast<std::size_t>(&word - words_.data()) * static_cast<std::size_t>(warps_);
  }

  std::vector<Word> words_;
  int warps_ = 1;
  // A row a word, of use where the word has several readers: the interval in which each warp read.
  std::vector<std::uint32_t> many_;
};

}  // namespace brood::machine
