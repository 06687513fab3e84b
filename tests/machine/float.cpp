// SPDX-License-Identifier: Apache-2.0
// Arithmetic of floats. Approximate functions are exact here, then rounded.
#include <cfenv>
#include <cmath>
#include <limits>

#include "machine/families.hpp"
#include "machine/lanewise.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;

// Numbers too small to be normal are zeros.
inline float flushed(float x) {
  u32 const bits = as_bits(x);
  return (bits & 0x7f800000u) == 0 ? as_float(bits & 0x80000000u) : x;
}
template <bool Flush>
float maybe_flushed(float x) {
  return Flush ? flushed(x) : x;
}

template <bool Flush>
struct Add {
  static float of(float a, float b, float) {
    return maybe_flushed<Flush>(maybe_flushed<Flush>(a) + maybe_flushed<Flush>(b));
  }
};
template <bool Flush>
struct Multiply {
  static float of(float a, float b, float) {
    return maybe_flushed<Flush>(maybe_flushed<Flush>(a) * maybe_flushed<Flush>(b));
  }
};
template <bool Flush>
struct MultiplyAdd {
  static float of(float a, float b, float c) {
    return maybe_flushed<Flush>(
        __builtin_fmaf(maybe_flushed<Flush>(a), maybe_flushed<Flush>(b), maybe_flushed<Flush>(c)));
  }
};

// Of the modes that are not the nearest's; slow, and rarely used.
template <int Mode>
struct MultiplyAddRounded {
  static float of(float a, float b, float c) {
    float volatile x = a, y = b, z = c;
    int const before = std::fegetround();
    std::fesetround(Mode);
    float const volatile result = std::fma(x, y, z);
    std::fesetround(before);
    return result;
  }
};

template <template <bool> class F, int Of>
Operation* arithmetic(Modifiers& modifiers, Instruction&) {
  return modifiers.take("FTZ") ? floatwise<F<true>, Of> : floatwise<F<false>, Of>;
}
Operation* ffma(Modifiers& modifiers, Instruction& in) {
  switch (modifiers.one_of({"RM", "RP", "RZ"})) {
    case 0:
      return floatwise<MultiplyAddRounded<FE_DOWNWARD>, 3>;
    case 1:
      return floatwise<MultiplyAddRounded<FE_UPWARD>, 3>;
    case 2:
      return floatwise<MultiplyAddRounded<FE_TOWARDZERO>, 3>;
    default:
      return arithmetic<MultiplyAdd, 3>(modifiers, in);
  }
}

// ---- least and greatest

template <bool KeepNan>
float extreme(bool least, float a, float b) {
  if (a != a || b != b) {
    if (KeepNan || (a != a && b != b)) return as_float(0x7fffffffu);
    return a != a ? b : a;
  }
  if (a == b) return as_float(least ? as_bits(a) | as_bits(b) : as_bits(a) & as_bits(b));
  return (a < b) == least ? a : b;
}

template <bool KeepNan>
void extremes(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1, out;
  u32 valid = kAllLanes;
  Words const& a = warp.floats(in.source[0], s0, valid);
  Words const& b = warp.floats(in.source[1], s1, valid);
  u32 const least = warp.predicate(in.conditions[0]);
  for (int i = 0; i < kLanes; ++i)
    out[i] = as_bits(extreme<KeepNan>((least >> i & 1) != 0, as_float(a[i]), as_float(b[i])));
  warp.set(in.result, out, lanes, valid);
}
Operation* fmnmx(Modifiers& modifiers, Instruction&) {
  modifiers.take("FTZ");
  return modifiers.take("NAN") ? extremes<true> : extremes<false>;
}

void select(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1, out;
  u32 valid_a = kAllLanes, valid_b = kAllLanes;
  Words const& a = warp.floats(in.source[0], s0, valid_a);
  Words const& b = warp.floats(in.source[1], s1, valid_b);
  u32 const condition = warp.predicate(in.conditions[0]);
  for (int i = 0; i < kLanes; ++i)
    out[i] = condition >> i & 1 ? a[i] : b[i];
  warp.set(
      in.result, out, lanes,
      ((valid_a & condition) | (valid_b & ~condition)) & warp.predicate_valid(in.conditions[0]));
}
Operation* fsel(Modifiers&, Instruction&) {
  return select;
}

