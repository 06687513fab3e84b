// SPDX-License-Identifier: Apache-2.0
// Operations that do the same to every lane, from a function of words; on the uniform datapath,
// once.
#pragma once

#include "machine/instruction.hpp"
#include "machine/warp.hpp"

namespace brood::machine {

// F::of(detail, a, b, c): words from words. detail is Instruction::detail. Of: how many it takes.
template <class F, int Of>
void lanewise(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (in.result.kind == Operand::Kind::uniform) {
    if (lanes == 0) return;
    std::uint32_t x[3] = {};
    for (int i = 0; i < Of; ++i)
      x[i] = warp.scalar(in.source[i]);
    warp.set_uniform(in.result, F::of(in.detail, x[0], x[1], x[2]));
    return;
  }
  if (lanes == 0) return;
  Words s0, s1, s2, out;
  std::uint32_t valid = kAllLanes;
  Words const& a = warp.words(in.source[0], s0, valid);
  Words const& b = Of > 1 ? warp.words(in.source[1], s1, valid) : a;
  Words const& c = Of > 2 ? warp.words(in.source[2], s2, valid) : a;
  int const detail = in.detail;
  for (int i = 0; i < kLanes; ++i)
    out[i] = F::of(detail, a[i], b[i], c[i]);
  warp.set(in.result, out, lanes, valid);
}

// The same of floats: F::of(a, b, c).
template <class F, int Of>
void floatwise(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0) return;
  Words s0, s1, s2, out;
  std::uint32_t valid = kAllLanes;
  Words const& a = warp.floats(in.source[0], s0, valid);
  Words const& b = Of > 1 ? warp.floats(in.source[1], s1, valid) : a;
  Words const& c = Of > 2 ? warp.floats(in.source[2], s2, valid) : a;
  for (int i = 0; i < kLanes; ++i)
    out[i] = as_bits(F::of(as_float(a[i]), as_float(b[i]), as_float(c[i])));
  warp.set(in.result, out, lanes, valid);
}

// F::of(a, b): whether it holds. What comes out is joined with a condition, by OR or AND.
enum class Join : std::uint8_t { with_and, with_or, with_xor };
inline std::uint32_t joined(Join join, std::uint32_t a, std::uint32_t b) {
  return join == Join::with_and ? a & b : join == Join::with_or ? a | b : a ^ b;
}

}  // namespace brood::machine
