// SPDX-License-Identifier: Apache-2.0
// Where a running study asks a clock: how far there is time to train, how many go on after a rung,
// and what is said while it trains. Without a time limit nothing of this decides anything.
#include <algorithm>
#include <limits>

#include "study/study_run.hpp"

namespace brood {

// How many epochs of so many members may still be trained; without a limit, all. The first epoch
// always is, for without it there is no winner.
int StudyRun::Impl::epochs_in_time(double members, int done) const {
  constexpr int kAll = std::numeric_limits<int>::max();
  bool const nothing_yet = done == 0 && tuner_.now() == 0;
  if (!setup_.study.finish_by) return kAll;
  double const left = seconds_to_train(static_cast<int>(tuner_.now()) + done);
  double const epochs = rate_ > 0 ? left * rate_ / members : left > 0 ? 1.0 : 0.0;
  return std::max(static_cast<int>(std::clamp<double>(epochs, 0, kAll)), nothing_yet ? 1 : 0);
}

double StudyRun::Impl::seconds_to_train(int last_epoch) const {
  std::chrono::duration<double> const left = *setup_.study.finish_by - Clock::now();
  auto const trials = static_cast<int>(tuner_.trials().size());
  return left.count() - finish_time_->seconds(pace_, trials, last_epoch);
}

// One trial goes on however little time there is, for training ends where the time does.
void StudyRun::Impl::fit_promotion(std::int64_t now) {
  auto const* halving = std::get_if<SuccessiveHalving>(&tuner_.scheduler());
  if (!setup_.study.finish_by || halving == nullptr || !running_.empty()) return;
  auto const& rungs = tuner_.brackets().front();
  auto const rung =
      static_cast<std::size_t>(std::find_if(rungs.begin(), rungs.end(),
                                            [&](Rung const& each) { return each.epoch >= now; }) -
                               rungs.begin());
  if (rung + 1 >= rungs.size()) return;
  double const left = seconds_to_train(rungs.back().epoch);
  SuccessiveHalving tried = *halving;
  tried.promoted.clear();
  for (std::size_t i = 1; i <= rung; ++i)
    tried.promoted.push_back(rungs[i].trials);
  tried.promoted.push_back(rungs[rung + 1].trials);
  int& promoted = tried.promoted.back();
  for (; promoted > 1; --promoted) {
    auto const brackets = plan_brackets(tried, setup_.study.trials);
    if (seconds_left(pace_, stretches(brackets), now) <= left) break;
  }
  if (promoted < rungs[rung + 1].trials) tuner_.promote(promoted);
}

std::vector<Stretch> StudyRun::Impl::stretches(
    std::vector<std::vector<Rung>> const& brackets) const {
  return stretches_of(brackets, static_cast<std::int64_t>(setup_.early),
                      static_cast<std::int64_t>(setup_.splits.splits.size()));
}

void StudyRun::Impl::report_training(int epochs, double share) {
  if (!setup_.study.on_training) return;
  double const trained = share * epochs;
  auto const ids = members_.of(running_);
  Training training{.rung = events_,
                    .rungs = tuner_.events(),
                    .trials = static_cast<int>(running_.size()),
                    .share = share,
                    .rate = rate_,
                    .seconds = seconds_since(start_)};
  for (Ask const& ask : running_) {
    auto const time = tuner_.now() + static_cast<std::int64_t>(trained);
    training.epoch = std::max(training.epoch, epoch_at(ask, /*late=*/false, time));
  }
  training.member_epochs = curves_.member_epochs() +
                           static_cast<std::int64_t>(trained * static_cast<double>(ids.size()));
  auto const planned = stretches(tuner_.brackets());
  double const step = pace_.seconds(static_cast<double>(ids.size()), 1);
  training.seconds_left =
      seconds_left(pace_, planned, tuner_.now()) - trained * step +
      finish_time_->seconds(pace_, static_cast<int>(tuner_.trials().size()), planned.back().until);
  setup_.study.on_training(training);
}

}  // namespace brood
