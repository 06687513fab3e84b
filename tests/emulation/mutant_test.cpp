// SPDX-License-Identifier: Apache-2.0
// The least that takes the kernel through all its paths, so that every planted bug of mutants/ can
// be tried on it, in a build of each kind (mutate.sh). A member's whole life (two submissions with
// evaluations, then predictions) must come out the same, bit for bit, wherever its tensors lie, on
// however many warps and blocks, in whatever order their threads run; and as the oracle says.
#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "backend/member_case.hpp"
#include "backend/rows.hpp"
#include "backend/same.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/memory/buffer.hpp"
#include "cuda/plan/submission.hpp"
#include "cuda/ranking/pairs.hpp"
#include "emulation/emulation.hpp"
#include "emulation/sanitizers.hpp"
#include "emulation/ways.hpp"
#include "support/many_steps.hpp"

namespace brood {
namespace {

using cuda::Fetching;
using cuda::Layout;
using cuda::Precision;
using cuda::SubmissionLimits;
using emulation::Order;

// ---- members

struct Course {
  MemberCase member;
  int pause;      // epoch at which the first submission ends
  int every = 1;  // epochs between evaluations
};

MemberCase member(std::string name, fixtures::OwnedTable data, int held_out, Config config) {
  MemberCase c{std::move(name), std::move(data), std::move(config)};
  c.held_out = held_out;
  return c;
}

// 13-37-21-5 with batches of 70 and 40: no dimension is a multiple of a tile's, batches leave part
// of their last panel of rows empty, evaluation rows come in several chunks. Units that are padding
// would not be 0 with this activation.
Course odd_widths() {
  return {member("OddWidths", fixtures::blobs(180, 13, 5), 70,
                 {{"hidden", Wholes{37, 21}},
                  {"activation", text("sigmoid")},
                  {"optimizer", text("momentum")},
                  {"batch_size", Whole{70}},
                  {"lr", 0.5},
                  {"epochs", Whole{2}}}),
          1};
}

// What takes its own way through the kernel, all at once.
Course everything() {
  auto data = fixtures::with_missing(fixtures::with_row_weights(fixtures::blobs(180, 13, 5)), 0.05);
  Course course{member("Everything", std::move(data), 70,
                       {{"hidden", Wholes{11, 40}},
                        {"activation", text("tanh")},
                        {"batch_size", Whole{70}},
                        {"lr", 0.02},
                        {"epochs", Whole{3}},
                        {"layer_dropout", Reals{0.3, 0.15}},
                        {"input_dropout", 0.2},
                        {"clip_norm", 0.3},
                        {"l2", 0.01},
                        {"ema", 0.6},
                        {"bias_lr", 0.3},
                        {"patience", Whole{3}}}),
                2};
  course.member.transform = fixtures::some_transform(course.member.data);
  return course;
}

// Regression with scaled targets, epochs of one step, more steps than scalars are made at once. Its
// first evaluation remains its best.
Course one_step_epochs() {
  Course course{member("OneStepEpochs", fixtures::regression(60, 5, 2), 24,
                       {{"hidden", Wholes{6}},
                        {"activation", text("tanh")},
                        {"optimizer", text("nadam")},
                        {"momentum_decay", 0.05},
                        {"batch_size", Whole{40}},
                        {"lr", 0.02},
                        {"lr_schedule", text("cosine")},
                        {"l2", 0.05},
                        {"patience", Whole{40}},
                        {"min_delta", 1e3},
                        {"epochs", Whole{36}}}),
                19, 7};
  course.member.transform = fixtures::some_transform(course.member.data);
  return course;
}

// Five panels of rows, of which few are in flight; four epochs between evaluations.
Course large_batch() {
  return {member("LargeBatch", fixtures::blobs(190, 5, 3), 30,
                 {{"hidden", Wholes{8}},
                  {"activation", text("tanh")},
                  {"optimizer", text("sgd")},
                  {"batch_size", Whole{150}},
                  {"lr", 0.5},
                  {"clip_norm", 0.2},
                  {"epochs", Whole{5}}}),
          4, 4};
}

// So many rows in flight that the sums of an evaluation are the last word on what a plan needs; or,
// in chunks, those of a batch.
Course huge_batch() {
  return {member("HugeBatch", fixtures::blobs(1200, 3, 2), 600,
                 {{"hidden", Wholes{4}},
                  {"optimizer", text("sgd")},
                  {"batch_size", Whole{600}},
                  {"lr", 0.1},
                  {"epochs", Whole{1}}}),
          1};
}

// Its loss overflows in its second epoch of six steps, with batches to come: the row numbers of the
// one after the next are on their way.
Course diverging() {
  return {member("Diverging", fixtures::regression(246, 5, 2), 30,
                 {{"hidden", Wholes{20}},
                  {"activation", text("relu")},
                  {"optimizer", text("sgd")},
                  {"batch_size", Whole{36}},
                  {"lr", 0.08},
                  {"patience", Whole{3}},
                  {"epochs", Whole{4}}}),
          1};
}

// Of relu, so that its deltas may lie over hidden layers, all but the second's; its rows, too. More
// outputs than 16, panels of 16 and of 32 of them. Biases, and each layer's weights, learn by
// numbers of their own, and dropout and decay fall from step to step.
Course relu() {
  return {member("Relu", fixtures::with_row_weights(fixtures::blobs(180, 10, 20)), 70,
                 {{"hidden", Wholes{36, 40, 20}},
                  {"activation", text("relu")},
                  {"optimizer", text("adamw")},
                  {"weight_decay", 0.3},
                  {"batch_size", Whole{70}},
                  {"lr", 0.01},
                  {"eps", 1e-3},
                  {"parametrization", text("ntk")},
                  {"bias_lr", 0.1},
                  {"weight_decay_schedule", text("linear")},
                  {"layer_dropout", Reals{0.25, 0.0, 0.4}},
                  {"dropout_schedule", text("linear")},
                  {"epochs", Whole{2}}}),
          1};
}

// Inputs in two segments, the second shorter; deltas of the first layer fit over the second one.
// A batch's last panel has one row, or 16.
Course wide() {
  return {member("Wide", fixtures::blobs(84, 136, 3), 20,
                 {{"hidden", Wholes{18, 36}},
                  {"activation", text("relu")},
                  {"optimizer", text("sgd")},
                  {"batch_size", Whole{48}},
                  {"lr", 0.05},
                  {"input_dropout", 0.1},
                  {"ema", 0.7},
                  {"epochs", Whole{2}}}),
          1};
}

// Inputs that are a list, of every shape and more than there are columns.
Course listed() {
  auto data = fixtures::with_missing(fixtures::blobs(180, 13, 5), 0.1);
  Course course{member("Listed", std::move(data), 70,
                       {{"hidden", Wholes{48}},
                        {"activation", text("relu")},
                        {"optimizer", text("sgd")},
                        {"batch_size", Whole{70}},
                        {"lr", 0.05},
                        {"epochs", Whole{2}}}),
                1};
  course.member.transform = fixtures::listed_transform(course.member.data, 39);
  return course;
}

// Heads, of inputs as they stand in the table; batches that leave part of a panel of rows empty,
// and more outputs of all heads than 16.
Course heads() {
  auto data = fixtures::with_missing(fixtures::with_row_weights(fixtures::blobs(70, 13, 5)), 0.05);
  Course course{member("Heads", std::move(data), 30,
                       {{"hidden", Wholes{20, 18}},
                        {"activation", text("tanh")},
                        {"optimizer", text("momentum")},
                        {"heads", Whole{4}},
                        {"batch_size", Whole{18}},
                        {"lr", 0.2},
                        {"dropout", 0.2},
                        {"epochs", Whole{2}}}),
                1};
  course.member.transform = fixtures::some_transform(course.member.data);
  return course;
}

// As many heads as there can be, of a list of inputs, each of outputs that stand alone.
Course heads_of_labels() {
  Course course{member("HeadsOfLabels", fixtures::multi_label(50, 5, 3), 20,
                       {{"hidden", Wholes{18}},
                        {"activation", text("relu")},
                        {"optimizer", text("sgd")},
                        {"heads", Whole{16}},
                        {"batch_size", Whole{7}},
                        {"lr", 0.2},
                        {"input_dropout", 0.1},
                        {"epochs", Whole{2}}}),
                1};
  course.member.transform = fixtures::listed_transform(course.member.data, 19);
  return course;
}

std::vector<Course> const& courses() {
  static std::vector<Course> const list = {
      odd_widths(), everything(), one_step_epochs(), large_batch(), huge_batch(),     diverging(),
      relu(),       wide(),       listed(),          heads(),       heads_of_labels()};
  return list;
}
Course const& course_named(std::string const& name) {
  for (Course const& course : courses())
    if (course.member.name == name) return course;
  throw std::invalid_argument(name);
}

// ---- lives

struct Life {
  MemberImage image;
  Evaluation evaluation;           // of all rows of its table
  std::vector<float> predictions;  // likewise
};

// Members with a table each, on a backend of their own.
std::vector<Life> lives(Precision precision, SubmissionLimits const& limits,
                        std::vector<Course> const& courses, bool pausing) {
  emulation::exact_mma = true;
  auto const backend = cuda::make_backend(cuda::Device::open(0), precision, limits);
  std::vector<MemberSpec> specs;
  for (auto const& course : courses) {
    MemberCase const& c = course.member;
    specs.push_back({.config = c.config,
                     .seed = c.seed,
                     .table = backend->load(c.data.table()),
                     .train_rows = c.train_rows(),
                     .eval_rows = c.eval_rows(),
                     .transform = c.transform});
  }
  auto const slots = backend->admit(specs);
  std::vector<TrainOrder> first, rest;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    first.push_back({slots[i], courses[i].pause, courses[i].every});
    rest.push_back({slots[i], courses[i].member.settings().epochs, courses[i].every});
  }
  if (pausing) backend->train(first);
  backend->train(rest);
  auto const images = backend->save(slots);
  std::vector<Life> lives;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    MemberCase const& c = courses[i].member;
    auto const rows = fixtures::rows_between(0, c.data.rows);
    Life& life = lives.emplace_back();
    life.image = images[i];
    life.evaluation = backend->evaluate(std::vector{slots[i]}, *rows)[0];
    life.predictions.resize(rows->size() * static_cast<std::size_t>(c.outputs()));
    backend->forward(std::vector{slots[i]}, *rows, life.predictions);
  }
  return lives;
}

