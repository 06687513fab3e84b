// SPDX-License-Identifier: Apache-2.0
#include "backend/member_life.hpp"

#include <limits>

namespace brood {

static_assert(static_cast<std::int32_t>(MemberState::training) == kTraining);
static_assert(static_cast<std::int32_t>(MemberState::complete) == kComplete);
static_assert(static_cast<std::int32_t>(MemberState::stopped) == kStopped);
static_assert(static_cast<std::int32_t>(MemberState::diverged) == kDiverged);

MemberProgress MemberLife::progress() const {
  MemberProgress progress{};
  progress.step = metrics.step;
  progress.epoch = metrics.epoch;
  progress.state = static_cast<std::int32_t>(metrics.state);
  progress.loss_sum = loss_sum;
  progress.loss_weight = loss_weight;
  progress.best_loss = metrics.best < 0
                           ? std::numeric_limits<double>::infinity()
                           : metrics.history[static_cast<std::size_t>(metrics.best)].loss;
  progress.evaluations = static_cast<std::int32_t>(metrics.history.size());
  progress.best = metrics.best;
  progress.evaluations_since_best = evaluations_since_best;
  return progress;
}

void MemberLife::take_over(MemberProgress const& progress) {
  metrics.step = static_cast<int>(progress.step);
  metrics.epoch = progress.epoch;
  metrics.state = static_cast<MemberState>(progress.state);
  metrics.best = progress.best;
  loss_sum = progress.loss_sum;
  loss_weight = progress.loss_weight;
  evaluations_since_best = progress.evaluations_since_best;
}

void MemberLife::write_to(MemberImage& image) const {
  image.metrics = metrics;
  image.loss_sum = loss_sum;
  image.loss_weight = loss_weight;
  image.evaluations_since_best = evaluations_since_best;
}

void MemberLife::read_from(MemberImage const& image) {
  metrics = image.metrics;
  loss_sum = image.loss_sum;
  loss_weight = image.loss_weight;
  evaluations_since_best = image.evaluations_since_best;
}

}  // namespace brood
