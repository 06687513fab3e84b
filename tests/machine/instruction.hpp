// SPDX-License-Identifier: Apache-2.0
// An instruction as it is executed: what it does, on which operands, and what its encoding says to
// the scheduler.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "machine/cubin.hpp"
#include "machine/lanes.hpp"
#include "machine/listing.hpp"

namespace brood::machine {

class Warp;
struct Instruction;
using Operation = void(Warp& warp, Instruction const& instruction, std::uint32_t lanes);

inline constexpr int kZeroRegister = 255, kZeroUniform = 63, kTruePredicate = 7;

struct Operand {
  enum class Kind : std::uint8_t {
    none,
    reg,
    uniform,
    predicate,
    uniform_predicate,
    immediate,  // value
    constant,   // bank, value (an offset), reg that is added to it
    address,    // reg (a pair if wide) times scale + uniform + value
    label,      // value: an address
    name,       // text: a special register, a scoreboard
  };
  Kind kind = Kind::none;
  bool negated = false, absolute = false, inverted = false;
  bool wide = false;  // a register pair
  std::uint8_t reg = kZeroRegister;
  std::uint8_t uniform = kZeroUniform;
  std::uint8_t scale = 1;
  std::uint8_t bank = 0;
  std::int64_t value = 0;
  Words const* words = nullptr;  // immediate: value in every lane
  std::string_view text;
};

// The unit that it is issued to, for the timing model.
enum class Unit : std::uint8_t {
  alu,
  fma,
  fma_heavy,
  tensor,
  memory,
  shuffle,
  special,
  fp64,
  control,
  system,
  constant,
  uniform
};
inline constexpr int kUnits = 12;
char const* name_of(Unit unit);

// What the compiler tells the scheduler.
struct Control {
  std::uint8_t stall = 0;
  std::uint8_t write_barrier = 7, read_barrier = 7;  // 7: none
  std::uint8_t wait = 0;                             // a mask of barriers
};

struct Instruction {
  Operation* run = nullptr;
  Operand guard;                    // kind none: always
  bool moves_on_by_itself = false;  // it sets the program counter
  std::uint8_t bytes = 4;           // that a lane moves
  std::uint8_t detail = 0;          // what the operation makes of it
  Unit unit = Unit::alu;
  Control control;
  Operand result;         // a register or uniform register
  Operand predicates[2];  // results
  Operand source[5];
  Operand conditions[3];  // predicates that are read
  std::uint32_t address = 0;
  int function = 0;
  std::string_view text;
};

// A kernel's code, decoded.
struct Code {
  std::string kernel;
  KernelFacts facts;
  std::vector<Instruction> instructions;  // by address / 16
  std::vector<std::string> functions;     // names without their kernel's
  std::deque<Words> immediates;
  std::shared_ptr<ListingFile const> file;  // that texts refer to
};

Code decode(std::string const& kernel, std::shared_ptr<ListingFile const> file,
            KernelFacts const& facts);

}  // namespace brood::machine
