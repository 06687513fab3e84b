// SPDX-License-Identifier: Apache-2.0
// key=value of the command line: what each kind of key sets, what it displaces in the file, and how
// its mistakes are told. And the sweep that there is without a file.
#include <gtest/gtest.h>

#include <iterator>

#include "brood/files/sweep.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

using Widths = std::vector<std::int64_t>;

Sweep example(Overrides const& overrides) {
  return read_sweep(BROOD_EXAMPLES "/digits.yaml", overrides);
}

// ---- what they set

TEST(SweepOverrides, SetAnyKey) {
  Sweep const sweep = example({{"trials", "100"},
                               {"seed", "3"},
                               {"refit", "false"},
                               {"time_limit", "2m"},
                               {"data.target", "pixel_0_0"},
                               {"early_terminate.max_iter", "16"},
                               {"validation.test", "0.1"}});
  EXPECT_EQ(sweep.study.trials, 100);
  EXPECT_EQ(sweep.study.seed, 3u);
  EXPECT_EQ(sweep.study.refit, Refit::no);
  EXPECT_EQ(sweep.time_limit_seconds, 120);
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"pixel_0_0"});
  auto const& halving = std::get<SuccessiveHalving>(sweep.study.scheduler);
  EXPECT_EQ(halving.max_epochs, 16);
  EXPECT_EQ(halving.eta, 4);
  EXPECT_EQ(std::get<Holdout>(sweep.study.validation).test, 0.1);
  EXPECT_EQ(std::get<Holdout>(sweep.study.validation).valid, 0.2);
}

TEST(SweepOverrides, AliasesMeanTheSame) {
  EXPECT_EQ(example({{"run_cap", "5"}}).study.trials, 5);
  EXPECT_EQ(sweep_of("run_cap: 9\n", {{"trials", "5"}}).study.trials, 5);
  for (char const* key : {"learning_rate", "train.learning_rate"}) {
    Sweep const sweep = example({{key, "0.5"}});
    ASSERT_NE(sweep.study.space.find("lr"), nullptr);
    EXPECT_EQ(sweep.study.space.find("lr")->values, std::vector<Value>{0.5});
  }
  Sweep const sweep = sweep_of("parameters: {learning_rate: {min: 0.1, max: 0.2}}\n",
                               {{"parameters.lr.max", "0.5"}});
  EXPECT_EQ(sweep.study.space.find("lr")->max, 0.5);
}

TEST(SweepOverrides, ABareHyperparameterIsFixedInsteadOfSearched) {
  Sweep const sweep = example({{"lr", "0.01"}, {"hidden", "[64,64]"}, {"optimizer", "sgd"}});
  SearchSpace const& space = sweep.study.space;
  EXPECT_EQ(space.parameters().size(), 8u);
  EXPECT_EQ(space.dimensions(), 4);
  expect_same(*space.find("lr"), SearchSpace().constant("lr", 0.01).parameters()[0]);
  EXPECT_EQ(space.find("hidden")->values, (std::vector<Value>{Widths{64, 64}}));
  EXPECT_EQ(space.find("optimizer")->distribution, Distribution::constant);
}

TEST(SweepOverrides, ABareHyperparameterReplacesAFixedOne) {
  Sweep const sweep = sweep_of("train: {lr: 0.1, batch_size: 8}\n", {{"lr", "0.2"}});
  EXPECT_EQ(sweep.study.space.find("lr")->values, std::vector<Value>{0.2});
  EXPECT_EQ(sweep.study.space.parameters().size(), 2u);
}

TEST(SweepOverrides, ABareHyperparameterWithADistributionIsSearched) {
  Sweep const sweep = sweep_of("train: {lr: 0.1}\n", {{"learning_rate", "{min: 0.1, max: 0.5}"},
                                                      {"pieces", "{values: [0, 4]}"}});
  EXPECT_EQ(sweep.study.space.parameters().size(), 2u);
  EXPECT_EQ(sweep.study.space.find("lr")->distribution, Distribution::uniform);
  EXPECT_EQ(sweep.study.space.find("pieces")->values,
            (std::vector<Value>{std::int64_t{0}, std::int64_t{4}}));
}

