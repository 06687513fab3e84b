// SPDX-License-Identifier: Apache-2.0
// Trains exactly these networks: four unlike members on one table, side by side.
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "brood/brood.hpp"

int main() {
  // Two noisy rings: is a point inside the circle of radius 1?
  constexpr int kRows = 600;
  std::vector<float> x, y;
  for (int i = 0; i < kRows; ++i) {
    float const angle = 0.37f * static_cast<float>(i);
    float const radius = i % 2 == 0 ? 0.7f : 1.3f;
    float const noise = 0.25f * std::sin(12.9f * static_cast<float>(i));
    x.push_back((radius + noise) * std::cos(angle));
    x.push_back((radius + noise) * std::sin(angle));
    y.push_back(i % 2 == 0 ? 0.0f : 1.0f);
  }

  brood::Engine engine;  // the best device there is
  brood::Data const data =
      engine.load({.x = {x.data(), kRows, 2}, .y = {y.data(), kRows, 1}, .classes = 2});
  auto train = std::make_shared<std::vector<std::int32_t>>();
  auto valid = std::make_shared<std::vector<std::int32_t>>();
  for (int i = 0; i < kRows; ++i)
    (i < 450 ? train : valid)->push_back(i);

  std::vector<brood::Config> const configs = {
      {{"hidden", std::vector<std::int64_t>{}}},  // a linear model cannot do it
      {{"hidden", std::vector<std::int64_t>{16}}, {"activation", "tanh"}, {"lr", 0.01}},
      {{"hidden", std::vector<std::int64_t>{32, 32}}, {"optimizer", "momentum"}, {"lr", 0.05}},
      {{"hidden", std::vector<std::int64_t>{64}},
       {"dropout", 0.2},
       {"batch_size", std::int64_t{16}}},
  };
  std::vector<brood::MemberSpec> specs;
  for (auto const& config : configs) {
    specs.push_back({.config = config, .seed = 7, .train_rows = train, .eval_rows = valid});
  }

  brood::Population population(engine);
  auto const ids = population.admit(specs, data);
  population.train(ids, /*until_epoch=*/20);
  auto const metrics = population.metrics(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto const& last = metrics[i].history.back();
    std::printf("member %zu: validation loss %.4f, accuracy %.3f\n", i, last.loss,
                last.correct / last.weight);
  }
  return 0;
}
