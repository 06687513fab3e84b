// SPDX-License-Identifier: Apache-2.0
// The only tuning loop: ask the tuner who trains, train their members, tell their scores, let the
// losers go. Decisions are the tuner's; networks are the population's.
#include "brood/study.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "brood/error.hpp"
#include "study/plan.hpp"
#include "study/study_run.hpp"

namespace brood {

namespace {

// What a member's score is read from: its best evaluation if it has patience, else its last.
Evaluation const* scored_evaluation(MemberMetrics const& metrics, bool patient) {
  if (metrics.history.empty()) return nullptr;
  if (!patient) return &metrics.history.back();
  return metrics.best < 0 ? nullptr : &metrics.history[static_cast<std::size_t>(metrics.best)];
}

}  // namespace

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
      study(std::move(study_in)),
      tuner(make_tuner(study, data.task())),
      metric(metric_name(study, data.task())),
      maximize(higher_is_better(metric, data.task())),
      splits(make_splits(data.table(), study.validation, study.seed)),
      population(engine) {
  for (auto const& split : splits.splits) {
    transforms.push_back(
        std::make_shared<Transform const>(fit_transform(data.table(), *split.train)));
    contexts.push_back(context_of(*split.valid));
  }
}

MetricContext StudyRun::Impl::context_of(std::span<std::int32_t const> rows) const {
  bool const values = data.task() == Task::regression;
  return {data.task(), data.table().y.columns, values ? target_variation(data.table(), rows) : 0.0};
}

std::vector<MemberSpec> StudyRun::Impl::members_of(int trial, Config const& config) const {
  std::vector<MemberSpec> specs;
  for (std::size_t s = 0; s < splits.splits.size(); ++s) {
    Split const& split = splits.splits[s];
    specs.push_back({.config = member_config(config, study),
                     .seed = member_seed(study.seed, static_cast<std::uint32_t>(trial),
                                         static_cast<std::uint32_t>(split.repeat)),
                     .table = data.id(),
                     .train_rows = split.train,
                     .eval_rows = split.valid,
                     .transform = transforms[s]});
  }
  return specs;
}

void StudyRun::Impl::admit_new(std::vector<Ask> const& asks) {
  std::vector<MemberSpec> specs;
  for (auto const& ask : asks) {
    if (members.contains(ask.trial)) continue;
    for (auto& spec : members_of(ask.trial, ask.config))
      specs.push_back(std::move(spec));
  }
  auto const ids = population.admit(std::move(specs), data);
  std::size_t next = 0;
  for (auto const& ask : asks) {
    if (members.contains(ask.trial)) continue;
    members[ask.trial].assign(
        ids.begin() + static_cast<std::ptrdiff_t>(next),
        ids.begin() + static_cast<std::ptrdiff_t>(next + splits.splits.size()));
    next += splits.splits.size();
  }
}

void StudyRun::Impl::record(Ask const& ask, std::span<MemberMetrics const> metrics) {
  for (std::size_t s = 0; s < metrics.size(); ++s) {
    for (Evaluation const& e : metrics[s].history) {
      if (e.epoch <= ask.from_epoch) continue;
      curves.push_back({ask.trial, splits.splits[s].fold, splits.splits[s].repeat, e.epoch,
                        e.train_loss, e.loss, metric_value(metric, e, contexts[s])});
    }
    member_epochs += std::max(0, metrics[s].epoch - ask.from_epoch);
  }
}

double StudyRun::Impl::score_of(std::span<MemberMetrics const> metrics, bool patient) const {
  double sum = 0;
  for (std::size_t s = 0; s < metrics.size(); ++s) {
    Evaluation const* const e = scored_evaluation(metrics[s], patient);
    if (metrics[s].state == MemberState::diverged || e == nullptr) return std::nan("");
    sum += metric_value(metric, *e, contexts[s]);
  }
  return sum / static_cast<double>(metrics.size());
}

void StudyRun::Impl::tell(Ask const& ask, std::span<MemberMetrics const> metrics) {
  bool const patient = is_patient(ask.config);
  bool running = false, stopped = false;
  int epoch = 0;
  for (auto const& each : metrics) {
    running = running || each.state == MemberState::training;
    stopped = stopped || each.state == MemberState::stopped;
    epoch = std::max(epoch, each.epoch);
  }
  // A trial ends by itself when none of its members goes on and one of them stopped.
  bool const ended = stopped && !running;
  tuner.tell(ask.trial, epoch, score_of(metrics, patient), ended);
}

void StudyRun::Impl::copy_members() {
  auto const exploits = tuner.lineage().subspan(copied);
  if (exploits.empty()) return;
  std::vector<MemberId> from, leaving;
  std::vector<MemberSpec> specs;
  for (Exploit const& exploit : exploits) {
    auto const& source = members.at(exploit.from);
    from.insert(from.end(), source.begin(), source.end());
    for (auto& spec : members_of(exploit.trial, exploit.after))
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
  std::erase_if(members, [&](auto const& entry) {
    auto const& [trial, ids] = entry;
    if (tuner.finished() ? tuner.best() == trial  // may be the model
                         : running[static_cast<std::size_t>(trial)]) {
      return false;
    }
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

bool StudyRun::Impl::train(int epochs_in_all) {
  std::vector<MemberId> const ids = flying_members();
  std::vector<int> at;  // by member: the epoch that it has come to
  for (Ask const& ask : flight) {
    auto const left = static_cast<int>(ask.finish - tuner.now());
    at.insert(at.end(), splits.splits.size(), ask.until_epoch - left);
  }
  auto const advance_by = [&](std::size_t first, std::size_t count, int epochs) {
    for (std::size_t i = first; i < first + count; ++i)
      at[i] += epochs;
    population.train(std::span(ids).subspan(first, count), std::span(at).subspan(first, count));
  };
  if (!study.stop_requested) {
    advance_by(0, ids.size(), epochs_in_all);
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
      advance_by(first, count, epochs);
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
  begin_asked();
  auto const sooner = [](Ask const& a, Ask const& b) { return a.finish < b.finish; };
  std::int64_t const next = std::min_element(flight.begin(), flight.end(), sooner)->finish;
  int const waves = population.waves(flying_members());
  stopped = !train(static_cast<int>(next - tuner.now()));
  if (stopped) return false;

  auto const training = std::stable_partition(flight.begin(), flight.end(),
                                              [&](Ask const& ask) { return ask.finish == next; });
  std::vector<Ask> const ended(flight.begin(), training);
  flight.erase(flight.begin(), training);
  int epoch = 0;
  for (Ask const& ask : ended) {
    auto const metrics = population.metrics(members[ask.trial]);
    record(ask, metrics);
    tell(ask, metrics);
    epoch = std::max(epoch, ask.until_epoch);
  }
  copy_members();
  release_losers();
  ++events;
  report(static_cast<int>(ended.size()), epoch, waves);
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
  if (auto const best = tuner.best()) {
    progress.best_trial = *best;
    progress.best_score = tuner.trials()[static_cast<std::size_t>(*best)].score;
  }
  for (auto const& trial : tuner.trials())
    progress.diverged += trial.state == TrialState::diverged ? 1 : 0;
  progress.member_epochs = member_epochs;
  progress.seconds = seconds_since(start);
  stopped = study.on_rung(progress) == Go::stop && !tuner.finished();
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

Result tune(Engine& engine, Data const& data, Study const& study) {
  StudyRun run(engine, data, study);
  while (run.advance()) {
  }
  return run.finish();
}

}  // namespace brood
