// SPDX-License-Identifier: Apache-2.0
// The only tuning loop: ask the tuner for a rung, train its members, tell their scores, let the
// losers go. Decisions are the tuner's; networks are the population's.
#include "brood/study.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "brood/population.hpp"
#include "study/metric.hpp"
#include "study/plan.hpp"

namespace brood {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr int kLeaderboard = 10;

// What a member's score is read from: its best evaluation if it has patience, else its last.
Evaluation const* scored_evaluation(MemberMetrics const& metrics, bool patient) {
  if (metrics.history.empty()) return nullptr;
  if (!patient) return &metrics.history.back();
  return metrics.best < 0 ? nullptr : &metrics.history[static_cast<std::size_t>(metrics.best)];
}

bool is_patient(Config const& config) {
  Value const* const patience = config.find("patience");
  return patience != nullptr && *patience != Value{std::int64_t{0}} && *patience != Value{0.0};
}

// What a state must have been saved by to go on from it.
std::string identity(Data const& data, Study const& study, std::vector<Rung> const& rungs) {
  std::string text = fingerprint(data.table()) + " seed " + std::to_string(study.seed) +
                     " trials " + std::to_string(study.trials) + " metric " +
                     metric_name(study, data.task()) + " rungs";
  for (auto const& rung : rungs)
    text += " " + std::to_string(rung.trials) + "@" + std::to_string(rung.epoch);
  for (auto const& p : study.space.parameters()) {
    text += " " + p.name + " " + std::string(name_of(p.distribution));
    for (double const x : {p.min, p.max, p.q, p.mu, p.sigma})
      text += " " + to_text(x);
    for (auto const& value : p.values)
      text += " " + to_text(value);
    for (double const x : p.probabilities)
      text += " " + to_text(x);
  }
  std::visit(
      [&](auto const& v) {
        text += " test " + to_text(v.test) + " repeats " + std::to_string(v.repeats);
        if constexpr (requires { v.folds; }) text += " folds " + std::to_string(v.folds);
        if constexpr (requires { v.valid; }) text += " valid " + to_text(v.valid);
      },
      study.validation);
  return text;
}

Tuner make_tuner(Data const& data, Study const& study) {
  auto found = problems(study, data.task());
  if (!found.empty()) throw UsageError(std::move(found));
  bool const maximize = higher_is_better(metric_name(study, data.task()), data.task());
  return Tuner({.space = study.space,
                .sampler = study.sampler,
                .scheduler = study.scheduler,
                .trials = study.trials,
                .seed = study.seed,
                .maximize = maximize});
}

}  // namespace

struct StudyRun::Impl {
  Impl(Engine& engine_in, Data const& data_in, Study study_in)
      : engine(engine_in),
        data(data_in),
        study(std::move(study_in)),
        tuner(make_tuner(data, study)),
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

  MetricContext context_of(std::span<std::int32_t const> rows) const {
    bool const values = data.task() == Task::regression;
    return {data.task(), data.table().y.columns,
            values ? target_variation(data.table(), rows) : 0.0};
  }