TEST(SweepOverrides, OneKeyOfAParameterLeavesTheOthers) {
  Parameter const lr = *example({{"parameters.lr.min", "1e-5"}}).study.space.find("lr");
  EXPECT_EQ(lr.distribution, Distribution::log_uniform_values);
  EXPECT_EQ(lr.min, 1e-5);
  EXPECT_EQ(lr.max, 1e-1);
}

TEST(SweepOverrides, AParameterIsSearchedInsteadOfFixed) {
  Sweep const sweep = sweep_of("train: {lr: 0.1}\n", {{"parameters.lr", "{min: 0.1, max: 0.5}"}});
  EXPECT_EQ(sweep.study.space.parameters().size(), 1u);
  EXPECT_EQ(sweep.study.space.find("lr")->distribution, Distribution::uniform);
}

TEST(SweepOverrides, MakeSectionsThatTheFileLacks) {
  Sweep const sweep =
      sweep_of("", {{"validation.folds", "3"}, {"metric.name", "loss"}, {"epochs", "7"}});
  EXPECT_EQ(std::get<Folds>(sweep.study.validation).folds, 3);
  EXPECT_EQ(sweep.study.metric.name, "loss");
  EXPECT_EQ(std::get<NoEarlyTermination>(sweep.study.scheduler).max_epochs, 7);
}

TEST(SweepOverrides, AColumnsNameMayHoldDots) {
  Sweep const sweep = sweep_of("", {{"data.columns.age", "categorical"},
                                    {"data.columns.a.b.c", "numeric"},
                                    {"data.columns..", "numeric"}});
  EXPECT_EQ(sweep.read.kinds.at("age"), ColumnKind::categorical);
  EXPECT_EQ(sweep.read.kinds.at("a.b.c"), ColumnKind::numeric);
  EXPECT_EQ(sweep.read.kinds.at("."), ColumnKind::numeric);
}

TEST(SweepOverrides, PathsAreRelativeToTheWorkingFolder) {
  Sweep const sweep = parse_sweep(sweep_text(""), "dir/s.yaml", {{"data.file", "x/e.csv"}});
  EXPECT_EQ(sweep.data_path, "x/e.csv");
  EXPECT_EQ(parse_sweep(sweep_text(""), "dir/s.yaml").data_path, "dir/d.csv");
}

TEST(SweepOverrides, TheLastOfOneKeyWins) {
  EXPECT_EQ(example({{"trials", "5"}, {"trials", "6"}}).study.trials, 6);
  EXPECT_EQ(example({{"lr", "0.1"}, {"lr", "0.2"}}).study.space.find("lr")->values,
            std::vector<Value>{0.2});
}

// ---- what they displace

TEST(SweepOverrides, DisplaceWhatTheFileSaysAgainstThem) {
  EXPECT_EQ(std::get<Folds>(example({{"validation.folds", "5"}}).study.validation).folds, 5);
  EXPECT_EQ(
      std::get<Holdout>(
          sweep_of("validation: {folds: 5}\n", {{"validation.holdout", "0.3"}}).study.validation)
          .valid,
      0.3);
  EXPECT_EQ(example({{"metric.name", "loss"}}).study.metric.name, "loss");
  Sweep const none = example({{"early_terminate.type", "none"}, {"epochs", "12"}});
  EXPECT_EQ(std::get<NoEarlyTermination>(none.study.scheduler).max_epochs, 12);
  Sweep const bands = example({{"early_terminate.s", "2"}});
  EXPECT_EQ(std::get<SuccessiveHalving>(bands.study.scheduler).min_epochs, 4);
}

TEST(SweepOverrides, AnotherColumnToValidateByTakesThePlaceOfTheFiles) {
  std::string const file = "validation: {folds: 4, group: a, test: 0.1}\n";
  Sweep const time = sweep_of(file, {{"validation.time", "t"}});
  EXPECT_EQ(std::get<Folds>(time.study.validation).by, SplitBy::time);
  EXPECT_EQ(time.dataset.group, "");
  Sweep const fold = sweep_of(file, {{"validation.fold", "f"}});
  EXPECT_TRUE(std::holds_alternative<GivenFolds>(fold.study.validation));
  EXPECT_EQ(fold.places.at("validation.fold"), "validation.fold=f");
  Sweep const folds = sweep_of("validation: {fold: f}\n", {{"validation.folds", "3"}});
  EXPECT_EQ(std::get<Folds>(folds.study.validation).by, SplitBy::chance);
}

