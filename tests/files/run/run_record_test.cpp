// SPDX-License-Identifier: Apache-2.0
// A run read back is the run that was written; what is damaged is named by file and line.
#include "brood/files/run_record.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "brood/error.hpp"
#include "files/saved_models.hpp"
#include "files/sweeps.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Sweep written_sweep() {
  return parse_sweep(
      "data: {file: some.csv, target: y}\n"
      "validation: {folds: 2}\n"
      "metric: {name: accuracy, goal: maximize}\n"
      "early_terminate: {type: hyperband, max_iter: 9}\n"
      "parameters:\n"
      "  hidden: {values: [[4, 3], [8]]}\n"
      "  optimizer: {values: [adam, momentum]}\n"
      "  lr: {min: 0.1, max: 0.5}\n"
      "  momentum: {min: 0.5, max: 0.9, when: {optimizer: [momentum]}}\n",
      "a sweep.yaml");
}

Result written_result() {
  using Hidden = std::vector<std::int64_t>;
  Result result;
  result.trials = {{.id = 0,
                    .state = TrialState::pruned,
                    .epochs = 1,
                    .score = 0.25,
                    .config = {{"hidden", Hidden{4, 3}}, {"optimizer", "adam"}, {"lr", 1.0 / 3}},
                    .standard_error = 0.1,
                    .fold_scores = {0.2, 0.3},
                    .rank = 2,
                    .parameters = 31,
                    .seed = 18446744073709551615u},
                   {.id = 1,
                    .state = TrialState::complete,
                    .epochs = 9,
                    .score = 0.875,
                    .config = {{"hidden", Hidden{8}},
                               {"optimizer", "momentum"},
                               {"lr", 0.5},
                               {"momentum", 0.75}},
                    .standard_error = 0.01,
                    .fold_scores = {0.875, 0.875},
                    .rank = 1,
                    .bracket = 1,
                    .parameters = 41,
                    .seed = 8},
                   {.id = 2,
                    .state = TrialState::diverged,
                    .epochs = 1,
                    .config = {{"hidden", Hidden{8}}, {"optimizer", "adam"}, {"lr", 0.25}},
                    .fold_scores = {kNan, kNan},
                    .parameters = 41,
                    .seed = 9}};
  result.curves = {{0, 0, 0, 1, 0.5, 1.5, 0.25}, {1, 1, 0, 9, 0.1, INFINITY, kNan}};
  result.leaderboard = {1, 0};
  result.best = 1;
  result.metric = "accuracy";
  result.maximize = true;
  result.valid = 0.875;
  result.test = 0.75;
  result.test_metrics = {{"accuracy", 0.75}, {"auc", kNan}};
  result.member_epochs = 22;
  result.refit_epochs = 9;
  result.model = saved_model(Task::classification, "cross_entropy").model;
  result.ensemble.parts = {{.trial = 0, .count = 1, .model = result.model},
                           {.trial = 1, .count = 3, .model = result.model}};
  result.ensemble_valid = 0.9;
  result.ensemble_test = 0.8;
  result.ensemble_test_metrics = {{"accuracy", 0.8}};
  result.ensemble_epochs = 10;
  return result;
}

RunFacts written_facts() {
  RunFacts facts = undisturbed_facts();
  facts.seconds = 1.5;
  facts.rungs = {
      {.trials = 3, .epoch = 1, .member_epochs = 6, .best = 0.5, .seconds = 0.25},
      {.trials = 1, .epoch = 9, .member_epochs = 22, .best = 0.875, .top = 0.875, .seconds = 1.25}};
  return facts;
}

Inspection written_inspection() {
  return {
      .rows = 4,
      .confusion = {{1, 0}, {2, 1}},
      .reliability = {{.predicted = 0.75, .right = 0.5, .rows = 4}},
      .labels = {{1, 2, 3, 4}},
      .residuals = {{.mean = -0.25, .deviation = 1.0 / 3, .truth = {1, 2.5}, .predicted = {2, 3}}},
      .columns = {{.name = "a </b> column", .mean = 0.5, .deviation = 0.125}},
      .column_rows = 4,
      .column_repeats = 2,
      .by_winner = true};
}

void expect_same_number(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return;
  EXPECT_EQ(a, b);
}

