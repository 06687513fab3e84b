// SPDX-License-Identifier: Apache-2.0
// ParzenEstimator against what Optuna 4.9.0 and 5.0.0.dev compute: weights, kernels, log l - log g.
// Their figures are printed with ten digits, so they are met to 2e-10 and the rounding of the sum
// of a few terms of size 1.
#include "search/samplers/parzen.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace brood {
namespace {

using Points = std::vector<std::vector<double>>;

ParzenEstimator estimator(std::vector<Axis> const& axes, Points const& observations,
                          bool consider_endpoints = false) {
  ParzenEstimator made(axes, consider_endpoints);
  std::vector<double> coordinates;
  for (auto const& point : observations)
    coordinates.insert(coordinates.end(), point.begin(), point.end());
  made.assign(coordinates);
  return made;
}

Points column(std::vector<double> const& coordinates) {
  Points points;
  for (double const x : coordinates)
    points.push_back({x});
  return points;
}

void expect_ratios(SearchSpace const& space, Points const& good, Points const& other,
                   Points const& at, std::vector<double> const& expected) {
  ModelSpace const model(space);
  auto const log_good = estimator(model.axes(), good).log_density(at);
  auto const log_other = estimator(model.axes(), other).log_density(at);
  ASSERT_EQ(at.size(), expected.size());
  for (std::size_t i = 0; i < at.size(); ++i)
    EXPECT_NEAR(log_good[i] - log_other[i], expected[i], 2e-10) << "point " << i;
}

TEST(ParzenWeights, RampUpToTwentyFiveOnes) {
  EXPECT_TRUE(parzen_weights(0).empty());
  EXPECT_EQ(parzen_weights(24), std::vector<double>(24, 1.0));
  EXPECT_EQ(parzen_weights(25), std::vector<double>(25, 1.0));
  auto const w26 = parzen_weights(26);
  EXPECT_EQ(w26[0], 1.0 / 26);
  EXPECT_NEAR(std::accumulate(w26.begin(), w26.end(), 0.0), 25.0384615, 5e-8);
  auto const w30 = parzen_weights(30);
  double const ramp[] = {0.033333, 0.275, 0.516667, 0.758333, 1, 1};
  for (std::size_t i = 0; i < std::size(ramp); ++i)
    EXPECT_NEAR(w30[i], ramp[i], 5e-7) << i;
  EXPECT_NEAR(std::accumulate(w30.begin(), w30.end(), 0.0), 27.5833333, 5e-8);
}

// The observations' kernels in their order, then the prior's.
std::vector<double> sigmas(double low, double high, std::vector<double> const& observed,
                           bool consider_endpoints) {
  SearchSpace space;
  space.uniform("x", low, high);
  ModelSpace const model(space);
  auto const made = estimator(model.axes(), column(observed), consider_endpoints);
  auto sigma = made.kernels(0).sigma;
  EXPECT_EQ(made.kernels(0).mean[0], 0.5 * (low + high));
  std::rotate(sigma.begin(), sigma.begin() + 1, sigma.end());
  return sigma;
}

void expect_near(std::vector<double> const& actual, std::vector<double> const& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  // Differences of two numbers below 1.
  for (std::size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 4e-16) << i;
}

TEST(ParzenSigmas, AreThoseOfOptunasOwnTest) {
  expect_near(sigmas(-1, 1, {}, true), {2});
  expect_near(sigmas(-1, 1, {0.4}, true), {1.4, 2});
  expect_near(sigmas(-1, 1, {0.4}, false), {1.4, 2});
  expect_near(sigmas(-1, 1, {-0.3, 0.3}, true), {0.7, 0.7, 2});
  expect_near(sigmas(-1, 1, {-0.3, 0.3}, false), {0.6, 0.6, 2});
  expect_near(sigmas(-1, 1, {-0.4, 0.4, 0.41, 0.42}, true), {0.8, 0.8, 1.0 / 3, 0.58, 2});
  expect_near(sigmas(-1, 1, {-0.4, 0.4, 0.41, 0.42}, false), {0.8, 0.8, 1.0 / 3, 1.0 / 3, 2});
}

TEST(ParzenSigmas, AreThoseOfTheReferenceMixture) {
  expect_near(sigmas(0, 1, {0.2, 0.25}, false), {0.25, 0.25, 1});  // by the clip 1 / 4
  expect_near(sigmas(0, 1, {0.6, 0.9, 0.05, 0.4, 0.75}, false), {0.2, 0.15, 0.35, 0.35, 0.15, 1});
}

// Whatever came and went before: the same as of an estimator that was given all at once.
TEST(ParzenObservations, ComeAndGoWithoutATrace) {
  SearchSpace space;
  space.uniform("x", 0, 1)
      .integer("k", 1, 9)
      .integer("wide", 1, 1000)
      .choice("c", {"a", "b", "c"})
      .add({.name = "log",
            .distribution = Distribution::q_log_uniform_values,
            .min = 1,
            .max = 60,
            .q = 1});
  ModelSpace const model(space);
  auto const random_point = [&](int i) {
    auto const point = model.point_of(space.decode(point_of(Random{}, space, 1, i)));
    return *point;
  };
  for (bool const consider_endpoints : {false, true}) {
    Points points;
    ParzenEstimator changing(model.axes(), consider_endpoints);
    for (int turn = 0; turn < 600; ++turn) {
      // Grows to about 150, beyond the clip's last step, and shrinks to nothing.
      bool const grows = uniform_draw(2, turn, "grows") < (turn < 300 ? 0.75 : 0.25);
      double const u = uniform_draw(2, turn, "place");
      if (grows) {
        auto const place = static_cast<std::size_t>(u * static_cast<double>(points.size() + 1));
        auto const point = turn % 3 == 0 && !points.empty() ? points.front() : random_point(turn);
        points.insert(points.begin() + static_cast<std::ptrdiff_t>(place), point);
        changing.insert(place, point);
      } else if (!points.empty()) {
        auto const place = static_cast<std::size_t>(u * static_cast<double>(points.size()));
        EXPECT_TRUE(changing.is_at(place, points[place]));
        points.erase(points.begin() + static_cast<std::ptrdiff_t>(place));
        changing.remove(place);
      }
      if (turn % 10 != 9) continue;
      auto const at_once = estimator(model.axes(), points, consider_endpoints);
      ASSERT_EQ(changing.observations(), points.size());
      for (std::size_t axis = 0; axis < model.axes().size(); ++axis) {
        ASSERT_EQ(changing.kernels(axis).sigma, at_once.kernels(axis).sigma) << turn;
        ASSERT_EQ(changing.kernels(axis).order, at_once.kernels(axis).order) << turn;
      }
      Points const at = {random_point(1000), random_point(1001), random_point(1002)};
      ASSERT_EQ(changing.log_density(at), at_once.log_density(at)) << turn;
    }
  }
}

TEST(ParzenRatio, OfAReal) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  expect_ratios(space, column({0.2, 0.25}), column({0.6, 0.9, 0.05, 0.4, 0.75}),
                column({0, 0.1, 0.2, 0.225, 0.3, 0.5, 0.8, 1}),
                {0.6511462224, 0.7825825253, 0.8157756921, 0.8048511698, 0.7194166212, 0.0815353168,
                 -1.2184472078, -0.9864147222});
}

