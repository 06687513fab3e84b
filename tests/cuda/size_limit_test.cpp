// SPDX-License-Identifier: Apache-2.0
// Networks beyond 2^31 numbers are refused with the reason, before anything is planned for them.
#include "cuda/plan/size_limit.hpp"

#include <string>

#include "brood/engine.hpp"
#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

// With Adam and a gradient four copies of two matrices of 16384 columns, or nearly so.
TEST(SizeLimit, IsWhereCopiesOfAllWeightsReach31Bits) {
  Shape shape{"wide", 16384 - 32, 10, {16384, 16384}, 64};
  EXPECT_EQ(most_tensor_floats(member_of(shape)),
            std::int64_t{4} * ((16353 + 16385) * 16384 + 16385 * 16));
  EXPECT_EQ(size_problem(member_of(shape)), "");
  shape.inputs = 16384;
  EXPECT_NE(size_problem(member_of(shape)), "");
  shape.optimizer = "sgd";
  EXPECT_EQ(size_problem(member_of(shape)), "") << "two copies";
}

TEST(SizeLimit, IsWhereTheOutputsOfABatchReach31Bits) {
  Shape shape{"outputs", 4, 500000, {}, 4096, "sgd"};
  EXPECT_EQ(size_problem(member_of(shape)), "");
  shape.outputs = 530000;
  EXPECT_NE(size_problem(member_of(shape)).find("outputs"), std::string::npos);
}

TEST(SizeLimit, IsToldBySupports) {
  Engine engine({.device = "cuda", .device_model = "sm_90"});
  Config const config{{"hidden", Wholes{16384}}};
  auto const answer = [&](int inputs) {
    return engine.backend().supports(config, {Task::classification, inputs, 10}, 1000);
  };
  EXPECT_TRUE(answer(1000));
  EXPECT_FALSE(answer(200000));
  EXPECT_NE(answer(200000).reason.find("numbers; at most 2147483647"), std::string::npos);
  EXPECT_GT(engine.backend().bytes(config, {Task::classification, 200000, 10}, 1000),
            std::int64_t{1} << 33);
}

}  // namespace
}  // namespace brood::cuda
