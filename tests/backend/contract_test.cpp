// SPDX-License-Identifier: Apache-2.0
// What a backend refuses, and that refusing leaves it whole.
#include <gtest/gtest.h>

#include <limits>

#include "brood/error.hpp"
#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

class Contract : public ::testing::Test {
 protected:
  MemberCase c{
      "contract", fixtures::blobs(30, 4, 3), {{"hidden", Wholes{5}}, {"epochs", Whole{3}}}};
  Engine engine{Residents::one()};
  Data data = engine.load(c.data.table());
  Backend& backend = engine.backend();
  MemberSpec spec = c.spec(data, c.train_rows());

  Slot admit() { return backend.admit(std::vector{spec})[0]; }
};

Rows rows(std::vector<std::int32_t> list) {
  return std::make_shared<std::vector<std::int32_t> const>(std::move(list));
}

TEST_F(Contract, AdmitRefusesRowsOutsideTheTable) {
  for (std::int32_t const row : {-1, 30}) {
    auto bad = spec;
    bad.train_rows = rows({0, row});
    EXPECT_THROW(backend.admit(std::vector{bad}), UsageError);
    bad = spec;
    bad.eval_rows = rows({row});
    EXPECT_THROW(backend.admit(std::vector{bad}), UsageError);
  }
}

TEST_F(Contract, AdmitRefusesMembersWithoutTrainingRows) {
  spec.train_rows = rows({});
  EXPECT_THROW(admit(), UsageError);
  spec.train_rows = nullptr;
  EXPECT_THROW(admit(), UsageError);
}

TEST_F(Contract, AdmitRefusesUnknownTables) {
  spec.table = data.id() + 1;
  EXPECT_THROW(admit(), UsageError);
}

TEST_F(Contract, AdmitRefusesTransformsOfAnotherWidth) {
  auto transform = std::make_shared<Transform>();
  transform->shift = {0, 0};
  transform->scale = {1, 1};
  spec.transform = transform;
  EXPECT_THROW(admit(), UsageError);
}

TEST_F(Contract, AdmitRefusesListsOfInputsThatDoNotFit) {
  auto const refused = [&](auto const& change) -> std::string {
    auto transform = *fixtures::listed_transform(c.data, 9);
    change(transform);
    auto bad = spec;
    bad.transform = std::make_shared<Transform const>(transform);
    try {
      backend.admit(std::vector{bad});
    } catch (UsageError const& error) {
      return error.problems().front();
    }
    return "";
  };
  EXPECT_EQ(refused([](Transform&) {}), "");
  EXPECT_EQ(refused([](Transform& t) { t.source[3] = 4; }),
            "transform: the source 4 is no column of the table's 0 .. 3");
  EXPECT_EQ(refused([](Transform& t) { t.columns = 5; }),
            "transform: its inputs are made of 5 columns; the table has 4");
  EXPECT_EQ(refused([](Transform& t) { t.gain.pop_back(); }),
            "transform: has 9 sources, 9 shapes, 9 offsets and 8 gains; give each input one of "
            "each");
  EXPECT_EQ(refused([](Transform& t) { t.shift.pop_back(); }),
            "transform: has 8 shifts and 9 scales; its list is of 9 inputs");
}

TEST_F(Contract, AdmitRefusesPlainTransformsWhereOtherInputsAreAskedFor) {
  for (auto const& [name, value] :
       Config{{"pieces", Whole{4}}, {"periodic", Whole{1}}, {"scaling", text("robust")}}) {
    auto asks = spec;
    asks.config.set(name, value);
    EXPECT_THROW(backend.admit(std::vector{asks}), UsageError) << name;
    asks.transform = fixtures::listed_transform(c.data, 9);
    EXPECT_NO_THROW(backend.admit(std::vector{asks})) << name;
  }
}

TEST_F(Contract, AdmitNamesEveryProblem) {
  spec.config = {{"lr", -1.0}, {"optimiser", text("adam")}, {"activation", text("rleu")}};
  try {
    admit();
    FAIL() << "was admitted";
  } catch (UsageError const& error) {
    EXPECT_EQ(error.problems().size(), 3u);
  }
}

