// SPDX-License-Identifier: Apache-2.0
// Initial weights: the bound of a uniform or the deviation of a normal distribution, by fan-in and
// fan-out. Computed once per layer on the host; the draws are initial_weight().
// To add one: a struct and its name in the list at the end.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/normal.hpp"
#include "core/philox.hpp"
#include "core/type_list.hpp"

namespace brood {

// Uniform on (-spread, spread), or normal with deviation spread.
struct InitLaw {
  bool normal;
  double spread;
};

struct ZerosInit {
  static constexpr char const* name = "zeros";
  static BROOD_HD InitLaw law(double, double) { return {false, 0.0}; }
};
struct NormalInit {  // deviation 0.05
  static constexpr char const* name = "normal";
  static BROOD_HD InitLaw law(double, double) { return {true, 0.05}; }
};
struct UniformInit {  // 1 / sqrt(fan_in): PyTorch's default for a linear layer
  static constexpr char const* name = "uniform";
  static BROOD_HD InitLaw law(double fan_in, double) { return {false, sqrt(1.0 / fan_in)}; }
};
struct XavierUniform {  // Glorot & Bengio 2010
  static constexpr char const* name = "xavier_uniform";
  static BROOD_HD InitLaw law(double fan_in, double fan_out) {
    return {false, sqrt(6.0 / (fan_in + fan_out))};
  }
};
struct XavierNormal {
  static constexpr char const* name = "xavier_normal";
  static BROOD_HD InitLaw law(double fan_in, double fan_out) {
    return {true, sqrt(2.0 / (fan_in + fan_out))};
  }
};
struct HeUniform {  // He et al. 2015
  static constexpr char const* name = "he_uniform";
  static BROOD_HD InitLaw law(double fan_in, double) { return {false, sqrt(6.0 / fan_in)}; }
};
struct HeNormal {
  static constexpr char const* name = "he_normal";
  static BROOD_HD InitLaw law(double fan_in, double) { return {true, sqrt(2.0 / fan_in)}; }
};
// Drawn as LecunNormal, then divided by the deviation of what the training rows make of it: the
// host does that (host/backend/initial_rows.hpp).
struct StdInit {
  static constexpr char const* name = "std";
  static BROOD_HD InitLaw law(double fan_in, double) { return {true, sqrt(1.0 / fan_in)}; }
};
struct LecunNormal {  // LeCun et al. 1998
  static constexpr char const* name = "lecun_normal";
  static BROOD_HD InitLaw law(double fan_in, double) { return {true, sqrt(1.0 / fan_in)}; }
};

using Inits = TypeList<ZerosInit, NormalInit, UniformInit, XavierUniform, XavierNormal, HeUniform,
                       HeNormal, LecunNormal, StdInit>;

BROOD_HD float weight_of(InitLaw const& law, std::uint32_t word) {
  double const u = unit_interval(word);
  return static_cast<float>(law.spread * (law.normal ? normal_quantile(u) : 2.0 * u - 1.0));
}

// Elements first .. first + count - 1 of layer `layer`: see the counter table in philox.hpp.
BROOD_HD void initial_weights(InitLaw const& law, PhiloxKey key, std::uint32_t layer,
                              std::uint32_t first, int count, float* out) {
  auto const purpose = static_cast<std::uint32_t>(Purpose::initial_weight);
  PhiloxBlock block{};
  for (int i = 0; i < count; ++i) {
    std::uint32_t const element = first + static_cast<std::uint32_t>(i);
    if (i == 0 || element % 4 == 0) block = philox({{element / 4, 0, layer, purpose}}, key);
    out[i] = law.spread == 0.0 ? 0.0f : weight_of(law, block.word[element % 4]);
  }
}

}  // namespace brood
