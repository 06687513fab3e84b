// SPDX-License-Identifier: Apache-2.0
// The card of a model: its numbers are those of the result, it says where it knows its way, and
// nothing of the machine.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "brood/files/training_data.hpp"
#include "files/report/model_card.hpp"
#include "files/report/reported.hpp"

namespace brood::files {
namespace {

std::string card_of(RunRecord const& run) {
  return model_card(analysis_of({run.directory, run.sweep, run.result, run.facts, run.encoding}));
}

RunRecord run_with_data() {
  RunRecord run = halving_run();
  run.sweep.data_path = "/home/someone/some data.csv";
  run.facts.training_data = TrainingData{.rows = 100,
                                         .columns = {{.missing = 0, .low = 17, .high = 90},
                                                     {.missing = 5, .low = 40.5, .high = 120.25},
                                                     {.missing = 2}},
                                         .classes = {96, 4}};
  run.facts.inspection = Inspection{.rows = 100, .confusion = {{90, 2}, {1, 7}}};
  return run;
}

void expect_in(std::string const& card, std::string const& part) {
  EXPECT_NE(card.find(part), std::string::npos) << part << "\n" << card;
}

TEST(ModelCard, HasTheScoresOfTheResult) {
  std::string const card = card_of(run_with_data());
  expect_in(card, "---\nlibrary_name: brood\npipeline_tag: tabular-classification\n");
  expect_in(card, "    - type: accuracy\n      name: \"test accuracy\"\n      value: 0.8\n---\n");
  expect_in(card, "| validation accuracy | rows held out for it | 0.9000 |\n");
  expect_in(card, "| test accuracy | 100 test rows | 0.8000 |\n");
  expect_in(card, "| test auc | 100 test rows | 0.9000 |\n");
  // Precision 7 / 9, recall 7 / 8, F1 14 / 17.
  expect_in(card, "| yes | 8 | 0.7778 | 0.8750 | 0.8235 |\n");
}

// Without test rows, as they are corrected, or as they are.
TEST(ModelCard, HasTheScoresOutOfFold) {
  RunRecord run = run_with_data();
  run.facts.development_rows = run.facts.rows;
  run.facts.inspection->validated = true;
  run.result.test = std::nan("");
  run.result.test_metrics.clear();
  run.result.out_of_fold = {.score = 0.86,
                            .low = 0.75,
                            .high = 0.95,
                            .metrics = {{"accuracy", 0.86}, {"auc", 0.9}},
                            .draws = 200,
                            .rows = 500};
  std::string const card = card_of(run);
  expect_in(card, "name: \"out-of-fold accuracy\"\n      value: 0.86\n");
  expect_in(card,
            "| out-of-fold accuracy | 500 rows, each out of fold | 0.8600 [0.7500, 0.9500] |\n");
  expect_in(card, "| out-of-fold auc | 500 rows, each out of fold | 0.9000 |\n");
  expect_in(card,
            "was trained on, corrected for the choice. From the rows that validated (500 rows), "
            "200 times some were drawn");
  expect_in(card, "## Out of fold\n");
  EXPECT_EQ(card.find("no test rows to say"), std::string::npos);

  run.sweep.dataset.time = "day";
  run.result.out_of_fold.draws = 0;
  run.result.out_of_fold.low = run.result.out_of_fold.high = std::nan("");
  std::string const by_time = card_of(run);
  expect_in(by_time, "| out-of-fold accuracy | 500 rows, each out of fold | 0.8600 |\n");
  expect_in(by_time, "was trained on, not corrected for the choice. ");
  expect_in(by_time, "rows that follow each other in time cannot be drawn at random");
  run.sweep.dataset.time = "";
  expect_in(card_of(run), "of most draws of so few rows there is no such score");
}

TEST(ModelCard, OfNetworksOfEveryRowHasTheScoresOfThoseBefore) {
  RunRecord run = run_with_data();
  std::string const since =
      "have been trained on the test rows since; the test scores are of those";
  EXPECT_EQ(card_of(run).find(since), std::string::npos);
  run.sweep.study.refit = Refit::all;
  run.result.refit_epochs = 18;
  expect_in(card_of(run), since);
  expect_in(card_of(run), "all rows but the test rows for 9 epochs, and once more on every row");
}

TEST(ModelCard, SaysWhereItKnowsItsWay) {
  std::string const card = card_of(run_with_data());
  expect_in(card, "| no | 96 | 96 % |\n| yes | 4 | 4 % |\n");
  expect_in(card, "- missing where it trained or validated: 7 cells in 2 columns\n");
  expect_in(card, "- Fewer than 30 rows trained or validated of: yes (4).\n");
  expect_in(card, "| age | 17 | 90 | 0 |\n| weight, kg | 40.5 | 120.2 | 5 |\n");
  expect_in(card, "| colour \"x\" | 2 levels |  | 2 |\n");
  expect_in(card, "- the winner's layers: 5 - 4 - 3 - 2\n");
  expect_in(card, "- its weights and biases: 47\n");
}

TEST(ModelCard, WarnsAsTheReportDoes) {
  expect_in(card_of(halving_run(270)),
            "\n- 26 of the 26 best trials have lr near the upper end of its range, 0.1: ");
}

TEST(ModelCard, OfATrialTrainedAloneIsOfATrial) {
  RunRecord run = run_with_data();
  run.facts.of_run = "/home/someone/runs/a";
  std::string const card = card_of(run);
  expect_in(card, "# trial 0, a model by brood");
  expect_in(card, "It was asked for: it is trial 0 of a study, trained again by itself.");
  expect_in(card, "brood tune --only 0 RUN data.file='some data.csv'\n");
  EXPECT_EQ(card.find("too good"), std::string::npos);
  EXPECT_EQ(card.find("/home"), std::string::npos);
}

TEST(ModelCard, KnowsNothingOfClockAndMachine) {
  RunRecord run = run_with_data();
  std::string const card = card_of(run);
  EXPECT_EQ(card.find("/home"), std::string::npos) << card;
  expect_in(card, "brood tune config.yaml data.file='some data.csv'\n");
  run.directory = "elsewhere";
  run.facts.seconds = 77;
  run.facts.started = "2027-01-01T00:00:00Z";
  run.facts.command_line = "brood resume elsewhere";
  run.facts.backend.device = "another processor, 64 threads";
  run.facts.rungs.clear();
  EXPECT_EQ(card_of(run), card);
}

// Values 1, missing, 3 and 2 of a number in a frame; a level that is no input; two classes.
TEST(TrainingDataOf, IsOfItsRowsInTheUnitsOfTheFile) {
  Dataset data;
  data.encoding.inputs = {{.name = "a", .frame = {.origin = 100, .unit = 2}},
                          {.name = "b", .categorical = true, .levels = {"x", "y"}}};
  data.encoding.targets = {"t"};
  data.encoding.classes = {"no", "yes"};
  data.rows = 4;
  float const none = std::nanf("");
  data.x = {1, 1, 0, none, 0, 1, 3, 0, 0, 7, 0, 0};
  data.y = {0, 1, 1, 1};
  auto const rows =
      std::make_shared<std::vector<std::int32_t> const>(std::vector<std::int32_t>{0, 1, 2});
  TrainingData const found = training_data(data.table(), data.encoding, rows);
  EXPECT_EQ(found.rows, 3);
  ASSERT_EQ(found.columns.size(), 2u);
  EXPECT_EQ(found.columns[0].missing, 1);
  EXPECT_EQ(found.columns[0].low, 102);
  EXPECT_EQ(found.columns[0].high, 106);
  EXPECT_EQ(found.columns[1].missing, 1);
  EXPECT_TRUE(std::isnan(found.columns[1].low));
  EXPECT_EQ(found.classes, (std::vector<std::int64_t>{1, 2}));
}

}  // namespace
}  // namespace brood::files
