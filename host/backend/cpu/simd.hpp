// SPDX-License-Identifier: Apache-2.0
// Float16 and Uint16: sixteen lanes, whatever the instruction set: one AVX-512 register, two AVX2
// registers, or a plain array. Each operation is exact or correctly rounded, so all three give the
// same bits. They satisfy what core/math.hpp asks of a number type.
// Included by the kernels only, inside the namespace of one instruction set.
#pragma once

#if defined(BROOD_ISA_AVX512)
#include "backend/cpu/simd_avx512.hpp"
#elif defined(BROOD_ISA_AVX2)
#include "backend/cpu/simd_avx2.hpp"
#else
#include "backend/cpu/simd_scalar.hpp"
#endif

#include "core/math.hpp"
#include "core/param_layout.hpp"

namespace brood::cpu::BROOD_ISA {

// The primitives of core/math.hpp that need nothing of the instruction set.
BROOD_HD Float16 nearest(Float16 x) {
  Float16 const magic(12582912.0f);
  return (x + magic) - magic;
}
BROOD_HD Float16 scale_by_power(Float16 x, Float16 n) {
  return x * as_float((to_int(n) + Uint16(127u)) << 23);
}
BROOD_HD Float16 exponent(Float16 x) {
  return to_float((as_uint(x) >> 23) - Uint16(126u));
}
BROOD_HD Float16 mantissa(Float16 x) {
  return as_float((as_uint(x) & Uint16(0x007fffffu)) | Uint16(0x3f000000u));
}

// The sum of the lanes by a fixed tree: halves, quarters, ...
BROOD_HD float sum_lanes(Float16 x) {
  alignas(64) float lane[kLanes];
  x.store(lane);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i)
      lane[i] = lane[i] + lane[i + half];
  }
  return lane[0];
}

// sum_lanes of sixteen vectors at once: lane i of the result is that of x[i], by the same tree.
BROOD_HD Float16 sum_lanes(Float16 (&x)[kLanes]) {
  transpose(x);
#pragma GCC unroll 4
  for (int half = kLanes / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i)
      x[i] = x[i] + x[i + half];
  }
  return x[0];
}

}  // namespace brood::cpu::BROOD_ISA
