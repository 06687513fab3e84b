// SPDX-License-Identifier: Apache-2.0
// What a backend keeps of a member beside its tensors: how far it has come, and what it has shown.
#pragma once

#include "brood/member.hpp"
#include "core/progress.hpp"

namespace brood {

struct MemberLife {
  MemberMetrics metrics;
  double loss_sum = 0, loss_weight = 0;  // of the rows trained on since the last evaluation
  int evaluations_since_best = 0;

  // To and from the form that training goes by. The history stays here: who trains adds to it.
  MemberProgress progress() const;
  void take_over(MemberProgress const& progress);

  // To and from the part of an image that is no tensor, but its seed.
  void write_to(MemberImage& image) const;
  void read_from(MemberImage const& image);
};

}  // namespace brood
