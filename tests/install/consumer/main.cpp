// SPDX-License-Identifier: Apache-2.0
// Tunes networks on the exclusive or of two signs with nothing but the installed library, and
// exits with 0 if the best of them has learnt it.
#include <brood/brood.hpp>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

int main() {
  int const rows = 400;
  std::vector<float> x, y;
  for (int i = 0; i < rows; ++i) {
    float const a = static_cast<float>(i % 20) - 9.5f;
    float const b = static_cast<float>(i / 20) - 9.5f;
    x.insert(x.end(), {a, b});
    y.push_back((a > 0) != (b > 0) ? 1.0f : 0.0f);
  }

  brood::Engine engine({.device = "cpu", .threads = 2});
  auto const data = engine.load({.x = {x.data(), rows, 2}, .y = {y.data(), rows, 1}, .classes = 2});
  brood::Study study;
  study.scheduler = brood::SuccessiveHalving{.eta = 2, .min_epochs = 10, .max_epochs = 40};
  study.metric.name = "accuracy";
  study.trials = 8;
  study.seed = 1;
  study.space.choice("hidden", {std::vector<std::int64_t>{16}, std::vector<std::int64_t>{32}})
      .log_uniform("lr", 1e-3, 1e-1)
      .constant("optimizer", std::string("adam"));
  brood::Result const result = brood::tune(engine, data, study);

  std::printf("brood %s: %zu trials, best %d, test %s %.3f\n", BROOD_VERSION, result.trials.size(),
              result.best, result.metric.c_str(), result.test);
  return result.test > 0.9 ? 0 : 1;
}
