// SPDX-License-Identifier: Apache-2.0
// Who trains how long: Weights & Biases' words for it, where iterations are epochs. Each type is
// one function; the table says which keys it has.
#include "files/sweep_scheduler.hpp"

#include <algorithm>
#include <cstdint>

namespace brood::files {

namespace {

constexpr int kMostEpochs = 1'000'000;

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

  NoEarlyTermination none() const {
    NoEarlyTermination none;
    if (space_.epochs) none.max_epochs = static_cast<int>(*space_.epochs);
    return none;
  }

  SuccessiveHalving halving() {
    SuccessiveHalving halving;
    halving.eta = integer("eta", 2, halving.eta);
    halving.max_epochs = max_epochs(halving.max_epochs);
    halving.min_epochs = integer("min_iter", 1, halving.min_epochs);
    if (section_.choice("survivors", {"floor", "ceil"}) == "ceil") {
      halving.survivors = SuccessiveHalving::Survivors::ceil;
    }
    read_bands(halving);
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
                         (section_.has("s") ? "s" : "min_iter") +
                         " is read as one bracket whose rungs end at epochs " + rungs);
      }
      return bands;
    }
    Hyperband hyperband;
    hyperband.eta = integer("eta", 2, hyperband.eta);
    hyperband.max_epochs = max_epochs(hyperband.max_epochs);
    check_strict();
    notes_.push_back(place + ": early_terminate: hyperband is read as all " +
                     std::to_string(plan_brackets(hyperband, trials_of_a_pass(hyperband)).size()) +
                     " brackets of R = " + std::to_string(hyperband.max_epochs) + ", " +
                     std::to_string(trials_of_a_pass(hyperband)) +
                     " trials a pass; with s or min_iter it is one bracket");
    return hyperband;
  }

  Asha asha() const {
    Asha asha;
    asha.eta = integer("eta", 2, asha.eta);
    asha.max_epochs = max_epochs(asha.max_epochs);
    asha.min_epochs = integer("min_iter", 1, asha.min_epochs);
    asha.workers = integer("workers", 1, asha.workers);
    check_min(asha.min_epochs, asha.max_epochs);
    return asha;
  }

  MedianStopping median() const {
    MedianStopping median;
    median.max_epochs = max_epochs(median.max_epochs);
    median.interval = integer("interval", 1, median.interval);
    median.warmup_epochs = integer("warmup_iter", 0, median.warmup_epochs);
    median.startup_trials = integer("startup_trials", 1, median.startup_trials);
    check_interval(median.interval, median.max_epochs);
    return median;
  }

  PopulationBased population_based() const {
    PopulationBased rounds;
    rounds.max_epochs = max_epochs(rounds.max_epochs);
    rounds.interval = integer("interval", 1, std::min(rounds.interval, rounds.max_epochs));
    rounds.quantile =
        section_.real("quantile", "0 < quantile <= 0.5", [](double x) { return x > 0 && x <= 0.5; })
            .value_or(rounds.quantile);
    rounds.resample =
        section_.real("resample", "0 <= resample <= 1", [](double x) { return x >= 0 && x <= 1; })
            .value_or(rounds.resample);
    check_interval(rounds.interval, rounds.max_epochs);
    return rounds;
  }

 private:
  int integer(std::string_view key, int min, std::int64_t fallback) const {
    return static_cast<int>(section_.integer(key, min, kMostEpochs).value_or(fallback));
  }

  // `epochs` may say it too, if it says the same.
  int max_epochs(int fallback) const {
    int const epochs = integer("max_iter", 1, space_.epochs.value_or(fallback));
    if (space_.epochs && *space_.epochs != epochs) {
      section_.problems().add(space_.epochs_place,
                              "epochs: " + std::to_string(*space_.epochs) +
                                  " contradicts early_terminate.max_iter, which is " +
                                  std::to_string(epochs) +
                                  " and says how long a trial trains; leave epochs out");
    }
    return epochs;
  }

  // The bands max_iter / eta^i, i = 1 .. s, as the rungs of one bracket.
  void read_bands(SuccessiveHalving& halving) {
    auto const bands = section_.integer("s", 1, 30);
    if (section_.has("s") && section_.has("min_iter")) {
      section_.add_problem("s", "contradicts early_terminate.min_iter; keep one of them");
    }
    if (!bands) return;
    int epochs = halving.max_epochs;
    for (std::int64_t i = 0; i < *bands; ++i)
      epochs = std::max(1, epochs / halving.eta);
    halving.min_epochs = epochs;
    notes_.push_back(section_.find("s")->place.text() + ": early_terminate.s: " +
                     std::to_string(*bands) + " is read as min_iter: " + std::to_string(epochs));
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
                                " exceeds max_iter " + std::to_string(max_epochs));
  }

  void check_interval(int interval, int max_epochs) const {
    if (interval <= max_epochs) return;
    section_.add_problem(
        "interval", std::to_string(interval) + " exceeds max_iter " + std::to_string(max_epochs));
  }

  Section const& section_;
  SpaceOfSweep const& space_;
  std::vector<std::string>& notes_;
};

struct Type {
  std::string_view name;
  Names keys;
  SchedulerChoice (*read)(SchedulerReader&);
};

std::vector<Type> types() {
  return {
      {"none", {}, [](SchedulerReader& reader) { return SchedulerChoice(reader.none()); }},
      {"successive_halving",
       {"eta", "min_iter", "max_iter", "survivors", "s", "strict"},
       [](SchedulerReader& reader) { return SchedulerChoice(reader.halving()); }},
      {"hyperband",
       {"eta", "min_iter", "max_iter", "s", "strict"},
       [](SchedulerReader& reader) { return reader.hyperband(); }},
      {"asha",
       {"eta", "min_iter", "max_iter", "workers"},
       [](SchedulerReader& reader) { return SchedulerChoice(reader.asha()); }},
      {"median",
       {"max_iter", "interval", "warmup_iter", "startup_trials"},
       [](SchedulerReader& reader) { return SchedulerChoice(reader.median()); }},
      {"pbt",
       {"max_iter", "interval", "quantile", "resample"},
       [](SchedulerReader& reader) { return SchedulerChoice(reader.population_based()); }},
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
