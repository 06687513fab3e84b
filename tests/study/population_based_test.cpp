// SPDX-License-Identifier: Apache-2.0
// Population based training of networks: the winner, copies of copies and all, is one training that
// can be repeated from what the result says, to the last bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

class PopulationBasedTest : public testing::Test {
 protected:
  PopulationBasedTest()
      : table_(small_blobs()),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  Study study(std::uint64_t seed) const {
    Study study = varied_study(Holdout{});
    study.scheduler = PopulationBased{.max_epochs = 9, .interval = 2, .quantile = 0.4};
    study.trials = 10;
    study.seed = seed;
    return study;
  }

  // One member through all segments on a split, handed on as an image whose seed is replaced.
  std::vector<LayerWeights> replayed(Study const& study, std::vector<Segment> const& segments,
                                     Split const& split) {
    Population population(engine_);
    std::optional<MemberId> id;
    for (Segment const& segment : segments) {
      MemberSpec spec = member_of(study, data_, segment.config, segment.trial, split);
      if (!id) {
        id = population.admit({std::move(spec)}, data_).front();
      } else {
        MemberImage image = population.save({&*id, 1}).front();
        image.seed = spec.seed;
        id = population.admit(std::move(spec), data_, std::move(image));
      }
      population.train({&*id, 1}, segment.until_epoch);
    }
    return population.weights({&*id, 1}).front();
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_F(PopulationBasedTest, TheWinnerCanBeReplayedAsOneTraining) {
  std::size_t longest = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Study own = study(seed);
    own.refit = Refit::no;
    Result const result = tune(engine_, data_, own);
    ASSERT_EQ(result.segments.back().trial, result.best);
    EXPECT_EQ(result.segments.back().until_epoch, 9);
    Splits const splits = make_splits(data_.table(), own.validation, own.seed);
    EXPECT_TRUE(
        same_bits(result.model.layers, replayed(own, result.segments, splits.splits.front())));
    longest = std::max(longest, result.segments.size());
  }
  EXPECT_GE(longest, 3u);  // among the winners there are copies of copies
}

TEST_F(PopulationBasedTest, TheRefitGoesThroughTheWholeScheduleOnAllDevelopmentRows) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Study const own = study(seed);
    Result const result = tune(engine_, data_, own);
    EXPECT_EQ(result.refit_epochs, 9);
    Splits const splits = make_splits(data_.table(), own.validation, own.seed);
    Split const all{.fold = 0, .repeat = 0, .train = splits.development};
    EXPECT_TRUE(same_bits(result.model.layers, replayed(own, result.segments, all)));
  }
}

// What a copy cannot change it takes over: networks of unlike shapes and optimizers live together.
TEST_F(PopulationBasedTest, ACopyTakesOverTheNetworkAndExploresTheRest) {
  StudyRun run(engine_, data_, study(3));
  while (run.advance()) {
  }
  StudyState const state = run.state();
  ASSERT_FALSE(state.tuner.lineage.empty());
  int explored = 0;
  for (Exploit const& exploit : state.tuner.lineage) {
    // The source's configuration at that time: of its own last copy before, or its first.
    Config source = state.tuner.configs[static_cast<std::size_t>(exploit.from)];
    for (auto const& other : state.tuner.lineage) {
      if (other.trial != exploit.from) continue;
      if (other.epoch >= exploit.epoch) {
        source = other.before;
        break;
      }
      source = other.after;
    }
    for (auto const* const name :
         {"hidden", "activation", "optimizer", "batch_size", "ema", "lr_schedule"})
      EXPECT_EQ(*exploit.after.find(name), *source.find(name)) << name;
    explored += *exploit.after.find("lr") != *source.find("lr") ? 1 : 0;
  }
  EXPECT_GT(explored, 0);
}

TEST_F(PopulationBasedTest, PatienceIsRefused) {
  Study own = study(1);
  own.space.choice("patience", {0, 3});
  EXPECT_THROW(tune(engine_, data_, own), UsageError);
  EXPECT_EQ(problems(own, Task::classification).front().rfind("patience: does not go with", 0), 0u);
}

TEST_F(PopulationBasedTest, TheMemoryLimitChangesNothing) {
  Study const own = study(2);
  Result const unlimited = tune(engine_, data_, own);
  std::int64_t const each = plan(engine_, data_, own).bytes_per_member;
  for (std::int64_t const room : {1, 4}) {
    Engine narrow({.device = "cpu", .threads = 1, .memory_limit = room * each});
    expect_same(tune(narrow, narrow.load(table_.table()), own), unlimited);
  }
}

}  // namespace
}  // namespace brood
