// SPDX-License-Identifier: Apache-2.0
// What a cubin says of a kernel beside its code: registers, constants, where parameters lie.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brood::machine {

struct KernelFacts {
  int architecture = 0;      // 80, 90
  int registers = 0;         // of a thread
  int shared_bytes = 0;      // not counting dynamic ones, with what is reserved
  int stack_bytes = 0;       // of a thread
  int parameter_offset = 0;  // in constant bank 0
  int parameter_bytes = 0;
  std::map<int, std::vector<std::uint8_t>> constants;  // of the banks that hold the compiler's
};

// Of every kernel in the file, by mangled name. Throws std::runtime_error where it is none.
std::map<std::string, KernelFacts> read_cubin(std::string const& path);

}  // namespace brood::machine
