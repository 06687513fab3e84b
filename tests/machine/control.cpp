// SPDX-License-Identifier: Apache-2.0
// Branches, calls, convergence, barriers.
#include <bit>

#include "machine/block.hpp"
#include "machine/families.hpp"
#include "machine/warp.hpp"

namespace brood::machine {
namespace {

void nothing(Warp&, Instruction const&, std::uint32_t) {}
Operation* ignored(Modifiers& modifiers, Instruction&) {
  // Fences, their errors, hints: memory is in order here.
  modifiers.one_of({"ALL", "SC"});
  modifiers.one_of({"CTA", "GPU", "SYS", "VC"});
  modifiers.take("IVALL");
  return nothing;
}

std::uint32_t index_of(Operand const& label) {
  return static_cast<std::uint32_t>(label.value) / 16;
}

Operand const* label_of(Instruction const& in) {
  for (Operand const& source : in.source) {
    if (source.kind == Operand::Kind::label) return &source;
  }
  return nullptr;
}

// ---- branches

void branch(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (in.conditions[0].kind != Operand::Kind::none) {
    warp.need(lanes, warp.predicate_valid(in.conditions[0]), "a branch's condition");
    lanes &= warp.predicate(in.conditions[0]);
  }
  if (lanes != 0) warp.step.kind = Step::Kind::taken;
  warp.branch(lanes, index_of(*label_of(in)));
}

// Taken by all if the lanes named are not together (DIV) or are (CONV).
template <bool Diverged>
void branch_by_convergence(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  std::uint32_t const named = warp.scalar(in.source[0]);
  bool const together = (named & warp.alive() & ~warp.group().lanes) == 0;
  bool const taken = lanes != 0 && together != Diverged;
  if (taken) warp.step.kind = Step::Kind::taken;
  warp.branch(taken ? lanes : 0, index_of(*label_of(in)));
}

Operation* branch_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  if (label_of(in) == nullptr) return nullptr;
  if (modifiers.take("DIV")) return branch_by_convergence<true>;
  if (modifiers.take("CONV")) return branch_by_convergence<false>;
  modifiers.take("U");
  modifiers.take("ANY");
  return branch;
}

// "BRX R32 -0x18e00": to the register's value + the number, from behind the instruction.
void indexed_branch(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  Words scratch, targets;
  std::uint32_t valid = kAllLanes;
  Words const& offsets = warp.words(in.source[0], scratch, valid);
  warp.need(lanes, valid, "a branch's target");
  for (int i = 0; i < kLanes; ++i)
    targets[i] =
        (in.address + 16 + offsets[i] + static_cast<std::uint32_t>(in.source[1].value)) / 16;
  warp.step.kind = Step::Kind::taken;
  warp.branch(lanes, targets);
}
Operation* indexed_branch_family(Modifiers&, Instruction& in) {
  in.moves_on_by_itself = true;
  return in.source[1].kind == Operand::Kind::immediate ? indexed_branch : nullptr;
}

Operation* call_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  bool const known = modifiers.take("REL") && modifiers.take("NOINC");
  return known && label_of(in) != nullptr ? branch : nullptr;
}

void return_(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  Words scratch, targets;
  std::uint32_t valid = kAllLanes;
  Words const& offsets = warp.words(in.source[0], scratch, valid);
  warp.need(lanes, valid, "a return address");
  for (int i = 0; i < kLanes; ++i)
    targets[i] = (offsets[i] + static_cast<std::uint32_t>(in.source[1].value)) / 16;
  if (lanes != 0) warp.step.kind = Step::Kind::taken;
  warp.branch(lanes, targets);
}
Operation* return_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  bool const known = modifiers.take("REL") && modifiers.take("NODEC");
  return known && in.source[1].kind == Operand::Kind::label ? return_ : nullptr;
}

void exit_(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (in.conditions[0].kind != Operand::Kind::none) lanes &= warp.predicate(in.conditions[0]);
  warp.exit(lanes);
}
Operation* exit_family(Modifiers&, Instruction& in) {
  in.moves_on_by_itself = true;
  return exit_;
}

// ---- convergence

void begin_convergence(Warp& warp, Instruction const& in, std::uint32_t) {
  warp.begin_convergence(in.source[0].reg);
}
Operation* bssy_family(Modifiers& modifiers, Instruction& in) {
  modifiers.one_of({"RECONVERGENT", "RELIABLE"});
  return in.source[0].text.starts_with('B') && in.source[0].reg < 16 ? begin_convergence : nullptr;
}

void converge(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes != warp.group().lanes) warp.fail("BSYNC of some lanes of those that go on together");
  warp.converge(in.source[0].reg);
}
Operation* bsync_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  modifiers.one_of({"RECONVERGENT", "RELIABLE"});
  return in.source[0].text.starts_with('B') && in.source[0].reg < 16 ? converge : nullptr;
}

