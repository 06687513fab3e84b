// SPDX-License-Identifier: Apache-2.0
#include "machine/warp.hpp"

#include <bit>
#include <cstdio>
#include <cstring>

#include "machine/block.hpp"

namespace brood::machine {

void Warp::reset(Block& of, int number_in_block, Code const& code, bool with_checks) {
  block = &of;
  number = number_in_block;
  code_ = &code;
  checked = with_checks;
  // What nobody wrote is no number.
  std::memset(registers, 0xff, sizeof registers);
  std::memset(valid, 0, sizeof valid);
  registers[kZeroRegister] = Words::all(0);
  valid[kZeroRegister] = kAllLanes;
  std::memset(predicates, 0, sizeof predicates);
  std::memset(predicates_valid, 0, sizeof predicates_valid);
  predicates[kTruePredicate] = predicates_valid[kTruePredicate] = kAllLanes;
  std::memset(uniform, 0xff, sizeof uniform);
  uniform[kZeroUniform] = 0;
  uniform_valid = std::uint64_t{1} << kZeroUniform;
  uniform_predicates = 1u << kTruePredicate;
  copies.assign(1, {});
  local.clear();
  local_valid.clear();
  cluster_arrivals = 0;
  unwritten_word_ = unwritten_at_ = 0;
  executed = 0;
  alive_ = kAllLanes;
  groups_.clear();
  groups_.reserve(kLanes + 1);
  groups_.push_back({kAllLanes, 0});
  group_ = nullptr;
  std::memset(convergence_, 0, sizeof convergence_);
}

// ---- reading

std::uint32_t Warp::constant(int bank, std::int64_t offset) const {
  std::vector<std::uint8_t> const* bytes = &block->launch().constants;
  if (bank != 0) {
    auto const found = code_->facts.constants.find(bank);
    if (found == code_->facts.constants.end()) fail("constant bank " + std::to_string(bank));
    bytes = &found->second;
  }
  // Lanes that are not to read may have any offset.
  if (offset < 0 || static_cast<std::size_t>(offset) + 4 > bytes->size()) return 0xffffffffu;
  std::uint32_t value;
  std::memcpy(&value, bytes->data() + offset, 4);
  return value;
}

Words const& Warp::gather(Operand const& o, Words& scratch, std::uint32_t& ok) {
  using Kind = Operand::Kind;
  switch (o.kind) {
    case Kind::reg:
      ok &= valid[o.reg];
      return registers[o.reg];
    case Kind::immediate:
      return *o.words;
    case Kind::uniform:
      scratch = Words::all(uniform[o.reg]);
      return scratch;
    case Kind::constant:
      if (o.reg == kZeroRegister) {
        scratch = Words::all(constant(o.bank, o.value + uniform[o.uniform]));
        return scratch;
      }
      ok &= valid[o.reg];
      for (int i = 0; i < kLanes; ++i)
        scratch[i] = constant(o.bank, o.value + registers[o.reg][i]);
      return scratch;
    default:
      fail("an operand that is not known: " + std::string(o.text));
  }
}

Words const& Warp::words(Operand const& o, Words& scratch, std::uint32_t& ok) {
  Words const& plain = gather(o, scratch, ok);
  if (!(o.negated | o.inverted | o.absolute)) return plain;
  if (o.absolute) fail("an absolute integer: " + std::string(o.text));
  std::uint32_t const flip = o.inverted || o.negated ? 0xffffffffu : 0u, one = o.negated ? 1 : 0;
  for (int i = 0; i < kLanes; ++i)
    scratch[i] = (plain[i] ^ flip) + one;
  return scratch;
}

Words const& Warp::floats(Operand const& o, Words& scratch, std::uint32_t& ok) {
  Words const& plain = gather(o, scratch, ok);
  if (!(o.negated | o.absolute)) return plain;
  std::uint32_t const keep = o.absolute ? 0x7fffffffu : 0xffffffffu;
  std::uint32_t const flip = o.negated ? 0x80000000u : 0u;
  for (int i = 0; i < kLanes; ++i)
    scratch[i] = (plain[i] & keep) ^ flip;
  return scratch;
}

void Warp::longs(Operand const& o, Longs& result, std::uint32_t& ok) {
  using Kind = Operand::Kind;
  if (o.kind == Kind::reg) {
    if (o.reg == kZeroRegister) {
      result = Longs::all(0);
      return;
    }
    ok &= valid[o.reg] & valid[o.reg + 1];
    for (int i = 0; i < kLanes; ++i)
      result[i] = registers[o.reg][i] | std::uint64_t{registers[o.reg + 1][i]} << 32;
    return;
  }
  result = Longs::all(scalar_long(o));
}

std::uint32_t Warp::scalar(Operand const& o) {
  using Kind = Operand::Kind;
  std::uint32_t value = 0;
  switch (o.kind) {
    case Kind::uniform:
      if (!(uniform_valid >> o.reg & 1)) need(kAllLanes, 0, "a uniform register");
      value = uniform[o.reg];
      break;
    case Kind::immediate:
      value = static_cast<std::uint32_t>(o.value);
      break;
    case Kind::constant:
      value = constant(o.bank, o.value + uniform[o.uniform]);
      break;
    case Kind::reg:
      if (o.reg == kZeroRegister) break;
      [[fallthrough]];
    default:
      fail("a uniform operand that is not known: " + std::string(o.text));
  }
  if (o.inverted) return ~value;
  return o.negated ? 0 - value : value;
}

std::uint64_t Warp::scalar_long(Operand const& o) {
  using Kind = Operand::Kind;
  switch (o.kind) {
    case Kind::uniform:
      if (o.reg == kZeroUniform) return 0;
      return uniform[o.reg] | std::uint64_t{uniform[o.reg + 1]} << 32;
    case Kind::immediate:
      return static_cast<std::uint64_t>(o.value);
    case Kind::constant: {
      auto const at = o.value + uniform[o.uniform];
      return constant(o.bank, at) | std::uint64_t{constant(o.bank, at + 4)} << 32;
    }
    case Kind::reg:
      if (o.reg == kZeroRegister) return 0;
      [[fallthrough]];
    default:
      fail("an operand of 64 bits that is not known: " + std::string(o.text));
  }
}

std::uint32_t Warp::predicate(Operand const& o) {
  std::uint32_t mask = kAllLanes;
  if (o.kind == Operand::Kind::predicate) {
    mask = predicates[o.reg];
  } else if (o.kind == Operand::Kind::uniform_predicate) {
    mask = uniform_predicates >> o.reg & 1 ? kAllLanes : 0;
  }
  return o.inverted ? ~mask : mask;
}

std::uint32_t Warp::predicate_valid(Operand const& o) {
  return o.kind == Operand::Kind::predicate ? predicates_valid[o.reg] : kAllLanes;
}

// ---- writing

void Warp::set_register(int index, Words const& values, std::uint32_t lanes, std::uint32_t ok) {
  if (index == kZeroRegister) return;
  Words& target = registers[index];
  if (lanes == kAllLanes) {
    target = values;
  } else {
    for (int i = 0; i < kLanes; ++i)
      target[i] = lanes >> i & 1 ? values[i] : target[i];
  }
  valid[index] = (valid[index] & ~lanes) | (ok & lanes);
}

void Warp::set(Operand const& result, Words const& values, std::uint32_t lanes, std::uint32_t ok) {
  if (result.kind != Operand::Kind::reg) fail("a result that is no register");
  set_register(result.reg, values, lanes, ok);
}

void Warp::set_longs(Operand const& result, Longs const& values, std::uint32_t lanes,
                     std::uint32_t ok) {
  if (result.kind != Operand::Kind::reg) fail("a result that is no register");
  if (result.reg == kZeroRegister) return;
  Words low, high;
  for (int i = 0; i < kLanes; ++i) {
    low[i] = static_cast<std::uint32_t>(values[i]);
    high[i] = static_cast<std::uint32_t>(values[i] >> 32);
  }
  set_register(result.reg, low, lanes, ok);
  set_register(result.reg + 1, high, lanes, ok);
}

void Warp::set_predicate(Operand const& result, std::uint32_t values, std::uint32_t lanes,
                         std::uint32_t ok) {
  if (result.kind == Operand::Kind::none || result.reg == kTruePredicate) return;
  if (result.kind == Operand::Kind::uniform_predicate) {
    set_uniform_predicate(result, (values & lanes) != 0);
    return;
  }
  predicates[result.reg] = (predicates[result.reg] & ~lanes) | (values & lanes);
  predicates_valid[result.reg] = (predicates_valid[result.reg] & ~lanes) | (ok & lanes);
}

void Warp::set_uniform(Operand const& result, std::uint32_t value) {
  if (result.reg == kZeroUniform) return;
  uniform[result.reg] = value;
  uniform_valid |= std::uint64_t{1} << result.reg;
}

void Warp::set_uniform_predicate(Operand const& result, bool value) {
  if (result.kind == Operand::Kind::none || result.reg == kTruePredicate) return;
  uniform_predicates &= ~(1u << result.reg);
  uniform_predicates |= static_cast<std::uint32_t>(value) << result.reg;
}

// ---- control

void Warp::add(std::uint32_t lanes, std::uint32_t at) {
  groups_.push_back({lanes, at});
}

void Warp::branch(std::uint32_t lanes, std::uint32_t target) {
  std::uint32_t const rest = group_->lanes & ~lanes;
  if (rest == 0) {
    group_->at = target;
    return;
  }
  group_->at += 1;
  if (lanes == 0) return;
  group_->lanes = rest;
  add(lanes, target);
  group_ = nullptr;
}

void Warp::branch(std::uint32_t lanes, Lanes<std::uint32_t> const& targets) {
  std::uint32_t const rest = group_->lanes & ~lanes;
  std::uint32_t left = lanes;
  std::uint32_t const next_at = group_->at + 1;
  bool first = rest == 0;
  if (!first) {
    group_->lanes = rest;
    group_->at = next_at;
  }
  while (left != 0) {
    std::uint32_t const target = targets[std::countr_zero(left)];
    std::uint32_t const same = left & mask_of([&](int i) { return targets[i] == target; });
    left &= ~same;
    if (first) {
      group_->lanes = same;
      group_->at = target;
      first = false;
    } else {
      add(same, target);
    }
  }
  if (groups_.size() > 1) group_ = nullptr;
}

void Warp::begin_convergence(int barrier) {
  std::uint32_t const lanes = group_->lanes;
  for (int i = 0; i < kLanes; ++i)
    convergence_[barrier][i] = lanes >> i & 1 ? lanes : convergence_[barrier][i];
}

Words Warp::taken_convergence(int barrier, std::uint32_t lanes) {
  Words words;
  for (int i = 0; i < kLanes; ++i) {
    words[i] = convergence_[barrier][i];
    if ((lanes >> i & 1) != 0) convergence_[barrier][i] = 0;
  }
  return words;
}

void Warp::set_convergence(int barrier, std::uint32_t lanes, Words const& words) {
  for (int i = 0; i < kLanes; ++i) {
    if ((lanes >> i & 1) != 0) convergence_[barrier][i] = words[i];
  }
}

void Warp::leave_convergence(int barrier, std::uint32_t lanes) {
  for (std::uint32_t& awaited : convergence_[barrier])
    awaited &= ~lanes;
  for (Group& each : groups_) {
    if (each.wait == Group::Wait::convergence && each.barrier == barrier) each.awaited &= ~lanes;
  }
}

void Warp::converge(int barrier) {
  std::uint32_t const awaited = convergence_[barrier][std::countr_zero(group_->lanes)];
  if ((awaited & alive_ & ~group_->lanes) == 0) {
    group_->at += 1;
    return;
  }
  wait(Group::Wait::convergence, barrier, awaited);
}

void Warp::converge_warp(std::uint32_t lanes, std::uint32_t awaited) {
  if (lanes != group_->lanes) fail("WARPSYNC of some lanes of those that go on together");
  if ((awaited & alive_ & ~group_->lanes) == 0) {
    group_->at += 1;
    return;
  }
  wait(Group::Wait::warp, 0, awaited);
}

void Warp::wait(Group::Wait what, int barrier, std::uint32_t awaited) {
  group_->wait = what;
  group_->barrier = static_cast<std::uint8_t>(barrier);
  group_->awaited = awaited;
  group_ = nullptr;
}

void Warp::exit(std::uint32_t lanes) {
  if (lanes != 0 && checked) {
    std::size_t pending = 0;
    for (auto const& issued : copies)
      pending += issued.size();
    if (pending > 0) report(Fault::copy_in_flight, "a warp exits with copies under way");
  }
  alive_ &= ~lanes;
  group_->lanes &= ~lanes;
  group_->at += 1;
  if (group_->lanes == 0) {
    groups_.erase(groups_.begin() + (group_ - groups_.data()));
    group_ = nullptr;
  }
}

bool Warp::release_waiting() {
  for (std::size_t first = 0; first < groups_.size(); ++first) {
    Group const awaiting = groups_[first];
    if (awaiting.wait != Group::Wait::convergence && awaiting.wait != Group::Wait::warp) continue;
    bool const anywhere = awaiting.wait == Group::Wait::warp;
    auto belongs = [&](Group const& other) {
      return other.wait == awaiting.wait && other.barrier == awaiting.barrier &&
             other.awaited == awaiting.awaited && (anywhere || other.at == awaiting.at);
    };
    std::uint32_t come = 0;
    for (Group const& other : groups_) {
      if (belongs(other)) come |= other.lanes;
    }
    if ((awaiting.awaited & alive_ & ~come) != 0) continue;
    // Those at one place go on together from there.
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (!belongs(groups_[i])) continue;
      for (std::size_t j = i + 1; j < groups_.size();) {
        if (belongs(groups_[j]) && groups_[j].at == groups_[i].at) {
          groups_[i].lanes |= groups_[j].lanes;
          groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(j));
        } else {
          ++j;
        }
      }
      groups_[i].wait = Group::Wait::none;
      groups_[i].at += 1;
    }
    return true;
  }
  return false;
}

