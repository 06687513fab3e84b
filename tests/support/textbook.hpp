// SPDX-License-Identifier: Apache-2.0
// Formulas as they stand in papers and in PyTorch's documentation, in double, by name: the second
// writing of what brood computes, sharing no code with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brood::oracle {

struct ActivationFormula {
  std::string_view name;
  double (*value)(double);
  double (*slope)(double);
};
std::vector<ActivationFormula> const& activation_formulas();
// Throws std::invalid_argument for a name without a formula: add it with the activation.
ActivationFormula const& activation_formula(std::string_view name);

// What some losses have of their own.
struct LossNumbers {
  double huber_delta = 1, tau = 0.5, tweedie_power = 1.5;
};
// Of one output, on a logit or a value z against a target t.
struct ElementLossFormula {
  std::string_view name;
  double (*value)(double z, double t, LossNumbers const& s);
  double (*slope)(double z, double t, LossNumbers const& s);
};
ElementLossFormula const& element_loss_formula(std::string_view name);

// -sum t ln softmax(z), t the smoothed target.
double cross_entropy(std::vector<double> const& z, int label, double smoothing);

// The distribution that an initial weight is drawn from.
struct Law {
  bool normal;
  double spread;  // of normal the deviation, else the bound
};
Law initial_law(std::string_view init, int fan_in, int fan_out);

// The learning rate's factor. `done` of `total` steps and `epoch` whole epochs are behind.
struct ScheduleFormula {
  std::string name = "constant";
  double gamma = 0.1;
  int step_epochs = 10;
  double final_factor = 0;
  double coslog_base = 2;
  int coslog_cycles = 4;
};
double schedule_factor(ScheduleFormula const& schedule, std::int64_t done, std::int64_t total,
                       std::int64_t epoch);

}  // namespace brood::oracle
