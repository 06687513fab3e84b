// SPDX-License-Identifier: Apache-2.0
// The oracle: a naive trainer of one member, row by row and weight by weight, that both backends
// are held to. It knows brood's public headers and the textbook, and nothing of host/core: what is
// random (initial weights, row order, dropout) is given by the test. Run in double it is the truth;
// in Bounded it says how far fp32 may be from it, in Noisy how far fp32 runs may part.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "brood/table.hpp"
#include "brood/value.hpp"
#include "support/number.hpp"
#include "support/textbook.hpp"
#include "support/tolerance.hpp"

namespace brood::oracle {

// A Config resolved for a task: names and defaults are `brood list`'s.
struct Settings {
  Task task = Task::classification;
  int outputs = 0;          // classes, or target columns
  int network_outputs = 0;  // 1 for two classes by bce
  std::vector<int> hidden = {64};
  std::string activation = "relu", init = "he_uniform", bias_init = "zeros";
  int heads = 1;
  double dropout = 0, input_dropout = 0;
  std::map<std::size_t, double> own_dropout;  // by hidden layer, from 0: in place of dropout
  std::string loss;
  double label_smoothing = 0, huber_delta = 1, tau = 0.5, tweedie_power = 1.5;
  bool balanced = false;
  std::string optimizer = "adam";
  double lr = 0, momentum = 0.9, beta1 = 0.9, beta2 = 0.999, rho = 0, eps = 0;
  double momentum_decay = 0.004;
  bool eps_inside = false;
  double l1 = 0, l2 = 0, weight_decay = 0, clip_value = 0, clip_norm = 0, ema = 0;
  std::vector<double> layer_lr;  // empty: all 1
  double bias_lr = 1;
  std::string parametrization = "standard";
  std::string dropout_schedule = "constant", weight_decay_schedule = "constant";
  int batch_size = 32, epochs = 50, patience = 0, warmup_epochs = 0;
  double min_delta = 0;
  ScheduleFormula schedule;

  LossNumbers loss_numbers() const { return {huber_delta, tau, tweedie_power}; }
  // Whether e^z of an output is what is predicted.
  bool has_log_link() const { return loss == "poisson" || loss == "tweedie"; }
  bool is_ntk() const { return parametrization == "ntk"; }
  double rate_of(std::size_t layer) const { return layer_lr.empty() ? 1.0 : layer_lr[layer]; }
  // Of a hidden layer, from 0.
  double dropout_of(std::size_t layer) const {
    auto const own = own_dropout.find(layer);
    return own == own_dropout.end() ? dropout : own->second;
  }
  // Of dropout, or of weight decay, by its schedule over `total` steps.
  double share_at(std::string const& by, std::int64_t step, std::int64_t total) const {
    return schedule_factor({.name = by}, step, total, 0);
  }
};
// Throws std::invalid_argument for a name it does not know.
Settings resolve(Config const& config, Task task, int outputs);
// The same with every real that a backend keeps in fp32 rounded to it, so that what is left between
// them is arithmetic. (lr, lr_gamma, lr_final and min_delta are kept in double.)
Settings as_stored(Settings settings);

// A table's rows as they enter a network. x and y are computed in fp32, by the transform's very
// definition, and are exact from then on; but what a shape makes of z is in double.
struct Samples {
  Task task = Task::classification;
  int rows = 0, inputs = 0, targets = 0, classes = 0;
  std::vector<double> x;                           // (rows, inputs)
  std::vector<double> x_error;                     // likewise: how far fp32 may be from it
  std::vector<double> y;                           // (rows, targets)
  std::vector<double> user_y;                      // (rows, targets): before the transform
  std::vector<double> weight;                      // (rows)
  std::vector<double> target_shift, target_scale;  // (targets)
  std::vector<double> signs;                       // (heads, inputs); empty: all 1
};
Samples prepare(Table const& table, Transform const* transform);

template <class Number>
struct Layer {
  int inputs = 0, outputs = 0;
  std::vector<Number> weights;  // (outputs, inputs)
  std::vector<Number> bias;     // (outputs)
};
template <class Number>
using Network = std::vector<Layer<Number>>;

// Inputs, hidden widths, network outputs of all heads.
std::vector<int> widths(Settings const& settings, int inputs);
// From and to the dense layout of a MemberImage: layer by layer, weights then bias.
template <class Number = double, class Float>
Network<Number> network_from(std::vector<int> const& widths, std::vector<Float> const& dense) {
  Network<Number> network;
  std::size_t at = 0;
  auto take = [&](std::size_t count) {
    std::vector<Number> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(Number(static_cast<double>(dense.at(at++))));
    return values;
  };
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    auto const in = static_cast<std::size_t>(widths[l]);
    auto const out = static_cast<std::size_t>(widths[l + 1]);
    auto weights = take(in * out);
    network.push_back({widths[l], widths[l + 1], std::move(weights), take(out)});
  }
  return network;
}
template <class Number>
std::vector<double> dense(Network<Number> const& network) {
  std::vector<double> values;
  for (auto const& layer : network) {
    for (auto const& w : layer.weights)
      values.push_back(value_of(w));
    for (auto const& b : layer.bias)
      values.push_back(value_of(b));
  }
  return values;
}

