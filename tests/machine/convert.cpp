// SPDX-License-Identifier: Apache-2.0
// Conversions between numbers of all kinds.
#include <cfenv>
#include <cmath>
#include <limits>

#include "machine/families.hpp"
#include "machine/lanewise.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

// ---- to the tensor cores' formats, to nearest, ties to even

inline u32 to_tf32(float x) {
  u32 const bits = as_bits(x);
  if (x != x) return 0x7fffffffu;
  return (bits + 0xfffu + (bits >> 13 & 1u)) & 0xffffe000u;
}
inline u32 to_bf16(float x) {
  u32 const bits = as_bits(x);
  if (x != x) return 0x7fffu;
  return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

struct Tf32 {
  static float of(float a, float, float) { return as_float(to_tf32(a)); }
};
struct Bf16Pair {
  static float of(float high, float low, float) {
    return as_float(to_bf16(high) << 16 | to_bf16(low));
  }
};

// Negative numbers become zero; a NaN stays one.
float rectified(float x) {
  return x <= 0.0f ? 0.0f : x;
}
struct RectifiedTf32 {
  static float of(float a, float b, float c) { return Tf32::of(rectified(a), b, c); }
};
struct RectifiedBf16Pair {
  static float of(float high, float low, float c) {
    return Bf16Pair::of(rectified(high), rectified(low), c);
  }
};

Operation* f2fp(Modifiers& modifiers, Instruction&) {
  modifiers.take("F32");
  bool const rectifies = modifiers.take("RELU");
  if (modifiers.take("TF32")) {
    if (!modifiers.take("PACK_B")) return nullptr;
    return rectifies ? floatwise<RectifiedTf32, 1> : floatwise<Tf32, 1>;
  }
  if (!modifiers.take("BF16") || !modifiers.take("PACK_AB")) return nullptr;
  return rectifies ? floatwise<RectifiedBf16Pair, 2> : floatwise<Bf16Pair, 2>;
}

// ---- between floats and doubles

void to_double(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch;
  Longs out;
  u32 valid = kAllLanes;
  Words const& a = warp.floats(in.source[0], scratch, valid);
  for (int i = 0; i < kLanes; ++i)
    out[i] = std::bit_cast<u64>(double{as_float(a[i])});
  warp.set_longs(in.result, out, lanes, valid);
}
void to_float(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Longs a;
  Words out;
  u32 valid = kAllLanes;
  warp.longs(in.source[0], a, valid);
  u64 const keep = in.source[0].absolute ? ~(u64{1} << 63) : ~u64{0};
  u64 const flip = in.source[0].negated ? u64{1} << 63 : 0;
  for (int i = 0; i < kLanes; ++i)
    out[i] = as_bits(static_cast<float>(std::bit_cast<double>((a[i] & keep) ^ flip)));
  warp.set(in.result, out, lanes, valid);
}

Operation* f2f(Modifiers& modifiers, Instruction& in) {
  // "F64.F32" is to double, "F32.F64" to float.
  bool const to_wide = in.text.find("F64.F32") != in.text.npos;
  bool const known = modifiers.take("F64") && modifiers.take("F32");
  if (!known) return nullptr;
  return to_wide ? to_double : to_float;
}

// ---- from integers

// The nearest float; RP: the least that is not less.
float rounded(double exact, bool up) {
  auto const nearest = static_cast<float>(exact);
  if (!up || static_cast<double>(nearest) >= exact) return nearest;
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}
float rounded(u64 exact, bool up) {
  auto const nearest = static_cast<float>(exact);
  if (!up || nearest >= 0x1p64f || static_cast<u64>(nearest) >= exact) return nearest;
  return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}

// detail: 1 up, 2 unsigned
template <bool WideIn, bool WideOut>
void from_integer(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch;
  Longs a;
  u32 valid = kAllLanes;
  bool const up = in.detail & 1, is_unsigned = in.detail & 2;
  if constexpr (WideIn) {
    warp.longs(in.source[0], a, valid);
  } else {
    Words const& words = warp.words(in.source[0], scratch, valid);
    for (int i = 0; i < kLanes; ++i) {
      a[i] = is_unsigned ? words[i]
                         : static_cast<u64>(std::int64_t{static_cast<std::int32_t>(words[i])});
    }
  }
  if constexpr (WideOut) {
    Longs out;
    for (int i = 0; i < kLanes; ++i) {
      double const value = is_unsigned ? static_cast<double>(a[i])
                                       : static_cast<double>(static_cast<std::int64_t>(a[i]));
      out[i] = std::bit_cast<u64>(value);
    }
    warp.set_longs(in.result, out, lanes, valid);
  } else {
    Words out;
    for (int i = 0; i < kLanes; ++i) {
      if (!WideIn && !up) {
        out[i] = as_bits(is_unsigned ? static_cast<float>(static_cast<u32>(a[i]))
                                     : static_cast<float>(static_cast<std::int32_t>(a[i])));
      } else if (is_unsigned) {
        out[i] = as_bits(rounded(a[i], up));
      } else {
        out[i] = as_bits(rounded(static_cast<double>(static_cast<std::int64_t>(a[i])), up));
      }
    }
    warp.set(in.result, out, lanes, valid);
  }
}

Operation* i2f(Modifiers& modifiers, Instruction& in) {
  bool const to_wide = modifiers.take("F64");
  modifiers.take("F32");
  int const from = modifiers.one_of({"S32", "U32", "S64", "U64"});
  bool const up = modifiers.take("RP");
  bool const wide = from >= 2;
  in.detail = static_cast<std::uint8_t>((up ? 1 : 0) | (from == 1 || from == 3 ? 2 : 0));
  if (to_wide) return wide ? from_integer<true, true> : from_integer<false, true>;
  // A signed 64-bit number may be no double.
  if (wide && from == 2) return nullptr;
  return wide ? from_integer<true, false> : from_integer<false, false>;
}

// ---- to integers: beyond their range, the bound; of no number, 0 (and the least with a sign)

double whole(double x, int how) {
  switch (how) {
    case 0:
      return std::trunc(x);
    case 1:
      return std::floor(x);
    case 2:
      return std::ceil(x);
    default:
      return std::nearbyint(x);
  }
}

template <class T>
u64 clamped(double x) {
  if (x != x) return std::is_signed_v<T> && sizeof(T) == 8 ? u64{1} << 63 : 0;
  constexpr double kLow = static_cast<double>(std::numeric_limits<T>::min());
  constexpr double kHigh = sizeof(T) == 4 ? static_cast<double>(std::numeric_limits<T>::max()) + 1
                           : std::is_signed_v<T> ? 0x1p63
                                                 : 0x1p64;
  if (x < kLow) return static_cast<u64>(std::numeric_limits<T>::min());
  if (x >= kHigh) return static_cast<u64>(std::numeric_limits<T>::max());
  return static_cast<u64>(static_cast<T>(x));
}

// detail: how it is made whole
template <class T, bool FromDouble>
void to_integer(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  Words scratch, out;
  Longs wide;
  u32 valid = kAllLanes;
  Longs value;
  if constexpr (FromDouble) {
    warp.longs(in.source[0], wide, valid);
  } else {
    Words const& a = warp.floats(in.source[0], scratch, valid);
    for (int i = 0; i < kLanes; ++i)
      wide[i] = std::bit_cast<u64>(double{as_float(a[i])});
  }
  for (int i = 0; i < kLanes; ++i) {
    value[i] = clamped<T>(whole(std::bit_cast<double>(wide[i]), in.detail));
    out[i] = static_cast<u32>(value[i]);
  }
  if constexpr (sizeof(T) == 8) {
    warp.set_longs(in.result, value, lanes, valid);
  } else {
    warp.set(in.result, out, lanes, valid);
  }
}

Operation* f2i(Modifiers& modifiers, Instruction& in) {
  int const how = modifiers.one_of({"TRUNC", "FLOOR", "CEIL"});
  in.detail = static_cast<std::uint8_t>(how < 0 ? 3 : how);
  bool const from_double = modifiers.take("F64");
  modifiers.take("FTZ");
  modifiers.take("NTZ");
  switch (modifiers.one_of({"U32", "U64", "S64", "S32"})) {
    case 0:
      return from_double ? to_integer<u32, true> : to_integer<u32, false>;
    case 1:
      return from_double ? to_integer<u64, true> : to_integer<u64, false>;
    case 2:
      return from_double ? to_integer<std::int64_t, true> : to_integer<std::int64_t, false>;
    default:
      return from_double ? to_integer<std::int32_t, true> : to_integer<std::int32_t, false>;
  }
}

template <int How>
struct Whole {
  static float of(float a, float, float) {
    return static_cast<float>(whole(static_cast<double>(a), How));
  }
};
Operation* frnd(Modifiers& modifiers, Instruction&) {
  modifiers.take("FTZ");
  switch (modifiers.one_of({"TRUNC", "FLOOR", "CEIL"})) {
    case 0:
      return floatwise<Whole<0>, 1>;
    case 1:
      return floatwise<Whole<1>, 1>;
    case 2:
      return floatwise<Whole<2>, 1>;
    default:
      return floatwise<Whole<3>, 1>;
  }
}

}  // namespace

std::span<Family const> conversion_families() {
  static constexpr Family kFamilies[] = {
      {"F2FP", f2fp}, {"F2F", f2f}, {"I2F", i2f}, {"I2FP", i2f}, {"F2I", f2i}, {"FRND", frnd},
  };
  return kFamilies;
}

}  // namespace brood::machine
