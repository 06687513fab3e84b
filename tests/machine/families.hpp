// SPDX-License-Identifier: Apache-2.0
// The instruction set by families: from a mnemonic's parts to the operation that executes it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "machine/instruction.hpp"

namespace brood::machine {

// What stands behind the mnemonic's dots. Every part must be taken by whoever knows it; what is
// left makes the instruction an unknown one.
class Modifiers {
 public:
  explicit Modifiers(std::string_view text);
  // Whether the part is there; it is taken.
  bool take(std::string_view part);
  // The index of the one that is there, of several of which one must be; -1 if none is.
  int one_of(std::initializer_list<std::string_view> parts);
  bool empty() const { return parts_.empty(); }

 private:
  std::vector<std::string_view> parts_;
};

// Chooses the operation; null where the modifiers or operands are not known.
using Choose = Operation*(Modifiers& modifiers, Instruction& instruction);

struct Family {
  std::string_view name;
  Choose* choose;
};

std::span<Family const> control_families();
std::span<Family const> conversion_families();
std::span<Family const> double_families();
std::span<Family const> float_families();
std::span<Family const> integer_families();
std::span<Family const> memory_families();
std::span<Family const> move_families();
std::span<Family const> tensor_families();
std::span<Family const> warp_families();

}  // namespace brood::machine
