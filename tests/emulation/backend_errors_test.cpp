// SPDX-License-Identifier: Apache-2.0
// When the device fails: every call of the runtime once, out of memory, too large a network. Each
// is told with the call and the reason, and nothing crashes or leaks afterwards.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "brood/error.hpp"
#include "brood/population.hpp"
#include "brood/study.hpp"
#include "cases.hpp"
#include "cuda/cuda_backend.hpp"
#include "emulation/emulation.hpp"
#include "same.hpp"

namespace brood {
namespace {

class BackendErrors : public ::testing::Test {
 protected:
  void TearDown() override {
    emulation::fail_call(0, "");
    emulation::device_problem.clear();
    emulation::products_problem.clear();
  }
};

// What a study asks of a backend.
void work() {
  auto const c = varied_cases(1).front();
  Engine engine({.device = "cuda"});
  Data const data = engine.load(c.data.table());
  std::vector<MemberSpec> const specs(3, c.spec(data, c.train_rows()));
  auto const slots = engine.backend().admit(specs);
  std::vector<TrainOrder> orders;
  for (auto const slot : slots)
    orders.push_back({slot, 2, 1});
  engine.backend().train(orders);
  for (auto const& metrics : engine.backend().metrics(slots))
    ASSERT_EQ(metrics.history.size(), 2u);
  std::vector<float> out(slots.size() * c.eval_rows()->size() *
                         static_cast<std::size_t>(c.outputs()));
  engine.backend().forward(slots, *c.eval_rows(), out);
  engine.backend().evaluate(slots, *c.eval_rows());
  auto const images = engine.backend().save(slots);
  engine.backend().restore(slots, images);
  engine.backend().clone(std::vector{SlotCopy{slots[0], slots[1]}});
  engine.backend().weights(slots);
}

TEST_F(BackendErrors, EveryFailingCallIsToldAndLeavesNothingBehind) {
  int failing = 0;
  for (int n = 1; n < 1000; ++n) {
    emulation::fail_call(n, "an illegal memory access was encountered");
    try {
      work();
      break;  // fewer calls than n
    } catch (DeviceError const& error) {
      ++failing;
      std::string const text = error.what();
      EXPECT_NE(text.find("illegal memory access"), std::string::npos) << text;
      EXPECT_NE(text.find(": "), std::string::npos) << "names no call: " << text;
    }
  }
  EXPECT_GT(failing, 30);
  emulation::fail_call(0, "");
  work();
}

// A device that fails in the middle of a study takes the networks with it, not what is known.
TEST_F(BackendErrors, AStudyKeepsWhatItHadFound) {
  auto const c = varied_cases(1).front();
  Engine engine({.device = "cuda"});
  Data const data = engine.load(c.data.table());
  Study study;
  study.space.log_uniform("lr", 1e-3, 1e-1).constant("hidden", Wholes{4});
  study.scheduler = SuccessiveHalving{.eta = 2, .min_epochs = 1, .max_epochs = 4};
  study.trials = 4;
  StudyRun run(engine, data, study);
  ASSERT_TRUE(run.advance());
  emulation::fail_call(3, "an illegal memory access was encountered");
  EXPECT_THROW(run.advance(), DeviceError);
  Result const found = run.found();
  EXPECT_EQ(found.trials.size(), 4u);
  EXPECT_EQ(found.curves.size(), 4u);
  EXPECT_TRUE(std::isfinite(found.valid));
  EXPECT_TRUE(found.model.layers.empty());
}

TEST_F(BackendErrors, OutOfMemoryNamesTheBytesAndTheOthersLiveOn) {
  auto const c = varied_cases(1).front();
  auto const limits = emulation::limits;
  emulation::limits.memory_bytes = 8 << 20;
  Engine engine({.device = "cuda"});
  emulation::limits = limits;
  Data const data = engine.load(c.data.table());
  auto const slots = engine.backend().admit(std::vector{c.spec(data, c.train_rows())});
  MemberCase wide = c;
  wide.config.set("hidden", Wholes{800, 800});
  std::vector<MemberSpec> const many(8, wide.spec(data, c.train_rows()));
  try {
    engine.backend().admit(many);
    FAIL() << "admitted";
  } catch (DeviceError const& error) {
    EXPECT_NE(std::string(error.what()).find("out of memory"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("bytes"), std::string::npos) << error.what();
  }
  engine.backend().train(std::vector{TrainOrder{slots[0], 2, 1}});
  EXPECT_EQ(engine.backend().metrics(slots)[0].epoch, 2);
}

// Waves keep a population within the limit; that changes no result.
TEST_F(BackendErrors, APopulationLargerThanTheDeviceTrainsInWaves) {
  auto const c = varied_cases(1).front();
  auto train = [&](std::int64_t limit) {
    Engine engine({.device = "cuda", .memory_limit = limit});
    Data const data = engine.load(c.data.table());
    std::vector<MemberSpec> specs;
    for (std::uint64_t seed = 1; seed <= 7; ++seed) {
      specs.push_back(c.spec(data, c.train_rows()));
      specs.back().seed = seed;
    }
    Population population(engine);
    auto const ids = population.admit(specs, data);
    EXPECT_EQ(population.waves(ids) > 1, limit > 0);
    population.train(ids, 2);
    return population.save(ids);
  };
  Engine const probe({.device = "cuda"});
  Engine sized({.device = "cuda"});
  std::int64_t const bytes =
      sized.backend().bytes(c.config, {c.data.task, c.data.inputs, c.outputs()}, c.data.rows);
  auto const free = train(0);
  auto const limited = train(2 * bytes);
  for (std::size_t i = 0; i < free.size(); ++i)
    expect_same(free[i], limited[i], "member " + std::to_string(i));
}

TEST_F(BackendErrors, ADeviceThatCannotBeUsedIsListedWithTheReasonAndPassedOver) {
  EXPECT_EQ(Engine({.device = "auto"}).backend().info().name, "cuda");
  emulation::device_problem = "has compute capability 7.5; 8.0 or newer is needed";
  EXPECT_EQ(Engine({.device = "auto"}).backend().info().name, "cpu");
  DeviceInfo const listed = devices().back();
  EXPECT_EQ(listed.name, "cuda:0");
  EXPECT_FALSE(listed.usable);
  EXPECT_NE(listed.description.find("has compute capability 7.5"), std::string::npos);
}

// Networks that one multiprocessor cannot hold need a library that may not be there.
TEST_F(BackendErrors, AWideNetworkWithoutItsLibraryIsRefusedBeforeTheRun) {
  auto const c = varied_cases(1).front();
  Engine engine({.device = "cuda"});
  Config config = c.config;
  config.set("hidden", Wholes{16384});
  auto const supported = [&] {
    return engine.backend().supports(config, {c.data.task, c.data.inputs, c.outputs()},
                                     c.data.rows);
  };
  EXPECT_TRUE(supported());
  emulation::products_problem = "cublasLt cannot be opened: not found";
  EXPECT_FALSE(supported());
  EXPECT_NE(supported().reason.find("cublasLt cannot be opened"), std::string::npos);
  EXPECT_TRUE(
      engine.backend().supports(c.config, {c.data.task, c.data.inputs, c.outputs()}, c.data.rows));
}

}  // namespace
}  // namespace brood
