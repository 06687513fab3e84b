// SPDX-License-Identifier: Apache-2.0
// trials.csv read back: trials as they were, and the lines that a person asks for.
#include <gtest/gtest.h>

#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/run_directory.hpp"
#include "brood/files/trials.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

constexpr char const* kTable =
    "trial,state,epochs,valid_accuracy,hidden,lr,momentum,batch_size,rank,parameters,seed\n"
    "0,pruned,1,0.25,\"[4, 3]\",0.1,,32,3,31,7\n"
    "1,complete,9,0.875,[8],0.001,0.9,16,1,41,8\n"
    "2,diverged,1,nan,[8],5,0.5,16,,41,9\n"
    "3,complete,9,0.5,[],1e-05,,256,2,9,10\n";

class TrialTableTest : public testing::Test {
 protected:
  TrialTable table(std::string const& text = kTable) {
    folder_.write("trials.csv", text);
    return read_trials(folder_.root());
  }
  std::string refused(std::string const& filter) {
    try {
      filtered(table(), filter);
    } catch (UsageError const& error) {
      return error.what();
    }
    return "nothing";
  }
  using Lines = std::vector<std::size_t>;

  TemporaryFolder folder_;
};

TEST_F(TrialTableTest, TrialsAreReadAsTheyWere) {
  TrialTable const read = table();
  EXPECT_EQ(read.metric, "accuracy");
  EXPECT_TRUE(read.maximize);
  EXPECT_EQ(read.line_of(3), 3u);
  EXPECT_FALSE(read.line_of(4));
  TrialResult const trial = trial_of(read, 1);
  EXPECT_EQ(trial.id, 1);
  EXPECT_EQ(trial.state, TrialState::complete);
  EXPECT_EQ(trial.epochs, 9);
  EXPECT_EQ(trial.score, 0.875);
  EXPECT_EQ(*trial.config.find("hidden"), Value(std::vector<std::int64_t>{8}));
  EXPECT_EQ(*trial.config.find("lr"), Value(0.001));
  EXPECT_EQ(*trial.config.find("batch_size"), Value(std::int64_t{16}));
  // Of a parameter that is not there under its conditions, and of trials' own columns, nothing.
  EXPECT_EQ(trial_of(read, 3).config.find("momentum"), nullptr);
  EXPECT_EQ(trial.config.find("epochs"), nullptr);
  EXPECT_EQ(trial.config.begin()->first, "hidden");  // in the order of the columns
  EXPECT_EQ(trial.config.find("seed"), nullptr);
}

// Of any value that a space gives, what is read back has the same bits.
TEST_F(TrialTableTest, WhatAStudyWritesIsReadBack) {
  SearchSpace space;
  space.uniform("lr", 0, 1).constant("hidden", std::vector<std::int64_t>{8, 4});
  space.constant("nothing", "");
  Result result;
  result.metric = "rmse";
  result.trials = {{.id = 12,
                    .state = TrialState::stopped,
                    .epochs = 7,
                    .score = 0.1 + 0.2,
                    .config = {{"lr", 1.0 / 3}, {"hidden", std::vector<std::int64_t>{8, 4}}}}};
  TrialTable const read = table(trials_csv(result, space));
  TrialResult const trial = trial_of(read, 0);
  EXPECT_EQ(trial.score, result.trials[0].score);
  EXPECT_EQ(*trial.config.find("lr"), Value(1.0 / 3));
  EXPECT_EQ(*trial.config.find("hidden"), Value(std::vector<std::int64_t>{8, 4}));
  EXPECT_FALSE(read.maximize);
}