// Whether a unit survives dropout: layer 0 is the inputs, l the l-th hidden layer; `row` counts in
// the batch, each row once for each head.
using Keep = std::function<bool(int step, int layer, int row, int unit)>;
// Which of the training rows (an index into them) stands at a position of an epoch.
using RowAt = std::function<int(int epoch, int position)>;
struct Randomness {
  RowAt row_at;
  Keep keep;  // may be empty without dropout
};

struct Batch {
  std::vector<int> rows;        // of the samples
  std::vector<double> weights;  // of the rows, class weights in them
  int step = 0;
  double dropout_share = 1;  // of the rates of dropout, by their schedule
};

template <class Number>
struct Gradient {
  Number loss;  // weighted mean over the batch
  double weight = 0;
  Network<Number> by_layer;
};
// Before clipping and penalties.
template <class Number>
Gradient<Number> batch_gradient(Settings const& settings, Samples const& samples,
                                Network<Number> const& network, Batch const& batch,
                                Keep const& keep);

// Forward only. Probabilities or values in the user's units, (outputs).
template <class Number>
std::vector<Number> predict(Settings const& settings, Samples const& samples,
                            Network<Number> const& network, int row);

// As brood::Evaluation has it; `undecided` is the weight of predictions nearer to a tie than their
// error, so `correct` may be off by it.
struct Score {
  Bounded loss, squared_error, absolute_error;
  double weight = 0, correct = 0, undecided = 0;
};
Score evaluate(Settings const& settings, Samples const& samples, Network<Bounded> const& network,
               std::vector<int> const& rows);

// One member in training.
template <class Number>
class Trainer {
 public:
  Trainer(Settings settings, Samples const& samples, std::vector<int> train_rows,
          Network<Number> initial, Randomness randomness);

  int steps_per_epoch() const;
  int steps_done() const { return step_; }
  double lr_at(std::int64_t step) const;
  double weight_decay_at(std::int64_t step) const;
  Batch batch_at(int step) const;
  // Takes one step and returns its loss.
  Number step();

  Network<Number> const& network() const { return network_; }
  Network<Number> const& average() const { return average_; }
  // What is evaluated and predicted with.
  Network<Number> const& predicting() const { return settings_.ema > 0 ? average_ : network_; }
  // Of all rows trained on since the last call: the weighted mean of their losses.
  double take_train_loss();

 private:
  Settings settings_;
  Samples const& samples_;
  std::vector<int> train_rows_;
  std::vector<double> class_weight_;
  Randomness randomness_;
  Network<Number> network_, average_;
  std::vector<Network<Number>> state_;
  int step_ = 0;
  double loss_sum_ = 0, loss_weight_ = 0;
};

// Where each parameter (dense order) must lie after the first step of an fp32 backend that starts
// from `initial`; see tolerance.hpp, 4.
struct FirstStep {
  Bounded loss;
  std::vector<double> expected, lowest, highest;
};
FirstStep first_step(Settings const& settings, Samples const& samples,
                     std::vector<int> const& train_rows, std::vector<float> const& initial,
                     Randomness const& randomness);

}  // namespace brood::oracle