TEST(SweepOverrides, TheSameTypeKeepsItsSettings) {
  Sweep const sweep = example({{"early_terminate.type", "successive_halving"}});
  EXPECT_EQ(std::get<SuccessiveHalving>(sweep.study.scheduler).eta, 4);
}

// ---- mistakes

struct Mistake {
  char const* name;
  Overrides overrides;
  std::string begins;
  std::string contains;
};
std::ostream& operator<<(std::ostream& out, Mistake const& mistake) {
  return out << mistake.name;
}

class MistakenOverride : public testing::TestWithParam<Mistake> {};

TEST_P(MistakenOverride, IsToldByTheOverrideItself) {
  Mistake const& mistake = GetParam();
  expect_message({mistake.name, "", mistake.begins, mistake.contains},
                 message_of([&] { example(mistake.overrides); }));
}

INSTANTIATE_TEST_SUITE_P(
    Overrides, MistakenOverride,
    testing::Values(
        Mistake{"not_a_number", {{"lr", "0.01x"}}, "lr=0.01x: lr: '0.01x'", "0 < lr"},
        Mistake{"not_allowed", {{"lr", "0"}}, "lr=0: lr: 0 is not allowed", "0 < lr"},
        Mistake{"misspelt", {{"learnin_rate", "1"}}, "learnin_rate=1: 'learnin_rate'", "no key"},
        Mistake{"misspelt_hyperparameter", {{"dropuot", "1"}}, "dropuot=1: ", "mean dropout?"},
        Mistake{"misspelt_trials", {{"trails", "1"}}, "trails=1: ", "mean trials?"},
        Mistake{
            "misspelt_below", {{"validation.flods", "5"}}, "validation.flods=5: ", "mean folds?"},
        Mistake{"wrong_group", {{"network.lr", "1"}}, "network.lr=1: ", "belongs under train"},
        Mistake{"no_key", {{"", "1"}}, "=1: ", "empty part"},
        Mistake{"empty_part", {{"data..x", "1"}}, "data..x=1: ", "empty part"},
        Mistake{"dot_at_the_end", {{"data.", "1"}}, "data.=1: ", "empty part"},
        Mistake{"column_without_name",
                {{"data.columns.", "numeric"}},
                "data.columns.=numeric: ",
                "empty part"},
        Mistake{"no_value", {{"trials", ""}}, "trials=: trials: empty", "whole number"},
        Mistake{"below_a_number", {{"trials.x", "1"}}, "trials.x=1: ", "no map"},
        Mistake{"section_for_text", {{"data", "d.csv"}}, "data=d.csv: data: 'd.csv'", "a map"},
        Mistake{"bad_yaml", {{"hidden", "[64"}}, "hidden=[64: ", "never closed"},
        Mistake{"alias", {{"lr", "*x"}}, "lr=*x: ", "no anchor"},
        Mistake{"comment", {{"data.target", "a #b"}}, "data.target=a #b: ", "read as 'a'"},
        Mistake{"at_sign", {{"data.target", "@a"}}, "data.target=@a: ", "quotes"},
        Mistake{"fixed_and_searched",
                {{"lr", "0.1"}, {"parameters.lr", "{min: 0.1, max: 0.2}"}},
                "lr=0.1: train.lr: is under parameters too",
                "keep one"},
        Mistake{"folds_and_holdout",
                {{"validation.folds", "5"}, {"validation.holdout", "0.2"}},
                "validation.folds=5: validation.folds: contradicts",
                "keep one"},
        Mistake{"second_end_missing",
                {{"parameters.beta1.min", "0.5"}},
                "parameters.beta1.min=0.5: parameters.beta1.max: is missing",
                "uniform"}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(SweepOverrides, MistakesComeAllAtOnceAfterTheFiles) {
  try {
    sweep_of("trials: 0\nseed: -1\n", {{"lr", "0"}, {"zzz", "1"}, {"trials", "x"}});
    FAIL() << "nothing was thrown";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 4u) << error.what();
    EXPECT_EQ(error.problems()[0].substr(0, 10), "file:3:7: ");
    std::string const text = error.what();
    for (char const* override_ : {"\nlr=0: ", "\nzzz=1: ", "\ntrials=x: "})
      EXPECT_NE(text.find(override_), std::string::npos) << text;
  }
}

TEST(SweepOverrides, NothingButAUsageErrorComesOutOfDamagedOnes) {
  constexpr std::string_view kPieces[] = {
      "lr",   "trials", "data", "columns", "parameters", "train", "early_terminate",
      "type", ".",      "..",   "min",     "validation", "folds", "hidden",
      "5",    "0.1",    "[",    "]",       "{",          "}",     ": ",
      ",",    "'",      "none", "#",       "&",          "\n",    "\xff",
      "-1"};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Words words(i);
    auto const scrambled = [&] {
      std::string text;
      for (std::size_t left = words.below(6); left > 0; --left)
        text += kPieces[words.below(std::size(kPieces))];
      return text;
    };
    Overrides overrides;
    for (std::size_t left = 1 + words.below(3); left > 0; --left) {
      std::string key = scrambled();
      overrides.emplace_back(std::move(key), scrambled());
    }
    SCOPED_TRACE(overrides[0].first + '=' + overrides[0].second);
    try {
      sweep_of("parameters: {lr: {value: 1}}\nvalidation: {folds: 3}\n", overrides);
    } catch (UsageError const&) {
    }
  }
}

