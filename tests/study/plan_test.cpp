// SPDX-License-Identifier: Apache-2.0
// What is said of a study before it runs: its rungs and sizes, and everything that is wrong with it
// at once.
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

std::string joined(std::vector<std::string> const& problems) {
  std::string text;
  for (auto const& problem : problems)
    text += problem + "\n";
  return text;
}

Study small_study() {
  Study study{.scheduler = SuccessiveHalving{.eta = 3, .max_epochs = 9}, .trials = 9};
  study.space.log_uniform("lr", 1e-3, 1e-1);
  return study;
}

std::string problems_with(std::function<void(Study&)> const& change,
                          Task task = Task::classification) {
  Study study = small_study();
  change(study);
  return joined(problems(study, task));
}

TEST(Problems, OfAGoodStudyAreNone) {
  EXPECT_EQ(problems_with([](Study&) {}), "");
  EXPECT_EQ(joined(problems(varied_study(), Task::multi_label)), "");
}

TEST(Problems, NameTheValueAndWhatIsAllowed) {
  EXPECT_EQ(problems_with([](Study& s) { s.space.log_uniform("lr", 1e-3, 1e11); }),
            "lr: 1e+11 is not allowed; allowed: 0 < lr <= 1e+10\n");
  EXPECT_EQ(problems_with([](Study& s) {
              s.space.choice("activation", {"relu", "rellu"});
            }).substr(0, 44),
            "activation: rellu is not allowed; allowed: o");
  EXPECT_EQ(problems_with([](Study& s) {
              s.space.constant("learning", 0.1);
            }).rfind("learning: no such hyperparameter", 0),
            0u);
  EXPECT_EQ(problems_with([](Study& s) {
              s.space.choice("batch_size", {32, 64, 0});
            }),
            "batch_size: 0 is not allowed; allowed: 1 <= batch_size <= 4096, a whole number\n");
  EXPECT_EQ(problems_with([](Study& s) { s.trials = 0; }),
            "trials: 0 is not allowed; allowed: 1 and up\n");
  EXPECT_EQ(problems_with([](Study& s) { s.metric.name = "rmse"; }),
            "metric: rmse does not fit classification; allowed: accuracy, balanced_accuracy, "
            "precision, recall, f1, f1_macro, mcc, auc, pr_auc, log_loss, brier, loss\n");
  EXPECT_EQ(
      problems_with([](Study& s) { s.space.constant("loss", "cross_entropy"); }, Task::regression),
      "loss: cross_entropy does not fit regression; allowed: mse, mae, huber, pinball, log_cosh, "
      "poisson or tweedie\n");
  EXPECT_EQ(problems_with([](Study& s) {
              s.scheduler = SuccessiveHalving{.eta = 1, .min_epochs = 1, .max_epochs = 9};
            }),
            "eta is 1; it must be at least 2.\n");
}

TEST(Problems, ScoresAreOfOneMeasure) {
  auto const of_values = [](auto const& change) { return problems_with(change, Task::regression); };
  EXPECT_EQ(of_values([](Study& s) {
              s.metric.name = "pinball";
              s.space.choice("tau", {0.1, 0.9});
            }),
            "tau: is the quantile that the metric pinball is of, and does not vary; give one "
            "number, or another metric\n");
  EXPECT_EQ(of_values([](Study& s) {
              s.metric.name = "loss";
              s.space.choice("loss", {"mse", "huber"});
            }),
            "metric: loss does not compare trials of other losses, and loss varies; take rmse or "
            "mae, or give one loss\n");
  EXPECT_EQ(of_values([](Study& s) {
              s.metric.name = "loss";
              s.space.constant("loss", "tweedie").uniform("tweedie_power", 1.1, 1.9);
            }),
            "metric: loss does not compare trials of other losses, and tweedie_power varies; take "
            "rmse or mae, or give one tweedie_power\n");
  EXPECT_EQ(of_values([](Study& s) { s.space.choice("loss", {"mse", "huber", "poisson"}); }), "");
  EXPECT_EQ(of_values([](Study& s) {
              s.metric.name = "loss";
              s.space.constant("loss", "pinball").constant("tau", 0.9);
            }),
            "");
}

