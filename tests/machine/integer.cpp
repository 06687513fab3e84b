// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic, shifts, logic, comparisons; of lanes and of the uniform datapath.
#include <algorithm>
#include <bit>

#include "machine/families.hpp"
#include "machine/lanewise.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

bool is_immediate(Operand const& o) {
  return o.kind == Operand::Kind::immediate;
}

// ---- one function of up to three words

struct MultiplyAdd {
  static u32 of(int, u32 a, u32 b, u32 c) { return a * b + c; }
};
struct Add {
  static u32 of(int, u32 a, u32 b, u32) { return a + b; }
};
struct Absolute {
  static u32 of(int, u32 a, u32, u32) { return static_cast<i32>(a) < 0 ? 0 - a : a; }
};
// detail: the lookup table, of a (4), b (2), c (1).
struct Logic {
  static u32 of(int table, u32 a, u32 b, u32 c) {
    u32 result = 0;
    if (table & 1) result |= ~a & ~b & ~c;
    if (table & 2) result |= ~a & ~b & c;
    if (table & 4) result |= ~a & b & ~c;
    if (table & 8) result |= ~a & b & c;
    if (table & 16) result |= a & ~b & ~c;
    if (table & 32) result |= a & ~b & c;
    if (table & 64) result |= a & b & ~c;
    if (table & 128) result |= a & b & c;
    return result;
  }
};
struct And {
  static u32 of(int, u32 a, u32 b, u32) { return a & b; }
};
struct Or {
  static u32 of(int, u32 a, u32 b, u32) { return a | b; }
};
struct ExclusiveOr {
  static u32 of(int, u32 a, u32 b, u32) { return a ^ b; }
};
// detail: the width.
template <bool Signed>
struct Extend {
  static u32 of(int, u32 a, u32 b, u32) {
    u32 const bits = b & 31;
    if (b >= 32) return a;
    if (bits == 0) return 0;
    u32 const high = a << (32 - bits);
    return Signed ? static_cast<u32>(static_cast<i32>(high) >> (32 - bits)) : high >> (32 - bits);
  }
};
// PRMT: a, selector, b. Each nibble of the selector takes a byte of b:a, or its sign.
struct Permute {
  static u32 of(int, u32 a, u32 selector, u32 b) {
    u64 const bytes = u64{b} << 32 | a;
    u32 result = 0;
    for (int i = 0; i < 4; ++i) {
      u32 const nibble = selector >> 4 * i & 15;
      u32 byte = static_cast<u32>(bytes >> 8 * (nibble & 7)) & 0xff;
      if (nibble & 8) byte = byte & 0x80 ? 0xff : 0;
      result |= byte << 8 * i;
    }
    return result;
  }
};
// Parts of a word are put together one after another, so a result can be relied on if one of the
// words that it is made of can: which bytes are there is not kept.
void permute(Warp& warp, Instruction const& in, u32 lanes) {
  if (in.result.kind == Operand::Kind::uniform) return lanewise<Permute, 3>(warp, in, lanes);
  if (lanes == 0) return;
  Words s0, s1, s2, out;
  u32 first = kAllLanes, selected = kAllLanes, second = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, first);
  Words const& selector = warp.words(in.source[1], s1, selected);
  Words const& b = warp.words(in.source[2], s2, second);
  u32 valid = 0;
  for (int i = 0; i < kLanes; ++i) {
    out[i] = Permute::of(0, a[i], selector[i], b[i]);
    bool of_first = false, of_second = false;
    for (int k = 0; k < 4; ++k)
      (selector[i] >> 4 * k & 4 ? of_second : of_first) = true;
    valid |= ((of_first ? first : 0) | (of_second ? second : 0)) & 1u << i;
  }
  warp.set(in.result, out, lanes, valid & selected);
}
Operation* prmt(Modifiers&, Instruction&) {
  return permute;
}