void run_in(Order order, std::uint64_t seed) {
  emulation::order = order;
  emulation::seed = seed;
}

// On one warp with everything in shared memory, or layer by layer.
Life const& reference(Precision precision, Course const& course, Layout first = Layout::resident) {
  static std::map<std::tuple<Precision, std::string, Layout>, Life> known;
  auto const [at, fresh] = known.try_emplace({precision, course.member.name, first});
  if (fresh) {
    run_in(Order::forward, 1);
    // A course with pauses between evaluations has one more of them.
    bool const pausing = course.pause % course.every != 0;
    SubmissionLimits const limits{.plan = {.first = first}, .warps = 1, .blocks = 1};
    at->second = lives(precision, limits, {course}, pausing)[0];
  }
  return at->second;
}

void expect_equal(Life const& expected, Life const& got, std::string const& name) {
  EXPECT_EQ(difference(expected.image, got.image), "") << name;
  auto const bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  for (std::size_t i = 0; i < expected.predictions.size(); ++i) {
    ASSERT_EQ(bits(expected.predictions[i]), bits(got.predictions[i]))
        << "prediction " << i << " differs: " << name;
  }
  MemberImage a, b;
  a.metrics.history = {expected.evaluation};
  b.metrics.history = {got.evaluation};
  EXPECT_EQ(difference(a, b), "") << "evaluation of all rows: " << name;
}