TEST(Problems, AreFoundAtBothEndsOfRangesAndInEveryChoice) {
  EXPECT_NE(problems_with([](Study& s) { s.space.uniform("dropout", 0, 0.99); }), "");
  EXPECT_NE(problems_with([](Study& s) { s.space.uniform("momentum", -0.1, 0.9); }), "");
  EXPECT_NE(problems_with([](Study& s) { s.space.integer("batch_size", 0, 64); }), "");
  EXPECT_NE(problems_with([](Study& s) { s.space.integer("batch_size", 64, 5000); }), "");
  EXPECT_NE(problems_with([](Study& s) {
              s.space.choice("hidden", {Widths{32}, Widths{1, 2, 3, 4, 5, 6, 7, 8, 9}});
            }),
            "");
  // Some values between the ends are no number of heads.
  EXPECT_EQ(problems_with([](Study& s) { s.space.integer("heads", 1, 2); }), "");
  EXPECT_EQ(problems_with([](Study& s) { s.space.integer("heads", 1, 4); }),
            "heads: 3 is not allowed; allowed: one of 1, 2, 4, 8, 16\n");
  EXPECT_NE(problems_with([](Study& s) { s.space.integer("heads", 1, 16); }), "");
  // Ranges that give reals where whole numbers are needed.
  EXPECT_NE(problems_with([](Study& s) { s.space.uniform("batch_size", 16, 64); }), "");
}

TEST(Problems, AreAllToldAtOnce) {
  Study study = small_study();
  study.space.constant("lr", -1.0).choice("optimizer", {"adam", "adaam"}).constant("dropout", 2.0);
  EXPECT_EQ(problems(study, Task::classification).size(), 3u)
      << joined(problems(study, Task::classification));
  study.trials = -5;
  study.metric.name = "kappa";
  study.scheduler = NoEarlyTermination{0};
  auto const found = joined(problems(study, Task::classification));
  EXPECT_NE(found.find("trials: -5"), std::string::npos) << found;
  EXPECT_NE(found.find("metric: kappa"), std::string::npos) << found;
  EXPECT_NE(found.find("max_epochs is 0"), std::string::npos) << found;
}

TEST(Problems, EpochsOfATrialAreAtMostTheSchedulers) {
  EXPECT_EQ(problems_with([](Study& s) { s.space.constant("epochs", 20); }),
            "epochs: 20 exceeds the scheduler's max_epochs, 9; raise that\n");
  EXPECT_NE(problems_with([](Study& s) { s.space.choice("epochs", {9, 18}); }), "");
  EXPECT_NE(problems_with([](Study& s) { s.space.integer("epochs", 1, 10); }), "");
  EXPECT_EQ(problems_with([](Study& s) { s.space.integer("epochs", 1, 9); }), "");
  EXPECT_EQ(problems_with([](Study& s) { s.space.constant("epochs", 9); }), "");
  EXPECT_NE(problems_with([](Study& s) {
              s.scheduler = PopulationBased{.max_epochs = 9};
              s.space.choice("epochs", {3, 9});
            }).find("does not go with population based training"),
            std::string::npos);
}

TEST(Problems, WarmupIsComparedWithTheTrialsEpochs) {
  EXPECT_EQ(problems_with([](Study& s) {
              s.space.choice("epochs", {3, 9}).choice("warmup_epochs", {0, 5});
            }),
            "warmup_epochs: 5 exceeds epochs (3)\n");
}

