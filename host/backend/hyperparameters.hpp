// SPDX-License-Identifier: Apache-2.0
// The one table of hyperparameters. A row gives the name, group, type, default, range and help of
// one of them and says where in a Member it goes; parser, checks, CSV columns, `brood list` and
// docs follow from the table. To add one: a row here and its field in core/member.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>
#include <span>

#include "brood/table.hpp"
#include "core/activation.hpp"
#include "core/init.hpp"
#include "core/loss.hpp"
#include "core/lr_schedule.hpp"
#include "core/member.hpp"
#include "core/optimizer.hpp"

namespace brood {

enum class HyperparameterType { real, integer, flag, choice, integers, reals };

struct Hyperparameter {
  char const* name;
  char const* group;
  HyperparameterType type;
  double fallback;            // the default; of a choice: its index; NaN: see default_text
  double min, max;            // inclusive, of every element of a list
  bool above_min, below_max;  // the bound itself is excluded
  std::span<char const* const> choices;
  char const* default_text;  // where the default is no number: "by task", "[64]"
  char const* help;
  void (*set)(Member&, double);  // null, like get, where a Member has no field for it alone
  double (*get)(Member const&);
  bool power_of_two = false;  // of a whole number: nothing else is allowed

  // The network's shape in whole numbers, which says the same as `hidden`.
  constexpr bool is_shape() const {
    return set == nullptr && type == HyperparameterType::integer && group[0] == 'n' &&
           fallback != fallback;  // has no default of its own
  }
};

namespace detail {

inline constexpr char const* kClassWeights[] = {"none", "balanced"};
inline constexpr char const* kBiasInits[] = {"zeros", "as_weights", "he5"};
inline constexpr char const* kParametrizations[] = {"standard", "ntk"};
inline constexpr char const* kAdamEps[] = {"outside", "inside"};
inline constexpr char const* kScalings[] = {"standard", "robust"};  // as Scaling has them
inline constexpr double kByOther = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kMillion = 1e6;
inline constexpr double kLargestSeed = 9007199254740991;

using enum HyperparameterType;

#define BROOD_FIELD(field)                                                  \
  [](Member& m, double v) { m.field = static_cast<decltype(m.field)>(v); }, \
      [](Member const& m) { return static_cast<double>(m.field); }
// What no field of a Member holds alone: describe() reads it.
#define BROOD_NO_FIELD nullptr, nullptr

}  // namespace detail

// clang-format off
inline constexpr Hyperparameter kHyperparameters[] = {
  {"hidden", "network", detail::integers, 0, 1, 16384, false, false, {}, "[64]",
   "widths of the hidden layers, up to 8 of them; [] is a linear model", BROOD_NO_FIELD},
  {"layers", "network", detail::integer, detail::kByOther, 1, 8, false, false, {}, "by hidden",
   "number of hidden layers, in place of hidden; 1 where width alone is given", BROOD_NO_FIELD},
  {"width", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of each of these layers; 64 where layers alone is given", BROOD_NO_FIELD},
  {"width_1", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 1, in place of width; searched where layers is 1 or more", BROOD_NO_FIELD},
  {"width_2", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 2, in place of width; searched where layers is 2 or more", BROOD_NO_FIELD},
  {"width_3", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 3, in place of width; searched where layers is 3 or more", BROOD_NO_FIELD},
  {"width_4", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 4, in place of width; searched where layers is 4 or more", BROOD_NO_FIELD},
  {"width_5", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 5, in place of width; searched where layers is 5 or more", BROOD_NO_FIELD},
  {"width_6", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 6, in place of width; searched where layers is 6 or more", BROOD_NO_FIELD},
  {"width_7", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 7, in place of width; searched where layers is 7 or more", BROOD_NO_FIELD},
  {"width_8", "network", detail::integer, detail::kByOther, 1, 16384, false, false, {}, "by hidden",
   "of hidden layer 8, in place of width; searched where layers is 8", BROOD_NO_FIELD},
  {"heads", "network", detail::integer, 1, 1, kMaxHeads, false, false, {}, "",
   "networks in one that share all but the last layer, each with signs of its own on the inputs; each row goes through all of them, and their mean predicts",
   [](Member& m, double v) { m.head_bits = std::bit_width(static_cast<unsigned>(v)) - 1; },
   [](Member const& m) { return static_cast<double>(heads_of(m)); }, true},
  {"activation", "network", detail::choice, index_of<Relu>(Activations{}), 0, 0, false, false, Activations::names, "",
   "of the hidden layers", BROOD_FIELD(activation)},
  {"init", "network", detail::choice, index_of<HeUniform>(Inits{}), 0, 0, false, false, Inits::names, "",
   "law of the initial weights; std: normal, scaled so that what each unit puts out has deviation 1 over the training rows; lecun_normal by default where parametrization is ntk", BROOD_FIELD(init)},
  {"bias_init", "network", detail::choice, 0, 0, 0, false, false, detail::kBiasInits, "",
   "initial biases: zeros, drawn by the weights' law, or he5: such that the unit is 0 in the midst of five random training rows", BROOD_FIELD(bias_init)},
  {"dropout", "network", detail::real, 0, 0, 0.95, false, false, {}, "",
   "share of hidden units dropped in a training step",
   [](Member& m, double v) { std::fill(m.dropout, m.dropout + kMaxLayers, static_cast<float>(v)); },
   [](Member const& m) { return static_cast<double>(m.dropout[0]); }},
  {"dropout_1", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 1, in place of dropout; searched where there is one", BROOD_NO_FIELD},
  {"dropout_2", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 2, in place of dropout; searched where there are 2 or more", BROOD_NO_FIELD},
  {"dropout_3", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 3, in place of dropout; searched where there are 3 or more", BROOD_NO_FIELD},
  {"dropout_4", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 4, in place of dropout; searched where there are 4 or more", BROOD_NO_FIELD},
  {"dropout_5", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 5, in place of dropout; searched where there are 5 or more", BROOD_NO_FIELD},
  {"dropout_6", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 6, in place of dropout; searched where there are 6 or more", BROOD_NO_FIELD},
  {"dropout_7", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 7, in place of dropout; searched where there are 7 or more", BROOD_NO_FIELD},
  {"dropout_8", "network", detail::real, detail::kByOther, 0, 0.95, false, false, {}, "by dropout",
   "of hidden layer 8, in place of dropout; searched where there are 8", BROOD_NO_FIELD},
  {"layer_dropout", "network", detail::reals, 0, 0, 0.95, false, false, {}, "[]",
   "dropout of each hidden layer, as many as there are, in place of dropout", BROOD_NO_FIELD},
  {"input_dropout", "network", detail::real, 0, 0, 0.95, false, false, {}, "",
   "share of inputs dropped in a training step", BROOD_FIELD(input_dropout)},
  {"dropout_schedule", "network", detail::choice, 0, 0, 0, false, false, RegularizerSchedules::names, "",
   "course of all dropout over epochs, from what it is to 0; flat_cosine stays for half of them", BROOD_FIELD(dropout_schedule)},
  {"scaling", "network", detail::choice, 0, 0, 0, false, false, detail::kScalings, "",
   "of numbers: by mean and deviation, or by median and quartiles through a smooth clip", BROOD_NO_FIELD},
  {"pieces", "network", detail::integer, 0, 0, kMaxPieces, false, false, {}, "",
   "of each number between quantiles, an input each beside it; fewer than 2: none", BROOD_NO_FIELD},
  {"periodic", "network", detail::integer, 0, 0, kMaxPeriodic, false, false, {}, "",
   "cosines of each number, of random frequencies, an input each beside it", BROOD_NO_FIELD},
  {"periodic_sigma", "network", detail::real, 1, 0, 1000, true, false, {}, "",
   "deviation of these frequencies, in periods between the quartiles of the number", BROOD_NO_FIELD},

  {"loss", "train", detail::choice, detail::kByOther, 0, 0, false, false, Losses::names, "by task",
   "cross_entropy or bce for classes, bce for labels, the others for regression: pinball of a quantile; poisson and tweedie of targets that are at least 0, by their logarithm", BROOD_FIELD(loss)},
  {"label_smoothing", "train", detail::real, 0, 0, 1, false, true, {}, "",
   "of cross_entropy and bce targets", BROOD_FIELD(label_smoothing)},
  {"class_weights", "train", detail::choice, 0, 0, 0, false, false, detail::kClassWeights, "",
   "balanced: a row weighs rows / (classes x rows of its class)", BROOD_FIELD(balanced)},
  {"huber_delta", "train", detail::real, 1, 0, detail::kMillion, true, false, {}, "",
   "error at which huber turns linear, in standard deviations of the target", BROOD_FIELD(loss_settings.huber_delta)},
  {"tau", "train", detail::real, 0.5, 0, 1, true, true, {}, "",
   "quantile of pinball, as a loss and as a metric", BROOD_FIELD(loss_settings.tau)},
  {"tweedie_power", "train", detail::real, 1.5, 1, 2, true, true, {}, "",
   "of the mean that tweedie's variance goes with; near 1 as poisson, near 2 as a gamma law", BROOD_FIELD(loss_settings.tweedie_power)},
  {"optimizer", "train", detail::choice, index_of<Adam>(Optimizers{}), 0, 0, false, false, Optimizers::names, "",
   "formulas are PyTorch's", BROOD_FIELD(optimizer)},
  {"lr", "train", detail::real, detail::kByOther, 0, 1e10, true, false, {}, "by optimizer",
   "learning rate: 0.001 for adam and adamw, 0.002 for nadam, 1 for adadelta, else 0.01", BROOD_FIELD(lr)},
  {"momentum", "train", detail::real, 0.9, 0, 1, false, true, {}, "",
   "of momentum and nesterov", BROOD_FIELD(settings.momentum)},
  {"beta1", "train", detail::real, 0.9, 0, 1, false, true, {}, "",
   "of adam, adamw and nadam", BROOD_FIELD(settings.beta1)},
  {"beta2", "train", detail::real, 0.999, 0, 1, false, true, {}, "",
   "of adam, adamw and nadam", BROOD_FIELD(settings.beta2)},
  {"momentum_decay", "train", detail::real, 0.004, 0, 0.1, false, false, {}, "",
   "of nadam: its momentum rises from half of beta1, by 0.96^(momentum_decay x step)", BROOD_FIELD(settings.momentum_decay)},
  {"rho", "train", detail::real, detail::kByOther, 0, 1, false, true, {}, "by optimizer",
   "decay of squared gradients: 0.99 for rmsprop, 0.9 for adadelta", BROOD_FIELD(settings.rho)},
  {"eps", "train", detail::real, detail::kByOther, 0, 1, true, false, {}, "by optimizer",
   "1e-8; 1e-10 for adagrad, 1e-6 for adadelta", BROOD_FIELD(settings.eps)},
  {"adam_eps", "train", detail::choice, 0, 0, 0, false, false, detail::kAdamEps, "",
   "eps outside the bias correction (PyTorch) or inside (scikit-learn)", BROOD_FIELD(settings.eps_inside)},
  {"l1", "train", detail::real, 0, 0, 1e3, false, false, {}, "",
   "times sign(w) on the gradient; weights, not biases", BROOD_FIELD(l1)},
  {"l2", "train", detail::real, 0, 0, 1e3, false, false, {}, "",
   "times w on the gradient; weights, not biases", BROOD_FIELD(l2)},
  {"weight_decay", "train", detail::real, detail::kByOther, 0, 1e3, false, false, {}, "by optimizer",
   "decoupled: w shrinks by lr x weight_decay x w each step; weights, not biases; 0.01 for adamw, else 0", BROOD_FIELD(weight_decay)},
  {"weight_decay_schedule", "train", detail::choice, 0, 0, 0, false, false, RegularizerSchedules::names, "",
   "course of weight_decay over epochs, from what it is to 0; flat_cosine stays for half of them", BROOD_FIELD(weight_decay_schedule)},
  {"clip_value", "train", detail::real, 0, 0, 1e10, false, false, {}, "",
   "largest size of a gradient's element; 0 is off", BROOD_FIELD(clip_value)},
  {"clip_norm", "train", detail::real, 0, 0, 1e10, false, false, {}, "",
   "largest norm of the whole gradient; 0 is off", BROOD_FIELD(clip_norm)},
  {"ema", "train", detail::real, 0, 0, 1, false, true, {}, "",
   "decay of an average of the weights that is evaluated in their place; 0 is off", BROOD_FIELD(ema)},
  {"layer_lr", "train", detail::reals, 0, 0, 1e3, false, false, {}, "[]",
   "factor on lr for each layer, as many as hidden layers + 1; 0 freezes", BROOD_NO_FIELD},
  {"bias_lr", "train", detail::real, 1, 0, 1e3, false, false, {}, "",
   "factor on lr for biases, beside that of their layer", BROOD_FIELD(bias_lr)},
  {"parametrization", "train", detail::choice, 0, 0, 0, false, false, detail::kParametrizations, "",
   "ntk: weights learn as in W x / sqrt(inputs), so that one lr suits all widths; not with adadelta, l1, l2, clip_value, clip_norm", BROOD_FIELD(parametrization)},
  {"batch_size", "train", detail::integer, 32, 1, 4096, false, false, {}, "",
   "rows of the table a step, each for all heads; a short last batch is kept", BROOD_FIELD(batch_size)},
  {"epochs", "train", detail::integer, 50, 1, detail::kMillion, false, false, {}, "",
   "the whole training, which schedules span; in a study, the scheduler's max", BROOD_FIELD(epochs)},
  {"patience", "train", detail::integer, 0, 0, detail::kMillion, false, false, {}, "",
   "evaluations without a better loss before training stops with the best weights; as many as epochs never stop it, and still keep those; 0 is off", BROOD_FIELD(patience)},
  {"min_delta", "train", detail::real, 0, 0, 1e10, false, false, {}, "",
   "by how much a loss must be lower to count as better", BROOD_FIELD(min_delta)},
  {"lr_schedule", "train", detail::choice, 0, 0, 0, false, false, LrSchedules::names, "",
   "course of the learning rate over epochs; coslog: cycles from 0 to lr and back, flat_cosine: lr for half of them, then down", BROOD_FIELD(lr_schedule)},
  {"warmup_epochs", "train", detail::integer, 0, 0, detail::kMillion, false, false, {}, "",
   "epochs over which lr first rises from 0", BROOD_FIELD(warmup_epochs)},
  {"lr_gamma", "train", detail::real, 0.1, 0, 1, true, false, {}, "",
   "factor of the step and exponential schedules", BROOD_FIELD(schedule.gamma)},
  {"lr_step_epochs", "train", detail::integer, 10, 1, detail::kMillion, false, false, {}, "",
   "epochs between the steps of the step schedule", BROOD_FIELD(schedule.step_epochs)},
  {"lr_final", "train", detail::real, 0, 0, 1, false, false, {}, "",
   "share of lr that cosine, linear and flat_cosine end at", BROOD_FIELD(schedule.final_factor)},
  {"coslog_cycles", "train", detail::integer, 4, 1, 32, false, false, {}, "",
   "number of cycles of coslog", BROOD_FIELD(schedule.coslog_cycles)},
  {"coslog_base", "train", detail::real, 2, 1, 100, true, false, {}, "",
   "how many times as long as the one before each cycle of coslog is", BROOD_FIELD(schedule.coslog_base)},
  {"seed", "train", detail::integer, detail::kByOther, 0, detail::kLargestSeed, false, false, {}, "by trial",
   "of weights, batch order and dropout; trials of one seed begin alike", BROOD_NO_FIELD},
};
// clang-format on

#undef BROOD_FIELD
#undef BROOD_NO_FIELD

}  // namespace brood