// ---- against the oracle: first, as it is what most bugs are seen by soonest

class Reference : public ::testing::TestWithParam<std::tuple<Course, Layout>> {};

// The weights that a life's predictions are made with.
std::vector<float> const& predicting(MemberImage const& image) {
  if (!image.best.empty() && image.metrics.best >= 0) return image.best;
  return image.average.empty() ? image.weights : image.average;
}

TEST_P(Reference, MatchesOracle) {
  auto const& [course, layout] = GetParam();
  MemberCase const& c = course.member;
  Life const& life = reference(Precision::tf32, course, layout);
  MemberImage const& image = life.image;
  auto const settings = c.settings();
  auto const samples = c.samples();
  Rows const rows = c.train_rows();
  auto const initial = c.initial_weights();

  auto const expected = oracle::expected_course(settings, samples, ints(rows), initial,
                                                randomness_of(c, rows->size()), settings.epochs);
  EXPECT_LT(expected.weights, 0.05) << "the runs part too soon for a comparison";
  EXPECT_LE(oracle::distance(image.weights, expected.truth.weights, initial), expected.weights);
  if (settings.ema > 0) {
    EXPECT_LE(oracle::distance(image.average, expected.truth.average, initial), expected.average);
  }
  if (course.every == 1) {
    ASSERT_EQ(image.metrics.history.size(), expected.truth.train_loss.size());
    for (std::size_t i = 0; i < image.metrics.history.size(); ++i) {
      EXPECT_NEAR(image.metrics.history[i].train_loss, expected.truth.train_loss[i],
                  expected.train_loss);
    }
  }
  EXPECT_EQ(image.metrics.state, MemberState::complete);

  auto const score_of = [&](std::vector<float> const& weights, Rows const& evaluated) {
    return oracle::evaluate(settings, samples,
                            oracle::network_from<oracle::Bounded>(c.widths(), weights),
                            ints(evaluated));
  };
  auto const expect_score = [](Evaluation const& got, oracle::Score const& score) {
    EXPECT_NEAR(got.loss, score.loss.value, score.loss.error);
    EXPECT_NEAR(got.weight, score.weight, 1e-12 * score.weight);
    EXPECT_NEAR(got.correct, score.correct, score.undecided + 1e-12 * score.weight);
  };
  auto const& last = image.average.empty() ? image.weights : image.average;
  expect_score(image.metrics.history.back(), score_of(last, c.eval_rows()));
  if (!image.best.empty()) {
    auto const best = static_cast<std::size_t>(image.metrics.best);
    expect_score(image.metrics.history.at(best), score_of(image.best, c.eval_rows()));
  }
  Rows const all = fixtures::rows_between(0, c.data.rows);
  expect_score(life.evaluation, score_of(predicting(image), all));
  auto const network = oracle::network_from<oracle::Bounded>(c.widths(), predicting(image));
  for (std::size_t i = 0; i < life.predictions.size(); ++i) {
    auto const outputs = static_cast<std::size_t>(c.outputs());
    auto const row = oracle::predict(settings, samples, network, static_cast<int>(i / outputs));
    auto const& value = row[i % outputs];
    ASSERT_NEAR(life.predictions[i], value.value, value.error) << "prediction " << i;
  }
}

