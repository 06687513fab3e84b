// SPDX-License-Identifier: Apache-2.0
// A study's state between rungs, taken from a run and put back into one.
#include <cmath>

#include "brood/error.hpp"
#include "data/fnv1a.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"
#include "study/study_run.hpp"

namespace brood {

namespace {

// Of points as of everything that they hold.
void append(std::vector<Config> const& points, std::string& text) {
  for (auto const& point : points) {
    text += " point";
    for (auto const& [name, value] : point)
      text += " " + name + " " + to_text(value);
  }
}

// Who proposes, and by what settings.
std::string identity(SamplerChoice const& sampler) {
  std::string text = " sampler " + std::string(name_of(sampler));
  std::visit(
      [&](auto const& s) {
        if constexpr (requires { s.startup; }) text += " startup " + std::to_string(s.startup);
        if constexpr (requires { s.candidates; }) {
          text += " candidates " + std::to_string(s.candidates) + " multivariate " +
                  std::to_string(s.multivariate) + " endpoints " +
                  std::to_string(s.consider_endpoints);
        }
        if constexpr (requires { s.first; }) append(s.first, text);
        if constexpr (requires { s.configs; }) append(s.configs, text);
      },
      sampler);
  return text;
}

// What a state must have been saved by to go on from it.
std::string identity(Data const& data, Study const& study) {
  std::string text = fingerprint(data.table()) + " seed " + std::to_string(study.seed) +
                     " trials " + std::to_string(study.trials) + " metric " +
                     metric_name(study, data.task()) + " rungs";
  for (auto const& rung : plan_rungs(study.scheduler, study.trials))
    text += " " + std::to_string(rung.trials) + "@" + std::to_string(rung.epoch);
  text += " of scheduler " + std::to_string(study.scheduler.index());
  if (auto const* asha = std::get_if<Asha>(&study.scheduler)) {
    text += " workers " + std::to_string(asha->workers);
  } else if (auto const* median = std::get_if<MedianStopping>(&study.scheduler)) {
    text += " startup " + std::to_string(median->startup_trials);
  } else if (auto const* rounds = std::get_if<PopulationBased>(&study.scheduler)) {
    text += " quantile " + to_text(rounds->quantile) + " resample " + to_text(rounds->resample);
  }
  text += identity(study.sampler);
  for (auto const& [name, most] : {std::pair<char const*, std::optional<double>>{
                                       "parameters", study.constraints.max_parameters},
                                   {"bytes", study.constraints.max_bytes},
                                   {"flops", study.constraints.max_flops}}) {
    if (most) text += std::string(" most ") + name + " " + to_text(*most);
  }
  for (auto const& p : study.space.parameters()) {
    text += " " + p.name + " " + std::string(name_of(p.distribution));
    for (double const x : {p.min, p.max, p.q, p.mu, p.sigma})
      text += " " + to_text(x);
    for (auto const& value : p.values)
      text += " " + to_text(value);
    for (double const x : p.probabilities)
      text += " " + to_text(x);
    for (Condition const& condition : p.when) {
      text += " when " + condition.parameter;
      for (auto const& value : condition.values)
        text += " " + to_text(value);
    }
  }
  std::visit(
      [&](auto const& v) {
        text += " repeats " + std::to_string(v.repeats);
        if constexpr (requires { v.test; }) text += " test " + to_text(v.test);
        if constexpr (requires { v.by; }) text += " by " + std::to_string(static_cast<int>(v.by));
        if constexpr (requires { v.folds; }) text += " folds " + std::to_string(v.folds);
        if constexpr (requires { v.valid; }) text += " valid " + to_text(v.valid);
      },
      study.validation);
  std::string prior;
  for (auto const& trial : study.prior) {
    append({trial.config}, prior);
    prior += " " + to_text(trial.score) + "@" + std::to_string(trial.epoch);
  }
  Fnv1a128 hash;
  hash.add_bytes(prior);
  return text + " final repeats " + std::to_string(study.final_repeats) + " start " +
         identity(study.start) + " prior " + hash.hex();
}

[[noreturn]] void refuse_residents(int trial) {
  throw StorageError("the saved state does not hold the members of trial " + std::to_string(trial) +
                     ", one for each split in their order");
}

}  // namespace

StudyState StudyRun::Impl::state() {
  StudyState saved;
  saved.study = identity(data, study);
  saved.tuner = tuner.state();
  saved.curves = curves;
  saved.member_epochs = member_epochs;
  saved.stop = stop_progress;
  saved.events = events;
  saved.standard_errors = standard_errors;
  saved.standard_errors.resize(tuner.trials().size(), std::nan(""));
  for (auto const& [trial, ids] : members) {
    auto images = population.save(ids);
    for (std::size_t s = 0; s < images.size(); ++s) {
      saved.residents.push_back({trial, static_cast<int>(s), std::move(images[s])});
    }
  }
  return saved;
}

void StudyRun::Impl::restore(StudyState const& from) {
  if (from.study != identity(data, study)) {
    throw UsageError(
        "the saved state belongs to another study or other data: go on with the study that saved "
        "it");
  }
  tuner.restore(from.tuner);
  curves = from.curves;
  member_epochs = from.member_epochs;
  stop_progress = from.stop;
  events = from.events;
  standard_errors = from.standard_errors;
  copied = tuner.lineage().size();
  check_stop();
  for (auto const& resident : from.residents) {
    auto& own = members[resident.trial];
    auto const split = own.size();
    if (split == splits.splits.size() || resident.split != static_cast<int>(split))
      refuse_residents(resident.trial);
    auto specs = members_of(resident.trial, tuner.config(resident.trial), split, split + 1);
    own.push_back(population.admit(std::move(specs.front()), data, resident.image));
  }
  for (auto const& [trial, own] : members) {
    if (own.size() != early && own.size() != splits.splits.size()) refuse_residents(trial);
  }
  if (standard_errors.size() != tuner.trials().size()) {
    throw StorageError("the saved state does not hold an error of each trial's score");
  }
  if (tuner.finished()) return;
  std::vector<bool> const running = tuner.running();
  for (auto const& trial : tuner.trials()) {
    bool const needed = running[static_cast<std::size_t>(trial.id)] && trial.rung >= 0;
    if (needed && !members.contains(trial.id)) refuse_residents(trial.id);
  }
}

}  // namespace brood
