// SPDX-License-Identifier: Apache-2.0
// A warp: registers of its lanes, and which of them go on together. Lanes that a branch has parted
// stay parted until a convergence barrier (BSSY, BSYNC) or WARPSYNC joins them, as on the device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/instruction.hpp"
#include "machine/lanes.hpp"
#include "machine/report.hpp"
#include "machine/shadow.hpp"
#include "machine/trace.hpp"

namespace brood::machine {

class Block;

// Lanes that go on together.
struct Group {
  enum class Wait : std::uint8_t { none, convergence, warp, block, cluster };

  std::uint32_t lanes = 0;
  std::uint32_t at = 0;  // the next instruction: an index
  Wait wait = Wait::none;
  std::uint8_t barrier = 0;   // convergence: which; block: its number
  std::uint32_t awaited = 0;  // convergence, warp: the lanes that are to come
};

class Warp {
 public:
  void reset(Block& block, int number, Code const& code, bool checked);

  // Until all its lanes wait or have exited. Whether it did anything.
  bool run();

  // ---- for operations: what they read. `valid` collects the lanes whose sources are all written.
  Words const& words(Operand const& operand, Words& scratch, std::uint32_t& valid);
  // As words, of floats: a sign is the sign bit.
  Words const& floats(Operand const& operand, Words& scratch, std::uint32_t& valid);
  // A pair of registers, or 64 bits of anything else.
  void longs(Operand const& operand, Longs& result, std::uint32_t& valid);
  std::uint32_t predicate(Operand const& operand);  // as a mask; of none, all
  std::uint32_t predicate_valid(Operand const& operand);
  std::uint32_t scalar(Operand const& operand);  // of the uniform datapath
  std::uint64_t scalar_long(Operand const& operand);
  std::uint32_t constant(int bank, std::int64_t offset) const;

  // ---- and what they write
  void set(Operand const& result, Words const& values, std::uint32_t lanes, std::uint32_t valid);
  void set_register(int index, Words const& values, std::uint32_t lanes, std::uint32_t valid);
  void set_longs(Operand const& result, Longs const& values, std::uint32_t lanes,
                 std::uint32_t valid);
  void set_predicate(Operand const& result, std::uint32_t values, std::uint32_t lanes,
                     std::uint32_t valid);
  void set_uniform(Operand const& result, std::uint32_t value);
  void set_uniform_predicate(Operand const& result, bool value);

  // ---- control
  Group& group() { return *group_; }
  std::uint32_t alive() const { return alive_; }
  std::uint32_t next() const { return group_->at + 1; }
  // The lanes of the group that go there; the others go on behind the instruction.
  void branch(std::uint32_t lanes, std::uint32_t target);
  // As branch, of lanes with a target each.
  void branch(std::uint32_t lanes, Lanes<std::uint32_t> const& targets);
  void begin_convergence(int barrier);
  void leave_convergence(int barrier, std::uint32_t lanes);
  void converge(int barrier);
  // What a convergence barrier knows of each lane, and what it is to know.
  Words taken_convergence(int barrier, std::uint32_t lanes);
  void set_convergence(int barrier, std::uint32_t lanes, Words const& words);
  void converge_warp(std::uint32_t lanes, std::uint32_t awaited);
  void exit(std::uint32_t lanes);
  void wait(Group::Wait wait, int barrier = 0, std::uint32_t awaited = 0);

  // ---- for the block
  // The group that waits so, if all lanes that are left do; null otherwise.
  Group const* waits(Group::Wait wait, int barrier = 0) const;
  void pass();                // what all its lanes waited for has come
  std::string state() const;  // where its lanes wait

  // ---- reports
  void report(Fault fault, std::string what);
  [[noreturn]] void fail(std::string what) const;
  // Reports lanes of `needed` that are not in `valid`.
  void need(std::uint32_t needed, std::uint32_t valid, char const* use) {
    if ((needed & ~valid) != 0 && checked) complain_of_use(needed & ~valid, use);
  }
  // A word of shared memory that it read, and nobody wrote.
  void note_unwritten(std::uint32_t shared_address);
  // Reports an .aligned operation that not all lanes have come to.
  void need_convergence(std::uint32_t lanes) {
    if (lanes != alive_ && checked) complain_of_convergence(lanes);
  }

  Words registers[256];
  std::uint32_t valid[256];
  std::uint32_t predicates[8], predicates_valid[8];
  std::uint32_t uniform[64];
  std::uint64_t uniform_valid = 0;
  std::uint32_t uniform_predicates = 0x80;
  bool checked = true;
  Block* block = nullptr;
  int number = 0;  // in its block
  Clock clock;
  // Asynchronous copies that were issued: groups of offsets of words, the last one open.
  std::vector<std::vector<std::uint32_t>> copies;
  std::vector<std::uint32_t> local;  // word by word, of all lanes
  std::vector<std::uint32_t> local_valid;
  std::uint32_t cluster_arrivals = 0;
  std::int64_t executed = 0;
  Trace* trace = nullptr;  // what it executes is put there, if anywhere
  Step step{};             // what the operation says of itself, for the trace

 private:
  Words const& gather(Operand const& operand, Words& scratch, std::uint32_t& valid);
  bool release_waiting();
  bool choose();
  void execute();
  void complain_of_use(std::uint32_t lanes, char const* use);
  void complain_of_convergence(std::uint32_t lanes);
  void add(std::uint32_t lanes, std::uint32_t at);

  Code const* code_ = nullptr;
  std::vector<Group> groups_;
  Group* group_ = nullptr;  // that runs
  std::uint32_t alive_ = kAllLanes;
  std::uint32_t unwritten_word_ = 0, unwritten_at_ = 0;  // the last: its address, who read it
  std::uint32_t convergence_[16][kLanes];  // by barrier and lane: the lanes that are to come
};

}  // namespace brood::machine
