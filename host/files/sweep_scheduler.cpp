// SPDX-License-Identifier: Apache-2.0
// Who trains how long: Weights & Biases' words for it, where iterations are epochs.
#include "files/sweep_scheduler.hpp"

#include <algorithm>
#include <cstdint>

namespace brood::files {

namespace {

constexpr int kMostEpochs = 1'000'000;

NoEarlyTermination read_none(Section const& section, SpaceOfSweep const& space) {
  for (std::string_view const key : {"eta", "min_iter", "max_iter", "survivors", "s", "strict"}) {
    if (!section.has(key)) continue;
    section.add_problem(key, "does not go with type none, where trials train for train.epochs");
  }
  NoEarlyTermination none;
  if (space.epochs) none.max_epochs = static_cast<int>(*space.epochs);
  return none;
}

// Weights & Biases' bands max_iter / eta^i, i = 1 .. s, as the rungs of one bracket.
void read_bands(Section const& section, SuccessiveHalving& halving,
                std::vector<std::string>& notes) {
  auto const bands = section.integer("s", 1, 30);
  if (section.has("s") && section.has("min_iter")) {
    section.add_problem("s", "contradicts early_terminate.min_iter; keep one of them");
  }
  if (!bands) return;
  int epochs = halving.max_epochs;
  for (std::int64_t i = 0; i < *bands; ++i)
    epochs = std::max(1, epochs / halving.eta);
  halving.min_epochs = epochs;
  notes.push_back(section.find("s")->place.text() + ": early_terminate.s: " +
                  std::to_string(*bands) + " is read as min_iter: " + std::to_string(epochs));
}

void check_together(Section const& section, SpaceOfSweep const& space,
                    SuccessiveHalving const& halving) {
  if (section.has("strict") && section.flag("strict") == false) {
    section.add_problem("strict",
                        "false is not available in this version; trials are ranked by their score "
                        "at the end of the rung, which is true");
  }
  if (space.epochs && *space.epochs != halving.max_epochs) {
    section.problems().add(space.epochs_place,
                           "epochs: " + std::to_string(*space.epochs) +
                               " contradicts early_terminate.max_iter, which is " +
                               std::to_string(halving.max_epochs) +
                               " and says how long a trial trains; leave epochs out");
  }
  if (halving.min_epochs > halving.max_epochs) {
    std::string const key = section.has("max_iter") ? "max_iter" : "min_iter";
    section.problems().add(section.has(key) ? section.find(key)->place : space.epochs_place,
                           "early_terminate: min_iter " + std::to_string(halving.min_epochs) +
                               " exceeds max_iter " + std::to_string(halving.max_epochs));
  }
}

SuccessiveHalving read_halving(Section const& section, SpaceOfSweep const& space,
                               std::vector<std::string>& notes) {
  SuccessiveHalving halving;
  auto const integer = [&](std::string_view key, int min, std::int64_t fallback) {
    return static_cast<int>(section.integer(key, min, kMostEpochs).value_or(fallback));
  };
  halving.eta = integer("eta", 2, halving.eta);
  halving.max_epochs = integer("max_iter", 1, space.epochs.value_or(halving.max_epochs));
  halving.min_epochs = integer("min_iter", 1, halving.min_epochs);
  if (section.choice("survivors", {"floor", "ceil"}) == "ceil") {
    halving.survivors = SuccessiveHalving::Survivors::ceil;
  }
  read_bands(section, halving, notes);
  check_together(section, space, halving);
  return halving;
}

}  // namespace

SchedulerChoice read_scheduler(Section const& top, SpaceOfSweep const& space,
                               std::vector<std::string>& notes) {
  Section const section(top, "early_terminate",
                        {"type", "eta", "min_iter", "max_iter", "survivors", "s", "strict"});
  auto const type = section.choice("type", {"none", "successive_halving"},
                                   {"hyperband", "asha", "median", "pbt"});
  if (!top.has("early_terminate") || type == "none") return read_none(section, space);
  if (!section.has("type")) section.add_missing("type", "allowed: none, successive_halving");
  // The settings are read even if the type is wrong, so as to report all at once.
  return read_halving(section, space, notes);
}

}  // namespace brood::files
