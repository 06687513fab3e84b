// SPDX-License-Identifier: Apache-2.0
// Who trains how long: Weights & Biases' words for it, where iterations are epochs. What a type may
// set stands in brood/scheduler.hpp; here is what one key says of others.
#include "files/sweep/scheduler.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "files/sweep/settings.hpp"

namespace brood::files {

namespace {

class SchedulerReader {
 public:
  SchedulerReader(Section const& section, SpaceOfSweep const& space,
                  std::vector<std::string>& notes)
      : section_(section), space_(space), notes_(notes) {}

  // Notes every key that the type does not have.
  void check_keys(std::string_view type, Names const& keys) const {
    for (std::string_view const key : scheduler_keys()) {
      if (key == "type" || !section_.has(key)) continue;
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      std::string const why = type == "none" ? ", where trials train for train.epochs"
                                             : "; allowed there: " + joined(keys);
      section_.add_problem(key, "does not go with type " + std::string(type) + why);
    }
  }

  NoEarlyTermination none() { return read(NoEarlyTermination()); }

  SuccessiveHalving halving() {
    auto halving = read(SuccessiveHalving());
    settle_bands(halving);
    check_strict();
    check_min(halving.min_epochs, halving.max_epochs);
    return halving;
  }

  // Weights & Biases mean a rule that stops runs at bands, which they give by `s` or `min_iter`;
  // without these, max_iter is the R of the paper.
  SchedulerChoice hyperband() {
    std::string const place = section_.find("type")->place.text();
    if (section_.has("s") || section_.has("min_iter")) {
      SuccessiveHalving const bands = halving();
      if (bands.min_epochs <= bands.max_epochs) {
        std::string rungs;
        for (Rung const& rung : plan_rungs(bands, 1))
          rungs += (rungs.empty() ? "" : ", ") + std::to_string(rung.epoch);
        notes_.push_back(place + ": early_terminate: hyperband with " +
                         (bands.bands ? "s" : "min_iter") +
                         " is read as one bracket whose rungs end at epochs " + rungs);
      }
      return bands;
    }
    auto const hyperband = read(Hyperband());
    check_strict();
    notes_.push_back(place + ": early_terminate: hyperband is read as all " +
                     std::to_string(plan_brackets(hyperband, trials_of_a_pass(hyperband)).size()) +
                     " brackets of R = " + std::to_string(hyperband.max_epochs) + ", " +
                     std::to_string(trials_of_a_pass(hyperband)) +
                     " trials a pass; with s or min_iter it is one bracket");
    return hyperband;
  }

  Asha asha() {
    auto const asha = read(Asha());
    check_min(asha.min_epochs, asha.max_epochs);
    return asha;
  }

  MedianStopping median() { return read(MedianStopping()); }

  PopulationBased population_based() {
    auto rounds = read(PopulationBased());
    if (!section_.has("interval")) rounds.interval = std::min(rounds.interval, rounds.max_epochs);
    return rounds;
  }

 private:
  // A scheduler's settings from its default ones. How long trials train is what `epochs` says, if
  // it is there: to Weights & Biases max_iter is only a measure for bands.
  template <class S>
  S read(S scheduler) {
    if (space_.epochs) scheduler.max_epochs = static_cast<int>(*space_.epochs);
    if constexpr (!std::is_same_v<S, NoEarlyTermination>) {
      read_settings(section_, scheduler);
      if (space_.epochs && *space_.epochs != scheduler.max_epochs) take_epochs(scheduler);
    }
    return scheduler;
  }

  template <class S>
  void take_epochs(S& scheduler) {
    int const max_iter = std::exchange(scheduler.max_epochs, static_cast<int>(*space_.epochs));
    std::string const searched = space_.space.find("epochs") == nullptr ? "" : "of at most ";
    notes_.push_back(section_.find("max_iter")->place.text() + ": early_terminate.max_iter: " +
                     std::to_string(max_iter) + " gives way to epochs, " + searched +
                     std::to_string(*space_.epochs) + ": that is how long trials train");
    if constexpr (std::is_same_v<S, SuccessiveHalving>) {
      if (scheduler.bands) scheduler.bands_of = max_iter;
    }
  }

