// SPDX-License-Identifier: Apache-2.0
// Searches with an objective of your own: the tuner proposes, you train (anything) and tell the
// score.
#include <cmath>
#include <cstdio>

#include "brood/brood.hpp"

// Stands for your training: a loss that falls with epochs towards a floor set by x and y.
static double my_loss(brood::Config const& config, int epochs) {
  double const x = std::get<double>(*config.find("x"));
  double const y = std::get<double>(*config.find("y"));
  double const floor = (x - 0.3) * (x - 0.3) + (std::log10(y) + 2) * (std::log10(y) + 2);
  return floor + 1.0 / epochs;
}

int main() {
  brood::SearchSpace space;
  space.uniform("x", 0, 1).log_uniform("y", 1e-4, 1);
  brood::Tuner tuner({.space = space,
                      .sampler = brood::Random{},
                      .scheduler = brood::SuccessiveHalving{.eta = 3, .max_epochs = 27},
                      .trials = 81,
                      .seed = 3});
  while (!tuner.finished()) {
    for (auto const& ask : tuner.ask(16)) {
      tuner.tell(ask.trial, ask.until_epoch, my_loss(ask.config, ask.until_epoch));
    }
  }
  int const best = *tuner.best();
  std::printf("trial %d: loss %.4f at x = %s, y = %s\n", best,
              tuner.trials()[static_cast<std::size_t>(best)].score,
              brood::to_text(*tuner.config(best).find("x")).c_str(),
              brood::to_text(*tuner.config(best).find("y")).c_str());
  return 0;
}
