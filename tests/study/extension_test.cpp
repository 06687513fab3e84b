// SPDX-License-Identifier: Apache-2.0
// A study that extends another is to the bit what it would have been from the beginning, whatever
// the other had got to; what the other had trained to the same ends is not trained again; what
// cannot be extended is refused with the reason.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Extension {
  char const* name;
  OwnedTable table;
  Study study;
  std::function<void(Study&)> extend;
};
void PrintTo(Extension const& extension, std::ostream* out) {
  *out << extension.name;
}

Study with(Study study, std::function<void(Study&)> const& change) {
  change(study);
  return study;
}
// Learning rates that go the same course however long a training is.
Study of_any_length(Validation validation) {
  Study study = varied_study(std::move(validation));
  SearchSpace space;
  for (Parameter const& each : study.space.parameters()) {
    if (each.name != "lr_schedule") space.add(each);
  }
  study.space = space.choice("lr_schedule", {"constant", "step"});
  return study;
}

std::vector<Extension> extensions() {
  auto const more_trials = [](Study& s) { s.trials = 23; };
  auto const to_epoch = [](int last) {
    return [=](Study& s) { std::visit([&](auto& each) { each.max_epochs = last; }, s.scheduler); };
  };
  return {
      {"MoreTrials", small_blobs(), varied_study(Folds{.folds = 2}), more_trials},
      {"FewerTrials", small_blobs(), varied_study(Holdout{}), [](Study& s) { s.trials = 5; }},
      {"MoreEpochs", small_blobs(), of_any_length(Folds{.folds = 2}), to_epoch(27)},
      {"Both", small_blobs(), of_any_length(Holdout{}),
       [=](Study& s) { more_trials(s), to_epoch(27)(s); }},
      {"OneRung", small_blobs(),
       with(varied_study(Holdout{}), [](Study& s) { s.scheduler = NoEarlyTermination{3}; }),
       more_trials},
      {"OneLongerRung", small_blobs(),
       with(of_any_length(Holdout{}), [](Study& s) { s.scheduler = NoEarlyTermination{3}; }),
       to_epoch(5)},
      {"FinalRepeats", small_blobs(),
       with(of_any_length(Holdout{}), [](Study& s) { s.final_repeats = 3; }), to_epoch(27)},
      {"AllBrackets", small_blobs(),
       with(varied_study(Holdout{}),
            [](Study& s) { s.scheduler = Hyperband{.eta = 3, .max_epochs = 9}; }),
       more_trials},
      {"Asynchronous", small_blobs(),
       with(varied_study(Holdout{}),
            [](Study& s) {
              s.scheduler = Asha{.eta = 2, .max_epochs = 8, .workers = 4};
              s.space.choice("patience", {0, 1, 2});
            }),
       more_trials},
      {"Median", small_blobs(),
       with(of_any_length(Holdout{}),
            [](Study& s) { s.scheduler = MedianStopping{.max_epochs = 6, .interval = 2}; }),
       to_epoch(10)},
      {"PatienceAndDivergence", with_row_weights(regression(120, 4)),
       with(varied_study(Folds{.folds = 2}),
            [](Study& s) {
              s.space.log_uniform("lr", 1e-3, 1e3).choice("patience", {0, 1, 2});
            }),
       more_trials},
      {"FromPredictions", small_blobs(),
       with(of_any_length(Holdout{.repeats = 2}), [](Study& s) { s.metric = {"auc"}; }),
       to_epoch(27)},
      {"Ensemble", small_blobs(),
       with(varied_study(Folds{.folds = 2}),
            [](Study& s) {
              s.ensemble = 4;
              s.refit = Refit::no;
            }),
       more_trials},
      {"Learning", small_blobs(),
       with(varied_study(Holdout{}),
            [](Study& s) {
              s.sampler = Tpe{.startup = 4};
              s.scheduler = NoEarlyTermination{2};
              s.trials = 70;
            }),
       [](Study& s) { s.trials = 90; }},
  };
}

class Extended : public testing::TestWithParam<Extension> {
 protected:
  struct Session {
    explicit Session(Study const& study, StudyState const* from = nullptr)
        : engine({.device = "cpu", .threads = 1}),
          run(engine, engine.load(GetParam().table.table()), study, from) {}
    Result to_the_end() {
      while (run.advance()) {
      }
      return run.finish();
    }
    Engine engine;
    StudyRun run;
  };
  Study larger() const { return with(GetParam().study, GetParam().extend); }
};

