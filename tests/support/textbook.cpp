// SPDX-License-Identifier: Apache-2.0
#include "support/textbook.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace brood::oracle {
namespace {

double const kPi = std::acos(-1.0);

double logistic(double z) {
  return 1 / (1 + std::exp(-z));
}
double softplus(double z) {
  return std::max(z, 0.0) + std::log1p(std::exp(-std::fabs(z)));
}
double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}
double normal_density(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * kPi);
}
double step(double z) {
  return z > 0 ? 1.0 : 0.0;
}

// Klambauer et al. 2017, to the digits given there.
double const kSeluScale = 1.0507009873554804934193349852946;
double const kSeluAlpha = 1.6732632423543772848170429916717;

std::vector<ActivationFormula> const kActivations = {
    {"identity", [](double z) { return z; }, [](double) { return 1.0; }},
    {"relu", [](double z) { return std::max(z, 0.0); }, step},
    {"leaky_relu", [](double z) { return z > 0 ? z : 0.01 * z; },
     [](double z) { return z > 0 ? 1.0 : 0.01; }},
    {"elu", [](double z) { return z > 0 ? z : std::expm1(z); },
     [](double z) { return z > 0 ? 1.0 : std::exp(z); }},
    {"selu", [](double z) { return kSeluScale * (z > 0 ? z : kSeluAlpha * std::expm1(z)); },
     [](double z) { return kSeluScale * (z > 0 ? 1.0 : kSeluAlpha * std::exp(z)); }},
    {"gelu", [](double z) { return z * normal_cdf(z); },
     [](double z) { return normal_cdf(z) + z * normal_density(z); }},
    {"silu", [](double z) { return z * logistic(z); },
     [](double z) { return logistic(z) + z * logistic(z) * logistic(-z); }},
    {"mish", [](double z) { return z * std::tanh(softplus(z)); },
     [](double z) {
       double const sech = 1 / std::cosh(softplus(z));
       return std::tanh(softplus(z)) + z * sech * sech * logistic(z);
     }},
    {"tanh", [](double z) { return std::tanh(z); },
     [](double z) { return 1 / (std::cosh(z) * std::cosh(z)); }},
    {"sigmoid", logistic, [](double z) { return logistic(z) * logistic(-z); }},
    {"softplus", softplus, logistic},
    {"hardswish", [](double z) { return z * std::clamp(z + 3, 0.0, 6.0) / 6; },
     [](double z) { return z > 3    ? 1.0
                           : z < -3 ? 0.0
                                    : (2 * z + 3) / 6; }},
    {"sin", [](double z) { return std::sin(z); }, [](double z) { return std::cos(z); }},
};

std::vector<ElementLossFormula> const kElementLosses = {
    // -t ln s - (1 - t) ln(1 - s), s = logistic(z); ln(1 - s) = ln s - z.
    {"bce",
     [](double z, double t, LossNumbers const&) {
       return t * softplus(-z) + (1 - t) * softplus(z);
     },
     [](double z, double t, LossNumbers const&) { return logistic(z) - t; }},
    {"mse", [](double z, double t, LossNumbers const&) { return (z - t) * (z - t); },
     [](double z, double t, LossNumbers const&) { return 2 * (z - t); }},
    {"mae", [](double z, double t, LossNumbers const&) { return std::fabs(z - t); },
     [](double z, double t, LossNumbers const&) { return step(z - t) - step(t - z); }},
    {"huber",
     [](double z, double t, LossNumbers const& s) {
       double const e = std::fabs(z - t);
       return e <= s.huber_delta ? e * e / 2 : s.huber_delta * (e - s.huber_delta / 2);
     },
     [](double z, double t, LossNumbers const& s) {
       return std::clamp(z - t, -s.huber_delta, s.huber_delta);
     }},
    {"pinball",
     [](double z, double t, LossNumbers const& s) {
       return std::max(s.tau * (t - z), (s.tau - 1) * (t - z));
     },
     [](double z, double t, LossNumbers const& s) {
       return z > t ? 1 - s.tau : z < t ? -s.tau : 0.0;
     }},
    {"log_cosh",
     [](double z, double t, LossNumbers const&) {
       return std::fabs(z - t) < 300 ? std::log(std::cosh(z - t))
                                     : std::fabs(z - t) - std::log(2.0);
     },
     [](double z, double t, LossNumbers const&) { return std::tanh(z - t); }},
    {"poisson", [](double z, double t, LossNumbers const&) { return std::exp(z) - t * z; },
     [](double z, double t, LossNumbers const&) { return std::exp(z) - t; }},
    // As scikit-learn's HalfTweedieLoss, but for what goes with the target alone.
    {"tweedie",
     [](double z, double t, LossNumbers const& s) {
       double const m = std::exp(z), p = s.tweedie_power;
       return std::pow(m, 2 - p) / (2 - p) - t * std::pow(m, 1 - p) / (1 - p);
     },
     [](double z, double t, LossNumbers const& s) {
       double const m = std::exp(z), p = s.tweedie_power;
       return std::pow(m, 2 - p) - t * std::pow(m, 1 - p);
     }},
};