// A shift of the 64 bits c:a by b, of which the upper or the lower word is taken.
template <bool Left, bool High, bool Wide, bool Signed, bool Wrap>
struct Funnel {
  static u32 of(int, u32 a, u32 b, u32 c) {
    u32 const most = Wide ? 63 : 32;
    u32 const by = Wrap ? b & (Wide ? 63u : 31u) : b < most ? b : most;
    bool const all = !Wrap && Wide && b > 63;
    u64 const both = u64{c} << 32 | a;
    u64 shifted;
    if (Left) {
      shifted = all ? 0 : both << by;
    } else if (Signed) {
      shifted = static_cast<u64>(static_cast<i64>(both) >> by);
    } else {
      shifted = all ? 0 : both >> by;
    }
    return static_cast<u32>(High ? shifted >> 32 : shifted);
  }
};
struct LeadingBit {
  static u32 of(int detail, u32 a, u32, u32) {
    if (detail & 2) a = static_cast<i32>(a) < 0 ? ~a : a;  // of a signed number
    if (a == 0) return 0xffffffffu;
    u32 const at = 31u - static_cast<u32>(std::countl_zero(a));
    return detail & 1 ? 31 - at : at;
  }
};
struct Population {
  static u32 of(int, u32 a, u32, u32) { return static_cast<u32>(std::popcount(a)); }
};
struct Reverse {
  static u32 of(int, u32 a, u32, u32) {
    u32 result = 0;
    for (int i = 0; i < 32; ++i)
      result |= (a >> i & 1) << (31 - i);
    return result;
  }
};

// ---- sums with carries, on lanes

// IADD3: three terms, of which negative ones are complements plus one; each carry past the first
// goes to a predicate. X: plus two conditions.
template <bool Extended>
void add_three(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch[3], out;
  u32 valid = kAllLanes;
  Operand const* const o = in.source;
  Words const* term[3];
  u32 extra[3] = {};
  for (int k = 0; k < 3; ++k) {
    Operand plain = o[k];
    plain.negated = false;
    if (o[k].negated) {
      plain.inverted = !plain.inverted;
      extra[k] = 1;
    }
    term[k] = &warp.words(plain, scratch[k], valid);
  }
  u32 const c0 = Extended ? warp.predicate(in.conditions[0]) : 0;
  u32 const c1 = Extended && in.conditions[1].kind != Operand::Kind::none
                     ? warp.predicate(in.conditions[1])
                     : 0;
  if (in.predicates[0].kind == Operand::Kind::none) {
    u32 const more = extra[0] + extra[1] + extra[2];
    for (int i = 0; i < kLanes; ++i)
      out[i] = (*term[0])[i] + (*term[1])[i] + (*term[2])[i] + more + (c0 >> i & 1) + (c1 >> i & 1);
    warp.set(in.result, out, lanes, valid);
    return;
  }
  Longs sum;
  u64 const more = u64{extra[0]} + extra[1] + extra[2];
  for (int i = 0; i < kLanes; ++i) {
    sum[i] =
        u64{(*term[0])[i]} + (*term[1])[i] + (*term[2])[i] + more + (c0 >> i & 1) + (c1 >> i & 1);
    out[i] = static_cast<u32>(sum[i]);
  }
  warp.set(in.result, out, lanes, valid);
  for (u32 k = 0; k < 2; ++k) {
    warp.set_predicate(in.predicates[k], mask_of([&](int i) { return sum[i] >> 32 > k; }), lanes,
                       valid);
  }
}

// The same on the uniform datapath.
template <bool Extended>
void add_three_uniform(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u64 sum = 0;
  for (int k = 0; k < 3; ++k) {
    Operand plain = in.source[k];
    plain.negated = false;
    if (in.source[k].negated) {
      plain.inverted = !plain.inverted;
      sum += 1;
    }
    sum += warp.scalar(plain);
  }
  if (Extended) {
    for (int k = 0; k < 2; ++k)
      sum += in.conditions[k].kind != Operand::Kind::none && warp.predicate(in.conditions[k]) != 0;
  }
  warp.set_uniform(in.result, static_cast<u32>(sum));
  warp.set_uniform_predicate(in.predicates[0], sum >> 32 > 0);
  warp.set_uniform_predicate(in.predicates[1], sum >> 32 > 1);
}