std::vector<Course> finite_courses() {
  std::vector<Course> list;
  for (Course const& course : courses())
    if (course.member.name != "Diverging") list.push_back(course);
  return list;
}
void PrintTo(Course const& course, std::ostream* out) {
  *out << course.member.name;
}
INSTANTIATE_TEST_SUITE_P(Tf32, Reference,
                         ::testing::Combine(::testing::ValuesIn(finite_courses()),
                                            ::testing::Values(Layout::resident, Layout::layered)),
                         [](auto const& info) {
                           bool const layered = std::get<1>(info.param) == Layout::layered;
                           return std::get<0>(info.param).member.name + (layered ? "_Layered" : "");
                         });

// ---- placements

struct Placement {
  std::string course, name;
  SubmissionLimits limits;
};

SubmissionLimits spread(int warps, int blocks, int chunk_rows = 4096) {
  return {.plan = {.most_chunk_rows = chunk_rows}, .warps = warps, .blocks = blocks};
}
// Bytes of the first plan within the limits.
int planned_bytes(Precision precision, Course const& course, SubmissionLimits const& limits) {
  cuda::PlanLimits plan = limits.plan;
  plan.shared_bytes = emulation::limits.shared_bytes_block;
  return plan_of(course.member, precision, {limits.warps, limits.blocks}, plan).shared_bytes;
}
// Room for just one way of laying tensors over each other.
SubmissionLimits over(Precision precision, Course const& course, Fetching fetching, bool deltas,
                      SubmissionLimits const& limits) {
  auto const found = limits_of({"", fetching, deltas, limits}, course.member, precision,
                               emulation::limits.shared_bytes_block);
  if (!found) throw std::logic_error("no such plan of " + course.member.name);
  return *found;
}
// Room for no resident plan that fetches rows beside those in use, all tensors apart.
SubmissionLimits nothing_ahead(Precision precision, Course const& course, int warps) {
  SubmissionLimits limits = spread(warps, 1);
  limits.plan.shared_bytes = planned_bytes(precision, course, spread(warps, 1, 32)) - 4;
  return limits;
}
// As spread(), with room for that and no more: a block alone would leave gradients in global
// memory, without which no cluster trains a member that has to keep them.
SubmissionLimits clustered(Precision precision, Course const& course, int warps, int blocks,
                           int chunk_rows = 4096) {
  SubmissionLimits limits = spread(warps, blocks, chunk_rows);
  limits.plan.shared_bytes = planned_bytes(precision, course, limits);
  return limits;
}
SubmissionLimits placed(Layout first, int warps, int chunk_rows = 4096) {
  return {.plan = {.first = first, .most_chunk_rows = chunk_rows}, .warps = warps, .blocks = 1};
}

