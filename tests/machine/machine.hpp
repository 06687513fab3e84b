// SPDX-License-Identifier: Apache-2.0
// Executes launches of kernels, given as machine code, on the host's memory.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "machine/block.hpp"
#include "machine/memory_map.hpp"
#include "machine/program.hpp"
#include "machine/report.hpp"
#include "machine/trace.hpp"

namespace brood::machine {

struct Request {
  std::string kernel;  // mangled
  int blocks = 1;
  int threads = 32;
  int cluster = 1;
  int shared_bytes = 0;  // dynamic
  std::span<std::uint8_t const> parameters;
};

class Machine {
 public:
  explicit Machine(Program& program) : program_(program) {}

  // All blocks, one cluster after the other. Throws Failure where the code cannot be executed.
  void run(Request const& request, MemoryMap const& memory);

  Reports reports;      // of all launches
  bool checked = true;  // whether misuse is looked for
  // If set, the first cluster of each launch is traced.
  bool traced = false;
  struct Traced {
    Code const* code = nullptr;
    Request request;  // without parameters
    std::int64_t executed = 0;
    std::vector<Trace> traces;  // by warp of the cluster, one launch behind the other
  };
  std::vector<Traced> launches;                     // of each kernel and shape
  std::map<std::string, std::int64_t> executed_of;  // instructions of warps, by kernel
  std::int64_t executed() const;                    // in all

 private:
  Program& program_;
  Cluster cluster_;
};

}  // namespace brood::machine
