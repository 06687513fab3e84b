// SPDX-License-Identifier: Apache-2.0
// Median stopping by hand: against the median of the rung, by the best score so far.
#include <gtest/gtest.h>

#include <limits>

#include "brood/search.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Tuner tuner_of(int trials, MedianStopping const& median, bool maximize = false) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  return Tuner(
      {.space = space, .scheduler = median, .trials = trials, .seed = 3, .maximize = maximize});
}

// The trials that train on, in order.
std::vector<int> going_on(Tuner& tuner) {
  std::vector<int> ids;
  for (auto const& ask : tuner.ask(1000))
    ids.push_back(ask.trial);
  return ids;
}

TEST(Median, StopsWhoIsWorse) {
  Tuner tuner = tuner_of(5, {.max_epochs = 3, .interval = 1, .startup_trials = 3});
  EXPECT_EQ(tuner.rungs(), (std::vector<Rung>{{5, 1}, {5, 2}, {5, 3}}));
  going_on(tuner);
  double const first[] = {5, 1, 3, 4, 2};
  for (int id = 0; id < 5; ++id)
    tuner.tell(id, 1, first[id]);
  EXPECT_EQ(going_on(tuner), (std::vector<int>{1, 4, 2}));  // not worse than 3
  // The best of 1 so far is 1, which is no worse than the median of 9, 8 and 7.
  tuner.tell(1, 2, 9);
  tuner.tell(4, 2, 8);
  tuner.tell(2, 2, 7);
  EXPECT_EQ(going_on(tuner), (std::vector<int>{2, 4, 1}));
  EXPECT_EQ(tuner.trials()[0].state, TrialState::pruned);
}

TEST(Median, OfAnEvenNumberIsInTheMiddle) {
  for (bool const maximize : {false, true}) {
    Tuner tuner = tuner_of(4, {.max_epochs = 2, .interval = 1, .startup_trials = 2}, maximize);
    going_on(tuner);
    for (int id = 0; id < 4; ++id)
      tuner.tell(id, 1, maximize ? -id : id);
    EXPECT_EQ(going_on(tuner), (std::vector<int>{0, 1}));  // the median is 1.5
  }
}

TEST(Median, WaitsForStartupTrialsWithAScoreAndForTheWarmup) {
  Tuner tuner = tuner_of(5, {.max_epochs = 9, .interval = 2, .warmup_epochs = 3});
  EXPECT_EQ(tuner.rungs(), (std::vector<Rung>{{5, 4}, {5, 6}, {5, 8}, {5, 9}}));
  going_on(tuner);
  for (int id = 0; id < 5; ++id)
    tuner.tell(id, 4, id == 3 ? kNaN : id);
  EXPECT_EQ(going_on(tuner), (std::vector<int>{0, 1, 2, 4}));  // four scores; five are needed
}

TEST(Median, KeepsWhoIsAsGood) {
  Tuner tuner = tuner_of(6, {.max_epochs = 2, .interval = 1});
  going_on(tuner);
  for (int id = 0; id < 6; ++id)
    tuner.tell(id, 1, 7);
  EXPECT_EQ(going_on(tuner).size(), 6u);
}

TEST(MedianProblems, NameTheValueAndWhatIsAllowed) {
  EXPECT_EQ(problems(MedianStopping{
                .max_epochs = 5, .interval = 6, .warmup_epochs = -1, .startup_trials = 0}),
            (std::vector<std::string>{"interval is 6; it must be from 1 to max_epochs, which is 5.",
                                      "warmup_epochs is -1; it must be at least 0.",
                                      "startup_trials is 0; it must be at least 1."}));
}

}  // namespace
}  // namespace brood
