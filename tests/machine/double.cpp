// SPDX-License-Identifier: Apache-2.0
// Arithmetic of doubles, in pairs of registers. An immediate is the upper word.
#include <cfenv>
#include <cmath>

#include "machine/families.hpp"
#include "machine/lanewise.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

void read(Warp& warp, Operand const& o, Doubles& out, u32& valid) {
  Longs bits;
  if (o.kind == Operand::Kind::immediate) {
    bits = Longs::all(static_cast<u64>(o.value) << 32);
  } else {
    warp.longs(o, bits, valid);
  }
  u64 const keep = o.absolute ? 0x7fffffffffffffffu : ~u64{0};
  u64 const flip = o.negated ? 0x8000000000000000u : 0;
  for (int i = 0; i < kLanes; ++i)
    out[i] = std::bit_cast<double>((bits[i] & keep) ^ flip);
}

struct Add {
  static double of(double a, double b, double) { return a + b; }
};
struct Multiply {
  static double of(double a, double b, double) { return a * b; }
};
struct MultiplyAdd {
  static double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
};
template <class F, int Mode>
struct Rounded {
  static double of(double a, double b, double c) {
    double volatile x = a, y = b, z = c;
    int const before = std::fegetround();
    std::fesetround(Mode);
    double const volatile result = F::of(x, y, z);
    std::fesetround(before);
    return result;
  }
};

template <class F, int Of>
void doublewise(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Doubles x[3];
  Longs out;
  u32 valid = kAllLanes;
  for (int k = 0; k < Of; ++k)
    read(warp, in.source[k], x[k], valid);
  for (int i = 0; i < kLanes; ++i)
    out[i] = std::bit_cast<u64>(F::of(x[0][i], x[1 % Of][i], x[2 % Of][i]));
  warp.set_longs(in.result, out, lanes, valid);
}

template <class F, int Of>
Operation* arithmetic(Modifiers& modifiers, Instruction&) {
  switch (modifiers.one_of({"RM", "RP", "RZ"})) {
    case 0:
      return doublewise<Rounded<F, FE_DOWNWARD>, Of>;
    case 1:
      return doublewise<Rounded<F, FE_UPWARD>, Of>;
    case 2:
      return doublewise<Rounded<F, FE_TOWARDZERO>, Of>;
    default:
      return doublewise<F, Of>;
  }
}

// detail: which orders hold (1 less, 2 equal, 4 greater, 8 not comparable), and the join.
void set_predicate(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Doubles a, b;
  u32 valid = kAllLanes;
  read(warp, in.source[0], a, valid);
  read(warp, in.source[1], b, valid);
  u32 const holds = mask_of([&](int i) {
    int const order = a[i] < b[i] ? 1 : a[i] == b[i] ? 2 : a[i] > b[i] ? 4 : 8;
    return (in.detail & order) != 0;
  });
  set_joined(warp, in, static_cast<Join>(in.detail >> 4), {holds, valid}, lanes);
}

Operation* dsetp(Modifiers& modifiers, Instruction& in) {
  static constexpr int kHolds[] = {1, 3, 4, 6, 2, 5, 9, 11, 12, 14, 10, 13, 8, 7};
  int const order = modifiers.one_of(
      {"LT", "LE", "GT", "GE", "EQ", "NE", "LTU", "LEU", "GTU", "GEU", "EQU", "NEU", "NAN", "NUM"});
  int const join = modifiers.one_of({"AND", "OR", "XOR"});
  if (order < 0 || join < 0) return nullptr;
  in.detail = static_cast<std::uint8_t>(kHolds[order] | join << 4);
  return set_predicate;
}

}  // namespace

std::span<Family const> double_families() {
  static constexpr Family kFamilies[] = {
      {"DADD", arithmetic<Add, 2>},
      {"DMUL", arithmetic<Multiply, 2>},
      {"DFMA", arithmetic<MultiplyAdd, 3>},
      {"DSETP", dsetp},
  };
  return kFamilies;
}

}  // namespace brood::machine
