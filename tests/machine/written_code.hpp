// SPDX-License-Identifier: Apache-2.0
// Kernels written as listings, for tests of the machine itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/machine.hpp"

namespace brood::machine {

// A line: an instruction or, ending with a colon, a label; and what its encoding says to the
// scheduler.
struct WrittenLine {
  WrittenLine(char const* text, Control control = {1}) : text(text), control(control) {}
  WrittenLine(std::string text, Control control = {1}) : text(std::move(text)), control(control) {}

  std::string text;
  Control control;
};
using WrittenLines = std::vector<WrittenLine>;

WrittenLines operator+(WrittenLines a, WrittenLines const& b);

// Of 9.0. It takes one pointer, c[0x0][0x210].
Code written_code(WrittenLines const& lines);

// Stores a register of every thread, by its number, where the parameter points to; ends. Takes
// R240 to R243, UR60 and UR61.
WrittenLines store_and_exit(std::string const& reg);

struct Outcome {
  std::vector<std::uint32_t> out;  // what the parameter points to: a word a thread
  Reports reports;
};

struct Shape {
  int blocks = 1, threads = 32, cluster = 1, shared_bytes = 4096;
};
Outcome execute(WrittenLines const& lines, Shape const& shape = {});

}  // namespace brood::machine
