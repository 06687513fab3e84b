// SPDX-License-Identifier: Apache-2.0
// A study's state between rungs, taken from a run and put back into one.
#include <cmath>

#include "brood/error.hpp"
#include "study/identity.hpp"
#include "study/study_run.hpp"

namespace brood {

namespace {

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
