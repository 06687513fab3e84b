// SPDX-License-Identifier: Apache-2.0
#include "backend/member_checks.hpp"

#include <algorithm>
#include <cmath>

#include "backend/rows.hpp"
#include "brood/error.hpp"
#include "core/param_layout.hpp"

namespace brood {

void check_member_rows(MemberSpec const& spec, std::int64_t table_rows) {
  if (size_of(spec.train_rows) == 0)
    throw UsageError("train_rows: a member needs at least one training row");
  check_rows(*spec.train_rows, table_rows, "train_rows");
  if (spec.eval_rows != nullptr) check_rows(*spec.eval_rows, table_rows, "eval_rows");
}

void check_starting_weights(MemberSpec const& spec, Member const& m) {
  if (spec.start == nullptr) return;
  auto const& layers = *spec.start;
  if (layers.size() != static_cast<std::size_t>(m.layers)) {
    throw UsageError("start: has " + std::to_string(layers.size()) + " layers; the network has " +
                     std::to_string(m.layers));
  }
  auto const finite = [](float x) { return std::isfinite(x); };
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto const& [inputs, outputs, weights, bias] = layers[l];
    if (weights.empty() && bias.empty()) continue;
    auto const biases = static_cast<std::size_t>(m.width[l + 1]);
    std::size_t const needed = static_cast<std::size_t>(m.width[l]) * biases;
    std::string const layer = "start: layer " + std::to_string(l);
    if (inputs != m.width[l] || outputs != m.width[l + 1]) {
      throw UsageError(layer + " is " + std::to_string(outputs) + " x " + std::to_string(inputs) +
                       "; the network's is " + std::to_string(m.width[l + 1]) + " x " +
                       std::to_string(m.width[l]));
    }
    if (weights.size() != needed || bias.size() != biases) {
      throw UsageError(layer + " has " + std::to_string(weights.size()) + " weights and " +
                       std::to_string(bias.size()) + " biases; the network has " +
                       std::to_string(needed) + " and " + std::to_string(biases));
    }
    if (!std::all_of(weights.begin(), weights.end(), finite) ||
        !std::all_of(bias.begin(), bias.end(), finite)) {
      throw UsageError(layer + " holds a weight that is not finite");
    }
  }
}

void check_image(MemberImage const& image, Member const& m) {
  auto const each = static_cast<std::size_t>(dense_size(param_layout(m)));
  std::size_t const states = each * static_cast<std::size_t>(state_tensors(m));
  bool const fits = image.weights.size() == each && image.moments.size() == states &&
                    image.average.size() == (m.ema > 0 ? each : 0) &&
                    image.best.size() == (m.patience > 0 ? each : 0);
  if (fits) return;
  throw UsageError("restore: the image holds " + std::to_string(image.weights.size()) +
                   " weights and " + std::to_string(image.moments.size()) +
                   " moments; this member has " + std::to_string(each) + " and " +
                   std::to_string(states));
}

void check_clone(Member const& to, Member const& from) {
  bool const same_shape =
      to.layers == from.layers && std::equal(to.width, to.width + to.layers + 1, from.width);
  bool const same_tensors = state_tensors(to) == state_tensors(from) &&
                            (to.ema > 0) == (from.ema > 0) &&
                            (to.patience > 0) == (from.patience > 0);
  if (same_shape && same_tensors) return;
  throw UsageError("clone: the two members differ in shape, or in the tensors that they keep");
}

void check_columns(Matrix const& x, int inputs, Slot slot) {
  if (x.columns == inputs) return;
  throw UsageError("forward: x has " + std::to_string(x.columns) + " columns; the member in slot " +
                   std::to_string(slot) + " takes " + std::to_string(inputs));
}

void check_room(std::size_t room, std::size_t needed) {
  if (room == needed) return;
  throw UsageError("forward: out has room for " + std::to_string(room) + " floats; needed are " +
                   std::to_string(needed));
}

}  // namespace brood