// ---- comparisons

enum Order : std::uint8_t {
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kLessU,
  kLessEqualU,
  kGreaterU,
  kGreaterEqualU,
  kEqualU,
  kNotEqualU,
  kNan,
  kNum
};

template <bool Flush>
u32 compare(Order order, Words const& a, Words const& b) {
  auto holds = [&](auto test) {
    return mask_of([&](int i) {
      return test(maybe_flushed<Flush>(as_float(a[i])), maybe_flushed<Flush>(as_float(b[i])));
    });
  };
  auto less = [](float x, float y) { return x < y; };
  auto greater = [](float x, float y) { return x > y; };
  auto less_equal = [](float x, float y) { return x <= y; };
  auto greater_equal = [](float x, float y) { return x >= y; };
  switch (order) {
    case kLess:
      return holds(less);
    case kLessEqual:
      return holds(less_equal);
    case kGreater:
      return holds(greater);
    case kGreaterEqual:
      return holds(greater_equal);
    case kEqual:
      return holds([](float x, float y) { return x == y; });
    case kNotEqual:
      return holds([](float x, float y) { return x < y || x > y; });
    case kLessU:
      return ~holds(greater_equal);
    case kLessEqualU:
      return ~holds(greater);
    case kGreaterU:
      return ~holds(less_equal);
    case kGreaterEqualU:
      return ~holds(less);
    case kEqualU:
      return ~holds([](float x, float y) { return x < y || x > y; });
    case kNotEqualU:
      return holds([](float x, float y) { return x != y; });
    case kNan:
      return holds([](float x, float y) { return x != x || y != y; });
    case kNum:
      return holds([](float x, float y) { return x == x && y == y; });
  }
  return 0;
}

int order_of(Modifiers& modifiers) {
  return modifiers.one_of(
      {"LT", "LE", "GT", "GE", "EQ", "NE", "LTU", "LEU", "GTU", "GEU", "EQU", "NEU", "NAN", "NUM"});
}

template <bool Flush>
u32 compared(Warp& warp, Instruction const& in, u32& valid) {
  Words s0, s1;
  Words const& a = warp.floats(in.source[0], s0, valid);
  Words const& b = warp.floats(in.source[1], s1, valid);
  return compare<Flush>(static_cast<Order>(in.detail & 15), a, b);
}

template <bool Flush>
void set_predicate(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 valid = kAllLanes;
  u32 const holds = compared<Flush>(warp, in, valid);
  set_joined(warp, in, static_cast<Join>(in.detail >> 4), {holds, valid}, lanes);
}

// FSET.BF: 1.0 or 0.0
void set_float(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  u32 valid = kAllLanes;
  u32 const found = compared<false>(warp, in, valid);
  Truth const other{warp.predicate(in.conditions[0]), warp.predicate_valid(in.conditions[0])};
  auto const [holds, known] = joined(static_cast<Join>(in.detail >> 4), {found, valid}, other);
  Words out;
  for (int i = 0; i < kLanes; ++i)
    out[i] = holds >> i & 1 ? as_bits(1.0f) : 0;
  warp.set(in.result, out, lanes, known);
}

bool compares(Modifiers& modifiers, Instruction& in) {
  int const order = order_of(modifiers);
  int const join = modifiers.one_of({"AND", "OR", "XOR"});
  in.detail = static_cast<std::uint8_t>((order & 15) | (join & 3) << 4);
  return order >= 0 && join >= 0;
}
Operation* fsetp(Modifiers& modifiers, Instruction& in) {
  if (!compares(modifiers, in)) return nullptr;
  return modifiers.take("FTZ") ? set_predicate<true> : set_predicate<false>;
}
Operation* fset(Modifiers& modifiers, Instruction& in) {
  return compares(modifiers, in) && modifiers.take("BF") ? set_float : nullptr;
}

