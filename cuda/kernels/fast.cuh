// SPDX-License-Identifier: Apache-2.0
// A float whose quotients and square roots are the device's approximate ones, for core/'s
// templates: a few instructions in place of a few dozen with a subroutine. Quotients are within 2
// ulp (0 for divisors beyond 2^126), roots within 1 ulp (PTX ISA: div.approx.f32, sqrt.approx.f32).
#pragma once

#include "core/math.hpp"
#include "cuda/kernels/prims.cuh"

namespace brood::cuda {

struct Fast {
  float v;

  Fast() = default;
  __device__ __forceinline__ explicit Fast(float x) : v(x) {}

  friend __device__ __forceinline__ Fast operator+(Fast a, Fast b) { return Fast(a.v + b.v); }
  friend __device__ __forceinline__ Fast operator-(Fast a, Fast b) { return Fast(a.v - b.v); }
  friend __device__ __forceinline__ Fast operator*(Fast a, Fast b) { return Fast(a.v * b.v); }
  friend __device__ __forceinline__ Fast operator/(Fast a, Fast b) {
    return Fast(divide(a.v, b.v));
  }
  friend __device__ __forceinline__ bool operator<(Fast a, Fast b) { return a.v < b.v; }
  friend __device__ __forceinline__ bool operator>(Fast a, Fast b) { return a.v > b.v; }
  friend __device__ __forceinline__ bool operator==(Fast a, Fast b) { return a.v == b.v; }

  friend __device__ __forceinline__ Fast fma(Fast a, Fast b, Fast c) {
    return Fast(brood::fma(a.v, b.v, c.v));
  }
  friend __device__ __forceinline__ Fast sqrt(Fast x) { return Fast(square_root(x.v)); }
  friend __device__ __forceinline__ Fast abs(Fast x) { return Fast(brood::abs(x.v)); }
  friend __device__ __forceinline__ Fast select(bool mask, Fast yes, Fast no) {
    return mask ? yes : no;
  }
  friend __device__ __forceinline__ Fast nearest(Fast x) { return Fast(brood::nearest(x.v)); }
  friend __device__ __forceinline__ Fast scale_by_power(Fast x, Fast n) {
    return Fast(brood::scale_by_power(x.v, n.v));
  }
  friend __device__ __forceinline__ Fast exponent(Fast x) { return Fast(brood::exponent(x.v)); }
  friend __device__ __forceinline__ Fast mantissa(Fast x) { return Fast(brood::mantissa(x.v)); }
};

}  // namespace brood::cuda
