// SPDX-License-Identifier: Apache-2.0
// A float whose quotients and square roots are the device's approximate ones, for core/'s
// templates: a few instructions in place of a few dozen with a subroutine. Quotients are within 2
// ulp (0 for divisors beyond 2^126), roots within 1 ulp (PTX ISA: div.approx.f32, sqrt.approx.f32).
#pragma once

#include "core/math.hpp"
#include "cuda/kernels/prims.cuh"

namespace brood::cuda {

struct Approx {
  float v;

  Approx() = default;
  __device__ __forceinline__ explicit Approx(float x) : v(x) {}

  friend __device__ __forceinline__ Approx operator+(Approx a, Approx b) {
    return Approx(a.v + b.v);
  }
  friend __device__ __forceinline__ Approx operator-(Approx a, Approx b) {
    return Approx(a.v - b.v);
  }
  friend __device__ __forceinline__ Approx operator*(Approx a, Approx b) {
    return Approx(a.v * b.v);
  }
  friend __device__ __forceinline__ Approx operator/(Approx a, Approx b) {
    return Approx(divide(a.v, b.v));
  }
  friend __device__ __forceinline__ bool operator<(Approx a, Approx b) { return a.v < b.v; }
  friend __device__ __forceinline__ bool operator>(Approx a, Approx b) { return a.v > b.v; }
  friend __device__ __forceinline__ bool operator==(Approx a, Approx b) { return a.v == b.v; }

  friend __device__ __forceinline__ Approx fma(Approx a, Approx b, Approx c) {
    return Approx(brood::fma(a.v, b.v, c.v));
  }
  friend __device__ __forceinline__ Approx sqrt(Approx x) { return Approx(square_root(x.v)); }
  friend __device__ __forceinline__ Approx abs(Approx x) { return Approx(brood::abs(x.v)); }
  friend __device__ __forceinline__ Approx select(bool mask, Approx yes, Approx no) {
    return mask ? yes : no;
  }
  friend __device__ __forceinline__ Approx nearest(Approx x) { return Approx(brood::nearest(x.v)); }
  friend __device__ __forceinline__ Approx scale_by_power(Approx x, Approx n) {
    return Approx(brood::scale_by_power(x.v, n.v));
  }
  friend __device__ __forceinline__ Approx exponent(Approx x) {
    return Approx(brood::exponent(x.v));
  }
  friend __device__ __forceinline__ Approx mantissa(Approx x) {
    return Approx(brood::mantissa(x.v));
  }
};

}  // namespace brood::cuda