// FCHK: whether a / b needs more than a Newton step.
void check_division(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words s0, s1;
  u32 valid = kAllLanes;
  Words const& a = warp.floats(in.source[0], s0, valid);
  Words const& b = warp.floats(in.source[1], s1, valid);
  u32 const needed = mask_of([&](int i) {
    double const x = std::fabs(double{as_float(a[i])}), y = std::fabs(double{as_float(b[i])});
    double const quotient = x / y;
    bool const fine =
        y > 0x1p-126 && y < 0x1p126 &&
        (x == 0 || (x > 0x1p-100 && x < 0x1p127 && quotient > 0x1p-126 && quotient < 0x1p127));
    return !fine;
  });
  warp.set_predicate(in.predicates[0], needed, lanes, valid);
}
Operation* fchk(Modifiers& modifiers, Instruction&) {
  modifiers.take("DIVIDE");
  return check_division;
}

// ---- functions

struct Reciprocal {
  static float of(float a, float, float) { return 1.0f / a; }
};
struct ReciprocalRoot {
  static float of(float a, float, float) {
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a)));
  }
};
struct Root {
  static float of(float a, float, float) { return std::sqrt(a); }
};
struct PowerOfTwo {
  static float of(float a, float, float) {
    return flushed(static_cast<float>(std::exp2(static_cast<double>(a))));
  }
};
struct Logarithm {
  static float of(float a, float, float) {
    return static_cast<float>(std::log2(static_cast<double>(flushed(a))));
  }
};
struct Sine {  // of revolutions
  static float of(float a, float, float) {
    return static_cast<float>(std::sin(6.283185307179586 * static_cast<double>(a)));
  }
};
struct Cosine {
  static float of(float a, float, float) {
    return static_cast<float>(std::cos(6.283185307179586 * static_cast<double>(a)));
  }
};
struct Tangent {
  static float of(float a, float, float) { return static_cast<float>(std::tanh(double{a})); }
};

// Of a double's upper word.
template <class F>
struct OfUpperWord {
  static float of(float a, float, float) {
    auto const x = std::bit_cast<double>(std::uint64_t{as_bits(a)} << 32);
    return as_float(static_cast<u32>(std::bit_cast<std::uint64_t>(F::value(x)) >> 32));
  }
};
struct DoubleReciprocal {
  static double value(double x) { return 1.0 / x; }
};
struct DoubleReciprocalRoot {
  static double value(double x) { return 1.0 / std::sqrt(x); }
};

Operation* mufu(Modifiers& modifiers, Instruction&) {
  switch (modifiers.one_of(
      {"RCP", "RSQ", "SQRT", "EX2", "LG2", "SIN", "COS", "TANH", "RCP64H", "RSQ64H"})) {
    case 0:
      return floatwise<Reciprocal, 1>;
    case 1:
      return floatwise<ReciprocalRoot, 1>;
    case 2:
      return floatwise<Root, 1>;
    case 3:
      return floatwise<PowerOfTwo, 1>;
    case 4:
      return floatwise<Logarithm, 1>;
    case 5:
      return floatwise<Sine, 1>;
    case 6:
      return floatwise<Cosine, 1>;
    case 7:
      return floatwise<Tangent, 1>;
    case 8:
      return floatwise<OfUpperWord<DoubleReciprocal>, 1>;
    case 9:
      return floatwise<OfUpperWord<DoubleReciprocalRoot>, 1>;
    default:
      return nullptr;
  }
}

// HFMA2 of -0 * 0 + two constants: a move, which has a pipe of its own.
void move_halves(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  warp.set(in.result, *in.source[2].words, lanes, kAllLanes);
}
Operation* hfma2(Modifiers& modifiers, Instruction& in) {
  modifiers.take("MMA");
  auto zero = [](Operand const& o) {
    return o.kind == Operand::Kind::reg && o.reg == kZeroRegister;
  };
  bool const known =
      zero(in.source[0]) && zero(in.source[1]) && in.source[2].kind == Operand::Kind::immediate;
  return known ? move_halves : nullptr;
}

}  // namespace

std::span<Family const> float_families() {
  static constexpr Family kFamilies[] = {
      {"FADD", arithmetic<Add, 2>},
      {"FMUL", arithmetic<Multiply, 2>},
      {"FFMA", ffma},
      {"FMNMX", fmnmx},
      {"FSEL", fsel},
      {"FSETP", fsetp},
      {"FSET", fset},
      {"FCHK", fchk},
      {"MUFU", mufu},
      {"HFMA2", hfma2},
  };
  return kFamilies;
}

}  // namespace brood::machine
