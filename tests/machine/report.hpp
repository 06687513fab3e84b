// SPDX-License-Identifier: Apache-2.0
// What executed machine code did that no device promises to do well.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace brood::machine {

enum class Fault : std::uint8_t {
  uninitialised,  // what decides something comes from a register or shared memory never written
  out_of_bounds,
  misaligned,
  not_converged,   // an .aligned operation reached by some lanes of a warp
  race,            // on shared memory, between two barriers
  copy_in_flight,  // looked at before it was awaited
};
std::string_view name_of(Fault fault);

struct Report {
  Fault fault;
  std::string kernel, function;
  std::uint32_t address;
  std::string instruction;
  std::string what;
  std::int64_t times = 1;

  std::string text() const;
};

// Reports, each place told once.
class Reports {
 public:
  void add(Report report);
  std::vector<Report> const& all() const { return list_; }
  bool empty() const { return list_.empty(); }
  void clear() { list_.clear(); }
  // One a line; of many, the first.
  std::string text() const;

 private:
  std::vector<Report> list_;
};

// The code cannot be executed any further: an unknown instruction, a deadlock, an address that is
// nobody's.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace brood::machine
