// SPDX-License-Identifier: Apache-2.0
// The area under the ROC curve from pairs that the device counted is, bit for bit, what the host
// makes of the predictions.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/memory/buffer.hpp"
#include "cuda/ranking/pairs.hpp"
#include "emulation/device_under_test.hpp"
#include "member_case.hpp"
#include "study/prediction_metric.hpp"
#include "study/truth.hpp"
#include "support/fixtures.hpp"

namespace brood {
namespace {

constexpr int kRows = 700;

// Networks of some rows, a step or so into their training; one predicts the same for every row, one
// has diverged.
std::vector<Config> configs(Config const& base) {
  std::vector<Config> list(6, base);
  list[1].set("init", std::string("zeros"));
  list[2].set("lr", 1e10);
  list[2].set("optimizer", std::string("sgd"));
  list[3].set("activation", std::string("sigmoid"));
  return list;
}

// One NaN is like another.
std::uint64_t bits(double value) {
  return std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value);
}

struct Subject {
  std::string name;
  fixtures::OwnedTable data;
  Config config;
};
void PrintTo(Subject const& subject, std::ostream* out) {
  *out << subject.name;
}

std::vector<Subject> subjects() {
  Config const base{{"hidden", std::vector<std::int64_t>{6}}, {"batch_size", std::int64_t{64}}};
  Config bce = base;
  bce.set("loss", std::string("bce"));
  std::vector<Subject> list = {{"two_classes", fixtures::blobs(kRows, 5, 2), base},
                               {"two_classes_by_bce", fixtures::blobs(kRows, 5, 2), bce},
                               {"four_classes", fixtures::blobs(kRows, 5, 4), base}};
  fixtures::OwnedTable labels = fixtures::multi_label(kRows, 5, 3);
  for (std::size_t i = 2; i < labels.y.size(); i += 3)
    labels.y[i] = 1.0f;  // a label that every row has makes no pair
  list.push_back({"labels", labels, base});
  return list;
}

class Pairs : public ::testing::TestWithParam<Subject> {};

TEST_P(Pairs, AreThoseOfThePredictions) {
  auto const& [name, data, config] = GetParam();
  auto const backend = cuda::make_backend(cuda::device_under_test(), cuda::Precision::tf32, {});
  Table const table = data.table();
  MemberCase const c{name, data, config};
  std::vector<MemberSpec> specs;
  for (auto const& each : configs(config)) {
    MemberSpec spec;
    spec.config = each;
    spec.seed = specs.size() + 1;
    spec.table = specs.empty() ? backend->load(table) : specs.front().table;
    spec.train_rows = c.train_rows();
    spec.eval_rows = c.eval_rows();
    specs.push_back(spec);
  }
  auto const slots = backend->admit(specs);
  std::vector<TrainOrder> orders;
  for (auto const slot : slots)
    orders.push_back({slot, 1, 1});
  backend->train(orders);
  std::vector<std::int32_t> rows;  // not in order, and not all
  for (int i = 0; i < kRows - 7; ++i)
    rows.push_back(i * 37 % kRows);
  int const outputs = c.outputs();
  auto const pairs = backend->ordered_pairs(slots, rows);
  std::size_t const each =
      table.task == Task::classification && outputs == 2 ? 1 : static_cast<std::size_t>(outputs);
  ASSERT_EQ(pairs.size(), slots.size() * each);
  std::size_t const of_member = rows.size() * static_cast<std::size_t>(outputs);
  std::vector<float> predictions(slots.size() * of_member);
  backend->forward(slots, rows, predictions);
  Truth const truth(table, rows);
  int defined = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    double const on_host = auc(PredictedRows{
        table.task, static_cast<std::int64_t>(rows.size()), outputs, table.y.columns,
        std::span(predictions).subspan(i * of_member, of_member), truth.y, truth.weights});
    double const counted = auc(table.task, outputs, std::span(pairs).subspan(i * each, each));
    EXPECT_EQ(bits(counted), bits(on_host)) << i << ": " << counted << ", " << on_host;
    defined += std::isnan(on_host) ? 0 : 1;
    if (i == 1) {
      EXPECT_EQ(counted, 0.5) << "all tie";
    }
  }
  EXPECT_GE(defined, 5);
  EXPECT_TRUE(backend->ordered_pairs(std::span(slots).first(1), std::span(rows).first(9)).empty())
      << "for so few the host is faster";
}

INSTANTIATE_TEST_SUITE_P(, Pairs, ::testing::ValuesIn(subjects()),
                         [](auto const& info) { return info.param.name; });

// Numbers of every kind, by the kernels alone: signs, zeros, infinities, ties that cross from one
// thread's stretch into another's.
TEST(PairsOfNumbers, AreCountedLikeTheHostDoes) {
  auto const device = cuda::device_under_test();
  cuda::Arena arena(*device);
  float const inf = HUGE_VALF;
  std::vector<float> const few = {0.0f, -0.0f, 1.0f, -1.0f, inf, -inf, 1e-45f, -1e-45f, 3e38f};
  for (int const rows : {1, 2, 255, 256, 257, 1000}) {
    std::vector<float> predictions, y;
    std::vector<std::int32_t> places;
    for (int i = 0; i < rows; ++i) {
      predictions.push_back(few[static_cast<std::size_t>(i * 7 % 5 + i % 3)]);
      predictions.push_back(i < rows / 2 ? 0.25f : 0.75f);
      y.push_back(static_cast<float>(i * i % 3 == 1));
      places.push_back(rows - 1 - i);
    }
    std::vector<float> const numbers = predictions;
    cuda::Buffer<float> const on_device(arena, *device, predictions), targets(arena, *device, y);
    cuda::Buffer<std::int32_t> const of_rows(arena, *device, places);
    cuda::PairTask task{};
    task.predictions = on_device.data();
    task.y = targets.data();
    task.rows = of_rows.data();
    task.row_count = rows;
    task.members = 1;
    task.outputs = task.counted = 2;
    task.targets = 1;
    auto const pairs = cuda::ordered_pairs(*device, arena, task);
    ASSERT_EQ(pairs.size(), 2u);
    predictions[predictions.size() / 4 * 2] = -std::nanf("");  // of the first output
    device->copy_in(on_device.data(), predictions.data(), on_device.bytes());
    auto const undefined = cuda::ordered_pairs(*device, arena, task);
    EXPECT_EQ(undefined[0].defined, 0);
    EXPECT_EQ(undefined[1].defined, 1);
    EXPECT_EQ(undefined[1].twice_in_order, pairs[1].twice_in_order);
    std::vector<float> const backwards(y.rbegin(), y.rend());
    for (int k = 0; k < 2; ++k) {
      std::int64_t twice = 0, with = 0;
      for (std::size_t i = 0; i < backwards.size(); ++i) {
        if (backwards[i] != static_cast<float>(k)) continue;
        ++with;
        for (std::size_t j = 0; j < backwards.size(); ++j) {
          if (backwards[j] == static_cast<float>(k)) continue;
          auto const at = [&](std::size_t row) {
            return numbers[2 * row + static_cast<std::size_t>(k)];
          };
          twice += at(j) < at(i) ? 2 : at(j) == at(i) ? 1 : 0;
        }
      }
      auto const& counted = pairs[static_cast<std::size_t>(k)];
      EXPECT_EQ(counted.twice_in_order, twice) << rows;
      EXPECT_EQ(counted.with, with) << rows;
      EXPECT_EQ(counted.without, rows - with) << rows;
      EXPECT_EQ(counted.defined, 1);
    }
  }
}

}  // namespace
}  // namespace brood
