// SPDX-License-Identifier: Apache-2.0
// Where a running study asks a clock: how far there is time to train, how many go on after a rung,
// and what is said while it trains. Without a time limit nothing of this decides anything.
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "search/samplers/sampler.hpp"
#include "study/study_run.hpp"
#include "study/trial_result.hpp"

namespace brood {

namespace {

constexpr int kAll = std::numeric_limits<int>::max();

}  // namespace

double StudyRun::Impl::work_of(int trial) {
  auto const i = static_cast<std::size_t>(trial);
  if (work_.size() <= i) work_.resize(i + 1, 0);
  if (work_[i] == 0) {
    work_[i] = epoch_work(tuner_.config(trial), setup_.study, setup_.data.shape(),
                          setup_.splits.splits.front().train->size());
  }
  return work_[i];
}

// Without a limit, all. The first epoch always is, for without it there is no winner.
int StudyRun::Impl::epochs_in_time(double work, double members, int done) const {
  bool const nothing_yet = done == 0 && tuner_.now() == 0;
  if (!setup_.study.finish_by) return kAll;
  double const left =
      seconds_to_train(tuner_.trials_in_all(), static_cast<int>(tuner_.now()) + done);
  double const epochs = pace_.known() ? left / pace_.seconds_of_work(work, members)
                        : left > 0    ? 1.0
                                      : 0.0;
  return std::max(static_cast<int>(std::clamp<double>(epochs, 0, kAll)), nothing_yet ? 1 : 0);
}

double StudyRun::Impl::seconds_to_train(int trials, int last_epoch) const {
  std::chrono::duration<double> const left = *setup_.study.finish_by - Clock::now();
  return left.count() - finish_time_->seconds(usual_pace(), trials, last_epoch);
}

bool StudyRun::Impl::fit_to_clock(std::vector<Ask>& done, Scored& scored, std::int64_t now) {
  if (!setup_.study.finish_by && !setup_.study.on_training) return true;
  expect_to_go_on(done, scored);
  if (!setup_.study.finish_by) return true;
  if (!grow(done, scored, now)) return false;
  fit_promotion(now);
  return true;
}

// The work that is usual among the best third of those that were scored: good networks are often
// larger than others.
void StudyRun::Impl::expect_to_go_on(std::span<Ask const> done, Scored const& scored) {
  constexpr std::size_t kShare = 3;
  std::vector<Ranked> ranked;
  std::size_t first = 0;
  for (Ask const& ask : done) {
    std::size_t const count = members_.of(ask.trial).size();
    ranked.push_back({ask.trial, mean_of(std::span(scored.scores).subspan(first, count))});
    first += count;
  }
  auto const best = survivors(
      std::move(ranked), static_cast<int>((done.size() + kShare - 1) / kShare), setup_.maximize);
  if (best.empty()) return;
  usual_work_ = 0;
  for (int const trial : best)
    usual_work_ += work_of(trial) / static_cast<double>(best.size());
}

// Of the study's own plan, if it has so many trials: how many there is time for after the first
// rung, and to train those in it that join.
int StudyRun::Impl::trials_in_time(int epochs) const {
  constexpr double kFilled = 0.85;  // share of the time that may be filled
  auto const& halving = std::get<SuccessiveHalving>(tuner_.scheduler());
  int const begun = tuner_.trials_in_all();
  bool const only_rung = tuner_.brackets().front().size() == 1;
  std::size_t const members = only_rung ? setup_.splits.splits.size() : setup_.early;
  int const last_epoch = tuner_.brackets().front().back().epoch;
  double const work =
      std::accumulate(work_.begin(), work_.end(), 0.0) / static_cast<double>(work_.size());
  auto const fits = [&](int trials) {
    double const joining = static_cast<double>(trials - begun) * static_cast<double>(members);
    return pace_.seconds_to_begin(joining) + pace_.slower(work).seconds(joining, epochs) +
               seconds_left(usual_pace(), stretches(plan_brackets(halving, trials)), epochs) <=
           kFilled * seconds_to_train(trials, last_epoch);
  };
  int least = begun, most = std::max(setup_.study.grow_to, begun);
  while (least < most) {
    int const middle = least + (most - least + 1) / 2;
    fits(middle) ? least = middle : most = middle - 1;
  }
  return least;
}

// They train to the end of the rung whatever the clock says by then, so that all of it is there.
bool StudyRun::Impl::grow(std::vector<Ask>& done, Scored& scored, std::int64_t now) {
  bool const can_grow = std::holds_alternative<SuccessiveHalving>(tuner_.scheduler()) &&
                        ask_batch(setup_.study.sampler) == kAll && !known_;
  bool const in_first_rung =
      tuner_.now() == 0 && running_.empty() && std::ssize(done) == tuner_.trials_in_all();
  if (!can_grow || !in_first_rung || !pace_.known()) return true;
  int const trials = trials_in_time(static_cast<int>(now));
  if (trials <= tuner_.trials_in_all()) return true;
  tuner_.grow(trials);
  ask();
  if (!train(static_cast<int>(now), /*by_the_clock=*/false)) return false;
  // Some may have been dropped meanwhile, of the first, too.
  running_.insert(running_.begin(), std::make_move_iterator(done.begin()),
                  std::make_move_iterator(done.end()));
  withdraw_dropped();
  done = std::exchange(running_, {});
  scored = score(done);
  expect_to_go_on(done, scored);
  return true;
}

// One trial goes on however little time there is, for training ends where the time does.
void StudyRun::Impl::fit_promotion(std::int64_t now) {
  auto const* halving = std::get_if<SuccessiveHalving>(&tuner_.scheduler());
  if (halving == nullptr || !running_.empty()) return;
  auto const& rungs = tuner_.brackets().front();
  auto const rung =
      static_cast<std::size_t>(std::find_if(rungs.begin(), rungs.end(),
                                            [&](Rung const& each) { return each.epoch >= now; }) -
                               rungs.begin());
  if (rung + 1 >= rungs.size()) return;
  double const left = seconds_to_train(tuner_.trials_in_all(), rungs.back().epoch);
  SuccessiveHalving tried = *halving;
  tried.promoted.clear();
  for (std::size_t i = 1; i <= rung; ++i)
    tried.promoted.push_back(rungs[i].trials);
  tried.promoted.push_back(rungs[rung + 1].trials);
  int& promoted = tried.promoted.back();
  for (; promoted > 1; --promoted) {
    auto const brackets = plan_brackets(tried, tuner_.trials_in_all());
    if (seconds_left(usual_pace(), stretches(brackets), now) <= left) break;
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
  Pace const pace = usual_pace();
  double const step = pace.seconds(static_cast<double>(ids.size()), 1);
  training.seconds_left =
      seconds_left(pace, planned, tuner_.now()) - trained * step +
      finish_time_->seconds(pace, static_cast<int>(tuner_.trials().size()), planned.back().until);
  setup_.study.on_training(training);
}

}  // namespace brood
