// SPDX-License-Identifier: Apache-2.0
// A run in Optuna's terms, and its journal and database. That Optuna reads them is shown by
// tests/tools/export_test.py.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "brood/files/export.hpp"
#include "files/export/exported_run.hpp"
#include "files/export/optuna_study.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

std::string distribution_of(std::string const& parameter, RunRecord const& run = exported_run()) {
  for (OptunaTrial const& trial : optuna_study(run).trials) {
    for (OptunaParameter const& each : trial.parameters) {
      if (each.name == parameter) return each.distribution;
    }
  }
  return "none";
}

TEST(Optuna, HasADistributionForEachKindOfParameter) {
  EXPECT_EQ(distribution_of("lr"), R"({"name":"FloatDistribution","attributes":)"
                                   R"({"step":null,"low":1e-05,"high":0.1,"log":true}})");
  EXPECT_EQ(distribution_of("warmup_epochs"), R"({"name":"IntDistribution","attributes":)"
                                              R"({"log":false,"step":1,"low":0,"high":4}})");
  EXPECT_EQ(distribution_of("hidden"), R"({"name":"CategoricalDistribution","attributes":)"
                                       R"({"choices":["[8]","[16, 8]"]}})");
  EXPECT_EQ(distribution_of("l2"), R"({"name":"FloatDistribution","attributes":)"
                                   R"({"step":null,"low":0.0,"high":2.0,"log":false}})");
  EXPECT_EQ(distribution_of("batch_size"), "none");  // it has one value
}

TEST(Optuna, StepsEndAtAMultiple) {
  EXPECT_EQ(distribution_of("dropout"), R"({"name":"FloatDistribution","attributes":)"
                                        R"({"step":0.1,"low":0.0,"high":0.5,"log":false}})");
}

TEST(Optuna, ARangeTakesInWhatWasGivenByHand) {
  RunRecord run = exported_run();
  run.result.trials[0].config.set("lr", 0.5);
  EXPECT_EQ(distribution_of("lr", run), R"({"name":"FloatDistribution","attributes":)"
                                        R"({"step":null,"low":1e-05,"high":0.5,"log":true}})");
}

TEST(Optuna, HasStatesScoresAndCurves) {
  OptunaStudy const study = optuna_study(exported_run());
  ASSERT_EQ(study.trials.size(), 4u);
  EXPECT_EQ(study.trials[0].state, OptunaState::complete);
  EXPECT_EQ(study.trials[1].state, OptunaState::pruned);
  EXPECT_EQ(study.trials[2].state, OptunaState::fail);
  EXPECT_EQ(study.trials[3].state, OptunaState::waiting);
  EXPECT_EQ(study.trials[0].values, std::vector<double>{0.875});
  EXPECT_TRUE(study.trials[2].values.empty());
  EXPECT_EQ(study.trials[0].by_epoch, (std::map<int, double>{{1, 0.5}, {2, 0.875}}));
  EXPECT_TRUE(study.trials[2].by_epoch.empty());
  EXPECT_EQ(study.start, "2023-11-14 22:13:20.000000");
  EXPECT_EQ(study.end, "2023-11-14 22:14:20.000000");
}

TEST(Optuna, ParametersAreThereUnderTheirConditionsOnly) {
  OptunaStudy const study = optuna_study(exported_run());
  auto const names = [](OptunaTrial const& trial) {
    std::string text;
    for (OptunaParameter const& parameter : trial.parameters)
      text += parameter.name + " ";
    return text;
  };
  EXPECT_EQ(names(study.trials[0]), "hidden optimizer lr warmup_epochs dropout l2 ");
  EXPECT_EQ(names(study.trials[1]), "hidden optimizer lr momentum warmup_epochs dropout l2 ");
  EXPECT_EQ(study.trials[1].parameters[1].value, 1);  // the index of momentum
}

TEST(OptunaJournal, IsALineForEachOperation) {
  std::string const journal = to_optuna_journal(exported_run());
  EXPECT_TRUE(journal.starts_with(
      R"({"op_code":0,"worker_id":"brood","study_name":"sweep-1","directions":[2]})"
      "\n"));
  EXPECT_NE(journal.find(R"("state":1,"datetime_start":"2023-11-14T22:13:20.000000",)"
                         R"("datetime_complete":"2023-11-14T22:14:20.000000","values":[0.875])"),
            std::string::npos)
      << journal;
  EXPECT_NE(journal.find(R"("intermediate_values":{"1":0.5,"2":0.875}})"), std::string::npos);
  EXPECT_NE(journal.find(R"({"op_code":4,"worker_id":"brood","study_id":0,"state":4,"params")"),
            std::string::npos);
}

// The first column of the first row.
std::string asked(sqlite3* database, char const* question) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database, question, -1, &statement, nullptr);
  bool const found = sqlite3_step(statement) == SQLITE_ROW;
  auto const* const text = found ? sqlite3_column_text(statement, 0) : nullptr;
  std::string const answer = text ? reinterpret_cast<char const*>(text) : "nothing";
  sqlite3_finalize(statement);
  return answer;
}

TEST(OptunaDatabase, HasItsVersionAndEveryTrial) {
  TemporaryFolder const folder;
  std::string const path = folder.write("study.db", to_optuna_database(exported_run()));
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(asked(database, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(asked(database, "SELECT schema_version FROM version_info"), "12");
  EXPECT_EQ(asked(database, "SELECT version_num FROM alembic_version"), "v3.2.0.a");
  EXPECT_EQ(asked(database, "SELECT direction FROM study_directions"), "MAXIMIZE");
  EXPECT_EQ(asked(database, "SELECT group_concat(state) FROM trials"),
            "COMPLETE,PRUNED,FAIL,WAITING");
  EXPECT_EQ(asked(database, "SELECT group_concat(value) FROM trial_values"), "0.875,0.5");
  EXPECT_EQ(asked(database, "SELECT count(*) FROM trial_intermediate_values"), "3");
  EXPECT_EQ(asked(database, "SELECT param_value FROM trial_params WHERE param_name = 'momentum'"),
            "0.9");
  sqlite3_close(database);
}

}  // namespace
}  // namespace brood::files
