// SPDX-License-Identifier: Apache-2.0
// The only tuning loop: ask the tuner who trains, train their members, tell their scores, let the
// losers go. Decisions are the tuner's; networks are the population's.
#include "brood/study.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "brood/error.hpp"
#include "study/plan.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"
#include "study/stop.hpp"
#include "study/study_run.hpp"

namespace brood {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool is_patient(Config const& config) {
  Value const* const patience = config.find("patience");
  return patience != nullptr && *patience != Value{std::int64_t{0}} && *patience != Value{0.0};
}

StudyRun::Impl::Impl(Engine& engine_in, Data const& data_in, Study study_in)
    : engine(engine_in),
      data(data_in),
      study(with_start(std::move(study_in))),
      tuner(make_tuner(engine, data, study)),
      metric(metric_name(study, data.task())),
      maximize(higher_is_better(metric, data.task())),
      splits(splits_of(study, data.table())),
      early(members_per_trial(study, splits)),
      initial(initial_weights(study.start)),
      population(engine) {
  check_start(study, data);
  check_defined(metric, data.table(), splits);
  for (auto const& split : splits.splits) {
    transforms.push_back(
        std::make_shared<Transform const>(transform_for(study, data.table(), *split.train)));
    contexts.push_back(context_of(*split.valid));
  }
}

std::vector<MemberSpec> StudyRun::Impl::members_of(int trial, Config const& config,
                                                   std::size_t first, std::size_t last) const {
  std::vector<MemberSpec> specs;
  for (std::size_t s = first; s < last; ++s) {
    Split const& split = splits.splits[s];
    specs.push_back({.config = member_config(config, study),
                     .seed = member_seed(study.seed, static_cast<std::uint32_t>(trial),
                                         static_cast<std::uint32_t>(split.repeat)),
                     .table = data.id(),
                     .train_rows = split.train,
                     .eval_rows = split.valid,
                     .transform = transforms[s],
                     .start = initial});
  }
  return specs;
}

std::size_t StudyRun::Impl::members_for(Ask const& ask) const {
  auto const own = members.find(ask.trial);
  bool const last_rung = ask.until_epoch == max_epochs(study.scheduler);
  return std::max(last_rung ? splits.splits.size() : early,
                  own == members.end() ? 0 : own->second.size());
}

void StudyRun::Impl::admit_new(std::vector<Ask> const& asks) {
  std::vector<MemberSpec> specs;
  for (auto const& ask : asks) {
    for (auto& spec :
         members_of(ask.trial, ask.config, members[ask.trial].size(), members_for(ask)))
      specs.push_back(std::move(spec));
  }
  Profile::Scope const admitting(engine.profile(), Phase::admit);
  auto const ids = population.admit(std::move(specs), data);
  auto next = ids.begin();
  for (auto const& ask : asks) {
    auto& own = members[ask.trial];
    auto const joining = static_cast<std::ptrdiff_t>(members_for(ask) - own.size());
    own.insert(own.end(), next, next + joining);
    next += joining;
  }
}

void StudyRun::Impl::tell(Ask const& ask, std::span<MemberMetrics const> metrics,
                          std::span<double const> scores) {
  bool running = false, stopped = false;
  int epoch = 0;
  for (auto const& each : metrics) {
    running = running || each.state == MemberState::training;
    stopped = stopped || each.state == MemberState::stopped;
    epoch = std::max(epoch, each.epoch);
  }
  // A trial ends by itself when none of its members goes on and one of them stopped.
  bool const ended = stopped && !running;
  double const sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  double const mean = sum / static_cast<double>(scores.size());
  auto const trial = static_cast<std::size_t>(ask.trial);
  if (standard_errors.size() <= trial) standard_errors.resize(trial + 1, std::nan(""));
  standard_errors[trial] = standard_error(scores, mean);
  tuner.tell(ask.trial, epoch, mean, ended);
}

void StudyRun::Impl::copy_members() {
  auto const exploits = tuner.lineage().subspan(copied);
  if (exploits.empty()) return;
  std::vector<MemberId> from, leaving;
  std::vector<MemberSpec> specs;
  for (Exploit const& exploit : exploits) {
    auto const& source = members.at(exploit.from);
    from.insert(from.end(), source.begin(), source.end());
    for (auto& spec : members_of(exploit.trial, exploit.after, 0, source.size()))
      specs.push_back(std::move(spec));
  }
  auto const ids = population.branch(from, std::move(specs), data);
  auto next = ids.begin();
  for (Exploit const& exploit : exploits) {
    auto& own = members.at(exploit.trial);
    leaving.insert(leaving.end(), own.begin(), own.end());
    std::copy_n(next, own.size(), own.begin());
    next += static_cast<std::ptrdiff_t>(own.size());
  }
  population.release(leaving);
  copied = tuner.lineage().size();
}

void StudyRun::Impl::release_losers() {
  std::vector<MemberId> leaving;
  std::vector<bool> const running = tuner.running();
  auto const kept = library();  // of what it will be in the end, none is let go
  std::erase_if(members, [&](auto const& entry) {
    auto const& [trial, ids] = entry;
    if (running[static_cast<std::size_t>(trial)]) return false;
    if (std::find(kept.begin(), kept.end(), trial) != kept.end()) return false;
    if (tuner.finished() && best() == trial) return false;  // may be the model
    leaving.insert(leaving.end(), ids.begin(), ids.end());
    return true;
  });
  population.release(leaving);
}

void StudyRun::Impl::begin_asked() {
  std::vector<Ask> asks = tuner.ask(std::numeric_limits<int>::max());
  admit_new(asks);
  flight.insert(flight.end(), std::make_move_iterator(asks.begin()),
                std::make_move_iterator(asks.end()));
}

std::vector<MemberId> StudyRun::Impl::flying_members() const {
  std::vector<MemberId> ids;
  for (Ask const& ask : flight) {
    auto const& own = members.at(ask.trial);
    ids.insert(ids.end(), own.begin(), own.end());
  }
  return ids;
}

double StudyRun::Impl::affordable() const {
  return rate > 0 ? rate : 64.0;
}

int StudyRun::Impl::epoch_at(Ask const& ask, bool late, std::int64_t time) {
  std::int64_t const left = ask.finish - time;
  if (!late) return static_cast<int>(ask.until_epoch - left);
  std::int64_t const span = ask.until_epoch - ask.from_epoch;
  return static_cast<int>(ask.until_epoch * (span - left) / span);
}

bool StudyRun::Impl::train(int epochs_in_all) {
  std::vector<MemberId> const ids = flying_members();
  struct Place {
    Ask const* ask;
    bool late;
  };
  std::vector<Place> places;  // by member
  for (Ask const& ask : flight) {
    for (std::size_t s = 0; s < members.at(ask.trial).size(); ++s)
      places.push_back({&ask, s >= early});
  }
  auto const advance_to = [&](std::size_t first, std::size_t count, int epochs) {
    std::vector<int> until;
    for (Place const& place : std::span(places).subspan(first, count))
      until.push_back(epoch_at(*place.ask, place.late, tuner.now() + epochs));
    Profile::Scope const training(engine.profile(), Phase::train);
    population.train(std::span(ids).subspan(first, count), until);
  };
  if (!study.stop_requested) {
    advance_to(0, ids.size(), epochs_in_all);
    return true;
  }
  auto const members_count = static_cast<double>(ids.size());
  for (int done = 0; done < epochs_in_all;) {
    double const left = epochs_in_all - done;
    auto const epochs = static_cast<int>(std::clamp(affordable() / members_count, 1.0, left));
    for (std::size_t first = 0; first < ids.size();) {
      if (study.stop_requested()) return false;
      double const most = static_cast<double>(ids.size() - first);
      auto const count = static_cast<std::size_t>(std::clamp(affordable() / epochs, 1.0, most));
      auto const before = Clock::now();
      advance_to(first, count, done + epochs);
      rate = static_cast<double>(count) * epochs / std::max(seconds_since(before), 1e-6);
      first += count;
    }
    done += epochs;
  }
  return true;
}

// All that train go on together for as long as it takes the next of them to finish. So a device is
// kept busy by trials that train long beside those that train in short rungs.
bool StudyRun::Impl::advance() {
  if (tuner.finished() || stopped) return false;
  Profile::Scope const controlling(engine.profile(), Phase::control);
  begin_asked();
  auto const sooner = [](Ask const& a, Ask const& b) { return a.finish < b.finish; };
  std::int64_t const next = std::min_element(flight.begin(), flight.end(), sooner)->finish;
  int const waves = population.waves(flying_members());
  if (!train(static_cast<int>(next - tuner.now()))) {
    end(Ended::stopped);
    return false;
  }

  auto const training = std::stable_partition(flight.begin(), flight.end(),
                                              [&](Ask const& ask) { return ask.finish == next; });
  std::vector<Ask> const done(flight.begin(), training);
  flight.erase(flight.begin(), training);
  std::vector<MemberId> ids;
  for (Ask const& ask : done) {
    auto const& own = members[ask.trial];
    ids.insert(ids.end(), own.begin(), own.end());
  }
  auto const metrics = population.metrics(ids);
  auto const scores = member_scores(done, ids, metrics);
  int epoch = 0;
  std::size_t first = 0;
  for (Ask const& ask : done) {
    std::size_t const count = members.at(ask.trial).size();
    auto const own = std::span(metrics).subspan(first, count);
    auto const own_scores = std::span(scores).subspan(first, count);
    record(ask, own, own_scores);
    tell(ask, own, own_scores);
    epoch = std::max(epoch, ask.until_epoch);
    first += count;
  }
  copy_members();
  release_losers();
  note_rung(tuner.trials(), maximize, stop_progress);
  check_stop();
  ++events;
  report(static_cast<int>(done.size()), epoch, waves);
  return !stopped;
}

void StudyRun::Impl::report(int trials, int epoch, int waves) {
  if (!study.on_rung) return;
  Progress progress;
  progress.rung = events - 1;
  progress.rungs = tuner.events();
  progress.last = tuner.finished();
  progress.trials = trials;
  progress.epoch = epoch;
  progress.waves = waves;
  if (auto const winner = best()) {
    progress.best_trial = *winner;
    progress.best_score = tuner.trials()[static_cast<std::size_t>(*winner)].score;
  }
  for (auto const& trial : tuner.trials())
    progress.diverged += trial.state == TrialState::diverged ? 1 : 0;
  progress.member_epochs = member_epochs;
  progress.seconds = seconds_since(start);
  bool const goes_on = study.on_rung(progress) == Go::on;
  if (!goes_on && !tuner.finished() && !stopped) end(Ended::stopped);
}

void StudyRun::Impl::check_stop() {
  auto const reason = reason_to_stop(study.stop, stop_progress, maximize);
  if (reason && !tuner.finished()) end(*reason);
}

void StudyRun::Impl::end(Ended why) {
  stopped = true;
  ended = why;
}

StudyRun::StudyRun(Engine& engine, Data const& data, Study study, StudyState const* from)
    : impl_(std::make_unique<Impl>(engine, data, std::move(study))) {
  if (from != nullptr) impl_->restore(*from);
}
StudyRun::~StudyRun() = default;

bool StudyRun::advance() {
  return impl_->advance();
}
StudyState StudyRun::state() {
  return impl_->state();
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