bool Warp::choose() {
  group_ = nullptr;
  for (Group& each : groups_) {
    if (each.wait == Group::Wait::none && (group_ == nullptr || each.at < group_->at))
      group_ = &each;
  }
  return group_ != nullptr;
}

void Warp::execute() {
  Instruction const* const instructions = code_->instructions.data();
  std::size_t const end = code_->instructions.size();
  while (group_ != nullptr) {
    std::uint32_t const at = group_->at;
    if (at >= end) fail("it runs beyond the kernel's end");
    Instruction const& instruction = instructions[at];
    std::uint32_t lanes = group_->lanes;
    if (instruction.guard.kind != Operand::Kind::none) {
      need(lanes, predicate_valid(instruction.guard), "a guard");
      lanes &= predicate(instruction.guard);
    }
    ++executed;
    if (trace) {
      step = {at, Step::Kind::plain, 0, 0};
      instruction.run(*this, instruction, lanes);
      trace->push_back(step);
    } else {
      instruction.run(*this, instruction, lanes);
    }
    if (!instruction.moves_on_by_itself) ++group_->at;
  }
}

bool Warp::run() {
  bool any = false;
  while (alive_ != 0) {
    if (!choose()) {
      if (!release_waiting()) break;
      continue;
    }
    any = true;
    execute();
  }
  return any;
}