TEST_F(Contract, SupportsSaysNoWithAReason) {
  EXPECT_TRUE(backend.supports(c.config, {Task::classification, 4, 3}, 100));
  auto const no = backend.supports({{"loss", text("mse")}}, {Task::classification, 4, 3}, 100);
  EXPECT_FALSE(no);
  EXPECT_NE(no.reason, "");
}

TEST_F(Contract, ReleasedSlotsAreEmpty) {
  Slot const slot = admit();
  backend.release(std::vector{slot});
  EXPECT_THROW(backend.metrics(std::vector{slot}), UsageError);
  EXPECT_THROW(backend.train(std::vector{TrainOrder{slot, 1, 1}}), UsageError);
  EXPECT_THROW(backend.save(std::vector{slot}), UsageError);
  EXPECT_THROW(backend.release(std::vector{slot}), UsageError);
}

TEST_F(Contract, SlotsThatNeverWereAreRefused) {
  for (Slot const slot : {-1, 5, std::numeric_limits<Slot>::max()})
    EXPECT_THROW(backend.metrics(std::vector{slot}), UsageError);
}

TEST_F(Contract, ForwardRefusesWhatDoesNotFit) {
  std::vector<Slot> const slots = {admit()};
  std::vector<float> out(3);
  EXPECT_THROW(backend.forward(slots, *rows({30}), out), UsageError);
  EXPECT_THROW(backend.forward(slots, *rows({-1}), out), UsageError);
  EXPECT_THROW(backend.forward(slots, *rows({0, 1}), out), UsageError);
  std::vector<float> const x(5);
  EXPECT_THROW(backend.forward(slots, Matrix{x.data(), 1, 5}, out), UsageError);
}

// Two members on tables of different widths cannot share a matrix of inputs.
TEST_F(Contract, ForwardRefusesAMatrixThatFitsOnlySomeSlots) {
  MemberCase const other{"other", fixtures::blobs(30, 40, 3), {{"hidden", Wholes{5}}}};
  Data const wide = engine.load(other.data.table());
  auto const slots = backend.admit(std::vector{spec, other.spec(wide, other.train_rows())});
  std::vector<float> const x(8);
  std::vector<float> out(2 * 2 * 3);
  EXPECT_THROW(backend.forward(slots, Matrix{x.data(), 2, 4}, out), UsageError);
}

TEST_F(Contract, RestoreRefusesImagesOfOtherNetworks) {
  std::vector<Slot> const slots = {admit()};
  auto const good = backend.save(slots)[0];
  auto bad = good;
  bad.weights.pop_back();
  EXPECT_THROW(backend.restore(slots, std::vector{bad}), UsageError);
  bad = good;
  bad.moments.clear();
  EXPECT_THROW(backend.restore(slots, std::vector{bad}), UsageError);
  bad = good;
  bad.average.resize(good.weights.size());
  EXPECT_THROW(backend.restore(slots, std::vector{bad}), UsageError);
  expect_same(good, backend.save(slots)[0], "after refused images");
}

TEST_F(Contract, CloneRefusesUnlikeMembers) {
  auto wider = spec;
  wider.config.set("hidden", Wholes{6});
  auto deeper = spec;
  deeper.config.set("hidden", Wholes{5, 5});
  auto stateless = spec;
  stateless.config.set("optimizer", text("sgd"));
  auto const slots = backend.admit(std::vector{spec, wider, deeper, stateless});
  for (std::size_t i = 1; i < slots.size(); ++i) {
    EXPECT_THROW(backend.clone(std::vector{SlotCopy{slots[0], slots[i]}}), UsageError) << i;
    EXPECT_THROW(backend.clone(std::vector{SlotCopy{slots[i], slots[0]}}), UsageError) << i;
  }
}

// As many tensors, but not the same ones: a moment is not an average.
TEST_F(Contract, CloneRefusesMembersThatKeepOtherTensors) {
  auto momentum = spec;
  momentum.config.set("optimizer", text("momentum"));
  auto average = spec;
  average.config.set("optimizer", text("sgd"));
  average.config.set("ema", 0.9);
  auto const slots = backend.admit(std::vector{momentum, average});
  EXPECT_THROW(backend.clone(std::vector{SlotCopy{slots[0], slots[1]}}), UsageError);
}