Operation* iadd3(Modifiers& modifiers, Instruction& in) {
  bool const uniform = in.result.kind == Operand::Kind::uniform;
  if (modifiers.take("X")) return uniform ? add_three_uniform<true> : add_three<true>;
  return uniform ? add_three_uniform<false> : add_three<false>;
}

// ---- products

// IMAD.X: a * b + c + a condition.
void multiply_add_extended(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1, s2, out;
  u32 valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid);
  Words const& b = warp.words(in.source[1], s1, valid);
  Words const& c = warp.words(in.source[2], s2, valid);
  u32 const carry = warp.predicate(in.conditions[0]);
  for (int i = 0; i < kLanes; ++i)
    out[i] = a[i] * b[i] + c[i] + (carry >> i & 1);
  warp.set(in.result, out, lanes, valid);
}

// IMAD.WIDE, IMAD.HI: a * b + c, c and the sum of 64 bits; HI keeps the upper word.
template <bool Signed, bool High>
void multiply_add_wide(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1;
  Longs c, sum;
  u32 valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid);
  Words const& b = warp.words(in.source[1], s1, valid);
  warp.longs(in.source[2], c, valid);
  if (in.source[2].negated || in.source[2].inverted) warp.fail("a negated 64-bit term");
  u32 carry = 0;
  for (int i = 0; i < kLanes; ++i) {
    u64 const product = Signed
                            ? static_cast<u64>(i64{static_cast<i32>(a[i])} * static_cast<i32>(b[i]))
                            : u64{a[i]} * b[i];
    sum[i] = product + c[i];
    carry |= static_cast<u32>(sum[i] < product) << i;
  }
  if constexpr (High) {
    Words out;
    for (int i = 0; i < kLanes; ++i)
      out[i] = static_cast<u32>(sum[i] >> 32);
    warp.set(in.result, out, lanes, valid);
  } else {
    warp.set_longs(in.result, sum, lanes, valid);
  }
  warp.set_predicate(in.predicates[0], carry, lanes, valid);
}

template <bool Signed>
void multiply_add_wide_uniform(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 const a = warp.scalar(in.source[0]), b = warp.scalar(in.source[1]);
  u64 const product =
      Signed ? static_cast<u64>(i64{static_cast<i32>(a)} * static_cast<i32>(b)) : u64{a} * b;
  u64 const sum = product + warp.scalar_long(in.source[2]);
  Operand high = in.result;
  warp.set_uniform(in.result, static_cast<u32>(sum));
  if (high.reg == kZeroUniform) return;
  high.reg += 1;
  warp.set_uniform(high, static_cast<u32>(sum >> 32));
}

Operation* imad(Modifiers& modifiers, Instruction& in) {
  bool const uniform = in.result.kind == Operand::Kind::uniform;
  bool const wide = modifiers.take("WIDE"), high = modifiers.take("HI");
  bool const is_unsigned = modifiers.take("U32");
  if (wide && uniform)
    return is_unsigned ? multiply_add_wide_uniform<false> : multiply_add_wide_uniform<true>;
  if (uniform && high) return nullptr;
  if (wide) return is_unsigned ? multiply_add_wide<false, false> : multiply_add_wide<true, false>;
  if (high) return is_unsigned ? multiply_add_wide<false, true> : multiply_add_wide<true, true>;
  if (modifiers.take("X")) return uniform ? nullptr : multiply_add_extended;
  // Names for products with 0, 1 or a power of two.
  modifiers.one_of({"MOV", "IADD", "SHL"});
  return lanewise<MultiplyAdd, 3>;
}

