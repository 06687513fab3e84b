// SPDX-License-Identifier: Apache-2.0
// mma.sync: D (16, 8) = A (16, K) B (K, 8) + C. Fragments as cuda/kernels/prims.cuh tells them.
// Sums are taken in double and rounded once, which no device does better.
#include "machine/families.hpp"
#include "machine/warp.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;

int reg_of(Operand const& o, int i) {
  return o.reg == kZeroRegister ? kZeroRegister : o.reg + i;
}

// A row's four lanes (or those that hold a column of B) to a bit each.
u32 rows_of(u32 valid) {
  u32 rows = 0;
  for (u32 g = 0; g < 8; ++g)
    rows |= static_cast<u32>((valid >> 4 * g & 15) == 15) << g;
  return rows;
}

// Elements of C that can be relied on: those whose row of A, column of B and own term can.
template <int Halves>
void valid_of(Warp const& warp, Instruction const& in, u32 (&valid)[4]) {
  auto of = [&](int source, int i) { return warp.valid[reg_of(in.source[source], i)]; };
  u32 const upper = rows_of(of(0, 0) & of(0, 2)), lower = rows_of(of(0, 1) & of(0, 3));
  u32 const columns = rows_of(Halves == 2 ? of(1, 0) & of(1, 1) : of(1, 0));
  for (int i = 0; i < 4; ++i) {
    u32 const rows = i < 2 ? upper : lower;
    valid[i] =
        of(2, i) & mask_of([&](int lane) {
          return (rows >> lane / 4 & 1) != 0 && (columns >> (2 * (lane % 4) + i % 2) & 1) != 0;
        });
  }
}

struct Tf32 {
  static constexpr int kDepth = 8, kPerRegister = 1;
  static double element(u32 bits, int) { return double{as_float(bits & 0xffffe000u)}; }
};
struct Bf16 {
  static constexpr int kDepth = 16, kPerRegister = 2;
  static double element(u32 bits, int which) {
    return double{as_float(which == 0 ? bits << 16 : bits & 0xffff0000u)};
  }
};

template <class P>
void multiply(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  warp.need_convergence(lanes);
  double a[16][P::kDepth], b[P::kDepth][8], d[16][8];
  auto reg = [&](int source, int i) -> Words const& {
    return warp.registers[reg_of(in.source[source], i)];
  };
  for (int e = 0; e < P::kPerRegister; ++e) {
    for (int i = 0; i < 4; ++i) {
      Words const& words = reg(0, i);
      int const row = i % 2 * 8, column = i / 2 * 4;
      for (int lane = 0; lane < kLanes; ++lane)
        a[lane / 4 + row][(lane % 4 + column) * P::kPerRegister + e] = P::element(words[lane], e);
    }
    for (int i = 0; i < 2; ++i) {
      Words const& words = reg(1, i);
      for (int lane = 0; lane < kLanes; ++lane)
        b[(lane % 4 + 4 * i) * P::kPerRegister + e][lane / 4] = P::element(words[lane], e);
    }
  }
  for (int row = 0; row < 16; ++row) {
    double sum[8] = {};
    for (int k = 0; k < P::kDepth; ++k) {
      for (int column = 0; column < 8; ++column)
        sum[column] += a[row][k] * b[k][column];
    }
    for (int column = 0; column < 8; ++column)
      d[row][column] = sum[column];
  }
  u32 valid[4] = {kAllLanes, kAllLanes, kAllLanes, kAllLanes};
  if (warp.checked) valid_of<2>(warp, in, valid);
  Words out[4];
  for (int i = 0; i < 4; ++i) {
    Words const& c = reg(2, i);
    for (int lane = 0; lane < kLanes; ++lane) {
      out[i][lane] = as_bits(static_cast<float>(d[lane / 4 + i / 2 * 8][2 * (lane % 4) + i % 2] +
                                                double{as_float(c[lane])}));
    }
  }
  for (int i = 0; i < 4; ++i)
    warp.set_register(in.result.reg + i, out[i], kAllLanes, valid[i]);
}

Operation* hmma(Modifiers& modifiers, Instruction& in) {
  if (in.source[2].kind != Operand::Kind::reg) return nullptr;
  if (modifiers.take("1688")) {
    return modifiers.take("F32") && modifiers.take("TF32") ? multiply<Tf32> : nullptr;
  }
  bool const known = modifiers.take("16816") && modifiers.take("F32") && modifiers.take("BF16");
  return known ? multiply<Bf16> : nullptr;
}

}  // namespace

std::span<Family const> tensor_families() {
  static constexpr Family kFamilies[] = {{"HMMA", hmma}};
  return kFamilies;
}

}  // namespace brood::machine
