// SPDX-License-Identifier: Apache-2.0
// Trials of former runs: which are taken, in full precision, and that a damaged table is a
// sentence.
#include "files/sweep/warm_start.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "files/sweeps.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

constexpr char kTrials[] =
    "trial,state,epochs,valid_accuracy,hidden,lr,optimizer\n"
    "0,pruned,1,0.25,\"[4, 3]\",0.12345678901234567,adam\n"
    "1,complete,9,0.875,[8],0.2,adam\n"
    "2,diverged,1,nan,[8],0.5,adam\n"
    "3,complete,9,0.75,[],0.3,adam\n"
    "4,pruned,1,0.5,[8],0.9,adam\n"    // lr outside
    "5,pruned,1,0.5,[8],0.2,sgd\n"     // not the default optimizer
    "6,stopped,1,nan,[8],0.2,adam\n";  // without a score

constexpr char kSweep[] =
    "task: classification\nmetric: {name: accuracy}\nmethod: tpe\n"
    "parameters: {hidden: {values: [[8], [4, 3], []]}, lr: {min: 0.1, max: 0.5}}\n";

class WarmStart : public testing::Test {
 protected:
  Sweep taken(std::string const& trials, int first = 0, std::string const& text = kSweep) {
    folder_.write("trials.csv", trials);
    Sweep sweep = sweep_of(text);
    sweep.warm_start_paths = {folder_.root().string()};
    sweep.warm_start_first = first;
    take_former_trials(sweep);
    return sweep;
  }
  std::string refusal(std::string const& trials) {
    try {
      taken(trials);
    } catch (UsageError const& error) {
      return error.problems().front();
    } catch (StorageError const& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(WarmStart, TakesTrialsThatThisStudyCouldHaveHad) {
  Sweep const sweep = taken(kTrials);
  auto const& prior = sweep.study.prior;
  ASSERT_EQ(prior.size(), 4u);
  EXPECT_EQ(prior[0].config,
            (Config{{"hidden", std::vector<std::int64_t>{4, 3}}, {"lr", 0.12345678901234567}}));
  EXPECT_EQ(prior[0].score, 0.25);
  EXPECT_EQ(prior[0].epoch, 1);
  EXPECT_EQ(prior[1].epoch, 9);
  EXPECT_TRUE(std::isnan(prior[2].score));
  EXPECT_EQ(prior[3].config.find("hidden")->index(), Value(std::vector<std::int64_t>{}).index());
  ASSERT_EQ(sweep.notes.size(), 1u);
  EXPECT_EQ(sweep.notes[0].rfind("warm_start: 4 of 7 trials of ", 0), 0u) << sweep.notes[0];
}

// Dropout by one rate, by one for each layer and by a list is the same dropout.
TEST_F(WarmStart, ReadsDropoutInWhateverWordsItIsSaid) {
  std::string const start = "trial,state,epochs,valid_accuracy,hidden,";
  std::string const one = start +
                          "dropout\n0,complete,9,0.5,[8],0.25\n"
                          "1,complete,9,0.5,\"[4, 3]\",0.25\n2,complete,9,0.5,[],0.25\n";
  std::string const each = start +
                           "dropout_1,dropout_2\n0,complete,9,0.5,[8],0.25,\n"
                           "1,complete,9,0.5,\"[4, 3]\",0.25,0.25\n"
                           "2,complete,9,0.5,\"[4, 3]\",0.125,0.25\n";
  std::string const list = start +
                           "layer_dropout\n0,complete,9,0.5,[8],[0.25]\n"
                           "1,complete,9,0.5,\"[4, 3]\",\"[0.25, 0.25]\"\n"
                           "2,complete,9,0.5,\"[4, 3]\",\"[0.125, 0.25]\"\n";
  std::string const top =
      "task: classification\nmetric: {name: accuracy}\nmethod: tpe\n"
      "parameters:\n  hidden: {values: [[], [8], [4, 3]]}\n";
  std::string const of_one = top + "  dropout: {min: 0, max: 0.5}\n";
  std::string const of_each = top +
                              "  dropout_1: {min: 0, max: 0.5}\n"
                              "  dropout_2: {min: 0, max: 0.5}\n";
  auto const configs = [&](std::string const& trials, std::string const& sweep) {
    std::vector<Config> all;
    for (PriorTrial const& trial : taken(trials, 0, sweep).study.prior)
      all.push_back(trial.config);
    return all;
  };
  using Widths = std::vector<std::int64_t>;
  EXPECT_EQ(configs(one, of_one).size(), 3u);
  std::vector<Config> const alike = {
      Config{{"hidden", Widths{8}}, {"dropout_1", 0.25}},
      Config{{"hidden", Widths{4, 3}}, {"dropout_1", 0.25}, {"dropout_2", 0.25}}};
  std::vector<Config> unlike = alike;
  unlike.push_back(Config{{"hidden", Widths{4, 3}}, {"dropout_1", 0.125}, {"dropout_2", 0.25}});
  EXPECT_EQ(configs(each, of_each), unlike);
  EXPECT_EQ(configs(list, of_each), unlike);
  auto of_all = configs(one, of_each);
  ASSERT_EQ(of_all.size(), 2u) << "a linear network's dropout is none of these";
  EXPECT_EQ(of_all, alike);
  for (std::string const& trials : {each, list}) {
    auto const back = configs(trials, of_one);
    ASSERT_EQ(back.size(), 2u) << "of one rate";
    EXPECT_EQ(back[1], (Config{{"hidden", Widths{4, 3}}, {"dropout", 0.25}}));
  }
}

// `epochs` of the table is how far a trial came, `epochs_in_all` what its parameter was.
TEST_F(WarmStart, ReadsEpochsThatAreSearched) {
  std::string const own =
      "trial,state,epochs,valid_accuracy,hidden,lr,epochs_in_all\n"
      "0,complete,20,0.5,[8],0.2,20\n"
      "1,pruned,3,0.25,[8],0.3,27\n"
      "2,complete,40,0.75,[8],0.2,40\n"  // more than this study's space has
      "3,diverged,1,nan,[8],0.4,9\n";
  std::string const top =
      "task: classification\nmetric: {name: accuracy}\nmethod: tpe\n"
      "parameters:\n  hidden: {value: [8]}\n  lr: {min: 0.1, max: 0.5}\n";
  std::string const searched = top + "  epochs: {min: 5, max: 30}\n";
  Sweep const sweep = taken(own, 1, searched);
  auto const& prior = sweep.study.prior;
  ASSERT_EQ(prior.size(), 3u);
  std::vector<std::int64_t> const epochs = {20, 27, 9};
  for (std::size_t i = 0; i < prior.size(); ++i)
    EXPECT_EQ(*prior[i].config.find("epochs"), Value(epochs[i])) << i;
  EXPECT_EQ(prior[1].epoch, 3);
  // The best of those trained furthest, with its own epochs.
  auto const& first = std::get<Tpe>(sweep.study.sampler).first;
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0], prior[0].config);
  // Where one of the two studies does not search them: the scheduler says them.
  EXPECT_EQ(taken(own, 0, top).study.prior.size(), 4u);
  EXPECT_EQ(taken(own, 0, top).study.prior[1].config.find("epochs"), nullptr);
  std::string const none =
      "trial,state,epochs,valid_accuracy,hidden,lr\n0,complete,20,0.5,[8],0.2\n";
  EXPECT_TRUE(taken(none, 0, searched).study.prior.empty());
}

TEST_F(WarmStart, PutsTheBestOfThoseTrainedFurthestFirst) {
  Sweep const sweep = taken(kTrials, 3);
  auto const& first = std::get<Tpe>(sweep.study.sampler).first;
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0], sweep.study.prior[1].config);
  EXPECT_EQ(first[1], sweep.study.prior[3].config);
  EXPECT_EQ(first[2], sweep.study.prior[0].config);
}

