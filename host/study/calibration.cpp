// SPDX-License-Identifier: Apache-2.0
#include "brood/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "study/log_probability.hpp"

namespace brood {

namespace {

// p_k^(1/T), in sum 1.
void soften_classes(double temperature, std::span<float> row) {
  double top = -std::numeric_limits<double>::infinity(), total = 0;
  for (float const p : row)
    top = std::max(top, log_probability(p) / temperature);
  for (float const p : row)
    total += std::exp(log_probability(p) / temperature - top);
  for (float& p : row)
    p = static_cast<float>(std::exp(log_probability(p) / temperature - top) / total);
}

float soften_label(double temperature, float p) {
  double const odds = (log_probability(p) - log_probability(1 - p)) / temperature;
  return static_cast<float>(1 / (1 + std::exp(-odds)));
}

}  // namespace

void Calibration::apply(Task task, int outputs, std::span<float> predictions) const {
  if (temperature == 1 || task == Task::regression) return;
  if (task == Task::multi_label) {
    for (float& p : predictions)
      p = soften_label(temperature, p);
    return;
  }
  auto const each = static_cast<std::size_t>(outputs);
  for (; predictions.size() >= each; predictions = predictions.subspan(each))
    soften_classes(temperature, predictions.first(each));
}

std::size_t Calibration::decide(std::span<float const> row) const {
  if (threshold && row.size() == 2) return is_on(row[1]) ? 1 : 0;
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace brood