std::vector<Placement> placements(Precision precision) {
  std::vector<Placement> list;
  auto add = [&](char const* course, char const* name, SubmissionLimits const& limits) {
    list.push_back({course, name, limits});
  };
  for (char const* const course : {"OddWidths", "Everything"}) {
    add(course, "FourWarps", spread(4, 1));
    add(course, "ColumnsShared", spread(8, 1));
    add(course, "ChunksOf32", spread(2, 1, 32));
    add(course, "ChunksOf32OnFourWarps", spread(4, 1, 32));
    add(course, "TwoBlocks", clustered(precision, course_named(course), 2, 2));
    add(course, "TwoBlocksInChunks", clustered(precision, course_named(course), 4, 2, 64));
    add(course, "MomentsInGlobal", placed(Layout::moments_in_l2, 4));
    add(course, "WeightsInGlobal", placed(Layout::weights_in_l2, 4));
    add(course, "WeightsInGlobalInChunks", placed(Layout::weights_in_l2, 2, 32));
  }
  SubmissionLimits a_step = spread(2, 1);
  a_step.launch_steps = 1;
  add("Everything", "ALaunchAStep", a_step);
  for (char const* const course : {"OddWidths", "Everything", "Wide"})
    add(course, "NothingAhead", nothing_ahead(precision, course_named(course), 2));
  auto add_over = [&](char const* course, char const* name, Fetching fetching, bool deltas,
                      SubmissionLimits const& limits) {
    add(course, name, over(precision, course_named(course), fetching, deltas, limits));
  };
  SubmissionLimits const in_global = placed(Layout::weights_in_l2, 4);
  add_over("Relu", "DeltasOverHidden", Fetching::ahead, true, spread(4, 1));
  add_over("OddWidths", "RowsOverHidden", Fetching::over_hidden, false, spread(2, 1));
  add_over("Relu", "BothOverHiddenInChunks", Fetching::over_hidden, true, spread(4, 1, 32));
  add_over("Relu", "BothOverHiddenInGlobal", Fetching::over_hidden, true, in_global);
  add("Relu", "TwoBlocks", clustered(precision, course_named("Relu"), 2, 2));
  add("Wide", "FourWarps", spread(4, 1));
  if (precision == Precision::bf16) return list;
  add_over("Wide", "RowsOverInputsDeltasOverHidden", Fetching::over_inputs, true, spread(8, 1));
  add_over("Wide", "RowsOverInputs", Fetching::over_inputs, false, spread(2, 1));
  add_over("Wide", "RowsOverInputsOfTwoBlocks", Fetching::over_inputs, false, spread(2, 2));
  add("OddWidths", "OneWarp", spread(1, 1));
  add("OddWidths", "FourBlocks", spread(1, 4));
  add("OneStepEpochs", "TwoWarps", spread(2, 1));
  add("OneStepEpochs", "ColumnsShared", spread(8, 1));
  add("OneStepEpochs", "TwoBlocks", spread(1, 2));
  add("LargeBatch", "ChunksOf32", spread(1, 1, 32));
  add("LargeBatch", "FourBlocksInChunks",
      clustered(precision, course_named("LargeBatch"), 1, 4, 128));
  add("HugeBatch", "EightWarps", spread(8, 1));
  add("HugeBatch", "ChunksOf32", spread(1, 1, 32));
  add("Diverging", "TwoWarps", spread(2, 1));
  add("Diverging", "TwoBlocks", spread(1, 2));
  add("Diverging", "NothingAhead", nothing_ahead(precision, course_named("Diverging"), 1));
  return list;
}

