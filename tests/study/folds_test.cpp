// SPDX-License-Identifier: Apache-2.0
// Folds and repeats that train side by side in one population are, bit for bit, what each of them
// is alone: its weights, its moments, its curve, and its part of the trial's score.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Validated {
  char const* name;
  Validation validation;
  char const* metric;
};
void PrintTo(Validated const& validated, std::ostream* out) {
  *out << validated.name;
}

// Rows take turns in three folds; every seventh is a test row.
Table keyed(OwnedTable const& table) {
  Table keyed = table.table();
  for (int r = 0; r < table.rows; ++r)
    keyed.keys.push_back(r % 7 == 6 ? kTestRow : r % 3);
  return keyed;
}

class OfEachValidation : public testing::TestWithParam<Validated> {};

// The metric of one member on the rows that it validates, by the documented functions alone.
double score_alone(Population& population, MemberId id, Table const& table, Split const& split,
                   std::string const& metric) {
  std::vector<float> targets, predictions(split.valid->size() * 3);
  for (auto const row : *split.valid)
    targets.push_back(table.y.data[row]);
  population.forward({&id, 1}, *split.valid, predictions);
  return score(metric, table.task, predictions, targets, static_cast<std::int64_t>(targets.size()));
}

TEST_P(OfEachValidation, EveryMemberIsWhatItIsAlone) {
  auto const owned = small_blobs();
  Table const table = keyed(owned);
  Engine engine({.device = "cpu", .threads = 2});
  Data const data = engine.load(table);
  Study study = varied_study(GetParam().validation);
  study.metric.name = GetParam().metric;
  study.ensemble = 1;  // so that no member is let go
  StudyRun run(engine, data, study);
  while (run.advance()) {
  }
  StudyState const state = run.state();
  Result const result = run.found();
  auto const splits = make_splits(table, study.validation, study.seed).splits;
  ASSERT_EQ(state.residents.size(), 10 * splits.size());

  std::vector<double> sums(10, 0.0);
  for (auto const& resident : state.residents) {
    SCOPED_TRACE("trial " + std::to_string(resident.trial) + ", split " +
                 std::to_string(resident.split));
    Engine own_engine({.device = "cpu", .threads = 1});
    Data const own_data = own_engine.load(table);
    Population population(own_engine);
    TrialResult const& trial = trial_of(result, resident.trial);
    Split const& split = splits[static_cast<std::size_t>(resident.split)];
    auto const ids = population.admit(
        {member_of(study, own_data, trial.config, resident.trial, split)}, own_data);
    population.train(ids, trial.epochs);
    expect_same(resident.image, population.save(ids).front());
    expect_recorded(curve_of(result, resident.trial, split), population.metrics(ids).front());
    sums[static_cast<std::size_t>(resident.trial)] +=
        score_alone(population, ids.front(), table, split, study.metric.name);
  }
  // The sum of the same numbers in the same order.
  for (auto const& trial : result.trials) {
    EXPECT_EQ(trial.score,
              sums[static_cast<std::size_t>(trial.id)] / static_cast<double>(splits.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Folds, OfEachValidation,
    testing::Values(Validated{"Repeats", Holdout{.repeats = 3}, "accuracy"},
                    Validated{"Folds", brood::Folds{.folds = 3, .test = 0.2}, "accuracy"},
                    Validated{"FoldsTimesRepeats", brood::Folds{.folds = 3, .repeats = 2}, "auc"},
                    Validated{"GivenFolds", GivenFolds{.repeats = 2}, "brier"}),
    [](auto const& param) { return std::string(param.param.name); });

// Each fold as a study of its own, with all else as it is: its members have the same curves.
TEST(Folds, AStudyOfOneFoldHasItsCurves) {
  auto const owned = small_blobs();
  Table const table = keyed(owned);
  Engine engine({.device = "cpu", .threads = 2});
  Study study = varied_study(GivenFolds{.repeats = 2});
  study.scheduler = NoEarlyTermination{3};  // whatever the scores
  study.refit = Refit::no;
  Result const all = tune(engine, engine.load(table), study);
  for (int fold = 0; fold < 3; ++fold) {
    SCOPED_TRACE(fold);
    Table one = table;
    for (auto& key : one.keys)
      key = key == fold ? 0 : key == kTestRow ? kTestRow : kTrainOnly;
    Result const alone = tune(engine, engine.load(one), study);
    std::vector<CurvePoint> curves;
    for (auto point : all.curves) {
      if (point.fold != fold) continue;
      point.fold = 0;
      curves.push_back(point);
    }
    ASSERT_EQ(curves.size(), 10u * 2u * 3u);
    EXPECT_TRUE(same_bits(curves, alone.curves));
  }
}

}  // namespace
}  // namespace brood