TEST_P(Extended, FromAnyRungItIsTheLargerStudyFromTheBeginning) {
  Result const whole = Session(larger()).to_the_end();
  Session smaller(GetParam().study);
  for (bool more = true; more;) {
    StudyState const state = load_state(save(smaller.run.state()));
    SCOPED_TRACE("rung " + std::to_string(state.events));
    expect_same(Session(larger(), &state).to_the_end(), whole);
    more = smaller.run.advance();
  }
  StudyState const last = smaller.run.state();
  expect_same(Session(larger(), &last).to_the_end(), whole);
}

TEST_P(Extended, ItCanBeStoppedAndGoneOnWithAfterAnyRung) {
  Result const whole = Session(larger()).to_the_end();
  Session smaller(GetParam().study);
  while (smaller.run.advance()) {
  }
  StudyState const last = smaller.run.state();
  Session extended(larger(), &last);
  for (bool more = true; more;) {
    more = extended.run.advance();
    StudyState const state = load_state(save(extended.run.state()));
    SCOPED_TRACE("rung " + std::to_string(state.events));
    expect_same(Session(larger(), &state).to_the_end(), whole);
  }
}

TEST_P(Extended, WhatIsKnownIsSaidAndNotTrained) {
  Session smaller(GetParam().study);
  while (smaller.run.advance()) {
  }
  StudyState const last = smaller.run.state();
  Study study = larger();
  int kept = 0;
  study.on_rung = [&](Progress const& progress) {
    EXPECT_LE(progress.kept, progress.trials);
    kept += progress.kept;
    return Go::on;
  };
  Session extended(study, &last);
  while (extended.run.advance()) {
  }
  int known = 0;
  for (auto const& outcome : extended.run.state().outcomes)
    known += outcome.kept ? 1 : 0;
  EXPECT_EQ(kept, known);
  // The first rung of trials that have one of the same length.
  bool const same_rung = plan_rungs(study.scheduler, 1).front().epoch ==
                         plan_rungs(GetParam().study.scheduler, 1).front().epoch;
  EXPECT_EQ(kept > 0, same_rung);
}

INSTANTIATE_TEST_SUITE_P(Studies, Extended, testing::ValuesIn(extensions()),
                         [](auto const& param) { return std::string(param.param.name); });

std::string refusal(Study const& study, std::function<void(Study&)> const& change) {
  OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  StudyRun run(engine, data, study);
  run.advance();
  StudyState const state = run.state();
  try {
    StudyRun(engine, data, with(study, change), &state);
  } catch (UsageError const& error) {
    return error.what();
  }
  return "";
}

TEST(Extending, WhatCannotBeKeptIsRefusedWithTheReason) {
  Study const study = varied_study(Holdout{});
  EXPECT_NE(
      refusal(study, [](Study& s) { s.scheduler = SuccessiveHalving{.max_epochs = 27}; })
          .find("lr_schedule: its course spans all epochs of a trial, which are 27 now and were 9"),
      std::string::npos);
  for (std::string const name : {"dropout_schedule", "weight_decay_schedule"}) {
    Study const falling = with(of_any_length(Holdout{}), [&](Study& s) {
      s.space.choice(name, {"constant", "flat_cosine"});
    });
    EXPECT_NE(refusal(falling, [](Study& s) { s.scheduler = SuccessiveHalving{.max_epochs = 27}; })
                  .find(name + ": its course spans all epochs of a trial, which are 27 now"),
              std::string::npos)
        << name;
  }
  EXPECT_NE(refusal(study, [](Study& s) { s.seed = 12; }).find("another study"), std::string::npos);
  EXPECT_NE(refusal(study, [](Study& s) { s.trials = 20, s.metric = {"accuracy"}; })
                .find("another study"),
            std::string::npos);
  EXPECT_NE(refusal(study,
                    [](Study& s) {
                      s.trials = 20;
                      s.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(1);
                    })
                .find("time limit"),
            std::string::npos);
  Study const copies =
      with(study, [](Study& s) { s.scheduler = PopulationBased{.max_epochs = 4, .interval = 2}; });
  EXPECT_NE(refusal(copies, [](Study& s) { s.trials = 20; }).find("population based"),
            std::string::npos);
}

}  // namespace
}  // namespace brood
