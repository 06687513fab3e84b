// SPDX-License-Identifier: Apache-2.0
#include "study/memory_budget.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "backend/describe.hpp"
#include "backend/host_memory.hpp"
#include "brood/error.hpp"
#include "search/samplers/sampler.hpp"
#include "study/budget.hpp"
#include "study/constraints.hpp"
#include "study/plan.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

constexpr int kWeighed = 256;  // trials

std::string gigabytes(double bytes) {
  std::string text = std::to_string(bytes / 1e9);
  return text.substr(0, text.find('.') + 2) + " GB";
}

std::vector<Validation> cheaper_validations(Validation const& validation) {
  std::vector<Validation> all = {validation};
  if (auto const* folds = std::get_if<Folds>(&validation)) {
    Folds once = *folds;
    once.repeats = 1;
    all.emplace_back(once);
    all.emplace_back(Holdout{.test = folds->test, .by = folds->by});
  }
  return all;
}

}  // namespace

double usual_member_bytes(Engine& engine, Data const& data, Study const& of) {
  Study const study = with_start(of);
  Tuner tuner({.space = study.space,
               .sampler = study.sampler,
               .scheduler = NoEarlyTermination{},
               .trials = std::min(kWeighed, most_trials(study.sampler, study.space)),
               .seed = study.seed,
               .allowed = allowed_by(study.constraints, engine, data, study)});
  double bytes = 0;
  auto const asks = tuner.ask(kWeighed);
  for (Ask const& ask : asks) {
    Member const member = describe(member_config(ask.config, study), data.shape(), 0, 1, 0);
    bytes += static_cast<double>(engine.backend().bytes(member));
  }
  return bytes / static_cast<double>(asks.size());
}

std::int64_t room_for_members(Engine const& engine) {
  constexpr std::int64_t kPercent = 75;  // of the host's; the rest is for data, copies and others
  std::int64_t const host = host_memory() / 100 * kPercent;
  return engine.info().name == "cpu" ? host : engine.memory_limit() + host;
}

void check_memory(Engine& engine, Data const& data, Study const& study, std::int64_t members) {
  double const each = usual_member_bytes(engine, data, study);
  auto const room = static_cast<double>(room_for_members(engine));
  double const needed = each * static_cast<double>(members);
  if (needed <= room) return;
  auto const fitting = static_cast<std::int64_t>(room / each);
  throw UsageError("memory: " + std::to_string(members) + " members train side by side, of " +
                   gigabytes(each) + " each as is usual in this space: " + gigabytes(needed) +
                   " in all, and there is room for " + gigabytes(room) + ", or " +
                   std::to_string(fitting) +
                   " of them; search fewer trials, folds or repeats, or smaller networks");
}

Study fit_to_memory(Engine& engine, Data const& data, Study const& of) {
  Study const started = with_start(of);
  Study fitted = of;
  int const asked = std::min(of.trials, most_trials(of.sampler, of.space));
  double const fitting =
      static_cast<double>(room_for_members(engine)) / usual_member_bytes(engine, data, of);
  for (Validation const& validation : cheaper_validations(of.validation)) {
    Study study = started;
    study.validation = validation;
    auto const each = static_cast<double>(members_per_trial(study, splits_of(study, data.table())));
    double const trials = std::min(fitting / each, static_cast<double>(asked));
    fitted.validation = validation;
    fitted.trials = std::max(static_cast<int>(trials), 1);
    if (fitted.trials >= std::min(asked, enough_trials(max_epochs(of.scheduler)))) break;
  }
  return fitted;
}

}  // namespace brood