TEST_F(WarmStart, IsInTheResolvedSweep) {
  Sweep const sweep = taken(kTrials, 1);
  Sweep const again = parse_sweep(resolved_yaml(sweep), "config.yaml");
  expect_same(sweep, again);
}

TEST_F(WarmStart, RefusesAnotherMetricAndDamage) {
  std::string const text = kTrials;
  auto const changed = [&](std::string const& from, std::string const& to) {
    return std::string(text).replace(text.find(from), from.size(), to);
  };
  EXPECT_NE(refusal(changed("valid_accuracy", "valid_auc")).find("was scored by auc, and this"),
            std::string::npos);
  EXPECT_NE(refusal(changed("adam", "adamm")).find("trial 0 has no sound optimizer"),
            std::string::npos);
  EXPECT_NE(refusal(changed("0.25,\"[4, 3]\"", "0.25,\"[4, 0]\"")).find("no sound hidden"),
            std::string::npos);
  EXPECT_NE(refusal(changed(",9,0.875", ",-1,0.875")).find("no sound epochs"), std::string::npos);
  EXPECT_NE(refusal(""), "");
}

TEST_F(WarmStart, MutationsAreTakenOrRefusedWithASentence) {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::string const message = refusal(mutated(kTrials, seed));
    if (message.empty()) continue;
    ++refused;
    EXPECT_EQ(message.rfind("warm_start: ", 0), 0u) << message;
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 400);
}

}  // namespace
}  // namespace brood::files
