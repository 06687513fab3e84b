// SPDX-License-Identifier: Apache-2.0
// Losses with a log link are refused on targets below 0, with the row, before anything trains.
#include "study/target_checks.hpp"

#include <gtest/gtest.h>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

// Of two columns, all at least 0.
OwnedTable positive() {
  OwnedTable table = regression(60, 3, 2);
  for (float& y : table.y)
    y = std::max(y, 0.0f);
  return table;
}
OwnedTable with_one_below() {
  OwnedTable table = positive();
  table.y[2 * 17 + 1] = -0.25f;
  return table;
}

constexpr char const* kReason =
    "takes targets of at least 0, and row 17 (from 0) has -0.25; leave such rows out, or take mse, "
    "mae, huber, pinball or log_cosh";

TEST(TargetChecks, NameTheRowThatIsBelowZero) {
  EXPECT_EQ(target_problem("poisson", with_one_below().table()),
            std::string("loss: poisson ") + kReason);
  EXPECT_EQ(target_problem("poisson", positive().table()), "");
}

TEST(TargetChecks, FindALogLinkAmongAllLossesOfASpace) {
  SearchSpace space;
  EXPECT_EQ(log_link_loss(space), "");
  space.choice("loss", {"mse", "mae", "huber", "pinball", "log_cosh"});
  EXPECT_EQ(log_link_loss(space), "");
  SearchSpace linked;
  linked.choice("loss", {"mse", "tweedie"});
  EXPECT_EQ(log_link_loss(linked), "tweedie");
  SearchSpace fixed;
  fixed.constant("loss", "poisson");
  EXPECT_EQ(log_link_loss(fixed), "poisson");
}

class TargetsOfAStudy : public testing::Test {
 protected:
  Engine engine_{{.device = "cpu", .threads = 1}};
  OwnedTable const bad_ = with_one_below();
  Data const data_ = engine_.load(bad_.table());
  Study study_{.scheduler = NoEarlyTermination{2}, .validation = Holdout{}, .trials = 2};

  // Empty: none.
  template <class F>
  std::string refusal(F const& f) {
    try {
      f();
    } catch (UsageError const& error) {
      return error.problems().front();
    }
    return "";
  }
};

TEST_F(TargetsOfAStudy, AreLookedAtBeforeItRunsForEveryLossOfTheSpace) {
  study_.space.choice("loss", {"mse", "tweedie"});
  std::string const expected = std::string("loss: tweedie ") + kReason;
  EXPECT_EQ(refusal([&] { tune(engine_, data_, study_); }), expected);
  OwnedTable const table = positive();
  Data const fine = engine_.load(table.table());
  EXPECT_EQ(refusal([&] { tune(engine_, fine, study_); }), "");
}

TEST_F(TargetsOfAStudy, AreLookedAtWhereMembersAreAdmitted) {
  Population population(engine_);
  MemberSpec const spec{.config = {{"loss", "poisson"}}, .train_rows = rows_between(0, 30)};
  EXPECT_EQ(refusal([&] { population.admit({spec}, data_); }),
            std::string("loss: poisson ") + kReason);
}

// The problem is that of the table, not of each of its members.
TEST_F(TargetsOfAStudy, AreToldOnceOfAllMembers) {
  Population population(engine_);
  MemberSpec const spec{.config = {{"loss", "poisson"}}, .train_rows = rows_between(0, 30)};
  try {
    population.admit({spec, spec, spec}, data_);
    FAIL();
  } catch (UsageError const& error) {
    EXPECT_EQ(error.problems().size(), 1u);
  }
}

TEST_F(TargetsOfAStudy, AreNotShiftedForALogLink) {
  OwnedTable const table = positive();
  Population population(engine_);
  Data const data = engine_.load(table.table());
  Rows const rows = rows_between(0, 30);
  auto const spec_of = [&](Config const& config, TargetScaling targets) {
    auto const transform =
        std::make_shared<Transform const>(fit_transform(table.table(), *rows, targets));
    return MemberSpec{.config = config, .train_rows = rows, .transform = transform};
  };
  Config const poisson = {{"loss", "poisson"}};
  EXPECT_EQ(target_scaling_of(poisson), TargetScaling::by_mean);
  EXPECT_EQ(target_scaling_of({{"loss", "pinball"}}), TargetScaling::standard);
  EXPECT_EQ(target_scaling_of({}), TargetScaling::standard);
  EXPECT_NO_THROW(population.admit({spec_of(poisson, TargetScaling::by_mean)}, data));
  EXPECT_NO_THROW(population.admit({spec_of({}, TargetScaling::by_mean)}, data));
  std::string const told =
      refusal([&] { population.admit({spec_of(poisson, TargetScaling::standard)}, data); });
  EXPECT_EQ(told.substr(0, 30), "transform: shifts targets by 1") << told;
  EXPECT_NE(told.find("loss: poisson takes targets that are scaled alone"), std::string::npos);
}

// One study has losses of both kinds, on the same rows.
TEST_F(TargetsOfAStudy, AreScaledByTheLossOfEachTrial) {
  OwnedTable const table = positive();
  Data const data = engine_.load(table.table());
  study_.trials = 8;
  study_.refit = Refit::no;
  study_.space.choice("loss", {"mse", "poisson"});
  int linked = 0;
  StudyRun run(engine_, data, study_);
  while (run.advance()) {
  }
  Result const result = run.found();
  for (auto const& trial : result.trials)
    linked += has_log_link(trial.config) ? 1 : 0;
  EXPECT_GT(linked, 0);
  EXPECT_LT(linked, 8);
  for (float const shift : result.model.transform.target_shift)
    EXPECT_EQ(shift == 0, has_log_link(result.model.config));
  for (auto const& trial : result.trials)
    EXPECT_TRUE(std::isfinite(trial.score));
}

}  // namespace
}  // namespace brood
