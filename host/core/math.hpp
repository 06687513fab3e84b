// SPDX-License-Identifier: Apache-2.0
// Elementary functions written once for every number type F: float on either side, and the CPU
// backend's vectors of 16 floats. F brings the operators and the primitives listed below for float;
// since each primitive is exact or correctly rounded, all F give the same bits.
// Error bounds are of the float versions, measured over all finite floats of the stated range.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/macros.hpp"

namespace brood {

// ---- primitives, for float and double; vectors bring their own by the same names

BROOD_HD float fma(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
BROOD_HD double fma(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
BROOD_HD float sqrt(float x) {
  return __builtin_sqrtf(x);
}
BROOD_HD double sqrt(double x) {
  return __builtin_sqrt(x);
}
BROOD_HD float select(bool mask, float yes, float no) {
  return mask ? yes : no;
}
BROOD_HD float abs(float x) {
  return __builtin_fabsf(x);
}

BROOD_HD std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
BROOD_HD float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
BROOD_HD std::uint64_t bits_of(double x) {
  return __builtin_bit_cast(std::uint64_t, x);
}
BROOD_HD double double_of(std::uint64_t bits) {
  return __builtin_bit_cast(double, bits);
}

// Nearest whole number, ties to even; |x| < 2^22.
BROOD_HD float nearest(float x) {
  float const magic = 12582912.0f;  // 1.5 * 2^23
  return (x + magic) - magic;
}
// x * 2^n for whole n in -126 .. 127; NaN if both are. The last bits of 1.5 * 2^23 + n are n: a
// conversion of NaN to an integer would be undefined.
BROOD_HD float scale_by_power(float x, float n) {
  return x * float_of((bits_of(n + 12582912.0f) + 127u) << 23);
}
// For normal x > 0: x = mantissa(x) * 2^exponent(x), mantissa in [0.5, 1).
BROOD_HD float exponent(float x) {
  return static_cast<float>(static_cast<std::int32_t>(bits_of(x) >> 23) - 126);
}
BROOD_HD float mantissa(float x) {
  return float_of((bits_of(x) & 0x007fffffu) | 0x3f000000u);
}

// ---- functions of any F

template <class F>
BROOD_HD F at_least(F x, F low) {
  return select(x < low, low, x);  // a NaN stays one
}
template <class F>
BROOD_HD F at_most(F x, F high) {
  return select(x > high, high, x);
}
template <class F>
BROOD_HD F sign(F x) {
  return select(x > F(0.0f), F(1.0f), select(x < F(0.0f), F(-1.0f), F(0.0f)));
}

// e^x to 1.2 ulp; clamped to the range of normal floats. Cephes expf (Moshier).
template <class F>
BROOD_HD F exp(F x) {
  x = at_most(at_least(x, F(-87.33654f)), F(88.37626f));
  F const n = nearest(x * F(1.44269504f));
  F r = fma(n, F(-0.693359375f), x);
  r = fma(n, F(2.12194440e-4f), r);
  F p = F(1.9875691500e-4f);
  p = fma(p, r, F(1.3981999507e-3f));
  p = fma(p, r, F(8.3334519073e-3f));
  p = fma(p, r, F(4.1665795894e-2f));
  p = fma(p, r, F(1.6666665459e-1f));
  p = fma(p, r, F(5.0000001201e-1f));
  p = fma(p, r * r, r);
  return scale_by_power(p + F(1.0f), n);
}

// ln x for normal x > 0, to 2 ulp; NaN for NaN. Cephes logf (Moshier).
template <class F>
BROOD_HD F log(F x) {
  F e = exponent(x);
  F m = mantissa(x);
  auto const small = m < F(0.707106781186547524f);
  e = select(small, e - F(1.0f), e);
  m = select(small, m + m, m) - F(1.0f);
  F const square = m * m;
  F p = F(7.0376836292e-2f);
  p = fma(p, m, F(-1.1514610310e-1f));
  p = fma(p, m, F(1.1676998740e-1f));
  p = fma(p, m, F(-1.2420140846e-1f));
  p = fma(p, m, F(1.4249322787e-1f));
  p = fma(p, m, F(-1.6668057665e-1f));
  p = fma(p, m, F(2.0000714765e-1f));
  p = fma(p, m, F(-2.4999993993e-1f));
  p = fma(p, m, F(3.3333331174e-1f));
  F y = (p * m) * square;
  y = fma(e, F(-2.12194440e-4f), y);
  y = fma(square, F(-0.5f), y);
  F const result = fma(e, F(0.693359375f), m + y);
  return select(x == x, result, x);
}

// ln(1 + x) for 0 <= x <= 1 or NaN, to 3 ulp: the rounding of 1 + x is put back.
template <class F>
BROOD_HD F log1p(F x) {
  F const u = x + F(1.0f);
  return log(u) - ((u - F(1.0f)) - x) / u;
}

// 1 / (1 + e^-x) to 3 ulp.
template <class F>
BROOD_HD F sigmoid(F x) {
  return F(1.0f) / (F(1.0f) + exp(F(0.0f) - x));
}

// ln(1 + e^x), without overflow.
template <class F>
BROOD_HD F softplus(F x) {
  return at_least(x, F(0.0f)) + log1p(exp(F(0.0f) - abs(x)));
}

// tanh x to 5 ulp: the rational 13/6 approximation of Eigen (generic_fast_tanh_float), |x| clamped.
template <class F>
BROOD_HD F tanh(F x) {
  F const c = at_most(at_least(x, F(-7.90531110763549805f)), F(7.90531110763549805f));
  F const s = c * c;
  F p = F(-2.76076847742355e-16f);
  p = fma(p, s, F(2.00018790482477e-13f));
  p = fma(p, s, F(-8.60467152213735e-11f));
  p = fma(p, s, F(5.12229709037114e-08f));
  p = fma(p, s, F(1.48572235717979e-05f));
  p = fma(p, s, F(6.37261928875436e-04f));
  p = fma(p, s, F(4.89352455891786e-03f));
  F q = F(1.19825839466702e-06f);
  q = fma(q, s, F(1.18534705686654e-04f));
  q = fma(q, s, F(2.26843463243900e-03f));
  q = fma(q, s, F(4.89352518554385e-03f));
  return select(abs(x) < F(0.0004f), x, (c * p) / q);
}

// erf x to 3.8e-7 absolute: the rational 13/8 approximation of Eigen (generic_fast_erf_float).
template <class F>
BROOD_HD F erf(F x) {
  F const c = at_most(at_least(x, F(-4.0f)), F(4.0f));
  F const s = c * c;
  F p = F(-2.72614225801306e-10f);
  p = fma(p, s, F(2.77068142495902e-08f));
  p = fma(p, s, F(-2.10102402082508e-06f));
  p = fma(p, s, F(-5.69250639462346e-05f));
  p = fma(p, s, F(-7.34990630326855e-04f));
  p = fma(p, s, F(-2.95459980854025e-03f));
  p = fma(p, s, F(-1.60960333262415e-02f));
  F q = F(-1.45660718464996e-05f);
  q = fma(q, s, F(-2.13374055278905e-04f));
  q = fma(q, s, F(-1.68282697438203e-03f));
  q = fma(q, s, F(-7.37332916720468e-03f));
  q = fma(q, s, F(-1.42647390514189e-02f));
  return (c * p) / q;
}

template <class F>
struct SinCos {
  F sin, cos;
};
// For |x| <= 8192 to 2e-7 absolute; Cody-Waite reduction by pi, Taylor series on [-pi/2, pi/2]
// (first omitted terms: 6e-8 and 6e-9).
template <class F>
BROOD_HD SinCos<F> sin_cos(F x) {
  F const n = nearest(x * F(0.318309886f));
  F r = fma(n, F(-3.140625f), x);
  r = fma(n, F(-9.67502593994140625e-4f), r);
  r = fma(n, F(-1.509957990978376432e-7f), r);
  F const s = r * r;
  F a = F(-2.50521084e-8f);
  a = fma(a, s, F(2.75573192e-6f));
  a = fma(a, s, F(-1.98412698e-4f));
  a = fma(a, s, F(8.33333333e-3f));
  a = fma(a, s, F(-1.66666667e-1f));
  a = fma(a * s, r, r);
  F b = F(2.08767570e-9f);
  b = fma(b, s, F(-2.75573192e-7f));
  b = fma(b, s, F(2.48015873e-5f));
  b = fma(b, s, F(-1.38888889e-3f));
  b = fma(b, s, F(4.16666667e-2f));
  b = fma(b, s, F(-0.5f));
  b = fma(b, s, F(1.0f));
  auto const odd = abs(fma(nearest(n * F(0.5f)), F(-2.0f), n)) > F(0.5f);
  return {select(odd, F(0.0f) - a, a), select(odd, F(0.0f) - b, b)};
}

// ---- in double, on the host or by one thread per step: the same bits everywhere

// ln x for normal x > 0 to 1 ulp: atanh series on [sqrt(1/2), sqrt(2)), as fdlibm's e_log.c.
BROOD_HD double log_double(double x) {
  std::uint64_t bits = bits_of(x);
  int e = static_cast<int>(bits >> 52) - 1022;
  double m = double_of((bits & 0x000fffffffffffffull) | 0x3fe0000000000000ull);
  if (m < 0.70710678118654752440) {
    m = m + m;
    e -= 1;
  }
  double const f = m - 1.0;
  double const s = f / (2.0 + f);
  double const z = s * s;
  double p = 1.479819860511658591e-01;
  p = fma(p, z, 1.531383769920937332e-01);
  p = fma(p, z, 1.818357216161805012e-01);
  p = fma(p, z, 2.222219843214978396e-01);
  p = fma(p, z, 2.857142874366239149e-01);
  p = fma(p, z, 3.999999999940941908e-01);
  p = fma(p, z, 6.666666666666735130e-01);
  double const r = p * z;
  double const half = 0.5 * f * f;
  double const tail = s * (half + r);
  double const n = static_cast<double>(e);
  return n * 6.93147180369123816490e-01 - ((half - fma(n, 1.90821492927058770002e-10, tail)) - f);
}

// cos(pi * t) for 0 <= t <= 1, to 1.2e-15 absolute: by symmetry from the series on [0, pi/4].
BROOD_HD double cos_pi(double t) {
  bool const mirrored = t > 0.5;
  double const u = mirrored ? 1.0 - t : t;  // 0 .. 1/2
  bool const from_sin = u > 0.25;
  double const x = 3.14159265358979323846 * (from_sin ? 0.5 - u : u);
  double const s = x * x;
  double value;
  if (from_sin) {
    double p = -1.0 / 1307674368000.0;
    p = fma(p, s, 1.0 / 6227020800.0);
    p = fma(p, s, -1.0 / 39916800.0);
    p = fma(p, s, 1.0 / 362880.0);
    p = fma(p, s, -1.0 / 5040.0);
    p = fma(p, s, 1.0 / 120.0);
    p = fma(p, s, -1.0 / 6.0);
    value = fma(p * s, x, x);
  } else {
    double p = -1.0 / 87178291200.0;
    p = fma(p, s, 1.0 / 479001600.0);
    p = fma(p, s, -1.0 / 3628800.0);
    p = fma(p, s, 1.0 / 40320.0);
    p = fma(p, s, -1.0 / 720.0);
    p = fma(p, s, 1.0 / 24.0);
    p = fma(p, s, -0.5);
    value = fma(p, s, 1.0);
  }
  return mirrored ? -value : value;
}

// cos(2 pi x) for 0 <= x < 2^31: of what x is beyond a whole number, by symmetry.
BROOD_HD double cos_two_pi(double x) {
  double const part = x - static_cast<double>(static_cast<std::int32_t>(x));
  return cos_pi(part <= 0.5 ? 2.0 * part : 2.0 - 2.0 * part);
}

// x^n for n >= 0 by squaring.
BROOD_HD double power(double x, std::int64_t n) {
  double result = 1.0;
  for (; n > 0; n >>= 1) {
    result *= (n & 1) != 0 ? x : 1.0;
    x *= x;
  }
  return result;
}

}  // namespace brood
