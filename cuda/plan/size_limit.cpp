// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/size_limit.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/param_layout.hpp"
#include "cuda/layered/layered.hpp"

namespace brood::cuda {

namespace {

constexpr std::int64_t kMaxPlaces = std::numeric_limits<std::int32_t>::max();

std::int64_t padded_width(Member const& m, int layer) {
  return (std::int64_t{m.width[layer]} + 15) / 16 * 16;
}

// Of one copy, as tile_layout() would count them.
std::int64_t parameter_floats(Member const& m) {
  std::int64_t floats = 0;
  for (int l = 0; l < m.layers; ++l)
    floats += (padded_width(m, l) + 1) * padded_width(m, l + 1);
  return floats;
}

std::string too_many(std::string const& what, std::int64_t count) {
  return "network: " + what + " " + std::to_string(count) + " numbers; at most " +
         std::to_string(kMaxPlaces) +
         " are supported with CUDA: make it narrower, or use --device cpu";
}

}  // namespace

std::int64_t most_tensor_floats(Member const& m) {
  return parameter_floats(m) * (tensor_count(m) + 1);
}

std::string size_problem(Member const& m) {
  // All copies and a gradient lie in one tensor; loss and predictions count places of the outputs.
  std::int64_t const tensors = most_tensor_floats(m);
  if (tensors > kMaxPlaces) return too_many("its weights, moments and gradient are", tensors);
  std::int64_t const rows = std::max<std::int64_t>(m.batch_size << m.head_bits, kLayeredRows);
  std::int64_t const outputs = rows * padded_width(m, m.layers);
  if (outputs > kMaxPlaces) return too_many("the outputs of a batch are", outputs);
  return "";
}

}  // namespace brood::cuda