using At = std::pair<Precision, Placement>;
void PrintTo(At const& at, std::ostream* out) {
  *out << at.second.name;
}
class Placed : public ::testing::TestWithParam<At> {};

struct Schedule {
  Order order;
  std::uint64_t seed;
};
constexpr Schedule kSchedules[] = {
    {Order::skew, 1}, {Order::backward, 1}, {Order::forward, 1}, {Order::skew, 2}};
// What sanitizers see hardly depends on who runs first.
constexpr std::size_t kScheduleCount =
    emulation::kAddressSanitizer || emulation::kThreadSanitizer ? 1 : 4;

TEST_P(Placed, LivesTheSameLife) {
  auto const& [precision, placement] = GetParam();
  Course const& course = course_named(placement.course);
  Life const& expected = reference(precision, course);
  for (auto const& [order, seed] : std::span(kSchedules).first(kScheduleCount)) {
    run_in(order, seed);
    emulation::counters = {};
    auto const got = lives(precision, placement.limits, {course}, true)[0];
    // A member that no cluster can take would be trained by one block.
    EXPECT_EQ(emulation::counters.cluster_barriers > 0, placement.limits.blocks > 1);
    expect_equal(
        expected, got,
        "order " + std::to_string(static_cast<int>(order)) + ", seed " + std::to_string(seed));
    if (HasFailure()) return;
  }
}

std::vector<At> all_placements(Precision precision) {
  std::vector<At> list;
  for (Placement const& placement : placements(precision))
    list.push_back({precision, placement});
  return list;
}
std::string name_of_placement(::testing::TestParamInfo<At> const& info) {
  return info.param.second.course + "_" + info.param.second.name;
}
INSTANTIATE_TEST_SUITE_P(Tf32, Placed, ::testing::ValuesIn(all_placements(Precision::tf32)),
                         name_of_placement);
INSTANTIATE_TEST_SUITE_P(Bf16, Placed, ::testing::ValuesIn(all_placements(Precision::bf16)),
                         name_of_placement);

// ---- layer by layer

class Layered : public Placed {};

TEST_P(Layered, LivesTheSameLifeInAnyOrder) {
  auto const& [precision, placement] = GetParam();
  Course const& course = course_named(placement.course);
  Life const& expected = reference(precision, course, Layout::layered);
  for (auto const& [order, seed] : std::span(kSchedules).first(kScheduleCount)) {
    run_in(order, seed);
    emulation::counters = {};
    auto const got = lives(precision, placement.limits, {course}, true)[0];
    EXPECT_EQ(emulation::counters.mma, 0);
    expect_equal(expected, got, "order " + std::to_string(static_cast<int>(order)));
    if (HasFailure()) return;
  }
}