TEST(ParzenRatio, OfALogarithmicReal) {
  SearchSpace space;
  space.log_uniform("lr", 1e-5, 1e-1);
  auto const logs = [](std::vector<double> values) {
    for (double& value : values)
      value = std::log(value);
    return column(values);
  };
  expect_ratios(
      space, logs({1e-3, 2e-3}), logs({1e-5, 1e-4, 0.03, 0.09}),
      logs({1e-5, 1e-4, 1e-3, 1.5e-3, 1e-2, 1e-1}),
      {-0.990931278, -0.068719655, 0.6679717521, 0.6913428418, 0.1531755501, -1.0380501801});
}

TEST(ParzenRatio, OfAnInteger) {
  SearchSpace space;
  space.integer("k", 1, 8);
  expect_ratios(space, column({3, 4}), column({1, 8, 6}), column({1, 2, 3, 4, 5, 6, 7, 8}),
                {0.1402175279, 0.4069911735, 0.5305208112, 0.460293816, 0.177416016, -0.2713252929,
                 -0.7578955452, -1.1169750521});
}

TEST(ParzenRatio, OfACategory) {
  SearchSpace space;
  space.choice("c", {"a", "b", "c"});
  expect_ratios(space, column({1, 1, 0}), column({2, 0}), column({0, 1, 2}),
                {-0.1541506798, 0.762140052, -0.7137664678});
}