template <class Formula>
Formula const& find(std::vector<Formula> const& formulas, std::string_view name) {
  for (auto const& formula : formulas) {
    if (formula.name == name) return formula;
  }
  throw std::invalid_argument("no textbook formula of '" + std::string(name) +
                              "'; write it in tests/support/textbook.cpp");
}

// From `from` to `to` along half a cosine, t in 0 .. 1.
double half_cosine(double from, double to, double t) {
  return to + (from - to) / 2 * (1 + std::cos(kPi * t));
}

// Smith & Topin 2018, torch.optim.lr_scheduler.OneCycleLR with its defaults: two phases, ending at
// step 0.3 total - 1 and at the last step, total - 1.
double one_cycle(double done, double total) {
  double const peak = 0.3 * total - 1;
  double const first = 1.0 / 25;
  double const last = first / 10000;
  if (done <= peak) return half_cosine(first, 1, peak > 0 ? done / peak : 1);
  return half_cosine(1, last, std::min(1.0, (done - peak) / (total - 1 - peak)));
}

}  // namespace

std::vector<ActivationFormula> const& activation_formulas() {
  return kActivations;
}

ActivationFormula const& activation_formula(std::string_view name) {
  return find(kActivations, name);
}

ElementLossFormula const& element_loss_formula(std::string_view name) {
  return find(kElementLosses, name);
}

double cross_entropy(std::vector<double> const& z, int label, double smoothing) {
  double const top = *std::max_element(z.begin(), z.end());
  double total = 0;
  for (double const zk : z)
    total += std::exp(zk - top);
  double loss = 0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    double const onehot = static_cast<int>(k) == label ? 1.0 : 0.0;
    double const target = (1 - smoothing) * onehot + smoothing / static_cast<double>(z.size());
    loss -= target * (z[k] - top - std::log(total));
  }
  return loss;
}

Law initial_law(std::string_view init, int fan_in, int fan_out) {
  double const in = fan_in;
  double const out = fan_out;
  if (init == "zeros") return {false, 0};
  if (init == "normal") return {true, 0.05};
  if (init == "uniform") return {false, 1 / std::sqrt(in)};
  if (init == "xavier_uniform") return {false, std::sqrt(3.0) * std::sqrt(2 / (in + out))};
  if (init == "xavier_normal") return {true, std::sqrt(2 / (in + out))};
  if (init == "he_uniform") return {false, std::sqrt(3.0) * std::sqrt(2 / in)};
  if (init == "he_normal") return {true, std::sqrt(2 / in)};
  // std is drawn like this, and scaled by rows then.
  if (init == "lecun_normal" || init == "std") return {true, 1 / std::sqrt(in)};
  throw std::invalid_argument("no law of initial weights '" + std::string(init) + "'");
}

double schedule_factor(ScheduleFormula const& schedule, std::int64_t done, std::int64_t total,
                       std::int64_t epoch) {
  double const share = static_cast<double>(done) / static_cast<double>(total);
  if (schedule.name == "constant") return 1;
  if (schedule.name == "step") {
    return std::pow(schedule.gamma, static_cast<double>(epoch / schedule.step_epochs));
  }
  if (schedule.name == "exponential") {
    return std::pow(schedule.gamma, static_cast<double>(epoch));
  }
  if (schedule.name == "cosine") return half_cosine(1, schedule.final_factor, share);
  if (schedule.name == "linear") return (1 - share) + share * schedule.final_factor;
  if (schedule.name == "one_cycle") {
    return one_cycle(static_cast<double>(done), static_cast<double>(total));
  }
  if (schedule.name ==
      "coslog") {  // RealMLP's paper, section 3.2, with any base and number of cycles
    double const end = std::pow(schedule.coslog_base, schedule.coslog_cycles);
    double const cycles = std::log(1 + (end - 1) * share) / std::log(schedule.coslog_base);
    return (1 - std::cos(2 * kPi * cycles)) / 2;
  }
  if (schedule.name == "flat_cosine")
    return half_cosine(1, schedule.final_factor, std::max(1.0, 2 * share) - 1);
  throw std::invalid_argument("no schedule '" + schedule.name + "'");
}

}  // namespace brood::oracle
