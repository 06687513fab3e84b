// SPDX-License-Identifier: Apache-2.0
#include "backend/member_checks.hpp"

#include <algorithm>

#include "brood/error.hpp"
#include "core/param_layout.hpp"

namespace brood {

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