TEST(ParzenRatio, OfARealAndACategoryTogether) {
  SearchSpace space;
  space.uniform("x", 0, 1).choice("c", {"a", "b", "c"});
  expect_ratios(space, {{0.2, 1}, {0.25, 1}, {0.3, 0}}, {{0.6, 2}, {0.9, 0}},
                {{0.2, 1}, {0.2, 2}, {0.8, 2}}, {1.8385346419, 0.2006696363, -1.7020729416});
}

TEST(ParzenRatio, OfTwoRealsTogether) {
  SearchSpace space;
  space.uniform("x", 0, 1).uniform("y", 0, 1);
  expect_ratios(space, {{0.2, 0.5}, {0.25, 0.6}}, {{0.6, 0.1}, {0.9, 0.9}, {0.05, 0.4}},
                {{0.2, 0.5}, {0.8, 0.2}}, {1.0022983315, -1.1464419177});
}

// [1, 1, 0] of three: two kernels [1/7, 5/7, 1/7], one [5/7, 1/7, 1/7], the prior [1/3, 1/3, 1/3].
TEST(ParzenDensity, OfCategoriesSumsItsKernels) {
  SearchSpace space;
  space.choice("c", {"a", "b", "c"});
  ModelSpace const model(space);
  auto const log_density =
      estimator(model.axes(), column({1, 1, 0})).log_density(column({0, 1, 2}));
  double const expected[] = {(2.0 / 7 + 5.0 / 7 + 1.0 / 3) / 4, (10.0 / 7 + 1.0 / 7 + 1.0 / 3) / 4,
                             (3.0 / 7 + 1.0 / 3) / 4};
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(std::exp(log_density[i]), expected[i], 1e-15) << i;
}

TEST(ParzenDensity, SumsToOneOverSteps) {
  SearchSpace space;
  space.add({.name = "k",
             .distribution = Distribution::q_log_uniform_values,
             .min = 1,
             .max = 90,
             .q = 3});
  ModelSpace const model(space);
  Points all;
  for (int k = 1; k <= 30; ++k)
    all.push_back({std::log(k)});
  double sum = 0;
  for (double const log_mass :
       estimator(model.axes(), column({std::log(2.0), std::log(2.0), std::log(29.0)}))
           .log_density(all))
    sum += std::exp(log_mass);
  EXPECT_NEAR(sum, 1, 1e-14);  // thirty terms
}

// The frequencies of draws against the masses: 20 cells, the chi-square statistic of 19 degrees of
// freedom exceeds 66.4 with probability 3e-7.
TEST(ParzenSample, FollowsTheDensity) {
  SearchSpace space;
  space.integer("k", 1, 5).choice("c", {"a", "b", "c", "d"}, {0.4, 0.3, 0.2, 0.1});
  ModelSpace const model(space);
  auto const made = estimator(model.axes(), {{2, 0}, {3, 0}, {3, 3}, {5, 1}});
  Points cells;
  for (int k = 1; k <= 5; ++k) {
    for (int c = 0; c < 4; ++c)
      cells.push_back({static_cast<double>(k), static_cast<double>(c)});
  }
  int const draws = 20000;
  std::vector<int> counts(cells.size(), 0);
  CandidateDraws stream(3, 0);
  for (int i = 0; i < draws; ++i) {
    auto const point = made.sample(stream);
    ++counts[static_cast<std::size_t>((point[0] - 1) * 4 + point[1])];
  }
  auto const log_mass = made.log_density(cells);
  double statistic = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    double const expected = draws * std::exp(log_mass[i]);
    statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  EXPECT_LT(statistic, 66.4);
}

