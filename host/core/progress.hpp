// SPDX-License-Identifier: Apache-2.0
// The course of a member's training around its steps: when it is evaluated, what an evaluation
// means for it, and when it ends. Both backends go by these functions.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/member.hpp"

namespace brood {

// In the order of MemberState (brood/member.hpp).
enum : std::int32_t { kTraining, kComplete, kStopped, kDiverged };

// What a member has come to. With CUDA it lives in global memory between launches.
struct MemberProgress {
  std::int64_t step;
  std::int32_t epoch;
  std::int32_t state;
  double loss_sum, loss_weight;  // of the rows trained on since the last evaluation
  double best_loss;              // infinity: none yet
  std::int32_t evaluations;      // ever
  std::int32_t best;             // which of them; -1: none
  std::int32_t evaluations_since_best;
  std::int32_t recorded;  // evaluations of the order in work; the CPU backend has no use for it
};

// The epoch after which a member at `epoch` is evaluated next, on its way to `until` > epoch:
// multiples of `every`, and `until` itself. every = 0: only there.
BROOD_HD constexpr int next_evaluation(int epoch, int until, int every) {
  if (every <= 0) return until;
  int const multiple = (epoch / every + 1) * every;
  return multiple < until ? multiple : until;
}

// How often a member is evaluated on its way from `epoch` to `until` > epoch, if nothing ends it.
constexpr int evaluations_until(int epoch, int until, int every) {
  if (every <= 0) return 1;
  int const first = (epoch / every + 1) * every;
  return first >= until ? 1 : 1 + (until - first + every - 1) / every;
}

// One batch's losses, summed over its rows.
BROOD_HD constexpr void count_step(MemberProgress& progress, float loss, float weight) {
  progress.step += 1;
  progress.loss_sum += static_cast<double>(loss);
  progress.loss_weight += static_cast<double>(weight);
}

// The mean training loss since the last evaluation; the sums begin anew.
BROOD_HD constexpr double take_train_loss(MemberProgress& progress) {
  double const mean = progress.loss_weight > 0.0 ? progress.loss_sum / progress.loss_weight : 0.0;
  progress.loss_sum = progress.loss_weight = 0.0;
  return mean;
}

// Takes in an evaluation: divergence, the best so far, patience. `loss`: the mean over evaluation
// rows, if there are any; finite: whether the weights that were evaluated are.
BROOD_HD constexpr void judge_evaluation(Member const& m, MemberProgress& progress, double loss,
                                         bool finite) {
  int const evaluation = progress.evaluations++;
  if (!finite || (m.eval_rows > 0 && !(loss - loss == 0.0))) {
    progress.state = kDiverged;
    return;
  }
  if (m.eval_rows == 0) return;
  double const bar = m.patience > 0 ? progress.best_loss - m.min_delta : progress.best_loss;
  if (loss < bar) {
    progress.best_loss = loss;
    progress.best = evaluation;
    progress.evaluations_since_best = 0;
  } else if (m.patience > 0 && ++progress.evaluations_since_best >= m.patience) {
    progress.state = kStopped;
  }
}

// Whether the last evaluation is the best one: a member with patience keeps its weights.
BROOD_HD constexpr bool improved(MemberProgress const& progress) {
  return progress.best == progress.evaluations - 1;
}

BROOD_HD constexpr void complete_if_done(Member const& m, MemberProgress& progress) {
  if (progress.state == kTraining && progress.epoch == m.epochs) progress.state = kComplete;
}

}  // namespace brood