std::vector<At> layered_courses(Precision precision) {
  std::vector<At> list;
  for (Course const& course : courses())
    list.push_back({precision, {course.member.name, "Layered", placed(Layout::layered, 1)}});
  return list;
}
INSTANTIATE_TEST_SUITE_P(Tf32, Layered, ::testing::ValuesIn(layered_courses(Precision::tf32)),
                         name_of_placement);
INSTANTIATE_TEST_SUITE_P(Bf16, Layered, ::testing::ValuesIn(layered_courses(Precision::bf16)),
                         name_of_placement);

// ---- beside others

class Members : public ::testing::TestWithParam<Precision> {};

TEST_P(Members, LiveTheSameLifeTogether) {
  run_in(Order::backward, 1);
  std::vector<Course> together = courses();
  if (GetParam() == Precision::bf16) together.resize(2);
  auto const got = lives(GetParam(), spread(2, 2), together, true);
  for (std::size_t i = 0; i < together.size(); ++i)
    expect_equal(reference(GetParam(), together[i]), got[i], together[i].member.name);
}
INSTANTIATE_TEST_SUITE_P(Tf32, Members, ::testing::Values(Precision::tf32),
                         [](auto const&) { return "all"; });
INSTANTIATE_TEST_SUITE_P(Bf16, Members, ::testing::Values(Precision::bf16),
                         [](auto const&) { return "all"; });

TEST(Tf32Member, DivergesWhereItsLossOverflows) {
  Course const course = diverging();
  for (Layout const layout : {Layout::resident, Layout::layered}) {
    MemberImage const& image = reference(Precision::tf32, course, layout).image;
    EXPECT_EQ(image.metrics.state, MemberState::diverged);
    // With two batches to come in its epoch, and evaluated before.
    EXPECT_GT(image.metrics.step, 6);
    EXPECT_NE(image.metrics.step % 6, 0) << image.metrics.step;
    EXPECT_LE(image.metrics.step % 6, 4) << image.metrics.step;
    EXPECT_GT(image.metrics.history.size(), 0u);
  }
}

// The oracle knows nothing of bf16.
TEST(Bf16Member, IsNearThatOfTf32) {
  for (Course const& course : {odd_widths(), everything()}) {
    for (Layout const layout : {Layout::resident, Layout::layered}) {
      MemberImage const& a = reference(Precision::bf16, course, layout).image;
      MemberImage const& b = reference(Precision::tf32, course, layout).image;
      EXPECT_LT(oracle::distance(a.weights, b.weights, course.member.initial_weights()), 0.2)
          << course.member.name;
    }
  }
}

// ---- pairs of predictions

// Of 600 rows with many ties, by a block of 256 threads, whoever runs first.
TEST(Tf32Pairs, AreCountedWhoeverRunsFirst) {
  constexpr int kRows = 600;
  std::vector<float> predictions, y;
  std::vector<std::int32_t> rows;
  for (int i = 0; i < kRows; ++i) {
    predictions.push_back(static_cast<float>(i * 7 % 13));
    y.push_back(static_cast<float>(i * i % 3 == 1));
    rows.push_back(i);
  }
  std::int64_t twice = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      if (y[i] != 1 || y[j] != 0) continue;
      twice += predictions[j] < predictions[i] ? 2 : predictions[j] == predictions[i] ? 1 : 0;
    }
  }
  for (auto const& [order, seed] : std::span(kSchedules).first(kScheduleCount)) {
    run_in(order, seed);
    auto const device = cuda::Device::open(0);
    cuda::Arena arena(*device);
    cuda::Buffer<float> const on_device(arena, *device, predictions), targets(arena, *device, y);
    cuda::Buffer<std::int32_t> const of_rows(arena, *device, rows);
    cuda::PairTask task{};
    task.predictions = on_device.data();
    task.y = targets.data();
    task.rows = of_rows.data();
    task.row_count = kRows;
    task.members = task.outputs = task.counted = task.targets = task.labels = 1;
    EXPECT_EQ(cuda::ordered_pairs(*device, arena, task).front().twice_in_order, twice);
  }
}

}  // namespace
}  // namespace brood
