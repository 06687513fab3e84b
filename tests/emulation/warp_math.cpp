// SPDX-License-Identifier: Apache-2.0
#include "emulation/warp_math.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "emulation/emulation.hpp"

namespace brood::emulation {
namespace {

using Pair = double __attribute__((vector_size(16)));

// c (16, 8) += a (16, depth) b (depth, 8). One of them for each OS thread: a fiber's stack would
// be cold.
struct Matrices {
  double a[16][16];
  Pair b[16][4];
};
constinit thread_local Matrices matrices{};

// Writes the `Pack` numbers of a register to to[0], to[step]...
template <int Pack>
void unpack(std::uint32_t word, double* to, int step, std::uint32_t mask) {
  if constexpr (Pack == 1) {
    to[0] = std::bit_cast<float>(word & mask);
  } else {
    to[0] = std::bit_cast<float>(word << 16);
    to[step] = std::bit_cast<float>(word & 0xffff0000u);
  }
}

void store(Pair const& sum, float* c) {
  c[0] = static_cast<float>(sum[0]);
  c[1] = static_cast<float>(sum[1]);
}

// x cut to a multiple of the last of 24 bits of numbers as large as `largest`.
double cut(double x, double largest) {
  if (!(std::fabs(largest) > 0 && std::isfinite(largest))) return x;
  double const unit = std::ldexp(1.0, std::max(std::ilogb(largest) - 23, -149));
  return std::trunc(x / unit) * unit;
}

// c + sum over k of a[k] b[k], added as emulation::coarse_mma says.
float coarse_sum(double const* a, double const* b, int depth, float c) {
  double largest = c;
  for (int k = 0; k < depth; ++k) {
    double const product = a[k] * b[8 * k];
    if (std::fabs(product) > std::fabs(largest)) largest = product;
  }
  double sum = cut(c, largest);
  for (int k = 0; k < depth; ++k)
    sum += cut(a[k] * b[8 * k], largest);
  return static_cast<float>(cut(sum, sum));
}

template <int Pack>
void multiply(MmaOperands const* lanes) {
  constexpr int kDepth = 8 * Pack;
  std::uint32_t const mask = exact_mma ? 0xffffffffu : 0xffffe000u;
  Matrices& m = matrices;
  auto* const b = reinterpret_cast<double*>(m.b);
  for (int lane = 0; lane < 32; ++lane) {
    int const g = lane / 4, t = lane % 4;
    MmaOperands const own = lanes[lane];
    std::uint32_t const words[6] = {own.a[0], own.a[1], own.a[2], own.a[3], own.b[0], own.b[1]};
    double* const top = m.a[g] + Pack * t;
    double* const bottom = m.a[g + 8] + Pack * t;
    double* const column = b + 8 * Pack * t + g;
    unpack<Pack>(words[0], top, 1, mask);
    unpack<Pack>(words[1], bottom, 1, mask);
    unpack<Pack>(words[2], top + Pack * 4, 1, mask);
    unpack<Pack>(words[3], bottom + Pack * 4, 1, mask);
    unpack<Pack>(words[4], column, 8, mask);
    unpack<Pack>(words[5], column + 8 * Pack * 4, 8, mask);
  }
  for (int row = 0; row < 16; ++row) {
    // The four lanes that hold this row. Sums have names to stay in registers: g++ 12 -O2 neither
    // unrolls a loop over them nor keeps an array there.
    auto const c = [&](int t) { return lanes[row % 8 * 4 + t].c + row / 8 * 2; };
    if (coarse_mma) {
      for (int column = 0; column < 8; ++column) {
        float& sum = c(column / 2)[column % 2];
        sum = coarse_sum(m.a[row], b + column, kDepth, sum);
      }
      continue;
    }
    Pair sum_0{c(0)[0], c(0)[1]}, sum_1{c(1)[0], c(1)[1]};
    Pair sum_2{c(2)[0], c(2)[1]}, sum_3{c(3)[0], c(3)[1]};
    for (int k = 0; k < kDepth; ++k) {
      Pair const a{m.a[row][k], m.a[row][k]};
      sum_0 += a * m.b[k][0];
      sum_1 += a * m.b[k][1];
      sum_2 += a * m.b[k][2];
      sum_3 += a * m.b[k][3];
    }
    store(sum_0, c(0));
    store(sum_1, c(1));
    store(sum_2, c(2));
    store(sum_3, c(3));
  }
}

}  // namespace

void multiply_tf32(MmaOperands const* lanes) {
  multiply<1>(lanes);
}
void multiply_bf16(MmaOperands const* lanes) {
  multiply<2>(lanes);
}

void distribute(std::uint32_t const* const* rows, std::uint32_t* const* out) {
  for (int lane = 0; lane < 32; ++lane) {
    for (int m = 0; m < 4; ++m)
      out[lane][m] = rows[8 * m + lane / 4][lane % 4];
  }
}

void transpose(std::uint32_t const* const* rows, std::uint32_t* const* out) {
  for (int lane = 0; lane < 32; ++lane) {
    int const g = lane / 4, t = lane % 4;
    for (int matrix = 0; matrix < 4; ++matrix) {
      auto const element = [&](int row) {
        return rows[8 * matrix + row][g / 2] >> 16 * (g % 2) & 0xffffu;
      };
      out[lane][matrix] = element(2 * t) | element(2 * t + 1) << 16;
    }
  }
}

}  // namespace brood::emulation