// ---- without a file

TEST(DefaultSweep, IsAStudyOfTheDataGiven) {
  Sweep const sweep = default_sweep("some/where/my data.csv.gz", "the target", {5000, 8});
  EXPECT_EQ(sweep.name, "my data");
  EXPECT_EQ(sweep.data_path, "some/where/my data.csv.gz");
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"the target"});
  EXPECT_EQ(sweep.study.trials, 256);
  expect_same(sweep.study.scheduler,
              SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 81});
  // 256 to epoch 1, 85 to 3, 28 to 9, 9 to 27, 3 to 81: 256 + 85 x 2 + 28 x 6 + 9 x 18 + 3 x 54.
  EXPECT_EQ(trial_epochs(plan_rungs(sweep.study.scheduler, sweep.study.trials)), 918);
  expect_same(sweep.study.validation, Folds{.folds = 5, .repeats = 1, .test = 0});
  EXPECT_EQ(sweep.study.ensemble, 32);
  EXPECT_EQ(sweep.study.refit, Refit::no);
  EXPECT_EQ(sweep.study.space.dimensions(), 10);
  ASSERT_EQ(sweep.notes.size(), 1u);
  EXPECT_EQ(sweep.notes[0].find("picked for 5000 rows: folds: 5; no test rows "
                                "(validation.test=0.2: a fifth); numbers also in pieces "),
            0u)
      << sweep.notes[0];
}