// ---- least and greatest

template <bool Signed>
u32 bounded(bool least, u32 a, u32 b) {
  bool const less = Signed ? static_cast<i32>(a) < static_cast<i32>(b) : a < b;
  return less == least ? a : b;
}

// VIADDMNMX, VIMNMX, IMNMX: of a (+ b) and the last: the least where the condition holds, else the
// greatest; RELU: and not less than 0.
template <bool Signed, bool Adds, bool Relu>
void extreme(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1, s2, out;
  u32 valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid);
  Words const& b = warp.words(in.source[1], s1, valid);
  Words const& c = Adds ? warp.words(in.source[2], s2, valid) : b;
  u32 const least = warp.predicate(in.conditions[0]);
  for (int i = 0; i < kLanes; ++i) {
    u32 const sum = Adds ? a[i] + b[i] : a[i];
    u32 value = bounded<Signed>((least >> i & 1) != 0, sum, c[i]);
    if (Relu && static_cast<i32>(value) < 0) value = 0;
    out[i] = value;
  }
  warp.set(in.result, out, lanes, valid);
}
template <bool Adds>
Operation* extreme_family(Modifiers& modifiers, Instruction&) {
  bool const is_unsigned = modifiers.take("U32"), relu = modifiers.take("RELU");
  if (is_unsigned) return relu ? nullptr : extreme<false, Adds, false>;
  return relu ? extreme<true, Adds, true> : extreme<true, Adds, false>;
}

// ---- LEA: a shifted, plus b

// LEA a, b, shift. HI: a, b, c, shift, where c:a is shifted; SX32: a, b, shift, where c is a's
// sign.
template <bool High, bool SignExtended>
u64 shifted_and_added(u32 a, u32 b, u32 c, u32 shift) {
  u64 const whole = SignExtended ? static_cast<u64>(i64{static_cast<i32>(a)}) : u64{c} << 32 | a;
  u64 const shifted = whole << shift;
  return (High ? shifted >> 32 : shifted & 0xffffffffu) + b;
}

template <bool High, bool Extended, bool SignExtended>
void load_effective_address(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  constexpr bool kHasC = High && !SignExtended;
  Words s0, s1, s2, out;
  u32 valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid);
  Words const& b = warp.words(in.source[1], s1, valid);
  Words const& c = kHasC ? warp.words(in.source[2], s2, valid) : a;
  auto const shift = static_cast<u32>(in.source[kHasC ? 3 : 2].value) & 31;
  u32 const carry_in = Extended ? warp.predicate(in.conditions[0]) : 0;
  u32 carry = 0;
  for (int i = 0; i < kLanes; ++i) {
    u64 const sum =
        shifted_and_added<High, SignExtended>(a[i], b[i], c[i], shift) + (carry_in >> i & 1);
    out[i] = static_cast<u32>(sum);
    carry |= static_cast<u32>(sum >> 32 != 0) << i;
  }
  warp.set(in.result, out, lanes, valid);
  warp.set_predicate(in.predicates[0], carry, lanes, valid);
}

// The same on the uniform datapath.
template <bool High, bool Extended, bool SignExtended>
void load_effective_address_uniform(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  constexpr bool kHasC = High && !SignExtended;
  u32 const c = kHasC ? warp.scalar(in.source[2]) : 0;
  auto const shift = static_cast<u32>(in.source[kHasC ? 3 : 2].value) & 31;
  u64 sum = shifted_and_added<High, SignExtended>(warp.scalar(in.source[0]),
                                                  warp.scalar(in.source[1]), c, shift);
  if (Extended) sum += warp.predicate(in.conditions[0]) != 0;
  warp.set_uniform(in.result, static_cast<u32>(sum));
  warp.set_uniform_predicate(in.predicates[0], sum >> 32 != 0);
}

