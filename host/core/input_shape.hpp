// SPDX-License-Identifier: Apache-2.0
// Shapes of inputs: what becomes of z = (r - shift) * scale, a number of the table in units of its
// column, on its way into a network. Nothing is fused, so that every F gives the same bits.
// To add one: a struct and its name in the list at the end, and in InputShape (brood/table.hpp).
#pragma once

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

struct LinearInput {
  static constexpr char const* name = "linear";
  template <class F>
  static BROOD_HD F apply(F z, F offset, F gain) {
    return (z - offset) * gain;
  }
};

// z / sqrt(1 + (z / 3)^2), between -3 and 3 (Holzmüller, Grinsztajn & Steinwart, NeurIPS 2024).
struct SmoothClip {
  static constexpr char const* name = "smooth_clip";
  template <class F>
  static BROOD_HD F apply(F z, F offset, F gain) {
    // Its square stays a number.
    F const held = at_most(at_least(z, F(-1e18f)), F(1e18f));
    F const third = held / F(3.0f);
    return (held / sqrt(F(1.0f) + third * third) - offset) * gain;
  }
};

// How far a number has come through a piece of its range: 0 before and 1 behind it (Gorishniy,
// Rubachev & Babenko, NeurIPS 2022, equation 1).
struct Piece {
  static constexpr char const* name = "piece";
  template <class F>
  static BROOD_HD F apply(F z, F offset, F gain) {
    return (at_most(at_least(z, F(0.0f)), F(1.0f)) - offset) * gain;
  }
};

// cos(z - offset): the offset is its phase. What is beyond the range of sin_cos is held at its end.
struct Cosine {
  static constexpr char const* name = "cosine";
  template <class F>
  static BROOD_HD F apply(F z, F offset, F gain) {
    F const angle = at_most(at_least(z - offset, F(-8192.0f)), F(8192.0f));
    return sin_cos(angle).cos * gain;
  }
};

using InputShapes = TypeList<LinearInput, SmoothClip, Piece, Cosine>;

}  // namespace brood
