// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes in one AVX-512 register (F, BW, DQ, VL).
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "core/macros.hpp"

namespace brood::cpu::BROOD_ISA {

struct Mask16 {
  __mmask16 m;
};
BROOD_HD bool any(Mask16 a) {
  return a.m != 0;
}

struct Float16 {
  __m512 v;
  Float16() = default;
  BROOD_HD Float16(__m512 x) : v(x) {}
  BROOD_HD explicit Float16(float x) : v(_mm512_set1_ps(x)) {}
  static BROOD_HD Float16 load(float const* p) { return _mm512_loadu_ps(p); }
  BROOD_HD void store(float* p) const { _mm512_storeu_ps(p, v); }
};
BROOD_HD Float16 operator+(Float16 a, Float16 b) {
  return _mm512_add_ps(a.v, b.v);
}
BROOD_HD Float16 operator-(Float16 a, Float16 b) {
  return _mm512_sub_ps(a.v, b.v);
}
BROOD_HD Float16 operator*(Float16 a, Float16 b) {
  return _mm512_mul_ps(a.v, b.v);
}
BROOD_HD Float16 operator/(Float16 a, Float16 b) {
  return _mm512_div_ps(a.v, b.v);
}
BROOD_HD Mask16 operator<(Float16 a, Float16 b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)};
}
BROOD_HD Mask16 operator>(Float16 a, Float16 b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)};
}
BROOD_HD Mask16 operator==(Float16 a, Float16 b) {
  return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)};
}
BROOD_HD Float16 select(Mask16 mask, Float16 yes, Float16 no) {
  return _mm512_mask_blend_ps(mask.m, no.v, yes.v);
}
BROOD_HD Float16 fma(Float16 a, Float16 b, Float16 c) {
  return _mm512_fmadd_ps(a.v, b.v, c.v);
}
BROOD_HD Float16 sqrt(Float16 a) {
  return _mm512_sqrt_ps(a.v);
}
BROOD_HD Float16 abs(Float16 a) {
  return _mm512_abs_ps(a.v);
}

struct Uint16 {
  __m512i v;
  Uint16() = default;
  BROOD_HD Uint16(__m512i x) : v(x) {}
  BROOD_HD explicit Uint16(std::uint32_t x) : v(_mm512_set1_epi32(static_cast<int>(x))) {}
  static BROOD_HD Uint16 load(std::uint32_t const* p) { return _mm512_loadu_si512(p); }
  BROOD_HD void store(std::uint32_t* p) const { _mm512_storeu_si512(p, v); }
};
BROOD_HD Uint16 operator+(Uint16 a, Uint16 b) {
  return _mm512_add_epi32(a.v, b.v);
}
BROOD_HD Uint16 operator-(Uint16 a, Uint16 b) {
  return _mm512_sub_epi32(a.v, b.v);
}
BROOD_HD Uint16 operator*(Uint16 a, Uint16 b) {
  return _mm512_mullo_epi32(a.v, b.v);
}
BROOD_HD Uint16 operator^(Uint16 a, Uint16 b) {
  return _mm512_xor_si512(a.v, b.v);
}
BROOD_HD Uint16 operator&(Uint16 a, Uint16 b) {
  return _mm512_and_si512(a.v, b.v);
}
BROOD_HD Uint16 operator|(Uint16 a, Uint16 b) {
  return _mm512_or_si512(a.v, b.v);
}
BROOD_HD Uint16 operator<<(Uint16 a, int n) {
  return _mm512_sll_epi32(a.v, _mm_cvtsi32_si128(n));
}
BROOD_HD Uint16 operator>>(Uint16 a, int n) {
  return _mm512_srl_epi32(a.v, _mm_cvtsi32_si128(n));
}
BROOD_HD Mask16 at_least_unsigned(Uint16 a, Uint16 b) {
  return {_mm512_cmpge_epu32_mask(a.v, b.v)};
}
BROOD_HD Uint16 select(Mask16 mask, Uint16 yes, Uint16 no) {
  return _mm512_mask_blend_epi32(mask.m, no.v, yes.v);
}

BROOD_HD Uint16 as_uint(Float16 a) {
  return _mm512_castps_si512(a.v);
}
BROOD_HD Float16 as_float(Uint16 a) {
  return _mm512_castsi512_ps(a.v);
}
BROOD_HD Uint16 to_int(Float16 a) {
  return _mm512_cvtps_epi32(a.v);
}  // whole a
BROOD_HD Float16 to_float(Uint16 a) {
  return _mm512_cvtepi32_ps(a.v);
}  // as signed

// The high and low 32 bits of a * m.
struct HighLow {
  Uint16 high, low;
};
BROOD_HD HighLow multiply_wide(Uint16 a, std::uint32_t m) {
  __m512i const factor = _mm512_set1_epi64(m);
  __m512i const even = _mm512_mul_epu32(a.v, factor);
  __m512i const odd = _mm512_mul_epu32(_mm512_srli_epi64(a.v, 32), factor);
  return {_mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd),
          _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32))};
}
// Lanes 0-7 of a then lanes 0-7 of b; lanes 8-15 of a then lanes 8-15 of b.
BROOD_HD Uint16 low_halves(Uint16 a, Uint16 b) {
  return _mm512_shuffle_i64x2(a.v, b.v, 0x44);
}
BROOD_HD Uint16 high_halves(Uint16 a, Uint16 b) {
  return _mm512_shuffle_i64x2(a.v, b.v, 0xEE);
}

// Transposes a 16 x 16 block held in 16 registers.
BROOD_HD void transpose(Float16 (&r)[16]) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
    t[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  __m512 u[16];
  for (int i = 0; i < 16; i += 4) {
    u[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xEE);
    u[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(u[i], u[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(u[i], u[i + 4], 0xDD);
    t[i + 8] = _mm512_shuffle_f32x4(u[i + 8], u[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(u[i + 8], u[i + 12], 0xDD);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
    r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xDD);
  }
}

// Rows of a matrix-product tile, by the number of vectors it is wide: 24 accumulators of 32
// registers.
inline constexpr int kTileVectors = 4;
inline constexpr int kTileRows[kTileVectors + 1] = {0, 12, 12, 8, 6};
inline constexpr int kPeakChains = 12;  // vectors that fit in registers as accumulators

}  // namespace brood::cpu::BROOD_ISA
