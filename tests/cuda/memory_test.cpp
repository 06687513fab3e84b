// SPDX-License-Identifier: Apache-2.0
// The bytes that are planned for members are those that they take, on a device that counts them.
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "cuda/clock.hpp"
#include "cuda/cuda_backend.hpp"

namespace brood::cuda {
namespace {

using Wholes = std::vector<std::int64_t>;

struct Kind {
  std::string name;
  Config config;
  int count;
};

Config with(Config config, std::string const& name, Value value) {
  config.set(name, std::move(value));
  return config;
}

std::vector<Kind> kinds() {
  Config const d{{"hidden", Wholes{32}}, {"batch_size", std::int64_t{32}}};
  Config const a{{"hidden", Wholes{64, 64}}, {"batch_size", std::int64_t{64}}};
  Config const wide{{"hidden", Wholes{300, 200}}, {"batch_size", std::int64_t{64}}};
  return {{"d", d, 5000},
          {"a", a, 1000},
          {"sgd", with(a, "optimizer", std::string("sgd")), 1000},
          {"clip_norm", with(a, "clip_norm", 1.0), 1000},
          {"averaged", with(a, "ema", 0.9), 1000},
          {"patient", with(a, "patience", std::int64_t{2}), 1000},
          {"balanced", with(d, "class_weights", std::string("balanced")), 5000},
          {"long", with(d, "epochs", std::int64_t{400}), 2000},
          {"wide", wide, 30},
          {"clusters", with(a, "clip_norm", 1.0), 60}};
}

// A slab is an eighth of what is in use, and the last of them may be idle; the other way, what was
// planned is there but for the last tenth.
TEST(Memory, IsWhatWasPlanned) {
  constexpr int kRows = 500, kInputs = 16;
  std::vector<float> const x(kRows * kInputs, 0.5f);
  std::vector<float> y(kRows, 1.0f);
  y.front() = 0.0f;
  for (auto const& [name, config, count] : kinds()) {
    SCOPED_TRACE(name);
    clocked::memory = {};
    auto const backend = make_backend(clocked::device(), Precision::tf32, {});
    MemberSpec spec;
    spec.config = config;
    spec.table = backend->load({.x = {x.data(), kRows, kInputs},
                                .y = {y.data(), kRows, 1},
                                .weights = {},
                                .task = Task::classification,
                                .classes = 2,
                                .as_is = {}});
    auto rows = std::make_shared<std::vector<std::int32_t>>(kRows);
    std::iota(rows->begin(), rows->end(), 0);
    spec.train_rows = spec.eval_rows = rows;
    auto const slots =
        backend->admit(std::vector<MemberSpec>(static_cast<std::size_t>(count), spec));
    std::vector<TrainOrder> orders;
    for (auto const slot : slots)
      orders.push_back({slot, 400, 1});
    backend->train(orders);
    backend->metrics(slots);
    double const planned =
        static_cast<double>(count) *
        static_cast<double>(backend->bytes(config, {Task::classification, kInputs, 2}, kRows));
    double const shared = 2 * (1 << 20);  // the table, rows, an identity
    auto const used = static_cast<double>(clocked::memory.most);
    // Of clusters the gradients are extra: see BackendInfo::memory_bytes.
    EXPECT_LE(used, 9.0 / 8 * planned + shared);
    EXPECT_GE(used, 0.9 * planned);
  }
}

}  // namespace
}  // namespace brood::cuda