// Optuna's sampling transforms, away from ties between two steps.
TEST(Axis, TransformsAsOptunaDoes) {
  struct Case {
    Parameter parameter;
    double u;
    Value expected;
  };
  Parameter const quarter{
      .name = "x", .distribution = Distribution::q_uniform, .max = 1, .q = 0.25};
  Parameter const five{.name = "x", .distribution = Distribution::q_uniform, .max = 10, .q = 5};
  Parameter const ten{.name = "x", .distribution = Distribution::int_uniform, .min = 1, .max = 10};
  Parameter const log{.name = "x",
                      .distribution = Distribution::q_log_uniform_values,
                      .min = 1,
                      .max = 1024,
                      .q = 1};
  auto const whole = [](int k) { return Value(std::int64_t{k}); };
  for (Case const& each : {Case{quarter, 0, 0.0},          Case{quarter, 0.25, 0.25},
                           Case{quarter, 0.5, 0.5},        Case{quarter, 0.75, 0.75},
                           Case{quarter, 0.9, 1.0},        Case{quarter, 0.999999, 1.0},
                           Case{five, 0.25, whole(0)},     Case{five, 0.5, whole(5)},
                           Case{five, 0.75, whole(10)},    Case{ten, 0, whole(1)},
                           Case{ten, 0.25, whole(3)},      Case{ten, 0.75, whole(8)},
                           Case{ten, 0.999999, whole(10)}, Case{log, 0, whole(1)},
                           Case{log, 0.1, whole(1)},       Case{log, 0.25, whole(3)},
                           Case{log, 0.5, whole(23)},      Case{log, 0.75, whole(152)},
                           Case{log, 0.9, whole(478)},     Case{log, 0.999999, whole(1024)}}) {
    SearchSpace space;
    space.add(each.parameter);
    ModelSpace const model(space);
    Axis const& axis = model.axes().front();
    double const point[] = {snapped(axis, axis.low + each.u * (axis.high - axis.low))};
    EXPECT_EQ(model.config_at(point).entries().front().second, each.expected)
        << name_of(each.parameter.distribution) << " at " << each.u;
  }
}

TEST(Axis, ReadsWhatItWrites) {
  SearchSpace space;
  space.uniform("a", -2, 3)
      .log_uniform("b", 1e-5, 1e-1)
      .integer("c", -3, 9)
      .choice("d", {"x", std::int64_t{2}, 0.5})
      .add({.name = "e", .distribution = Distribution::normal, .mu = 5, .sigma = 2})
      .add({.name = "f", .distribution = Distribution::log_normal, .mu = -1, .sigma = 2})
      .add({.name = "g", .distribution = Distribution::q_normal, .q = 0.1, .mu = 1, .sigma = 0.5})
      .constant("h", 4.0)
      .integer("i", 6, 6);
  ModelSpace const model(space);
  ASSERT_EQ(model.axes().size(), 7u);
  for (int trial = 0; trial < 200; ++trial) {
    auto const config = space.decode(point_of(Random{}, space, 1, trial));
    auto const point = model.point_of(config);
    ASSERT_TRUE(point);
    auto const again = model.config_at(*point);
    for (auto const& [name, value] : config) {
      if (name == "b" || name == "f") {  // a logarithm and its exponential: 20 ulp and more
        EXPECT_NEAR(std::get<double>(*again.find(name)) / std::get<double>(value), 1, 1e-14);
      } else {
        EXPECT_EQ(*again.find(name), value) << name;
      }
    }
  }
  EXPECT_FALSE(model.point_of(Config{{"a", 0.0}}));
}

}  // namespace
}  // namespace brood
