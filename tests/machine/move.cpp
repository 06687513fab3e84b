// SPDX-License-Identifier: Apache-2.0
// Moves, between registers of all kinds, from constants and from special registers.
#include "machine/block.hpp"
#include "machine/families.hpp"
#include "machine/lanewise.hpp"

namespace brood::machine {
namespace {

struct First {
  static std::uint32_t of(int, std::uint32_t a, std::uint32_t, std::uint32_t) { return a; }
};

Operation* move(Modifiers& modifiers, Instruction& in) {
  modifiers.take("U32");
  // "MOV R1, R2, 0xf": a mask of bytes that is always whole.
  if (in.source[1].kind != Operand::Kind::none && in.source[1].value != 15) return nullptr;
  return lanewise<First, 1>;
}

// ---- constants

template <int Words_>
void load_constant(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Operand at = in.source[0];
  for (int k = 0; k < Words_; ++k, at.value += 4) {
    if (in.result.kind == Operand::Kind::uniform) {
      Operand to = in.result;
      if (to.reg == kZeroUniform) return;
      to.reg = static_cast<std::uint8_t>(to.reg + k);
      warp.set_uniform(to, warp.scalar(at));
    } else {
      if (in.result.reg == kZeroRegister) return;
      if (at.reg != kZeroRegister) warp.need(lanes, warp.valid[at.reg], "an index of constants");
      Words scratch;
      std::uint32_t valid = kAllLanes;
      Words const& values = warp.words(at, scratch, valid);
      warp.set_register(in.result.reg + k, values, lanes, valid);
    }
  }
}

Operation* load_constant_family(Modifiers& modifiers, Instruction& in) {
  if (in.source[0].kind != Operand::Kind::constant) return nullptr;
  if (modifiers.take("64")) return load_constant<2>;
  if (modifiers.take("128")) return load_constant<4>;
  return load_constant<1>;
}

// ---- special registers

Words special(Warp& warp, std::string_view name) {
  Block& block = *warp.block;
  Launch const& launch = block.launch();
  auto number = [](int value) { return Words::all(static_cast<std::uint32_t>(value)); };
  if (name == "SR_TID.X" || name == "SR_LANEID") {
    Words words;
    int const first = name == "SR_TID.X" ? kLanes * warp.number : 0;
    for (int i = 0; i < kLanes; ++i)
      words[i] = static_cast<std::uint32_t>(first + i);
    return words;
  }
  if (name == "SR_TID.Y" || name == "SR_TID.Z" || name == "SR_CTAID.Y" || name == "SR_CTAID.Z" ||
      name == "SR_SWINLO" || name == "SR_LWINLO")
    return number(0);
  if (name == "SR_CTAID.X") return number(block.number());
  if (name == "SR_NTID.X") return number(launch.threads);
  if (name == "SR_NCTAID.X") return number(launch.blocks);
  if (name == "SR_CgaCtaId") return number(block.rank());
  if (name == "SR_CgaSize") return number(launch.cluster);
  if (name == "SR_SWINHI") return Words::all(kSharedWindow);
  if (name == "SR_LWINHI") return Words::all(kLocalWindow);
  if (name == "SR_VIRTID" || name == "SR_WARPID") return number(warp.number);
  if (name == "SR_CLOCKLO" || name == "SR_CLOCKHI")
    return Words::all(static_cast<std::uint32_t>(warp.executed));
  warp.fail("special register " + std::string(name));
}

void read_special(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Words const words = special(warp, in.source[0].text);
  if (in.result.kind == Operand::Kind::uniform) {
    warp.set_uniform(in.result, words[0]);
  } else {
    warp.set(in.result, words, lanes, kAllLanes);
  }
}

// CS2R writes a pair, of zeros but for the clock.
void read_special_pair(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  bool const zero = in.source[0].kind == Operand::Kind::reg;
  if (!zero && in.source[0].text != "SR_CLOCKLO")
    warp.fail("special register " + std::string(in.source[0].text));
  Words const low = zero ? Words::all(0) : special(warp, "SR_CLOCKLO");
  warp.set_register(in.result.reg, low, lanes, kAllLanes);
  if (in.detail == 0 && in.result.reg != kZeroRegister)
    warp.set_register(in.result.reg + 1, Words::all(0), lanes, kAllLanes);
}

Operation* special_family(Modifiers&, Instruction& in) {
  return in.source[0].kind == Operand::Kind::name ? read_special : nullptr;
}
Operation* special_pair_family(Modifiers& modifiers, Instruction& in) {
  in.detail = modifiers.take("32");
  return read_special_pair;
}

// ---- between lanes and the uniform datapath

void to_uniform(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Words scratch;
  std::uint32_t valid = kAllLanes;
  Words const& values = warp.words(in.source[0], scratch, valid);
  int const first = std::countr_zero(lanes);
  warp.need(1u << first, valid, "what goes to a uniform register");
  warp.set_uniform(in.result, values[first]);
}
Operation* to_uniform_family(Modifiers&, Instruction&) {
  return to_uniform;
}

// ---- predicates and registers

void predicates_to_register(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Words out = Words::all(0);
  std::uint32_t const mask = static_cast<std::uint32_t>(in.source[2].value);
  std::uint32_t valid = kAllLanes;
  for (int p = 0; p < kTruePredicate; ++p) {
    if (!(mask >> p & 1)) continue;
    valid &= warp.predicates_valid[p];
    for (int i = 0; i < kLanes; ++i)
      out[i] |= (warp.predicates[p] >> i & 1) << p;
  }
  warp.set(in.result, out, lanes, valid);
}
Operation* p2r_family(Modifiers&, Instruction& in) {
  bool const known = in.source[0].text == "PR" && in.source[1].reg == kZeroRegister &&
                     in.source[2].kind == Operand::Kind::immediate;
  return known ? predicates_to_register : nullptr;
}

void register_to_predicates(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Words scratch;
  std::uint32_t valid = kAllLanes;
  Words const& values = warp.words(in.source[1], scratch, valid);
  std::uint32_t const mask = static_cast<std::uint32_t>(in.source[2].value);
  for (int p = 0; p < kTruePredicate; ++p) {
    if (!(mask >> p & 1)) continue;
    std::uint32_t const bits = mask_of([&](int i) { return (values[i] >> p & 1) != 0; });
    warp.predicates[p] = (warp.predicates[p] & ~lanes) | (bits & lanes);
    warp.predicates_valid[p] = (warp.predicates_valid[p] & ~lanes) | (valid & lanes);
  }
}
Operation* r2p_family(Modifiers&, Instruction& in) {
  bool const known = in.source[0].text == "PR" && in.source[2].kind == Operand::Kind::immediate;
  return known ? register_to_predicates : nullptr;
}

}  // namespace

std::span<Family const> move_families() {
  static constexpr Family kFamilies[] = {
      {"MOV", move},
      {"UMOV", move},
      {"LDC", load_constant_family},
      {"S2R", special_family},
      {"S2UR", special_family},
      {"ULDC", load_constant_family},
      {"CS2R", special_pair_family},
      {"R2UR", to_uniform_family},
      {"P2R", p2r_family},
      {"R2P", r2p_family},
  };
  return kFamilies;
}

}  // namespace brood::machine
