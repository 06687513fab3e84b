// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes in an array: for machines without AVX2, and the plainest statement of what the
// vectors do. fma is std::fma, in hardware or not: the same bits.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/math.hpp"

namespace brood::cpu::BROOD_ISA {

struct Mask16 {
  bool lane[16];
};
BROOD_HD bool any(Mask16 const& a) {
  bool found = false;
  for (bool lane : a.lane)
    found = found || lane;
  return found;
}

#define BROOD_LANES for (int i = 0; i < 16; ++i)

struct Float16 {
  float lane[16];
  Float16() = default;
  BROOD_HD explicit Float16(float x) { BROOD_LANES lane[i] = x; }
  static BROOD_HD Float16 load(float const* p) {
    Float16 r;
    BROOD_LANES r.lane[i] = p[i];
    return r;
  }
  BROOD_HD void store(float* p) const { BROOD_LANES p[i] = lane[i]; }
};

struct Uint16 {
  std::uint32_t lane[16];
  Uint16() = default;
  BROOD_HD explicit Uint16(std::uint32_t x) { BROOD_LANES lane[i] = x; }
  static BROOD_HD Uint16 load(std::uint32_t const* p) {
    Uint16 r;
    BROOD_LANES r.lane[i] = p[i];
    return r;
  }
  BROOD_HD void store(std::uint32_t* p) const { BROOD_LANES p[i] = lane[i]; }
};

#define BROOD_BINARY(Result, name, Type, expression)   \
  BROOD_HD Result name(Type const& a, Type const& b) { \
    Result r;                                          \
    BROOD_LANES r.lane[i] = expression;                \
    return r;                                          \
  }
BROOD_BINARY(Float16, operator+, Float16, a.lane[i] + b.lane[i])
BROOD_BINARY(Float16, operator-, Float16, a.lane[i] - b.lane[i])
BROOD_BINARY(Float16, operator*, Float16, a.lane[i] * b.lane[i])
BROOD_BINARY(Float16, operator/, Float16, a.lane[i] / b.lane[i])
BROOD_BINARY(Mask16, operator<, Float16, a.lane[i] < b.lane[i])
BROOD_BINARY(Mask16, operator>, Float16, a.lane[i] > b.lane[i])
BROOD_BINARY(Mask16, operator==, Float16, a.lane[i] == b.lane[i])
BROOD_BINARY(Uint16, operator+, Uint16, a.lane[i] + b.lane[i])
BROOD_BINARY(Uint16, operator-, Uint16, a.lane[i] - b.lane[i])
BROOD_BINARY(Uint16, operator*, Uint16, a.lane[i] * b.lane[i])
BROOD_BINARY(Uint16, operator^, Uint16, a.lane[i] ^ b.lane[i])
BROOD_BINARY(Uint16, operator&, Uint16, a.lane[i] & b.lane[i])
BROOD_BINARY(Uint16, operator|, Uint16, a.lane[i] | b.lane[i])
BROOD_BINARY(Mask16, at_least_unsigned, Uint16, a.lane[i] >= b.lane[i])
BROOD_BINARY(Uint16, low_halves, Uint16, i < 8 ? a.lane[i] : b.lane[i - 8])
BROOD_BINARY(Uint16, high_halves, Uint16, i < 8 ? a.lane[i + 8] : b.lane[i])
#undef BROOD_BINARY

#define BROOD_UNARY(Result, name, Type, expression) \
  BROOD_HD Result name(Type const& a) {             \
    Result r;                                       \
    BROOD_LANES r.lane[i] = expression;             \
    return r;                                       \
  }
BROOD_UNARY(Float16, sqrt, Float16, brood::sqrt(a.lane[i]))
BROOD_UNARY(Float16, abs, Float16, brood::abs(a.lane[i]))
BROOD_UNARY(Uint16, as_uint, Float16, bits_of(a.lane[i]))
BROOD_UNARY(Float16, as_float, Uint16, float_of(a.lane[i]))
BROOD_UNARY(Uint16, to_int, Float16,  // whole a; what the vector instructions give out of range
            a.lane[i] > -2147483648.0f && a.lane[i] < 2147483648.0f
                ? static_cast<std::uint32_t>(static_cast<std::int32_t>(a.lane[i]))
                : 0x80000000u)
BROOD_UNARY(Float16, to_float, Uint16, static_cast<float>(static_cast<std::int32_t>(a.lane[i])))
#undef BROOD_UNARY

BROOD_HD Float16 select(Mask16 const& mask, Float16 const& yes, Float16 const& no) {
  Float16 r;
  BROOD_LANES r.lane[i] = mask.lane[i] ? yes.lane[i] : no.lane[i];
  return r;
}
BROOD_HD Uint16 select(Mask16 const& mask, Uint16 const& yes, Uint16 const& no) {
  Uint16 r;
  BROOD_LANES r.lane[i] = mask.lane[i] ? yes.lane[i] : no.lane[i];
  return r;
}
BROOD_HD Float16 fma(Float16 const& a, Float16 const& b, Float16 const& c) {
  Float16 r;
  BROOD_LANES r.lane[i] = brood::fma(a.lane[i], b.lane[i], c.lane[i]);
  return r;
}
BROOD_HD Uint16 operator<<(Uint16 const& a, int n) {
  Uint16 r;
  BROOD_LANES r.lane[i] = a.lane[i] << n;
  return r;
}
BROOD_HD Uint16 operator>>(Uint16 const& a, int n) {
  Uint16 r;
  BROOD_LANES r.lane[i] = a.lane[i] >> n;
  return r;
}

// The high and low 32 bits of a * m.
struct HighLow {
  Uint16 high, low;
};
BROOD_HD HighLow multiply_wide(Uint16 const& a, std::uint32_t m) {
  HighLow r;
  BROOD_LANES {
    std::uint64_t const product = std::uint64_t{a.lane[i]} * m;
    r.high.lane[i] = static_cast<std::uint32_t>(product >> 32);
    r.low.lane[i] = static_cast<std::uint32_t>(product);
  }
  return r;
}

BROOD_HD void transpose(Float16 (&r)[16]) {
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < i; ++j) {
      float const t = r[i].lane[j];
      r[i].lane[j] = r[j].lane[i];
      r[j].lane[i] = t;
    }
  }
}
#undef BROOD_LANES

// Rows of a matrix-product tile, by the number of vectors it is wide.
inline constexpr int kTileVectors = 1;
inline constexpr int kTileRows[kTileVectors + 1] = {0, 1};
inline constexpr int kPeakChains = 1;  // vectors that fit in registers as accumulators

}  // namespace brood::cpu::BROOD_ISA