// BMOV.32.CLEAR R, B: a barrier into a register, and empty; BMOV.32 B, R: back.
void take_barrier(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  Words const words = warp.taken_convergence(in.source[0].reg, lanes);
  if (in.result.kind != Operand::Kind::none) warp.set(in.result, words, lanes, kAllLanes);
}
void put_barrier(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  Words scratch;
  std::uint32_t valid = kAllLanes;
  Words const& words = warp.words(in.source[1], scratch, valid);
  warp.need(lanes, valid, "a convergence barrier");
  warp.set_convergence(in.source[0].reg, lanes, words);
}
Operation* barrier_move_family(Modifiers& modifiers, Instruction& in) {
  if (!modifiers.take("32") || !in.source[0].text.starts_with('B') || in.source[0].reg >= 16)
    return nullptr;
  bool const takes = modifiers.take("CLEAR");
  if (takes) return take_barrier;
  return in.source[1].kind == Operand::Kind::reg ? put_barrier : nullptr;
}

void break_(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  warp.leave_convergence(in.source[0].reg, lanes);
}
Operation* break_family(Modifiers& modifiers, Instruction& in) {
  modifiers.one_of({"RECONVERGENT", "RELIABLE"});
  return in.source[0].text.starts_with('B') && in.source[0].reg < 16 ? break_ : nullptr;
}

void warp_sync(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) {
    ++warp.group().at;
    return;
  }
  std::uint32_t awaited = kAllLanes;
  if (in.source[0].kind != Operand::Kind::none && in.source[0].kind != Operand::Kind::label) {
    Words scratch;
    std::uint32_t valid = kAllLanes;
    awaited = warp.words(in.source[0], scratch, valid)[std::countr_zero(lanes)];
    warp.need(lanes, valid, "a mask of lanes");
  }
  warp.converge_warp(lanes, awaited);
}
// COLLECTIVE gathers lanes for one operation, after which they may part again: here they stay.
Operation* warp_sync_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  modifiers.one_of({"ALL", "COLLECTIVE", "EXCLUSIVE"});
  return warp_sync;
}

// ---- barriers

// Of the lanes' first; an immediate, or a register.
std::uint32_t value_of(Warp& warp, Operand const& o, std::uint32_t lanes) {
  if (o.kind == Operand::Kind::none) return 0;
  Words scratch;
  std::uint32_t valid = kAllLanes;
  Words const& values = warp.words(o, scratch, valid);
  warp.need(lanes, valid, "a barrier's number");
  return values[std::countr_zero(lanes)];
}

// BAR.SYNC barrier [, threads]; ARV does not wait.
template <bool Waits>
void block_barrier(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) {
    warp.step.kind = Step::Kind::nothing;
    ++warp.group().at;
    return;
  }
  if (lanes != warp.group().lanes) warp.fail("BAR of some lanes of those that go on together");
  warp.need_convergence(lanes);
  auto const barrier = value_of(warp, in.source[0], lanes);
  auto const threads = value_of(warp, in.source[1], lanes);
  if (barrier >= static_cast<std::uint32_t>(Block::kBarriers))
    warp.fail("there is no barrier " + std::to_string(barrier));
  if constexpr (Waits) {
    warp.wait(Group::Wait::block, static_cast<int>(barrier), threads);
  } else {
    warp.block->arrive(warp, static_cast<int>(barrier));
    ++warp.group().at;
  }
}
Operation* barrier_family(Modifiers& modifiers, Instruction& in) {
  in.moves_on_by_itself = true;
  modifiers.take("DEFER_BLOCKING");
  if (modifiers.take("SYNC")) return block_barrier<true>;
  return modifiers.take("ARV") ? block_barrier<false> : nullptr;
}

void cluster_arrive(Warp& warp, Instruction const&, std::uint32_t lanes) {
  if (lanes == 0) return;
  warp.need_convergence(lanes);
  warp.block->cluster().arrive(warp);
}
Operation* cluster_arrive_family(Modifiers&, Instruction&) {
  return cluster_arrive;
}
void cluster_wait(Warp& warp, Instruction const&, std::uint32_t lanes) {
  if (lanes == 0) {
    warp.step.kind = Step::Kind::nothing;
    ++warp.group().at;
    return;
  }
  warp.need_convergence(lanes);
  if (warp.cluster_arrivals == 0)
    warp.fail("a wait for a barrier that the warp has not arrived at");
  warp.wait(Group::Wait::cluster);
}
Operation* cluster_wait_family(Modifiers&, Instruction& in) {
  in.moves_on_by_itself = true;
  return cluster_wait;
}

}  // namespace

std::span<Family const> control_families() {
  static constexpr Family kFamilies[] = {
      {"NOP", ignored},
      {"YIELD", ignored},
      {"PMTRIG", ignored},
      {"ENDCOLLECTIVE", ignored},
      {"CCTL", ignored},
      {"ERRBAR", ignored},
      {"CGAERRBAR", ignored},
      {"MEMBAR", ignored},
      {"BRA", branch_family},
      {"BRX", indexed_branch_family},
      {"BRXU", indexed_branch_family},
      {"CALL", call_family},
      {"RET", return_family},
      {"EXIT", exit_family},
      {"BSSY", bssy_family},
      {"BSYNC", bsync_family},
      {"BREAK", break_family},
      {"BMOV", barrier_move_family},
      {"WARPSYNC", warp_sync_family},
      {"BAR", barrier_family},
      {"UCGABAR_ARV", cluster_arrive_family},
      {"UCGABAR_WAIT", cluster_wait_family},
  };
  return kFamilies;
}

}  // namespace brood::machine
