// SPDX-License-Identifier: Apache-2.0
// The only tuning loop: ask the tuner who trains, train their members, tell their scores, let the
// losers go. Decisions are the tuner's; networks are the population's.
#include "brood/study.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "brood/error.hpp"
#include "study/plan.hpp"
#include "study/standing.hpp"
#include "study/start.hpp"
#include "study/stop.hpp"
#include "study/study_run.hpp"
#include "study/trial_result.hpp"

namespace brood {

namespace {

constexpr int kLeaderboard = 10;

}  // namespace

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

StudyRun::Impl::Impl(Engine& engine, Data const& data, Study study)
    : Impl(engine, data, with_start(std::move(study)), Started()) {}

// The tuner first: it says all that is wrong with the study.
StudyRun::Impl::Impl(Engine& engine, Data const& data, Study study, Started)
    : tuner_(make_tuner(engine, data, study)),
      setup_(engine, data, std::move(study)),
      members_(setup_),
      scorer_(setup_, members_),
      curves_(setup_),
      pace_(engine.info().parallel_members),
      stop_(setup_.study.stop) {
  if (setup_.study.finish_by || setup_.study.on_training)
    finish_time_.emplace(setup_.study, setup_.data, setup_.splits, setup_.early);
}

// All that train go on together for as long as it takes the next of them to finish. So a device is
// kept busy by trials that train long beside those that train in short rungs.
bool StudyRun::Impl::advance() {
  if (tuner_.finished() || stopped_) return false;
  Profile::Scope const controlling(setup_.engine.profile(), Phase::control);
  ask();
  auto const sooner = [](Ask const& a, Ask const& b) { return a.finish < b.finish; };
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  for (auto const* const asks : {&running_, &waiting_}) {
    if (!asks->empty())
      next = std::min(next, std::min_element(asks->begin(), asks->end(), sooner)->finish);
  }
  std::int64_t const until = stop_.epochs ? std::min<std::int64_t>(next, *stop_.epochs) : next;
  int const waves = members_.population().waves(members_.of(running_));
  std::optional<int> const trained = train(static_cast<int>(until - tuner_.now()));
  if (!trained) {
    end(Ended::stopped);
    return false;
  }
  withdraw_dropped();
  std::int64_t const now = tuner_.now() + *trained;
  Ended const why = now < until ? Ended::time : Ended::epochs;
  if (now < until) stop_.epochs = static_cast<int>(now);
  if (stop_.epochs == now && setup_.study.before_cut) setup_.study.before_cut();
  if (now ==
      tuner_.now()) {  // there is no time for an epoch: those on their way end where they are
    std::erase_if(running_, [&](Ask const& ask) {
      return epoch_at(ask, /*late=*/false, now) == ask.from_epoch;
    });
    tell(running_, score(running_), now);
    end(why);
    return false;
  }
  std::vector<Ask> done = take_finished(running_, now);
  bool const cut = stop_.epochs == now;
  if (cut) {
    done.insert(done.end(), std::make_move_iterator(running_.begin()),
                std::make_move_iterator(running_.end()));
    running_.clear();
  }
  Scored scored = score(done);
  if (!cut && !fit_to_clock(done, scored, now)) {
    end(Ended::stopped);
    return false;
  }
  tell(done, scored, now);
  std::vector<Ask> const waited = take_finished(waiting_, now);
  int const known = tell_waiting(waited);
  copy_members();
  release_losers();
  note_rung(tuner_.trials(), setup_.maximize, stop_progress_);
  bool const over = stop_.epochs == now && (!tuner_.finished() || now < next);
  if (over) end(why);
  if (!over) check_stop();
  ++events_;
  std::copy_if(waited.begin(), waited.end(), std::back_inserter(done),
               [&](Ask const& ask) { return !tuner_.is_dropped(ask.trial); });
  report(done, known, now, waves);
  return !stopped_;
}

void StudyRun::Impl::drop(int trial) {
  if (stopped_) throw UsageError("The study has ended; no trial can be dropped from it.");
  tuner_.drop(trial);
}

bool StudyRun::Impl::withdraw_dropped() {
  auto const dropped = std::stable_partition(running_.begin(), running_.end(), [&](Ask const& ask) {
    return !tuner_.is_dropped(ask.trial);
  });
  if (dropped == running_.end()) return false;
  waiting_.insert(waiting_.end(), dropped, running_.end());
  running_.erase(dropped, running_.end());
  members_.release_unless([&](int trial) { return !tuner_.is_dropped(trial); });
  return true;
}

// Whether it is out of the study, or becomes so because it went no further in one that this
// extends.
bool StudyRun::Impl::stays_dropped(Ask const& ask) {
  if (known_ && known_->was_dropped(ask)) tuner_.drop(ask.trial);
  return tuner_.is_dropped(ask.trial);
}

// What is known is not trained, but where Stop::epochs comes first.
void StudyRun::Impl::ask() {
  std::vector<Ask> asks = tuner_.ask(std::numeric_limits<int>::max());
  auto const are_dropped = std::stable_partition(
      asks.begin(), asks.end(), [&](Ask const& ask) { return !stays_dropped(ask); });
  waiting_.insert(waiting_.end(), are_dropped, asks.end());
  asks.erase(are_dropped, asks.end());
  if (known_) {
    auto const is_known = [&](Ask const& ask) {
      bool const whole = !stop_.epochs || ask.finish <= *stop_.epochs;
      return whole && known_->find(ask, members_.count_of(ask)) != nullptr;
    };
    auto const to_train = std::stable_partition(asks.begin(), asks.end(), is_known);
    waiting_.insert(waiting_.end(), asks.begin(), to_train);
    asks.erase(asks.begin(), to_train);
  }
  auto const before = Clock::now();
  members_.admit(asks, known_ ? &*known_ : nullptr);
  std::size_t beginning = 0;
  for (Ask const& ask : asks)
    beginning += ask.from_epoch == 0 ? members_.of(ask.trial).size() : 0;
  pace_.note_begin(static_cast<double>(beginning), seconds_since(before));
  running_.insert(running_.end(), std::make_move_iterator(asks.begin()),
                  std::make_move_iterator(asks.end()));
}

double StudyRun::Impl::affordable() const {
  return rate_ > 0 ? rate_ : 64.0;
}

int StudyRun::Impl::epoch_at(Ask const& ask, bool late, std::int64_t time) {
  std::int64_t const left = ask.finish - time;
  if (!late) return static_cast<int>(ask.until_epoch - left);
  std::int64_t const span = ask.until_epoch - ask.from_epoch;
  return static_cast<int>(ask.until_epoch * (span - left) / span);
}

std::optional<int> StudyRun::Impl::train(int epochs_in_all, bool by_the_clock) {
  if (running_.empty()) return epochs_in_all;
  std::vector<MemberId> ids;
  struct Course {
    Ask const* ask;
    bool late;
    double work;  // of a unit of virtual time
  };
  std::vector<Course> courses;  // by member
  auto const take_in_running = [&] {
    ids = members_.of(running_);
    courses.clear();
    for (Ask const& ask : running_) {
      double const work = work_of(ask.trial);
      double const span = ask.until_epoch - ask.from_epoch;
      for (std::size_t s = 0; s < members_.of(ask.trial).size(); ++s) {
        bool const late = s >= setup_.early;
        courses.push_back({&ask, late, late ? work * ask.until_epoch / span : work});
      }
    }
  };
  take_in_running();
  auto const advance_to = [&](std::size_t first, std::size_t count, int epochs) {
    std::vector<int> until;
    for (Course const& course : std::span(courses).subspan(first, count))
      until.push_back(epoch_at(*course.ask, course.late, tuner_.now() + epochs));
    Profile::Scope const training(setup_.engine.profile(), Phase::train);
    members_.population().train(std::span(ids).subspan(first, count), until);
  };
  if (!setup_.study.stop_requested && !setup_.study.on_training && !setup_.study.finish_by) {
    advance_to(0, ids.size(), epochs_in_all);
    return epochs_in_all;
  }
  auto const work_of_all = [](std::span<Course const> some) {
    double work = 0;
    for (Course const& course : some)
      work += course.work;
    return work;
  };
  Measured measured;  // of this rung
  for (int done = 0; done < epochs_in_all && !ids.empty();) {
    auto const members = static_cast<double>(ids.size());
    double const work = work_of_all(courses);
    if (usual_work_ == 0) usual_work_ = work / members;
    int const in_time = by_the_clock ? epochs_in_time(work, members, done) : epochs_in_all;
    int const most = std::min(epochs_in_all - done, in_time);
    if (most < 1) return done;
    auto const epochs = static_cast<int>(std::clamp<double>(affordable() / members, 1.0, most));
    for (std::size_t first = 0; first < ids.size();) {
      if (setup_.study.stop_requested && setup_.study.stop_requested()) return std::nullopt;
      double const left = static_cast<double>(ids.size() - first);
      auto const count = static_cast<std::size_t>(std::clamp(affordable() / epochs, 1.0, left));
      auto const before = Clock::now();
      advance_to(first, count, done + epochs);
      double const member_epochs = static_cast<double>(count) * epochs;
      double const seconds = std::max(seconds_since(before), 1e-6);
      rate_ = member_epochs / seconds;
      auto const these = std::span(courses).subspan(first, count);
      measured.work += epochs * work_of_all(these);
      measured.largest += epochs * std::ranges::max(these, {}, &Course::work).work;
      measured.seconds += seconds;
      pace_.note(measured.work, measured.largest, measured.seconds);
      first += count;
      double const share = (done + epochs * static_cast<double>(first) / members) / epochs_in_all;
      report_training(epochs_in_all, share);
    }
    done += epochs;
    if (withdraw_dropped()) take_in_running();
  }
  return epochs_in_all;
}

std::vector<Ask> StudyRun::Impl::take_finished(std::vector<Ask>& asks, std::int64_t time) {
  auto const others = std::stable_partition(asks.begin(), asks.end(),
                                            [&](Ask const& ask) { return ask.finish == time; });
  std::vector<Ask> done(asks.begin(), others);
  asks.erase(asks.begin(), others);
  return done;
}

StudyRun::Impl::Scored StudyRun::Impl::score(std::vector<Ask> const& done) {
  Scored scored;
  scored.metrics = members_.population().metrics(members_.of(done));
  scored.scores = scorer_.scores(done, scored.metrics);
  scored.accuracies = scorer_.accuracies(done, scored.metrics);
  return scored;
}

void StudyRun::Impl::tell(std::vector<Ask> const& done, Scored const& scored, std::int64_t now) {
  std::size_t first = 0;
  for (Ask const& ask : done) {
    std::size_t const count = members_.of(ask.trial).size();
    auto const own = std::span(scored.metrics).subspan(first, count);
    auto const own_scores = std::span(scored.scores).subspan(first, count);
    curves_.record(ask, own, own_scores);
    auto const own_accuracies =
        scored.accuracies.empty()
            ? std::span<double const>()
            : std::span<double const>(scored.accuracies).subspan(first, count);
    bool const cut = ask.finish > now;
    // Where it was cut short, those that joined it late are not as far as the others.
    auto const counted = [&](std::span<double const> all) {
      return cut && !all.empty() ? all.first(setup_.early) : all;
    };
    tell(ask, own, counted(own_scores), counted(own_accuracies), cut);
    first += count;
  }
}

int StudyRun::Impl::tell_waiting(std::vector<Ask> const& done) {
  int known = 0;
  for (Ask const& ask : done) {
    if (tuner_.is_dropped(ask.trial)) {
      tuner_.tell(ask.trial, ask.from_epoch, std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    ++known;
    std::size_t const count = members_.count_of(ask);
    StudyState::Outcome outcome = *known_->find(ask, count);
    outcome.scores.resize(count);
    if (!outcome.accuracies.empty()) outcome.accuracies.resize(count);
    outcome.score = mean_of(outcome.scores);
    outcome.kept = true;
    curves_.keep(ask, known_->curves(ask, count));
    note(std::move(outcome));
  }
  return known;
}

void StudyRun::Impl::tell(Ask const& ask, std::span<MemberMetrics const> metrics,
                          std::span<double const> scores, std::span<double const> accuracies,
                          bool cut) {
  bool running = false, stopped = false;
  int epoch = 0;
  for (auto const& each : metrics) {
    running = running || each.state == MemberState::training;
    stopped = stopped || each.state == MemberState::stopped;
    epoch = std::max(epoch, each.epoch);
  }
  // A trial ends by itself when none of its members goes on and one of them stopped.
  bool const ended = cut || (stopped && !running);
  // One whose own epochs are over waits for the others of its rung, and has its score there.
  bool const waits = !cut && !running && !stopped && epoch >= own_epochs(ask.config, setup_.study);
  if (waits) epoch = ask.until_epoch;
  note({.trial = ask.trial,
        .rung = 0,
        .epoch = epoch,
        .until = ask.until_epoch,
        .score = mean_of(scores),
        .ended = ended,
        .scores = {scores.begin(), scores.end()},
        .accuracies = {accuracies.begin(), accuracies.end()}});
}

void StudyRun::Impl::note(StudyState::Outcome outcome) {
  auto const trial = static_cast<std::size_t>(outcome.trial);
  if (member_scores_.size() <= trial) {
    member_scores_.resize(trial + 1);
    member_accuracies_.resize(trial + 1);
  }
  member_scores_[trial] = outcome.scores;
  member_accuracies_[trial] = outcome.accuracies;
  outcome.rung = tuner_.trials()[trial].rung + 1;
  tuner_.tell(outcome.trial, outcome.epoch, outcome.score, outcome.ended);
  outcomes_.push_back(std::move(outcome));
}

void StudyRun::Impl::copy_members() {
  members_.copy(tuner_.lineage().subspan(copied_));
  copied_ = tuner_.lineage().size();
}

void StudyRun::Impl::release_losers() {
  std::vector<bool> const running = tuner_.running();
  // Of those whose predictions are taken in the end, none is let go.
  auto const kept = final_library(setup_, tuner_);
  auto const winner = tuner_.finished() ? best_trial(setup_, tuner_) : std::nullopt;
  members_.release_unless([&](int trial) {
    return running[static_cast<std::size_t>(trial)] || winner == trial ||
           std::find(kept.begin(), kept.end(), trial) != kept.end();
  });
}

void StudyRun::Impl::report(std::span<Ask const> done, int kept, std::int64_t now, int waves) {
  if (!setup_.study.on_rung) return;
  Progress progress;
  progress.rung = events_ - 1;
  progress.rungs = tuner_.events();
  progress.last = tuner_.finished();
  progress.trials = static_cast<int>(done.size());
  for (Ask const& ask : done)
    progress.epoch = std::max(progress.epoch, epoch_at(ask, /*late=*/false, now));
  progress.kept = kept;
  progress.waves = waves;
  if (auto const winner = best_trial(setup_, tuner_)) {
    progress.best_trial = *winner;
    progress.best_score = tuner_.trials()[static_cast<std::size_t>(*winner)].score;
  }
  if (auto const top = tuner_.best_of_any()) {
    progress.top_trial = *top;
    progress.top_score = tuner_.trials()[static_cast<std::size_t>(*top)].score;
  }
  progress.new_best = stop_progress_.rungs_since_best == 0;
  std::vector<bool> const running = tuner_.running();
  for (auto const& trial : tuner_.trials()) {
    progress.diverged += trial.state == TrialState::diverged ? 1 : 0;
    bool const trains =
        trial.state == TrialState::waiting && running[static_cast<std::size_t>(trial.id)];
    if (trains) progress.alive.push_back(trial.id);
  }
  progress.member_epochs = curves_.member_epochs();
  progress.seconds = seconds_since(start_);
  bool const goes_on = setup_.study.on_rung(progress) == Go::on;
  if (!goes_on && !tuner_.finished() && !stopped_) end(Ended::stopped);
}

void StudyRun::Impl::check_stop() {
  auto const reason = reason_to_stop(stop_, stop_progress_, setup_.maximize);
  if (reason && !tuner_.finished()) end(*reason);
}

void StudyRun::Impl::end(Ended why) {
  stopped_ = true;
  ended_ = why;
}

// By id; those that a stop of the study left between rungs have been stopped.
std::vector<TrialResult> StudyRun::Impl::trial_results() const {
  std::vector<TrialResult> results;
  auto const ranked = leaderboard(setup_, tuner_, static_cast<int>(tuner_.trials().size()));
  std::vector<int> ranks(tuner_.trials().size(), 0);
  for (std::size_t i = 0; i < ranked.size(); ++i)
    ranks[static_cast<std::size_t>(ranked[i])] = static_cast<int>(i) + 1;
  for (auto const& trial : tuner_.trials()) {
    bool const waiting = trial.state == TrialState::waiting;
    if (waiting && trial.epoch == 0) continue;  // never begun
    TrialState const state = waiting ? TrialState::stopped : trial.state;
    auto const i = static_cast<std::size_t>(trial.id);
    Config config = tuner_.scored_config(trial.id);
    int const epochs = std::min(trial.epoch, own_epochs(config, setup_.study));
    bool const has_scores = i < member_scores_.size() && !member_scores_[i].empty();
    // One that was dropped may never have been scored.
    std::vector<double> const none(setup_.early, std::numeric_limits<double>::quiet_NaN());
    TrialResult result = trial_result(setup_, trial.id, std::move(config), epochs,
                                      has_scores ? member_scores_[i] : none);
    result.state = state;
    result.score = trial.score;
    if (has_scores && !member_accuracies_[i].empty())
      result.accuracy = mean_of(member_accuracies_[i]);
    result.rank = ranks[i];
    result.bracket = tuner_.bracket(trial.id);
    results.push_back(std::move(result));
  }
  return results;
}

Result StudyRun::Impl::found() const {
  auto const winner = best_trial(setup_, tuner_);
  if (!winner) {
    auto const trials = tuner_.trials();
    bool const any_dropped = std::any_of(trials.begin(), trials.end(), [](TunerTrial const& trial) {
      return trial.state == TrialState::dropped;
    });
    std::string const reasons = any_dropped ? "diverged or were dropped" : "diverged";
    throw NoUsableTrial(
        stopped_ ? "the study was stopped before its first rung had ended: give it more time"
                 : "all " + std::to_string(tuner_.trials_in_all()) + " trials " + reasons +
                       ": lower the learning rates of the space, or clip gradients (clip_norm)");
  }
  Result result;
  result.trials = trial_results();
  result.curves = curves_.sorted();
  result.leaderboard = leaderboard(setup_, tuner_, kLeaderboard);
  result.best = *winner;
  result.metric = setup_.metric;
  result.maximize = setup_.maximize;
  result.valid = tuner_.trials()[static_cast<std::size_t>(*winner)].score;
  result.member_epochs = curves_.member_epochs();
  result.stopped_early = stopped_;
  result.ended = ended_;
  result.development = setup_.splits.development;
  result.trained = setup_.splits.development;
  result.trials_in_all = tuner_.trials_in_all();
  result.scheduler = tuner_.scheduler();
  result.stop = stop_;
  result.segments = tuner_.segments(*winner);
  result.seconds = seconds_since(start_);
  return result;
}

Result StudyRun::Impl::finish() {
  Profile::Scope const refitting(setup_.engine.profile(), Phase::refit);
  Result result = found();
  Finalizer(setup_, tuner_, members_, scorer_, curves_, member_scores_).finish(result);
  result.seconds = seconds_since(start_);
  return result;
}

StudyRun::StudyRun(Engine& engine, Data const& data, Study study, StudyState const* from)
    : impl_(std::make_unique<Impl>(engine, data, std::move(study))) {
  if (from != nullptr) impl_->begin_with(*from);
}
StudyRun::~StudyRun() = default;

bool StudyRun::advance() {
  return impl_->advance();
}
StudyState StudyRun::state() {
  return impl_->state();
}
void StudyRun::drop(int trial) {
  impl_->drop(trial);
}
Result StudyRun::finish() {
  return impl_->finish();
}
Result StudyRun::found() const {
  return impl_->found();
}

Result tune(Engine& engine, Data const& data, Study const& study) {
  StudyRun run(engine, data, study);
  while (run.advance()) {
  }
  return run.finish();
}

}  // namespace brood