  // What min_iter says beside bands must be the first of them. Weights & Biases' hyperband has
  // bands of max_iter: with min_iter alone, s has no part.
  void settle_bands(SuccessiveHalving& halving) {
    if (!halving.bands) return;
    bool const theirs = section_.has("type") && section_.find("type")->text == Hyperband::kName;
    if (theirs && section_.has("min_iter") && !section_.has("max_iter")) {
      notes_.push_back(section_.find("s")->place.text() +
                       ": early_terminate.s has no part, for there is a min_iter and no max_iter");
      halving.bands.reset();
      return;
    }
    int const first = plan_rungs(halving, 1).front().epoch;
    if (section_.has("min_iter") && halving.min_epochs != first)
      section_.add_problem("s", "contradicts early_terminate.min_iter; keep one of them");
    halving.min_epochs = first;
  }

  void check_strict() const {
    if (section_.has("strict") && section_.flag("strict") == false) {
      section_.add_problem(
          "strict",
          "false is not available in this version; trials are ranked by their score "
          "at the end of the rung, which is true");
    }
  }

  void check_min(int min_epochs, int max_epochs) const {
    if (min_epochs <= max_epochs) return;
    std::string const key = section_.has("max_iter") ? "max_iter" : "min_iter";
    section_.problems().add(section_.has(key) ? section_.find(key)->place : space_.epochs_place,
                            "early_terminate: min_iter " + std::to_string(min_epochs) +
                                " exceeds " + (space_.epochs ? "epochs " : "max_iter ") +
                                std::to_string(max_epochs) + ", so that no trial would end early" +
                                "; lower it, such as early_terminate.min_iter=1, or write " +
                                "early_terminate=none");
  }

  Section const& section_;
  SpaceOfSweep const& space_;
  std::vector<std::string>& notes_;
};

// What a type has beside its settings: Weights & Biases' words for bands.
template <class S>
Names keys_of() {
  if constexpr (std::is_same_v<S, NoEarlyTermination>) return {};
  Names keys = settings_keys<S>();
  if constexpr (std::is_same_v<S, SuccessiveHalving> || std::is_same_v<S, Hyperband>)
    keys.push_back("strict");
  if constexpr (std::is_same_v<S, Hyperband>) {
    keys.insert(keys.begin() + 1, "min_iter");
    keys.push_back("s");
  }
  return keys;
}

struct Type {
  std::string_view name;
  Names keys;
  SchedulerChoice (*read)(SchedulerReader&);
};
template <class S>
Type type_of(SchedulerChoice (*read)(SchedulerReader&)) {
  return {S::kName, keys_of<S>(), read};
}

std::vector<Type> types() {
  using Choice = SchedulerChoice;
  using Reader = SchedulerReader;
  return {
      type_of<NoEarlyTermination>([](Reader& reader) { return Choice(reader.none()); }),
      type_of<SuccessiveHalving>([](Reader& reader) { return Choice(reader.halving()); }),
      type_of<Hyperband>([](Reader& reader) { return reader.hyperband(); }),
      type_of<Asha>([](Reader& reader) { return Choice(reader.asha()); }),
      type_of<MedianStopping>([](Reader& reader) { return Choice(reader.median()); }),
      type_of<PopulationBased>([](Reader& reader) { return Choice(reader.population_based()); }),
  };
}

}  // namespace

Names scheduler_keys() {
  Names keys = {"type"};
  for (Type const& type : types()) {
    for (std::string_view const key : type.keys) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

SchedulerChoice read_scheduler(Section const& top, SpaceOfSweep const& space,
                               std::vector<std::string>& notes) {
  Section const section(top, "early_terminate", scheduler_keys());
  std::vector<Type> const all = types();
  Names names;
  for (Type const& type : all)
    names.push_back(type.name);
  auto const chosen = section.choice("type", names);
  if (!section.has("type") && top.has("early_terminate")) {
    section.add_missing("type", "allowed: " + joined(names));
  }
  SchedulerReader reader(section, space, notes);
  if (!top.has("early_terminate")) return reader.none();
  for (Type const& type : all) {
    if (chosen != type.name) continue;
    reader.check_keys(type.name, type.keys);
    return type.read(reader);
  }
  // The settings are read even if the type is wrong, so as to report all at once.
  return reader.halving();
}

}  // namespace brood::files