class RunRecordTest : public testing::Test {
 protected:
  void SetUp() override {
    RunFacts facts = written_facts();
    facts.inspection = written_inspection();
    write_run_directory(path_, written_sweep(), written_result(), encoding_of(Task::classification),
                        facts, /*overwrite=*/false);
  }
  std::string text(std::string const& name) {
    std::ostringstream text;
    text << std::ifstream(path_ + "/" + name).rdbuf();
    return text.str();
  }
  // What reading says when `was` in a file is `becomes`.
  std::string refused(std::string const& name, std::string const& was, std::string const& becomes) {
    std::string const before = text(name);
    std::string changed = before;
    std::size_t const at = changed.find(was);
    EXPECT_NE(at, std::string::npos) << was;
    changed.replace(at, was.size(), becomes);
    std::ofstream(path_ + "/" + name) << changed;
    std::string said = "nothing";
    try {
      read_run(path_);
    } catch (StorageError const& error) {
      said = error.what();
    }
    std::ofstream(path_ + "/" + name) << before;
    return said;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("run");
};

TEST_F(RunRecordTest, ResultIsReadAsItWasWritten) {
  Result const read = read_run(path_).result, written = written_result();
  ASSERT_EQ(read.trials.size(), written.trials.size());
  for (std::size_t i = 0; i < read.trials.size(); ++i) {
    TrialResult const &a = read.trials[i], &b = written.trials[i];
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.epochs, b.epochs);
    EXPECT_EQ(a.config, b.config);
    EXPECT_EQ(a.rank, b.rank);
    EXPECT_EQ(a.bracket, b.bracket);
    EXPECT_EQ(a.parameters, b.parameters);
    EXPECT_EQ(a.seed, b.seed);
    expect_same_number(a.score, b.score);
    expect_same_number(a.standard_error, b.standard_error);
    ASSERT_EQ(a.fold_scores.size(), b.fold_scores.size());
    for (std::size_t k = 0; k < a.fold_scores.size(); ++k)
      expect_same_number(a.fold_scores[k], b.fold_scores[k]);
  }
  ASSERT_EQ(read.curves.size(), 2u);
  EXPECT_EQ(read.curves[0], written.curves[0]);
  EXPECT_EQ(read.curves[1].fold, 1);
  EXPECT_EQ(read.curves[1].valid_loss, INFINITY);
  EXPECT_TRUE(std::isnan(read.curves[1].valid_metric));
  EXPECT_EQ(read.leaderboard, written.leaderboard);
  EXPECT_EQ(read.best, 1);
  EXPECT_EQ(read.metric, "accuracy");
  EXPECT_TRUE(read.maximize);
  EXPECT_EQ(read.valid, 0.875);
  EXPECT_EQ(read.test, 0.75);
  ASSERT_EQ(read.test_metrics.size(), 2u);
  EXPECT_EQ(read.test_metrics[0].second, 0.75);
  EXPECT_TRUE(std::isnan(read.test_metrics[1].second));
  EXPECT_EQ(read.member_epochs, 22);
  EXPECT_EQ(read.refit_epochs, 9);
  EXPECT_EQ(read.seconds, 1.5);
  ASSERT_EQ(read.ensemble.parts.size(), 2u);
  EXPECT_EQ(read.ensemble.parts[1].trial, 1);
  EXPECT_EQ(read.ensemble.parts[1].count, 3);
  EXPECT_EQ(read.ensemble_valid, 0.9);
  EXPECT_EQ(read.ensemble_test, 0.8);
  EXPECT_EQ(read.ensemble_test_metrics, written.ensemble_test_metrics);
  EXPECT_EQ(read.ensemble_epochs, 10);
}

TEST_F(RunRecordTest, TheScoreOutOfFoldIsReadAsItWasWritten) {
  EXPECT_EQ(read_run(path_).result.out_of_fold.rows, 0);
  Result result = written_result();
  result.metric = "log_loss";
  result.maximize = false;
  for (TrialResult& trial : result.trials)
    trial.accuracy = trial.id == 2 ? kNan : 0.5 + 0.25 * trial.id;
  result.test = result.ensemble_test = kNan;
  result.out_of_fold = {.score = 0.5,
                        .low = 0.25,
                        .high = 0.75,
                        .metrics = {{"accuracy", 0.875}, {"auc", kNan}},
                        .draws = 40,
                        .rows = 100};
  RunFacts facts = written_facts();
  facts.inspection = written_inspection();
  facts.inspection->validated = true;
  Sweep sweep = written_sweep();
  sweep.study.metric.name = "log_loss";
  std::string const path = folder_.path("without test rows");
  write_run_directory(path, sweep, result, encoding_of(Task::classification), facts,
                      /*overwrite=*/false);
  RunRecord const read = read_run(path);
  OutOfFoldScore const& told = read.result.out_of_fold;
  EXPECT_EQ(told.score, 0.5);
  EXPECT_EQ(told.low, 0.25);
  EXPECT_EQ(told.high, 0.75);
  EXPECT_EQ(told.draws, 40);
  EXPECT_EQ(told.rows, 100);
  ASSERT_EQ(told.metrics.size(), 2u);
  EXPECT_EQ(told.metrics[0], (std::pair<std::string, double>("accuracy", 0.875)));
  EXPECT_TRUE(std::isnan(told.metrics[1].second));
  EXPECT_EQ(*read.facts.inspection, *facts.inspection);
  for (std::size_t i = 0; i < result.trials.size(); ++i)
    expect_same_number(read.result.trials[i].accuracy, result.trials[i].accuracy);
}