TEST(Problems, WhatNtkIsNotDefinedForIsRefusedWithTheReason) {
  auto const said = [](Config config) {
    config.set("parametrization", "ntk");
    return check(config, Task::classification);
  };
  for (auto const* name :
       {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam"})
    EXPECT_TRUE(said({{"optimizer", name}, {"weight_decay", 0.1}, {"ema", 0.9}}).empty()) << name;
  EXPECT_EQ(said({{"optimizer", "adadelta"}}),
            std::vector<std::string>{
                "parametrization: ntk does not go with optimizer adadelta, which has no rate by "
                "which weights that are held divided by sqrt(inputs) would move as those would; "
                "leave it out, or take standard"});
  for (std::string const name : {"l1", "l2", "clip_value", "clip_norm"}) {
    EXPECT_TRUE(said({{name, 0.0}}).empty()) << name;
    EXPECT_EQ(said({{name, 0.1}}),
              std::vector<std::string>{"parametrization: ntk does not go with " + name +
                                       ", which is one number for layers whose weights are held "
                                       "divided by different ones; leave it out, or take "
                                       "standard"});
  }
}

TEST(Problems, NtkStartsFromALawOfItsOwnUnlessToldOtherwise) {
  auto const init = [](Config const& config) {
    return to_text(*with_defaults(config, Task::classification).find("init"));
  };
  EXPECT_EQ(init({}), "he_uniform");
  EXPECT_EQ(init({{"parametrization", "ntk"}}), "lecun_normal");
  EXPECT_EQ(init({{"parametrization", "ntk"}, {"init", "he_normal"}}), "he_normal");
}

TEST(Problems, WarmupIsComparedWithTheSchedulersEpochs) {
  EXPECT_EQ(problems_with([](Study& s) { s.space.constant("warmup_epochs", 10); }),
            "warmup_epochs: 10 exceeds epochs (9)\n");
  EXPECT_EQ(problems_with([](Study& s) { s.space.constant("warmup_epochs", 9); }), "");
}

class PlanTest : public testing::Test {
 protected:
  PlanTest()
      : table_(blobs(200, 5, 3)),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_F(PlanTest, CountsMembersAndEpochs) {
  Study study = small_study();
  study.trials = 27;
  study.validation = Folds{.folds = 4, .repeats = 2};
  StudyPlan const planned = plan(engine_, data_, study);
  EXPECT_EQ(planned.rungs, (std::vector<Rung>{{27, 1}, {9, 3}, {3, 9}}));
  EXPECT_EQ(planned.trials, 27);
  EXPECT_EQ(planned.members_per_trial, 8);
  EXPECT_EQ(planned.members, 216);
  EXPECT_EQ(planned.member_epochs, 8 * (27 * 1 + 9 * 2 + 3 * 6));
  EXPECT_EQ(planned.member_epochs_restarted, 8 * (27 * 1 + 9 * 3 + 3 * 9));
  EXPECT_EQ(planned.refit_epochs, 9);
  EXPECT_FALSE(planned.upper_bound);
  study.refit = Refit::no;
  EXPECT_EQ(plan(engine_, data_, study).refit_epochs, 0);
  study.space.constant("patience", 0);
  EXPECT_FALSE(plan(engine_, data_, study).upper_bound);
  study.space.choice("patience", {0, 4});
  EXPECT_TRUE(plan(engine_, data_, study).upper_bound);
}

TEST_F(PlanTest, BytesAreThoseOfTheLargestMember) {
  Study const study = varied_study(Holdout{});
  StudyPlan const planned = plan(engine_, data_, study);
  Config const largest{{"hidden", Widths{20, 12}}, {"optimizer", "adam"}, {"ema", 0.9}};
  EXPECT_EQ(planned.bytes_per_member,
            engine_.backend().bytes(largest, data_.shape(), data_.rows()));
  EXPECT_EQ(planned.bytes, 10 * planned.bytes_per_member);
  EXPECT_EQ(planned.waves, 1);
}

// Nine networks of the same cost for an epoch, three for two more, one for six, and the refit of
// nine: of two threads these keep 9/10, 3/4, 1/2 and 1/2 busy.
TEST_F(PlanTest, SaysHowBusyTheDeviceWillBe) {
  for (auto const& [threads, share] : {std::pair{1, 1.0}, {2, 30.0 / (10 + 8 + 12 + 18)}}) {
    Engine engine({.device = "cpu", .threads = threads});
    Data const data = engine.load(table_.table());
    EXPECT_NEAR(plan(engine, data, small_study()).busy_share, share, 1e-12);
  }
}

TEST_F(PlanTest, AMemberBeyondTheMemoryLimitIsRefused) {
  Engine small({.device = "cpu", .threads = 1, .memory_limit = 3000});
  Data const data = small.load(table_.table());
  Study study = small_study();
  study.space.constant("hidden", Widths{64});
  EXPECT_THROW(plan(small, data, study), UsageError);
  EXPECT_THROW(tune(small, data, study), UsageError);
}

TEST_F(PlanTest, WhatIsWrongWithAStudyIsToldByPlanAndByTune) {
  Study study = small_study();
  study.space.constant("dropout", 2.0).constant("optimizer", "adaam");
  for (auto const& call : std::vector<std::function<void()>>{
           [&] { plan(engine_, data_, study); }, [&] { tune(engine_, data_, study); },
           [&] { StudyRun(engine_, data_, study); }}) {
    try {
      call();
      FAIL() << "accepted";
    } catch (UsageError const& error) {
      EXPECT_EQ(error.problems(), problems(study, Task::classification));
    }
  }
  study = small_study();
  study.validation = Folds{.folds = 300};
  EXPECT_THROW(plan(engine_, data_, study), UsageError);
  EXPECT_THROW(tune(engine_, data_, study), UsageError);
}

TEST_F(PlanTest, ConstraintsKeepWhatIsTooLargeFromBeingTried) {
  Study study = small_study();
  study.space = {};
  study.space.integer("layers", 1, 3).integer("width", 1, 64).integer("batch_size", 1, 64);
  study.trials = 30;
  auto const parameters = [&](Config const& config) {
    auto const hidden = std::get<Widths>(*with_defaults(config, data_.task()).find("hidden"));
    std::int64_t inputs = data_.inputs(), sum = 0;
    for (auto const width : hidden) {
      sum += (inputs + 1) * width;
      inputs = width;
    }
    return sum + (inputs + 1) * data_.outputs();
  };
  study.constraints = {.max_parameters = 300};
  Result const few = tune(engine_, data_, study);
  ASSERT_EQ(few.trials.size(), 30u);
  std::int64_t most = 0;
  for (auto const& trial : few.trials)
    most = std::max(most, parameters(trial.config));
  EXPECT_LE(most, 300);
  EXPECT_GT(most, 200);

  std::int64_t const bytes =
      engine_.backend().bytes({{"hidden", Widths{16}}}, data_.shape(), data_.rows());
  study.constraints = {.max_bytes = bytes};
  EXPECT_EQ(plan(engine_, data_, study).bytes_per_member, bytes);
  for (auto const& trial : tune(engine_, data_, study).trials) {
    EXPECT_LE(engine_.backend().bytes(trial.config, data_.shape(), data_.rows()), bytes);
  }

  // One layer of `width`: 2 batch (2 inputs width + 3 width outputs), without dX of the first.
  study.space.constant("layers", std::int64_t{1});
  study.constraints = {.max_flops = 2000};
  for (auto const& trial : tune(engine_, data_, study).trials) {
    auto const width = std::get<std::int64_t>(*trial.config.find("width"));
    auto const batch = std::get<std::int64_t>(*trial.config.find("batch_size"));
    EXPECT_LE(2 * batch * width * (2 * data_.inputs() + 3 * data_.outputs()), 2000);
  }
}

TEST_F(PlanTest, ConstraintsThatNothingKeepsAreRefusedWithTheSmallest) {
  Study study = small_study();
  study.space = {};
  study.space.integer("width", 2, 9).constant("layers", std::int64_t{1});
  study.constraints = {.max_parameters = 10, .max_flops = 1e9};
  auto const inputs = data_.inputs(), outputs = data_.outputs();
  auto const smallest = std::to_string((inputs + 1) * 2 + 3 * outputs);
  for (auto const& call : std::vector<std::function<void()>>{
           [&] { plan(engine_, data_, study); }, [&] { tune(engine_, data_, study); }}) {
    try {
      call();
      FAIL() << "accepted";
    } catch (UsageError const& error) {
      ASSERT_EQ(error.problems().size(), 1u);
      EXPECT_TRUE(error.problems()[0].starts_with(
          "constraints.max_parameters: 10 is less than any network of the search space takes: "));
      EXPECT_NE(error.problems()[0].find(" takes " + smallest + ";"), std::string::npos)
          << error.problems()[0];
    }
  }
  study.constraints = {.max_parameters = 0, .max_flops = -1.0};
  EXPECT_EQ(problems(study, data_.task()).size(), 2u);
}

// Layers and widths are another way to write hidden, and only one of the two is taken.
TEST_F(PlanTest, LayersAndWidthsAreHiddenInOtherWords) {
  auto const hidden = [](Config const& config) {
    return *with_defaults(config, Task::classification).find("hidden");
  };
  EXPECT_EQ(hidden({{"layers", std::int64_t{3}}}), Value(Widths{64, 64, 64}));
  EXPECT_EQ(hidden({{"width", std::int64_t{8}}}), Value(Widths{8}));
  EXPECT_EQ(hidden({{"layers", std::int64_t{2}}, {"width", 8.0}}), Value(Widths{8, 8}));
  EXPECT_EQ(hidden({{"layers", std::int64_t{3}},
                    {"width_1", std::int64_t{8}},
                    {"width_3", std::int64_t{4}}}),
            Value(Widths{8, 64, 4}));
  auto const said = [](Config const& config) { return check(config, Task::classification); };
  EXPECT_EQ(said({{"hidden", Widths{8}}, {"layers", std::int64_t{1}}}),
            std::vector<std::string>{
                "layers: does not go with hidden, which says the same; keep one of them"});
  EXPECT_EQ(said({{"width", std::int64_t{8}}, {"width_1", std::int64_t{8}}}),
            std::vector<std::string>{
                "width_1: does not go with width, which is every layer's; keep one of them"});
  EXPECT_EQ(said({{"layers", std::int64_t{1}}, {"width_2", std::int64_t{8}}}),
            std::vector<std::string>{"width_2: there is no such layer where layers is 1; give it "
                                     "on the condition that layers is at least 2"});
  Study by_list = small_study(), by_number = small_study();
  by_list.space.constant("hidden", Widths{6, 5});
  by_number.space.constant("layers", std::int64_t{2})
      .constant("width_1", std::int64_t{6})
      .constant("width_2", std::int64_t{5});
  EXPECT_EQ(plan(engine_, data_, by_list).bytes_per_member,
            plan(engine_, data_, by_number).bytes_per_member);
  EXPECT_EQ(tune(engine_, data_, by_list).valid, tune(engine_, data_, by_number).valid);
}

TEST_F(PlanTest, DropoutOfLayersIsSaidInSeveralWays) {
  using Reals = std::vector<double>;
  Config const two{{"hidden", Widths{8, 4}}};
  auto const with = [&](Config config, std::vector<Config::Entry> const& more) {
    for (auto const& [name, value] : more)
      config.set(name, value);
    return config;
  };
  // In full by one rate where all are alike, else by a list.
  auto const full = [&](std::vector<Config::Entry> const& more) {
    return with_defaults(with(two, more), Task::classification);
  };
  EXPECT_EQ(*full({}).find("dropout"), Value(0.0));
  EXPECT_EQ(full({{"dropout_1", 0.5}, {"dropout_2", 0.5}}), full({{"dropout", 0.5}}));
  EXPECT_EQ(full({{"layer_dropout", Reals{0.5, 0.5}}}), full({{"dropout", 0.5}}));
  EXPECT_EQ(full({{"dropout_2", 0.5}}), full({{"layer_dropout", Reals{0.0, 0.5}}}));
  EXPECT_EQ(full({{"dropout_2", 0.5}}).find("dropout"), nullptr);
  for (Config const& config : {full({{"dropout_2", 0.5}}), full({})})
    EXPECT_TRUE(check(config, Task::classification).empty());

  auto const said = [&](Config const& config) { return check(config, Task::classification); };
  EXPECT_EQ(said(with(two, {{"dropout", 0.1}, {"dropout_1", 0.1}})),
            std::vector<std::string>{"dropout_1: does not go with dropout, which is every hidden "
                                     "layer's; keep one of them"});
  EXPECT_EQ(said(with(two, {{"dropout", 0.1}, {"layer_dropout", Reals{0.1, 0.1}}})),
            std::vector<std::string>{"layer_dropout: does not go with dropout, which is every "
                                     "hidden layer's; keep one of them"});
  EXPECT_EQ(said(with(two, {{"dropout_1", 0.1}, {"layer_dropout", Reals{0.1, 0.1}}})),
            std::vector<std::string>{"dropout_1: does not go with layer_dropout, which says the "
                                     "same; keep one of them"});
  EXPECT_EQ(
      said(with(two, {{"dropout_3", 0.1}})),
      std::vector<std::string>{"dropout_3: there is no such layer where the number of hidden "
                               "layers is 2; give it on the condition that it is at least 3"});
  EXPECT_EQ(said(with(two, {{"layer_dropout", Reals{0.1}}})),
            std::vector<std::string>{
                "layer_dropout: its rates are 1, and the hidden layers 2; give one for each"});
  EXPECT_EQ(said(with(two, {{"layer_dropout", Reals(9, 0.1)}})).front().substr(0, 13),
            "layer_dropout");

  Study one = small_study(), each = small_study();
  one.space.constant("hidden", Widths{6, 5}).constant("dropout", 0.25);
  each.space.constant("hidden", Widths{6, 5})
      .constant("dropout_1", 0.25)
      .constant("dropout_2", 0.25);
  EXPECT_EQ(tune(engine_, data_, one).valid, tune(engine_, data_, each).valid);
}

TEST_F(PlanTest, TheLargestOfLayersAndWidthsIsDeepestAndWidest) {
  Study study = small_study();
  study.space.integer("layers", 1, 3).integer("width_1", 4, 16).integer("width_2", 4, 24);
  study.space.when("layers", {std::int64_t{2}, std::int64_t{3}})
      .integer("width_3", 4, 8)
      .when("layers", {std::int64_t{3}});
  Config const largest{{"hidden", Widths{16, 24, 8}}};
  EXPECT_EQ(plan(engine_, data_, study).bytes_per_member,
            engine_.backend().bytes(largest, data_.shape(), data_.rows()));
}

// layer_lr fits one of the shapes only.
TEST_F(PlanTest, ConditionsDecideWhatIsCheckedAndWhatIsLargest) {
  using Reals = std::vector<double>;
  Study study = small_study();
  study.space.choice("hidden", {Widths{8}, Widths{16, 16}})
      .choice("layer_lr", {Reals{1.0, 0.5}, Reals{1.0, 0.0}})
      .when("hidden", {Widths{8}})
      .choice("optimizer", {"sgd", "adam"})
      .uniform("ema", 0.5, 0.9)
      .when("optimizer", {"sgd"})
      .when("hidden", {Widths{16, 16}});
  EXPECT_EQ(problems(study, Task::classification), std::vector<std::string>{});
  auto const bytes = [&](Config const& config) {
    return engine_.backend().bytes(config, data_.shape(), data_.rows());
  };
  Config const averaged{{"hidden", Widths{16, 16}}, {"optimizer", "sgd"}, {"ema", 0.9}};
  Config const adam{{"hidden", Widths{16, 16}}, {"optimizer", "adam"}};
  EXPECT_EQ(plan(engine_, data_, study).bytes_per_member, std::max(bytes(averaged), bytes(adam)));
  study.space.choice("hidden", {Widths{8, 8}, Widths{16, 16}});
  EXPECT_FALSE(problems(study, Task::classification).empty());
  // The same configurations are trained, and what is not there has no value.
  study.space.choice("hidden", {Widths{8}, Widths{16, 16}});
  for (auto const& trial : tune(engine_, data_, study).trials) {
    bool const small = *trial.config.find("hidden") == Value{Widths{8}};
    EXPECT_EQ(trial.config.find("layer_lr") != nullptr, small);
  }
}

// Each choice is good with the first of the others; two of them together are not.
TEST_F(PlanTest, ValuesThatDoNotGoTogetherAreRefusedBeforeTheRun) {
  using Reals = std::vector<double>;
  Study study = small_study();
  study.space.choice("hidden", {Widths{8}, Widths{8, 8}})
      .choice("layer_lr", {Reals{}, Reals{1.0, 0.5}});
  int rungs = 0;
  study.on_rung = [&](Progress const&) {
    ++rungs;
    return Go::on;
  };
  EXPECT_THROW(tune(engine_, data_, study), UsageError);
  EXPECT_EQ(rungs, 0);
  EXPECT_THROW(plan(engine_, data_, study), UsageError);
}

}  // namespace
}  // namespace brood