TEST_F(Contract, BytesGrowWithTheNetwork) {
  auto const small = backend.bytes({{"hidden", Wholes{8}}}, {Task::classification, 10, 3}, 100);
  auto const large = backend.bytes({{"hidden", Wholes{800}}}, {Task::classification, 10, 3}, 100);
  EXPECT_GE(small, 4 * (8 * 11 + 3 * 9) * 3);  // weights and Adam's two moments
  EXPECT_GE(large, 4 * (800 * 11 + 3 * 801) * 3);
  EXPECT_LT(small, large);
}

// Few trials, and so many that a device sorts them.
TEST_F(Contract, RanksAsTheHostDoes) {
  for (int const count : {0, 7, 6000}) {
    std::vector<Ranked> trials;
    for (int i = 0; i < count; ++i)
      trials.push_back({count - i, static_cast<double>((37 * i) % 1001) / 10 - 50});
    for (bool const maximize : {false, true}) {
      EXPECT_EQ(backend.rank(trials, count / 3, maximize), survivors(trials, count / 3, maximize))
          << count;
    }
  }
}

TEST_F(Contract, InfoSaysWhatItRunsOn) {
  auto const info = backend.info();
  EXPECT_EQ(info.name, "cpu");
  EXPECT_NE(info.device, "");
  EXPECT_GT(info.memory_bytes, 0);
  EXPECT_EQ(info.parallel_members, 1);
}

TEST(EngineOptions, AreChecked) {
  EXPECT_THROW(Engine({.device = "tpu"}), UsageError);
  EXPECT_THROW(Engine({.device = "cpu", .threads = -1}), UsageError);
  EXPECT_THROW(Engine({.device = "cpu", .max_launch_ms = 0}), UsageError);
  EXPECT_THROW(Engine({.device = "cpu", .max_launch_ms = 60001}), UsageError);
  EXPECT_THROW(Engine({.device = "cpu", .memory_limit = -5}), UsageError);
  EXPECT_THROW(Engine({.device = "cpu", .instruction_set = "mmx"}), UsageError);
}

TEST(EngineLoad, RefusesTablesThatDoNotFitTheirTask) {
  Engine engine(Residents::one());
  auto refuses = [&](fixtures::OwnedTable const& t) {
    EXPECT_THROW(engine.load(t.table()), UsageError);
  };
  auto const good = fixtures::blobs(10, 3, 2);
  EXPECT_NO_THROW(engine.load(good.table()));
  auto bad = good;
  bad.y[3] = 2;  // of classes 0 and 1
  refuses(bad);
  bad.y[3] = 0.5f;
  refuses(bad);
  bad.y[3] = std::numeric_limits<float>::quiet_NaN();
  refuses(bad);
  bad = good;
  bad.x[4] = std::numeric_limits<float>::infinity();
  refuses(bad);
  bad = good;
  bad.classes = 1;
  refuses(bad);
  bad = good;
  bad.weights.assign(10, 1);
  bad.weights[2] = -1;
  refuses(bad);
  auto labels = fixtures::multi_label(10, 3, 2);
  labels.y[0] = 2;
  refuses(labels);
  auto values = fixtures::regression(10, 3);
  values.y[0] = std::numeric_limits<float>::infinity();
  refuses(values);
}

TEST(EngineLoad, DataOutlivesTheCallersTable) {
  auto const c = shape_cases()[4];
  auto const expected = train_all({c}, 2)[0];
  Engine engine(Residents::one());
  auto copy = std::make_unique<fixtures::OwnedTable>(c.data);
  Data const data = engine.load(copy->table());
  copy->x.assign(copy->x.size(), 0);
  copy.reset();
  auto const slots = engine.backend().admit(std::vector{c.spec(data, c.train_rows())});
  engine.backend().train(std::vector{TrainOrder{slots[0], 2, 1}});
  expect_same(expected, engine.backend().save(slots)[0], c.name);
}

}  // namespace
}  // namespace brood
