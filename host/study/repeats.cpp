// SPDX-License-Identifier: Apache-2.0
#include "study/repeats.hpp"

#include <algorithm>

#include "study/start.hpp"

namespace brood {

Splits splits_of(Study const& study, Table const& table) {
  Validation validation = study.validation;
  std::visit([&](auto& each) { each.repeats = std::max(each.repeats, study.final_repeats); },
             validation);
  return make_splits(table, validation, study.seed, rows_of_start(study.start, table));
}

std::size_t members_per_trial(Study const& study, Splits const& splits) {
  int const repeats = std::visit([](auto const& each) { return each.repeats; }, study.validation);
  return static_cast<std::size_t>(
      std::count_if(splits.splits.begin(), splits.splits.end(),
                    [&](Split const& split) { return split.repeat < repeats; }));
}

Epochs epochs_of(std::vector<std::vector<Rung>> const& brackets, std::int64_t per_trial,
                 std::int64_t per_final_trial) {
  Epochs epochs;
  std::int64_t late = 0;
  for (auto const& bracket : brackets) {
    epochs.final_trials += bracket.back().trials;
    late += bracket.back().trials * (per_final_trial - per_trial) * bracket.back().epoch;
  }
  epochs.members = trial_epochs(brackets) * per_trial + late;
  epochs.restarted = trial_epochs_restarted(brackets) * per_trial + late;
  return epochs;
}

}  // namespace brood
