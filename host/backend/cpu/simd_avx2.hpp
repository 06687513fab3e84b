// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes in two AVX2 registers (with FMA).
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "core/macros.hpp"

namespace brood::cpu::BROOD_ISA {

struct Mask16 {
  __m256 lo, hi;
};
BROOD_HD bool any(Mask16 a) {
  return _mm256_movemask_ps(_mm256_or_ps(a.lo, a.hi)) != 0;
}

struct Float16 {
  __m256 lo, hi;
  Float16() = default;
  BROOD_HD Float16(__m256 l, __m256 h) : lo(l), hi(h) {}
  BROOD_HD explicit Float16(float x) : lo(_mm256_set1_ps(x)), hi(lo) {}
  static BROOD_HD Float16 load(float const* p) {
    return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
  }
  BROOD_HD void store(float* p) const {
    _mm256_storeu_ps(p, lo);
    _mm256_storeu_ps(p + 8, hi);
  }
};
BROOD_HD Float16 operator+(Float16 a, Float16 b) {
  return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
BROOD_HD Float16 operator-(Float16 a, Float16 b) {
  return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
BROOD_HD Float16 operator*(Float16 a, Float16 b) {
  return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
BROOD_HD Float16 operator/(Float16 a, Float16 b) {
  return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
BROOD_HD Mask16 operator<(Float16 a, Float16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)};
}
BROOD_HD Mask16 operator>(Float16 a, Float16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_GT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_GT_OQ)};
}
BROOD_HD Mask16 operator==(Float16 a, Float16 b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ)};
}
BROOD_HD Float16 select(Mask16 mask, Float16 yes, Float16 no) {
  return {_mm256_blendv_ps(no.lo, yes.lo, mask.lo), _mm256_blendv_ps(no.hi, yes.hi, mask.hi)};
}
BROOD_HD Float16 fma(Float16 a, Float16 b, Float16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
BROOD_HD Float16 sqrt(Float16 a) {
  return {_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)};
}
BROOD_HD Float16 abs(Float16 a) {
  __m256 const mask = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  return {_mm256_and_ps(a.lo, mask), _mm256_and_ps(a.hi, mask)};
}

struct Uint16 {
  __m256i lo, hi;
  Uint16() = default;
  BROOD_HD Uint16(__m256i l, __m256i h) : lo(l), hi(h) {}
  BROOD_HD explicit Uint16(std::uint32_t x) : lo(_mm256_set1_epi32(static_cast<int>(x))), hi(lo) {}
  static BROOD_HD Uint16 load(std::uint32_t const* p) {
    return {_mm256_loadu_si256(reinterpret_cast<__m256i const*>(p)),
            _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p + 8))};
  }
  BROOD_HD void store(std::uint32_t* p) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), lo);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), hi);
  }
};
BROOD_HD Uint16 operator+(Uint16 a, Uint16 b) {
  return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}
BROOD_HD Uint16 operator-(Uint16 a, Uint16 b) {
  return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)};
}
BROOD_HD Uint16 operator*(Uint16 a, Uint16 b) {
  return {_mm256_mullo_epi32(a.lo, b.lo), _mm256_mullo_epi32(a.hi, b.hi)};
}
BROOD_HD Uint16 operator^(Uint16 a, Uint16 b) {
  return {_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)};
}
BROOD_HD Uint16 operator&(Uint16 a, Uint16 b) {
  return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)};
}
BROOD_HD Uint16 operator|(Uint16 a, Uint16 b) {
  return {_mm256_or_si256(a.lo, b.lo), _mm256_or_si256(a.hi, b.hi)};
}
BROOD_HD Uint16 operator<<(Uint16 a, int n) {
  __m128i const count = _mm_cvtsi32_si128(n);
  return {_mm256_sll_epi32(a.lo, count), _mm256_sll_epi32(a.hi, count)};
}
BROOD_HD Uint16 operator>>(Uint16 a, int n) {
  __m128i const count = _mm_cvtsi32_si128(n);
  return {_mm256_srl_epi32(a.lo, count), _mm256_srl_epi32(a.hi, count)};
}
BROOD_HD Mask16 at_least_unsigned(Uint16 a, Uint16 b) {
  return {
      _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(a.lo, b.lo), a.lo)),
      _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(a.hi, b.hi), a.hi)),
  };
}
BROOD_HD Uint16 select(Mask16 mask, Uint16 yes, Uint16 no) {
  return {_mm256_blendv_epi8(no.lo, yes.lo, _mm256_castps_si256(mask.lo)),
          _mm256_blendv_epi8(no.hi, yes.hi, _mm256_castps_si256(mask.hi))};
}

BROOD_HD Uint16 as_uint(Float16 a) {
  return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)};
}
BROOD_HD Float16 as_float(Uint16 a) {
  return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)};
}
BROOD_HD Uint16 to_int(Float16 a) {  // whole a
  return {_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi)};
}
BROOD_HD Float16 to_float(Uint16 a) {  // as signed
  return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)};
}

// The high and low 32 bits of a * m.
struct HighLow {
  Uint16 high, low;
};
BROOD_HD HighLow multiply_wide(Uint16 a, std::uint32_t m) {
  __m256i const factor = _mm256_set1_epi64x(m);
  __m256i high[2], low[2];
  __m256i const part[2] = {a.lo, a.hi};
  for (int i = 0; i < 2; ++i) {
    __m256i const even = _mm256_mul_epu32(part[i], factor);
    __m256i const odd = _mm256_mul_epu32(_mm256_srli_epi64(part[i], 32), factor);
    high[i] = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    low[i] = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  }
  return {{high[0], high[1]}, {low[0], low[1]}};
}
// Lanes 0-7 of a then lanes 0-7 of b; lanes 8-15 of a then lanes 8-15 of b.
BROOD_HD Uint16 low_halves(Uint16 a, Uint16 b) {
  return {a.lo, b.lo};
}
BROOD_HD Uint16 high_halves(Uint16 a, Uint16 b) {
  return {a.hi, b.hi};
}

// Transposes the 8 x 8 block held in r[0..7].
BROOD_HD void transpose8(__m256 (&r)[8]) {
  __m256 t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
    u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
  }
}

// Transposes a 16 x 16 block held in 16 pairs of registers.
BROOD_HD void transpose(Float16 (&r)[16]) {
  __m256 a[8], b[8], c[8], d[8];  // quarters: a b over c d
  for (int i = 0; i < 8; ++i) {
    a[i] = r[i].lo;
    b[i] = r[i].hi;
    c[i] = r[i + 8].lo;
    d[i] = r[i + 8].hi;
  }
  transpose8(a);
  transpose8(b);
  transpose8(c);
  transpose8(d);
  for (int i = 0; i < 8; ++i) {
    r[i] = {a[i], c[i]};
    r[i + 8] = {b[i], d[i]};
  }
}

// Rows of a matrix-product tile, by the number of vectors it is wide: 12 accumulators of 16
// registers.
inline constexpr int kTileVectors = 2;
inline constexpr int kTileRows[kTileVectors + 1] = {0, 6, 3};
inline constexpr int kPeakChains = 6;  // vectors that fit in registers as accumulators

}  // namespace brood::cpu::BROOD_ISA