TEST(DefaultSweep, ChoosesWhatBecomesOfNumbersByTheSizeOfTheTable) {
  auto const searches = [](Sweep const& sweep) {
    bool const noted = sweep.notes[0].find("pieces") != std::string::npos;
    bool const searched = sweep.study.space.find("pieces") != nullptr;
    EXPECT_EQ(noted, searched) << sweep.notes[0];
    EXPECT_EQ(sweep.study.space.find("periodic") != nullptr, searched);
    return searched;
  };
  EXPECT_TRUE(searches(default_sweep("d.csv", "y", {1001, 120})));
  EXPECT_FALSE(searches(default_sweep("d.csv", "y", {1000, 8})));
  EXPECT_FALSE(searches(default_sweep("d.csv", "y", {1001, 121})));
  // No more inputs than this, however many columns there are.
  for (std::int64_t const rows : {5'000, 50'000}) {
    for (std::int64_t columns = 1; columns <= 150; ++columns) {
      SearchSpace const space = default_sweep("d.csv", "y", {rows, columns}).study.space;
      std::int64_t beside = 0;
      for (char const* const name : {"pieces", "periodic"}) {
        Parameter const* const found = space.find(name);
        if (found != nullptr) beside += std::get<std::int64_t>(found->values.back());
      }
      EXPECT_LE(columns * (1 + beside), 1'600) << columns;
    }
  }
  Sweep const bins = default_sweep("d.csv", "y", {5000, 8}, {{"data.bins", "4"}});
  EXPECT_FALSE(searches(bins));
  EXPECT_EQ(bins.dataset.bins, 4);
  // A network to start from has made its choice.
  EXPECT_FALSE(searches(default_sweep("d.csv", "y", {5000, 8}, {{"start", "runs/d-1"}})));
}

TEST(DefaultSweep, IsSmallerOrLargerByItsQuality) {
  for (std::int64_t const rows : {100, 5'000, 20'000, 50'000, 1'000'000}) {
    SCOPED_TRACE(rows);
    Sweep const fast = default_sweep("d.csv", "y", {rows, 8}, {}, Quality::fast),
                good = default_sweep("d.csv", "y", {rows, 8}),
                best = default_sweep("d.csv", "y", {rows, 8}, {}, Quality::best);
    auto const work = [](Sweep const& sweep) {
      return trial_epochs(plan_rungs(sweep.study.scheduler, sweep.study.trials));
    };
    EXPECT_LE(2 * work(fast), work(good));
    EXPECT_LE(4 * work(good), work(best));
    EXPECT_LT(fast.study.ensemble, good.study.ensemble);
    EXPECT_LT(good.study.ensemble, best.study.ensemble);
  }
  expect_same(default_sweep("d.csv", "y", {100}, {}, Quality::fast).study.validation,
              Folds{.folds = 5, .repeats = 1, .test = 0});
  expect_same(default_sweep("d.csv", "y", {5'000}, {}, Quality::best).study.validation,
              Folds{.folds = 5, .repeats = 3, .test = 0});
  expect_same(default_sweep("d.csv", "y", {20'000}, {}, Quality::best).study.validation,
              Folds{.folds = 5, .repeats = 1, .test = 0});
}

TEST(DefaultSweep, IsPickedByTheNumberOfRows) {
  expect_same(default_sweep("d.csv", "y", {1000}).study.validation,
              Folds{.folds = 5, .repeats = 3, .test = 0});
  EXPECT_EQ(default_sweep("d.csv", "y", {1000}).most_trials, 256);
  Sweep const many = default_sweep("d.csv", "y", {100'000});
  expect_same(many.study.validation, Holdout{.test = 0});
  EXPECT_EQ(std::get<SuccessiveHalving>(many.study.scheduler).max_epochs, 27);
  expect_same(default_sweep("d.csv", "y", {100'001}).study.validation,
              Holdout{.valid = 0.1, .test = 0});
}

TEST(DefaultSweep, LeavesValidationAndEnsembleToWhoSaysThem) {
  expect_same(default_sweep("d.csv", "y", {100}, {{"validation.holdout", "0.3"}}).study.validation,
              Holdout{.valid = 0.3, .test = 0});
  expect_same(
      default_sweep("d.csv", "y", {100}, {{"validation", "{holdout: 0.3}"}}).study.validation,
      Holdout{.valid = 0.3});
  expect_same(default_sweep("d.csv", "y", {100}, {{"validation.fold", "f"}}).study.validation,
              GivenFolds{});
  expect_same(default_sweep("d.csv", "y", {100}, {{"validation.test", "0.1"}}).study.validation,
              Folds{.folds = 5, .repeats = 3, .test = 0.1});
  Sweep const one = default_sweep("d.csv", "y", {100}, {{"ensemble", "0"}});
  EXPECT_EQ(one.study.ensemble, 0);
  EXPECT_EQ(one.study.refit, Refit::yes);
}

TEST(DefaultSweep, TakesPathsAndTargetsThatLookLikeYaml) {
  Sweep const sweep = default_sweep("[a]: b#c.csv", "-1", {100});
  EXPECT_EQ(sweep.data_path, "[a]: b#c.csv");
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"-1"});
}

TEST(DefaultSweep, OverridesWorkAsOnAFile) {
  Sweep const sweep = default_sweep("d.csv", "y", {100},
                                    {{"trials", "9"},
                                     {"lr", "0.1"},
                                     {"parameters.dropout.max", "0.1"},
                                     {"data.header", "false"}});
  EXPECT_EQ(sweep.study.trials, 9);
  EXPECT_EQ(sweep.study.space.find("lr")->distribution, Distribution::constant);
  EXPECT_EQ(sweep.study.space.find("dropout")->max, 0.1);
  EXPECT_EQ(sweep.read.header, false);
}

TEST(DefaultSweep, ItsMessagesNameIt) {
  std::string const message = message_of([] { default_sweep("d.csv", "", {100}); });
  EXPECT_EQ(message.substr(0, 28), "default sweep: data.target: ");
}

// Of two ways to say the shape, that of the command line stays.
TEST(Overrides, ReplaceOneWayToSayTheShapeByAnother) {
  std::string const layers = "parameters:\n  layers: {min: 1, max: 3}\n  width: {min: 4, max: 8}\n";
  auto const names = [](Sweep const& sweep) {
    std::vector<std::string> all;
    for (auto const& parameter : sweep.study.space.parameters())
      all.push_back(parameter.name);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(sweep_of(layers, {{"hidden", "[16]"}})), Names{"hidden"});
  EXPECT_EQ(names(sweep_of(layers, {{"layers", "2"}})), (Names{"width", "layers"}));
  std::string const hidden = "parameters: {hidden: {values: [[8], [4]]}}\n";
  EXPECT_EQ(names(sweep_of(hidden, {{"width", "16"}})), Names{"width"});
}

TEST(Overrides, ReplaceOneWayToSayDropoutByAnother) {
  std::string const one = "network: {layers: 2}\nparameters: {dropout: {min: 0.0, max: 0.5}}\n";
  Sweep const own = sweep_of(one, {{"dropout_2", "0.1"}});
  EXPECT_EQ(own.study.space.find("dropout"), nullptr);
  EXPECT_NE(own.study.space.find("dropout_2"), nullptr);
  std::string const each =
      "parameters:\n  layers: {min: 1, max: 2}\n"
      "  dropout_1: {min: 0.0, max: 0.5}\n  dropout_2: {min: 0.0, max: 0.5}\n";
  Sweep const all = sweep_of(each, {{"dropout", "0.1"}});
  EXPECT_EQ(all.study.space.find("dropout_1"), nullptr);
  EXPECT_EQ(all.study.space.find("dropout_2"), nullptr);
  Sweep const list = sweep_of(each, {{"dropout", "[0.1, 0.2]"}, {"layers", "2"}});
  EXPECT_EQ(list.study.space.find("dropout_2"), nullptr);
  EXPECT_NE(list.study.space.find("layer_dropout"), nullptr);
}

// What a layer has of its own goes with the layer.
TEST(Overrides, OfTheShapeTakeWhatLayersHaveAlong) {
  std::string const text =
      "parameters:\n  layers: {min: 1, max: 2}\n  width_2: {min: 4, max: 8}\n"
      "  dropout_1: {min: 0.0, max: 0.5}\n  dropout_2: {min: 0.0, max: 0.5}\n";
  Sweep const counted = sweep_of(text, {{"layers", "1"}});
  EXPECT_EQ(counted.study.space.find("width_2"), nullptr);
  EXPECT_EQ(counted.study.space.find("dropout_2"), nullptr);
  EXPECT_NE(counted.study.space.find("dropout_1"), nullptr);
  EXPECT_EQ(counted.notes.back(),
            "parameters.dropout_2 is left out: there is no such layer, at layers=1");
  Sweep const listed = sweep_of(text, {{"hidden", "[8]"}});
  EXPECT_NE(listed.study.space.find("dropout_1"), nullptr);
  EXPECT_EQ(listed.study.space.find("dropout_2"), nullptr);
}

// What the command line fixes decides conditions: they hold always, or the parameter is left out.
TEST(Overrides, DecideConditions) {
  std::string const text =
      "parameters:\n  optimizer: {values: [adam, momentum]}\n"
      "  momentum: {min: 0.5, max: 0.9, when: {optimizer: momentum}}\n";
  Sweep const with = sweep_of(text, {{"optimizer", "momentum"}});
  ASSERT_NE(with.study.space.find("momentum"), nullptr);
  EXPECT_TRUE(with.study.space.find("momentum")->when.empty());
  Sweep const without = sweep_of(text, {{"optimizer", "adam"}});
  EXPECT_EQ(without.study.space.find("momentum"), nullptr);
  EXPECT_EQ(without.notes.front(),
            "parameters.momentum is left out: its when asks that optimizer is momentum, which is "
            "fixed as adam, at optimizer=adam");
}

}  // namespace
}  // namespace brood::files