template <bool High, bool Extended, bool SignExtended>
Operation* lea_of(bool uniform) {
  return uniform ? load_effective_address_uniform<High, Extended, SignExtended>
                 : load_effective_address<High, Extended, SignExtended>;
}

Operation* lea(Modifiers& modifiers, Instruction& in) {
  bool const high = modifiers.take("HI"), extended = modifiers.take("X");
  bool const sign = modifiers.take("SX32");
  Operand const& shift = in.source[high && !sign ? 3 : 2];
  if (!is_immediate(shift)) return nullptr;
  bool const uniform = in.result.kind == Operand::Kind::uniform;
  if (!high) return extended || sign ? nullptr : lea_of<false, false, false>(uniform);
  if (sign)
    return extended ? lea_of<true, true, true>(uniform) : lea_of<true, false, true>(uniform);
  return extended ? lea_of<true, true, false>(uniform) : lea_of<true, false, false>(uniform);
}

// ---- shifts

template <bool Left, bool High, bool Wrap>
Operation* funnel_of(bool wide, bool is_signed) {
  if (wide)
    return is_signed ? lanewise<Funnel<Left, High, true, true, Wrap>, 3>
                     : lanewise<Funnel<Left, High, true, false, Wrap>, 3>;
  return is_signed ? lanewise<Funnel<Left, High, false, true, Wrap>, 3>
                   : lanewise<Funnel<Left, High, false, false, Wrap>, 3>;
}

Operation* shf(Modifiers& modifiers, Instruction&) {
  bool const left = modifiers.take("L"), right = modifiers.take("R");
  int const type = modifiers.one_of({"U32", "S32", "U64", "S64"});
  bool const high = modifiers.take("HI"), wrap = modifiers.take("W");
  if (left == right || type < 0) return nullptr;
  bool const wide = type >= 2, is_signed = type % 2 == 1;
  if (left) {
    if (high)
      return wrap ? funnel_of<true, true, true>(wide, is_signed)
                  : funnel_of<true, true, false>(wide, is_signed);
    return wrap ? funnel_of<true, false, true>(wide, is_signed)
                : funnel_of<true, false, false>(wide, is_signed);
  }
  if (high)
    return wrap ? funnel_of<false, true, true>(wide, is_signed)
                : funnel_of<false, true, false>(wide, is_signed);
  return wrap ? funnel_of<false, false, true>(wide, is_signed)
              : funnel_of<false, false, false>(wide, is_signed);
}

// ---- logic

// With a predicate: whether the result is not zero.
void logic_with_predicate(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s[3], out;
  u32 valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s[0], valid);
  Words const& b = warp.words(in.source[1], s[1], valid);
  Words const& c = warp.words(in.source[2], s[2], valid);
  for (int i = 0; i < kLanes; ++i)
    out[i] = Logic::of(in.detail, a[i], b[i], c[i]);
  if (in.result.kind != Operand::Kind::none) warp.set(in.result, out, lanes, valid);
  warp.set_predicate(in.predicates[0], mask_of([&](int i) { return out[i] != 0; }), lanes, valid);
}

void uniform_logic_with_predicate(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 const result = Logic::of(in.detail, warp.scalar(in.source[0]), warp.scalar(in.source[1]),
                               warp.scalar(in.source[2]));
  if (in.result.kind != Operand::Kind::none) warp.set_uniform(in.result, result);
  warp.set_predicate(in.predicates[0], result != 0 ? kAllLanes : 0, lanes, kAllLanes);
}

// ptxas keeps predicates as bits of a register that begins as it is: it clears a bit and sets it
// under a predicate, one after another, and reads each alone. So a register of which one bit has
// been cleared can be relied on; which other bits are there is not kept.
void clear_bit(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch, out;
  u32 ignored = kAllLanes;
  Words const& a = warp.words(in.source[0], scratch, ignored);
  for (int i = 0; i < kLanes; ++i)
    out[i] = a[i] & static_cast<u32>(in.source[1].value);
  warp.set(in.result, out, lanes, kAllLanes);
}
bool clears_one_bit(Instruction const& in) {
  return is_immediate(in.source[1]) && std::popcount(~static_cast<u32>(in.source[1].value)) == 1;
}