TEST_F(RunRecordTest, SweepAndFactsAreReadAsTheyWereWritten) {
  RunRecord const read = read_run(path_);
  EXPECT_EQ(read.directory, path_);
  EXPECT_EQ(read.sweep.name, "a sweep");
  expect_same(read.sweep, written_sweep());
  RunFacts const written = written_facts();
  EXPECT_EQ(read.facts.command_line, written.command_line);
  EXPECT_EQ(read.facts.data_fingerprint, written.data_fingerprint);
  EXPECT_EQ(read.facts.backend.device, written.backend.device);
  EXPECT_EQ(read.facts.seconds, written.seconds);
  EXPECT_EQ(read.facts.started, written.started);
  EXPECT_EQ(read.facts.events, written.events);
  EXPECT_EQ(read.facts.ended, written.ended);
  EXPECT_EQ(read.facts.rows, written.rows);
  EXPECT_EQ(read.facts.development_rows, written.development_rows);
  ASSERT_EQ(read.facts.rungs.size(), 2u);
  EXPECT_EQ(read.facts.rungs[1].trials, 1);
  EXPECT_EQ(read.facts.rungs[1].member_epochs, 22);
  EXPECT_EQ(read.facts.rungs[1].seconds, 1.25);
  EXPECT_EQ(read.facts.rungs[0].best, 0.5);
  EXPECT_TRUE(std::isnan(read.facts.rungs[0].top));
  EXPECT_EQ(read.facts.inspection, written_inspection());
  EXPECT_EQ(read.encoding, encoding_of(Task::classification));
}

TEST_F(RunRecordTest, DamageIsNamedByFileAndLine) {
  EXPECT_EQ(refused("trials.csv", "complete,9", "complete,nine"),
            path_ + "/trials.csv:3: is damaged: 'nine' is no number of epochs");
  EXPECT_EQ(refused("trials.csv", "momentum,0.5", "momentum,high"),
            path_ + "/trials.csv:3: is damaged: 'high' is no lr");
  EXPECT_EQ(refused("curves.csv", "0.5,1.5", "0.5,low"),
            path_ + "/curves.csv:2: is damaged: 'low' is no valid_loss");
  EXPECT_EQ(refused("curves.csv", "valid_accuracy", "valid_auc"),
            path_ + "/curves.csv:1: is damaged: it has no column valid_accuracy");
  EXPECT_EQ(refused("curves.csv", "1,1,0,9,0.1,inf,nan\n", "1,1\n").find(path_ + "/curves.csv:3:"),
            0u);
  EXPECT_EQ(refused("run.json", "\"seconds\": 1.5", "\"seconds\": \"x\""),
            path_ + "/run.json:1: is damaged: seconds is no number");
  EXPECT_EQ(refused("run.json", "\"format\": 1,", "\"format\": 1").find(path_ + "/run.json:4:"),
            0u);
  EXPECT_EQ(refused("inspection.json", "\"by_winner\": true", "\"by_winner\": 1"),
            path_ + "/inspection.json:1: is damaged: by_winner is none");
  EXPECT_EQ(
      refused("config.yaml", "type: hyperband", "type: none of them").find(path_ + "/config.yaml:"),
      0u);
}

TEST_F(RunRecordTest, WhatIsNoRunIsRefused) {
  EXPECT_THROW(read_run(folder_.path("nowhere")), UsageError);
  EXPECT_THROW(read_run(folder_.path("")), UsageError);
  std::filesystem::remove(path_ + "/curves.csv");
  EXPECT_THROW(read_run(path_), UsageError);
}

// Older versions wrote neither winner nor rungs into run.json, nor ranks into trials.csv.
TEST_F(RunRecordTest, OlderRunsAreReadAsFarAsTheyGo) {
  std::ofstream(path_ + "/run.json") << "{\"seconds\": 2}\n";
  std::ofstream(path_ + "/trials.csv") << "trial,state,epochs,valid_accuracy,lr\n"
                                          "0,pruned,1,0.5,0.1\n"
                                          "1,complete,9,0.25,0.2\n";
  std::filesystem::remove_all(path_ + "/best");
  RunRecord const read = read_run(path_);
  EXPECT_EQ(read.result.best, 1);
  EXPECT_EQ(read.result.valid, 0.25);
  EXPECT_EQ(read.result.leaderboard, (std::vector<int>{1, 0}));
  EXPECT_TRUE(std::isnan(read.result.test));
  EXPECT_TRUE(read.result.ensemble.empty());
  EXPECT_TRUE(read.facts.rungs.empty());
}

}  // namespace
}  // namespace brood::files
