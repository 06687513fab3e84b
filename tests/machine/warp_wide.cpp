// SPDX-License-Identifier: Apache-2.0
// Operations by which lanes of a warp look at each other.
#include <bit>

#include "machine/families.hpp"
#include "machine/warp.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;

enum Shuffle : std::uint8_t { kIndex, kUp, kDown, kButterfly };

// SHFL P, R, value, b, c: as PTX's shfl.sync. c holds the last lane of a segment and its mask.
void shuffle(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  warp.need_convergence(lanes);
  Words s0, s1, s2, out;
  u32 valid = kAllLanes, valid_places = kAllLanes;
  Words const& value = warp.words(in.source[0], s0, valid);
  Words const& b = warp.words(in.source[1], s1, valid_places);
  Words const& c = warp.words(in.source[2], s2, valid_places);
  warp.need(lanes, valid_places, "a shuffle's lane");
  u32 inside_all = 0, valid_out = 0;
  for (int i = 0; i < kLanes; ++i) {
    int const by = static_cast<int>(b[i] & 31), clamp = static_cast<int>(c[i] & 31);
    int const segment = static_cast<int>(c[i] >> 8 & 31);
    int const last = (i & segment) | (clamp & ~segment), first = i & segment;
    int from = i;
    bool inside = true;
    switch (static_cast<Shuffle>(in.detail)) {
      case kIndex:
        from = first | (by & ~segment);
        inside = from <= last;
        break;
      case kUp:
        from = i - by;
        inside = from >= last;
        break;
      case kDown:
        from = i + by;
        inside = from <= last;
        break;
      case kButterfly:
        from = i ^ by;
        inside = from <= last;
        break;
    }
    if (!inside) from = i;
    out[i] = value[from];
    inside_all |= static_cast<u32>(inside) << i;
    // The value of a lane that does not take part is undefined.
    valid_out |= (valid & lanes) >> from & 1 ? 1u << i : 0;
  }
  warp.set(in.result, out, lanes, valid_out);
  warp.set_predicate(in.predicates[0], inside_all, lanes, kAllLanes);
}
Operation* shfl(Modifiers& modifiers, Instruction& in) {
  int const kind = modifiers.one_of({"IDX", "UP", "DOWN", "BFLY"});
  in.detail = static_cast<std::uint8_t>(kind);
  return kind >= 0 ? shuffle : nullptr;
}

// VOTE [R,] P, Q: whether Q holds in all lanes or in any; R: in which. detail: 0 all, 1 any, 2
// equal
void vote(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  // Behind a register, the first predicate is a result.
  bool const counts = in.result.kind != Operand::Kind::none;
  bool const both = in.conditions[1].kind != Operand::Kind::none;
  Operand const& condition = in.conditions[both ? 1 : 0];
  Operand const& result = counts && both ? in.conditions[0] : in.predicates[0];
  warp.need(lanes, warp.predicate_valid(condition), "a vote");
  u32 const votes = warp.predicate(condition) & lanes;
  bool const held = in.detail == 0   ? votes == lanes
                    : in.detail == 1 ? votes != 0
                                     : votes == 0 || votes == lanes;
  if (counts && in.result.kind == Operand::Kind::uniform) {
    warp.set_uniform(in.result, votes);
  } else if (counts) {
    warp.set(in.result, Words::all(votes), lanes, kAllLanes);
  }
  warp.set_predicate(result, held ? kAllLanes : 0, lanes, kAllLanes);
}
Operation* vote_family(Modifiers& modifiers, Instruction& in) {
  int const kind = modifiers.one_of({"ALL", "ANY", "EQ"});
  in.detail = static_cast<std::uint8_t>(kind);
  return kind >= 0 ? vote : nullptr;
}

// REDUX UR, R: over the lanes. detail: 0 sum, 1 or, 2 and, 3 xor, 4 least, 5 greatest; 8: signed
void reduce(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch;
  u32 valid = kAllLanes;
  Words const& value = warp.words(in.source[0], scratch, valid);
  warp.need(lanes, valid, "a term of a reduction");
  bool first = true;
  u32 result = 0;
  u32 const sign = in.detail & 8 ? 0x80000000u : 0;
  for_each_lane(lanes, [&](int i) {
    u32 const x = value[i];
    if (first) {
      result = x;
    } else {
      switch (in.detail & 7) {
        case 0:
          result += x;
          break;
        case 1:
          result |= x;
          break;
        case 2:
          result &= x;
          break;
        case 3:
          result ^= x;
          break;
        case 4:
          result = (x ^ sign) < (result ^ sign) ? x : result;
          break;
        default:
          result = (x ^ sign) > (result ^ sign) ? x : result;
          break;
      }
    }
    first = false;
  });
  warp.set_uniform(in.result, result);
}
Operation* redux(Modifiers& modifiers, Instruction& in) {
  int const kind = modifiers.one_of({"SUM", "OR", "AND", "XOR", "MIN", "MAX"});
  bool const is_signed = modifiers.take("S32");
  in.detail = static_cast<std::uint8_t>((kind < 0 ? 0 : kind) | (is_signed ? 8 : 0));
  return in.result.kind == Operand::Kind::uniform ? reduce : nullptr;
}

}  // namespace

std::span<Family const> warp_families() {
  static constexpr Family kFamilies[] = {
      {"SHFL", shfl}, {"VOTE", vote_family}, {"VOTEU", vote_family}, {"REDUX", redux}};
  return kFamilies;
}

}  // namespace brood::machine