Operation* lop3(Modifiers& modifiers, Instruction& in) {
  if (!modifiers.take("LUT") || !is_immediate(in.source[3])) return nullptr;
  in.detail = static_cast<std::uint8_t>(in.source[3].value);
  bool const uniform = in.result.kind == Operand::Kind::uniform;
  if (in.predicates[0].kind != Operand::Kind::none)
    return uniform ? uniform_logic_with_predicate : logic_with_predicate;
  if (in.detail == 0xc0 && !uniform && clears_one_bit(in)) return clear_bit;
  if (in.detail == 0xc0) return lanewise<And, 2>;
  if (in.detail == 0xfc) return lanewise<Or, 2>;
  if (in.detail == 0x3c) return lanewise<ExclusiveOr, 2>;
  return lanewise<Logic, 3>;
}

// PLOP3 P, Q, a, b, c, table, table of Q
void predicate_logic(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 x[3], unknown[3];
  for (int k = 0; k < 3; ++k) {
    x[k] = warp.predicate(in.conditions[k]);
    unknown[k] = ~warp.predicate_valid(in.conditions[k]);
  }
  for (int k = 0; k < 2; ++k) {
    auto const table = static_cast<int>(in.source[k].value);
    u32 const holds = Logic::of(table, x[0], x[1], x[2]);
    // Reliable where nothing that is not known could change it.
    u32 changes = 0;
    for (u32 flips = 1; flips < 8; ++flips) {
      u32 y[3];
      for (u32 j = 0; j < 3; ++j)
        y[j] = x[j] ^ (flips >> j & 1 ? unknown[j] : 0);
      changes |= holds ^ Logic::of(table, y[0], y[1], y[2]);
    }
    warp.set_predicate(in.predicates[k], holds, lanes, ~changes);
  }
}
Operation* plop3(Modifiers& modifiers, Instruction& in) {
  bool const known =
      modifiers.take("LUT") && is_immediate(in.source[0]) && is_immediate(in.source[1]);
  return known ? predicate_logic : nullptr;
}

Operation* sgxt(Modifiers& modifiers, Instruction&) {
  return modifiers.take("U32") ? lanewise<Extend<false>, 2> : lanewise<Extend<true>, 2>;
}

// ---- selection and comparison

void select(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 const condition = warp.predicate(in.conditions[0]);
  if (in.result.kind == Operand::Kind::uniform) {
    warp.set_uniform(in.result, warp.scalar(in.source[condition != 0 ? 0 : 1]));
    return;
  }
  Words s0, s1, out;
  u32 valid_a = kAllLanes, valid_b = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid_a);
  Words const& b = warp.words(in.source[1], s1, valid_b);
  for (int i = 0; i < kLanes; ++i)
    out[i] = condition >> i & 1 ? a[i] : b[i];
  warp.set(
      in.result, out, lanes,
      ((valid_a & condition) | (valid_b & ~condition)) & warp.predicate_valid(in.conditions[0]));
}
Operation* select_family(Modifiers&, Instruction&) {
  return select;
}

enum Order : std::uint8_t { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };

template <class T>
u32 compare(Order order, Words const& a, Words const& b) {
  auto less = [&] {
    return mask_of([&](int i) { return static_cast<T>(a[i]) < static_cast<T>(b[i]); });
  };
  auto greater = [&] {
    return mask_of([&](int i) { return static_cast<T>(a[i]) > static_cast<T>(b[i]); });
  };
  switch (order) {
    case kLess:
      return less();
    case kLessEqual:
      return ~greater();
    case kGreater:
      return greater();
    case kGreaterEqual:
      return ~less();
    case kEqual:
      return mask_of([&](int i) { return a[i] == b[i]; });
    case kNotEqual:
      return mask_of([&](int i) { return a[i] != b[i]; });
  }
  return 0;
}