  // The members of a trial, one per split.
  std::vector<MemberSpec> members_of(int trial, Config const& config) const {
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

  void admit_new(std::vector<Ask> const& asks) {
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

  // Appends what a trial's members recorded since it was last told, and counts the epochs.
  void record(Ask const& ask, std::span<MemberMetrics const> metrics) {
    for (std::size_t s = 0; s < metrics.size(); ++s) {
      for (Evaluation const& e : metrics[s].history) {
        if (e.epoch <= ask.from_epoch) continue;
        curves.push_back({ask.trial, splits.splits[s].fold, splits.splits[s].repeat, e.epoch,
                          e.train_loss, e.loss, metric_value(metric, e, contexts[s])});
      }
      member_epochs += std::max(0, metrics[s].epoch - ask.from_epoch);
    }
  }

  // Mean of the members' scores; NaN if one of them diverged.
  double score_of(std::span<MemberMetrics const> metrics, bool patient) const {
    double sum = 0;
    for (std::size_t s = 0; s < metrics.size(); ++s) {
      Evaluation const* const e = scored_evaluation(metrics[s], patient);
      if (metrics[s].state == MemberState::diverged || e == nullptr) return std::nan("");
      sum += metric_value(metric, *e, contexts[s]);
    }
    return sum / static_cast<double>(metrics.size());
  }

  void tell(Ask const& ask, std::span<MemberMetrics const> metrics) {
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

  // Lets go of the members of trials that are no longer in the running.
  void release_losers() {
    std::vector<MemberId> leaving;
    auto const& alive = tuner.state().alive;
    std::erase_if(members, [&](auto const& entry) {
      auto const& [trial, ids] = entry;
      if (std::find(alive.begin(), alive.end(), trial) != alive.end()) return false;
      if (tuner.finished() && tuner.best() == trial) return false;  // may be the model
      leaving.insert(leaving.end(), ids.begin(), ids.end());
      return true;
    });
    population.release(leaving);
  }

  // Member-epochs that take about a second, as far as is known.
  double affordable() const { return rate > 0 ? rate : 64.0; }

  // Trains members to an epoch in pieces of about a second, so that stop_requested is heard; how it
  // is cut changes no result. False if it was.
  bool train(std::span<MemberId const> ids, int from_epoch, int until_epoch) {
    if (!study.stop_requested) {
      population.train(ids, until_epoch);
      return true;
    }
    auto const members_count = static_cast<double>(ids.size());
    for (int epoch = from_epoch; epoch < until_epoch;) {
      double const left = until_epoch - epoch;
      auto const epochs = static_cast<int>(std::clamp(affordable() / members_count, 1.0, left));
      for (std::size_t first = 0; first < ids.size();) {
        if (study.stop_requested()) return false;
        double const most = static_cast<double>(ids.size() - first);
        auto const count = static_cast<std::size_t>(std::clamp(affordable() / epochs, 1.0, most));
        auto const before = Clock::now();
        population.train(ids.subspan(first, count), epoch + epochs);
        rate = static_cast<double>(count) * epochs / std::max(seconds_since(before), 1e-6);
        first += count;
      }
      epoch += epochs;
    }
    return true;
  }

  bool advance() {
    if (tuner.finished() || stopped) return false;
    int const rung = tuner.rung();
    std::vector<Ask> const asks = tuner.ask(study.trials);
    admit_new(asks);
    std::vector<MemberId> ids;
    for (auto const& ask : asks) {
      auto const& own = members[ask.trial];
      ids.insert(ids.end(), own.begin(), own.end());
    }
    stopped = !train(ids, asks.front().from_epoch, asks.front().until_epoch);
    if (stopped) return false;
    auto const metrics = population.metrics(ids);
    std::size_t const each = splits.splits.size();
    for (std::size_t i = 0; i < asks.size(); ++i) {
      auto const own = std::span(metrics).subspan(i * each, each);
      record(asks[i], own);
      tell(asks[i], own);
    }
    release_losers();
    report(rung, static_cast<int>(asks.size()));
    return !stopped;
  }

  void report(int rung, int trials) {
    if (!study.on_rung) return;
    Progress progress;
    progress.rung = rung;
    progress.rungs = static_cast<int>(tuner.rungs().size());
    progress.trials = trials;
    progress.epoch = tuner.rungs()[static_cast<std::size_t>(rung)].epoch;
    progress.waves = population.waves();
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

  StudyState state() {
    StudyState saved;
    saved.study = identity(data, study, tuner.rungs());
    saved.tuner = tuner.state();
    saved.curves = curves;
    saved.member_epochs = member_epochs;
    for (auto const& [trial, ids] : members) {
      auto images = population.save(ids);
      for (std::size_t s = 0; s < images.size(); ++s) {
        saved.residents.push_back({trial, static_cast<int>(s), std::move(images[s])});
      }
    }
    return saved;
  }

  void restore(StudyState const& from) {
    if (from.study != identity(data, study, tuner.rungs())) {
      throw UsageError(
          "the saved state belongs to another study or other data: go on with the study that saved "
          "it");
    }
    tuner.restore(from.tuner);
    curves = from.curves;
    member_epochs = from.member_epochs;
    for (auto const& resident : from.residents) {
      auto specs = members_of(resident.trial, tuner.config(resident.trial));
      auto& own = members[resident.trial];
      auto const split = own.size();
      if (split == specs.size() || resident.split != static_cast<int>(split))
        refuse_residents(resident.trial);
      own.push_back(population.admit(std::move(specs[split]), data, resident.image));
    }
    for (auto const& [trial, own] : members) {
      if (own.size() != splits.splits.size()) refuse_residents(trial);
    }
    for (auto const trial : tuner.state().alive) {
      bool const trained = tuner.trials()[static_cast<std::size_t>(trial)].rung >= 0;
      if (trained && !members.contains(trial)) refuse_residents(trial);
    }
  }

  [[noreturn]] static void refuse_residents(int trial) {
    throw StorageError("the saved state does not hold the members of trial " +
                       std::to_string(trial) + ", one for each split in their order");
  }

  // Epochs after which the winner had its score: the mean over its members.
  int scored_epochs(int trial) const {
    Config const config = tuner.config(trial);
    int const trained = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
    if (!is_patient(config)) return trained;
    Value const* const min_delta = config.find("min_delta");
    double least = 0;
    if (min_delta != nullptr) as_number(*min_delta, least);
    double sum = 0;
    std::map<std::pair<int, int>, std::pair<double, int>> best;  // by fold and repeat: loss, epoch
    for (auto const& point : curves) {
      if (point.trial != trial) continue;
      auto const [at, fresh] =
          best.try_emplace({point.fold, point.repeat}, point.valid_loss, point.epoch);
      if (!fresh && point.valid_loss < at->second.first - least)
        at->second = {point.valid_loss, point.epoch};
    }
    for (auto const& [split, loss_and_epoch] : best)
      sum += loss_and_epoch.second;
    return std::max(1, static_cast<int>(std::lround(sum / static_cast<double>(best.size()))));
  }

  // The winner trained anew on all rows but the test rows, for as long as it took to get its score.
  MemberId refit(int trial, int epochs, SharedTransform transform) {
    Config config = tuner.config(trial);
    config.set("patience", std::int64_t{0});
    MemberSpec spec{.config = member_config(std::move(config), study),
                    .seed = member_seed(study.seed, static_cast<std::uint32_t>(trial), 0),
                    .table = data.id(),
                    .train_rows = splits.development,
                    .eval_rows = nullptr,
                    .transform = std::move(transform)};
    std::vector<MemberSpec> specs;
    specs.push_back(std::move(spec));
    MemberId const id = population.admit(std::move(specs), data).front();
    population.train({&id, 1}, epochs, 0);
    return id;
  }

  // The validated member of the winner, trained straight through if it was let go, or if a rung
  // that was dropped took it further than its score.
  MemberId validated(int trial) {
    int const epoch = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
    if (auto const found = members.find(trial); found != members.end()) {
      MemberId const id = found->second.front();
      if (population.metrics({&id, 1}).front().epoch <= epoch) return id;
    }
    std::vector<MemberSpec> specs;
    specs.push_back(members_of(trial, tuner.config(trial)).front());
    MemberId const id = population.admit(std::move(specs), data).front();
    population.train({&id, 1}, epoch);
    return id;
  }

  double test_score(MemberId id) {
    if (splits.test->empty()) return std::nan("");
    auto const rows = static_cast<std::int64_t>(splits.test->size());
    Table const& table = data.table();
    std::vector<float> predictions(static_cast<std::size_t>(rows * data.outputs()));
    population.forward({&id, 1}, *splits.test, predictions);
    std::vector<float> targets, weights;
    for (auto const row : *splits.test) {
      float const* const y = table.y.data + std::int64_t{row} * table.y.columns;
      targets.insert(targets.end(), y, y + table.y.columns);
      if (table.weights.data != nullptr) weights.push_back(table.weights.data[row]);
    }
    return score(metric, data.task(), predictions, targets, rows, weights);
  }

  Result finish() {
    auto const best = tuner.best();
    if (!best) {
      throw NoUsableTrial(
          stopped ? "the study was stopped before its first rung had ended: give it more time"
                  : "all " + std::to_string(study.trials) +
                        " trials diverged: lower the learning rates of the space, or clip "
                        "gradients (clip_norm)");
    }
    Result result;
    result.best = *best;
    result.metric = metric;
    result.maximize = maximize;
    result.valid = tuner.trials()[static_cast<std::size_t>(*best)].score;
    result.leaderboard = tuner.leaderboard(kLeaderboard);
    result.stopped_early = stopped;
    for (auto const& trial : tuner.trials()) {
      if (trial.epoch == 0 && trial.state == TrialState::waiting) continue;  // never begun
      result.trials.push_back(
          {trial.id, trial.state, trial.epoch, trial.score, tuner.config(trial.id)});
    }
    result.curves = curves;
    auto order = [](CurvePoint const& p) { return std::tie(p.trial, p.fold, p.repeat, p.epoch); };
    std::sort(result.curves.begin(), result.curves.end(),
              [&](CurvePoint const& a, CurvePoint const& b) { return order(a) < order(b); });
    result.member_epochs = member_epochs;

    SharedTransform transform = transforms.front();
    MemberId id = 0;
    if (study.refit) {
      int const epochs = scored_epochs(*best);
      transform =
          std::make_shared<Transform const>(fit_transform(data.table(), *splits.development));
      id = refit(*best, epochs, transform);
      result.refit_epochs = epochs;
    } else {
      id = validated(*best);
    }
    result.model = {.task = data.task(),
                    .outputs = data.outputs(),
                    .config = with_defaults(member_config(tuner.config(*best), study), data.task()),
                    .transform = *transform,
                    .layers = population.weights({&id, 1}).front()};
    result.test = test_score(id);
    result.seconds = seconds_since(start);
    return result;
  }

  Clock::time_point const start = Clock::now();
  Engine& engine;
  Data data;
  Study study;
  Tuner tuner;
  std::string metric;
  bool maximize;
  Splits splits;
  Population population;
  std::vector<SharedTransform> transforms;       // by split
  std::vector<MetricContext> contexts;           // by split, of its validation rows
  std::map<int, std::vector<MemberId>> members;  // by trial, one per split
  std::vector<CurvePoint> curves;
  std::int64_t member_epochs = 0;
  double rate = 0;  // member-epochs per second, lately
  bool stopped = false;
};

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