Group const* Warp::waits(Group::Wait what, int barrier) const {
  if (groups_.empty()) return nullptr;
  for (Group const& each : groups_) {
    if (each.wait != what || each.barrier != barrier) return nullptr;
  }
  return &groups_.front();
}

void Warp::pass() {
  for (Group& each : groups_) {
    each.wait = Group::Wait::none;
    each.at += 1;
  }
}

// ---- reports

namespace {

std::string lanes_text(std::uint32_t lanes) {
  char text[40];
  if (lanes == kAllLanes) return "all lanes";
  std::snprintf(text, sizeof text, "lanes %08x", lanes);
  return text;
}

}  // namespace

std::string Warp::state() const {
  std::string result;
  for (Group const& each : groups_) {
    Instruction const& instruction = code_->instructions[each.at];
    char place[16];
    std::snprintf(place, sizeof place, "0x%x", instruction.address);
    result += "  block " + std::to_string(block->number()) + " warp " + std::to_string(number) +
              ", " + lanes_text(each.lanes) + " at " + place + ": " +
              std::string(instruction.text) + "\n";
  }
  return result;
}

void Warp::report(Fault fault, std::string what) {
  Group const& current = group_ ? *group_ : groups_.front();
  Instruction const& instruction = code_->instructions[current.at];
  block->launch().reports->add({fault, code_->kernel,
                                code_->functions[static_cast<std::size_t>(instruction.function)],
                                instruction.address, std::string(instruction.text),
                                what + " (block " + std::to_string(block->number()) + " warp " +
                                    std::to_string(number) + ")"});
}

void Warp::fail(std::string what) const {
  throw Failure(code_->kernel + ": " + what + "\n" + state());
}

void Warp::note_unwritten(std::uint32_t shared_address) {
  unwritten_word_ = shared_address;
  unwritten_at_ = code_->instructions[group_->at].address;
}

void Warp::complain_of_use(std::uint32_t lanes, char const* use) {
  std::string what = std::string("as ") + use + " in " + lanes_text(lanes);
  if (unwritten_word_ != 0) {
    char last[100];
    std::snprintf(last, sizeof last, "; the last unwritten word it read was shared 0x%x, at 0x%x",
                  unwritten_word_, unwritten_at_);
    what += last;
  }
  report(Fault::uninitialised, what);
}

void Warp::complain_of_convergence(std::uint32_t lanes) {
  report(Fault::not_converged, "reached by " + lanes_text(lanes) + " of " + lanes_text(alive_));
}

}  // namespace brood::machine