// detail: the order, and how the result is joined with the condition. EX: of upper words, where a
// second condition says what is true of the lower ones.
template <class T, bool Extended>
void set_predicate(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1;
  u32 valid = kAllLanes;
  auto const order = static_cast<Order>(in.detail & 15);
  bool const uniform = in.predicates[0].kind == Operand::Kind::uniform_predicate;
  Words const& a =
      uniform ? (s0 = Words::all(warp.scalar(in.source[0]))) : warp.words(in.source[0], s0, valid);
  Words const& b =
      uniform ? (s1 = Words::all(warp.scalar(in.source[1]))) : warp.words(in.source[1], s1, valid);
  u32 holds = compare<T>(order, a, b);
  if constexpr (Extended) {
    u32 const equal = compare<T>(kEqual, a, b);
    u32 const lower = warp.predicate(in.conditions[1]);
    valid &= warp.predicate_valid(in.conditions[1]);
    holds = order == kNotEqual ? holds | lower : (holds & ~equal) | (equal & lower);
  }
  set_joined(warp, in, static_cast<Join>(in.detail >> 4), {holds, valid}, lanes);
}

Operation* isetp(Modifiers& modifiers, Instruction& in) {
  int const order = modifiers.one_of({"LT", "LE", "GT", "GE", "EQ", "NE"});
  bool const is_unsigned = modifiers.take("U32"), extended = modifiers.take("EX");
  int const join = modifiers.one_of({"AND", "OR", "XOR"});
  if (order < 0 || join < 0) return nullptr;
  in.detail = static_cast<std::uint8_t>(order | join << 4);
  if (is_unsigned) return extended ? set_predicate<u32, true> : set_predicate<u32, false>;
  return extended ? set_predicate<i32, true> : set_predicate<i32, false>;
}

// ---- single ones

template <class F, int Of>
Operation* plain(Modifiers& modifiers, Instruction&) {
  modifiers.take("U32");
  return lanewise<F, Of>;
}
Operation* flo(Modifiers& modifiers, Instruction& in) {
  bool const is_unsigned = modifiers.take("U32");
  in.detail = static_cast<std::uint8_t>((modifiers.take("SH") ? 1 : 0) | (is_unsigned ? 0 : 2));
  return lanewise<LeadingBit, 1>;
}

}  // namespace

std::span<Family const> integer_families() {
  static constexpr Family kFamilies[] = {
      {"IADD3", iadd3},
      {"UIADD3", iadd3},
      {"IMAD", imad},
      {"UIMAD", imad},
      {"VIADD", plain<Add, 2>},
      {"IABS", plain<Absolute, 1>},
      {"IMNMX", extreme_family<false>},
      {"VIMNMX", extreme_family<false>},
      {"VIADDMNMX", extreme_family<true>},
      {"LEA", lea},
      {"ULEA", lea},
      {"SHF", shf},
      {"USHF", shf},
      {"LOP3", lop3},
      {"ULOP3", lop3},
      {"PLOP3", plop3},
      {"UPLOP3", plop3},
      {"PRMT", prmt},
      {"UPRMT", prmt},
      {"SGXT", sgxt},
      {"USGXT", sgxt},
      {"SEL", select_family},
      {"USEL", select_family},
      {"ISETP", isetp},
      {"UISETP", isetp},
      {"FLO", flo},
      {"UFLO", flo},
      {"POPC", plain<Population, 1>},
      {"UPOPC", plain<Population, 1>},
      {"BREV", plain<Reverse, 1>},
      {"UBREV", plain<Reverse, 1>},
  };
  return kFamilies;
}

}  // namespace brood::machine
