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

// A predicate's bits, and which of them can be relied on.
struct Truth {
  std::uint32_t holds, valid;
};
// One that decides alone makes the result reliable, whatever the other is.
inline Truth joined(Join join, Truth a, Truth b) {
  std::uint32_t const both = a.valid & b.valid;
  std::uint32_t const holds = joined(join, a.holds, b.holds);
  if (join == Join::with_and) return {holds, both | (a.valid & ~a.holds) | (b.valid & ~b.holds)};
  if (join == Join::with_or) return {holds, both | (a.valid & a.holds) | (b.valid & b.holds)};
  return {holds, both};
}

// The results of a comparison: joined with the instruction's condition, and of what does not hold.
inline void set_joined(Warp& warp, Instruction const& in, Join join, Truth found,
                       std::uint32_t lanes) {
  Operand const& condition = in.conditions[0];
  Truth const other{warp.predicate(condition), warp.predicate_valid(condition)};
  Truth const first = joined(join, found, other);
  Truth const second = joined(join, {~found.holds, found.valid}, other);
  warp.set_predicate(in.predicates[0], first.holds, lanes, first.valid);
  warp.set_predicate(in.predicates[1], second.holds, lanes, second.valid);
}

}  // namespace brood::machine