TEST_F(TrialTableTest, DamagedTablesAreRefused) {
  EXPECT_THROW(read_trials("nowhere"), UsageError);
  EXPECT_THROW(read_trials(folder_.root()), UsageError);  // no run
  folder_.write("study.db", "");
  try {
    read_trials(folder_.root());
    FAIL() << "was read";
  } catch (UsageError const& error) {
    std::string const root = folder_.root().string();
    EXPECT_EQ(error.what(), root + ": its run is not finished; go on with it: brood resume " +
                                root + ", or look at it: brood watch " + root);
  }
  for (char const* const text : {"a,b\n1,2\n", "", "trial,state,epochs,valid_nothing\n",
                                 "trial,state,epochs,valid_accuracy\n0,pruned\n",
                                 "trial,state,epochs,valid_accuracy\n\"0"}) {
    EXPECT_THROW(table(text), StorageError) << text;
  }
  for (char const* const line :
       {"x,pruned,1,0.5,0.1", "0,lost,1,0.5,0.1", "0,pruned,-1,0.5,0.1", "0,pruned,1,0.5,high"}) {
    TrialTable const read =
        table("trial,state,epochs,valid_accuracy,lr\n" + std::string(line) + "\n");
    EXPECT_THROW(trial_of(read, 0), StorageError) << line;
  }
}

TEST_F(TrialTableTest, FiltersAreConditionsOnColumns) {
  TrialTable const read = table();
  EXPECT_EQ(filtered(read, "lr<0.01"), (Lines{1, 3}));
  EXPECT_EQ(filtered(read, "lr <= 1e-1 & state=complete"), (Lines{1, 3}));
  EXPECT_EQ(filtered(read, "accuracy>=.5&&lr>1e-5"), (Lines{1}));
  EXPECT_EQ(filtered(read, "score>0.3"), (Lines{1, 3}));
  EXPECT_EQ(filtered(read, "hidden=[4,3]"), (Lines{0}));
  EXPECT_EQ(filtered(read, "hidden!=[8]"), (Lines{0, 3}));
  EXPECT_EQ(filtered(read, "lr==0.10"), (Lines{0}));
  // No condition holds of a value that is not there.
  EXPECT_EQ(filtered(read, "momentum!=7"), (Lines{1, 2}));
  EXPECT_EQ(filtered(read, "accuracy!=0.25"), (Lines{1, 3}));
  EXPECT_EQ(filtered(read, "lr>100"), Lines{});
  EXPECT_EQ(filtered(read, "state=\"pruned\""), (Lines{0}));
}

TEST_F(TrialTableTest, FiltersThatAreNoneSayWhy) {
  EXPECT_NE(refused("lrr<1").find("--filter: 'lrr' is no column of "), std::string::npos);
  EXPECT_NE(refused("lrr<1").find("did you mean lr?; there are trial, state, "), std::string::npos);
  EXPECT_NE(refused("lr").find("'lr' has none of < <= > >= = !="), std::string::npos);
  EXPECT_NE(refused("lr<").find("compares with nothing"), std::string::npos);
  for (char const* const text : {"lr<1 | state=pruned", "lr<1 and state=pruned", "0.1<lr<0.3"})
    EXPECT_NE(refused(text), "nothing") << text;
  EXPECT_NE(refused("lr<1 and state=pruned").find("they are joined by &"), std::string::npos);
  EXPECT_NE(refused("lr<1 &").find("a condition is empty"), std::string::npos);
  EXPECT_NE(refused("state<pruned").find("'pruned' is not a number"), std::string::npos);
}

TEST_F(TrialTableTest, LinesAreSortedByRankOrByAColumn) {
  TrialTable const read = table();
  Lines const all = {0, 1, 2, 3};
  EXPECT_EQ(sorted(read, all, {}), (Lines{1, 3, 0, 2}));
  EXPECT_EQ(sorted(read, all, read.column("lr", "")), (Lines{3, 1, 0, 2}));
  EXPECT_EQ(sorted(read, all, read.column("accuracy", "")), (Lines{1, 3, 0, 2}));
  EXPECT_EQ(sorted(read, all, read.column("momentum", "")), (Lines{2, 1, 0, 3}));
  EXPECT_EQ(sorted(read, all, read.column("state", "")), (Lines{1, 3, 2, 0}));
  // Runs of older versions have no ranks.
  TrialTable const old = table(
      "trial,state,epochs,valid_rmse,lr\n"
      "0,pruned,1,0.1,1\n1,complete,9,0.5,1\n2,complete,9,0.4,1\n3,diverged,9,nan,1\n");
  EXPECT_EQ(sorted(old, all, {}), (Lines{2, 1, 0, 3}));
}

}  // namespace
}  // namespace brood::files
