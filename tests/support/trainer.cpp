// SPDX-License-Identifier: Apache-2.0
// The oracle's training: batches, clipping, penalties, optimizers, averages, and the bounds of a
// first step.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "support/oracle.hpp"

namespace brood::oracle {
namespace {

template <class Number>
Number root(Number x) {
  return apply([](double v) { return std::sqrt(std::max(v, 0.0)); }, x, {quotient_roundoff});
}

// Every parameter of a network with its layer and whether it is a weight (not a bias).
template <class Number, class F>
void for_each(Network<Number>& network, F const& f) {
  for (std::size_t l = 0; l < network.size(); ++l) {
    for (std::size_t i = 0; i < network[l].weights.size(); ++i)
      f(l, true, i, network[l].weights[i]);
    for (std::size_t i = 0; i < network[l].bias.size(); ++i)
      f(l, false, i, network[l].bias[i]);
  }
}
template <class Number>
Number& at(Network<Number>& network, std::size_t l, bool is_weight, std::size_t i) {
  return is_weight ? network[l].weights[i] : network[l].bias[i];
}

// torch.nn.utils.clip_grad_value_, then clip_grad_norm_, over all parameters.
template <class Number>
void clip(Settings const& s, Network<Number>& gradient) {
  if (s.clip_value > 0) {
    for_each(gradient, [&](auto, auto, auto, Number& g) {
      g = apply([&](double v) { return std::clamp(v, -s.clip_value, s.clip_value); }, g, {0});
    });
  }
  if (s.clip_norm == 0) return;
  Sum<Number> squares;
  for_each(gradient, [&](auto, auto, auto, Number const& g) { squares.add_product(g, g); });
  Number const ratio = Number(s.clip_norm) / (root(squares.total()) + Number(1e-6));
  Number const factor = apply([](double v) { return std::min(v, 1.0); }, ratio, {0});
  for_each(gradient, [&](auto, auto, auto, Number& g) { g = g * factor; });
}

// What l1 and l2 add to a weight's gradient.
template <class Number>
Number penalty(Settings const& s, Number w) {
  double const sign = value_of(w) > 0 ? 1 : value_of(w) < 0 ? -1 : 0;
  Number const pull = s.l2 > 0 ? Number(s.l2) * w : Number(0.0);
  return Number(s.l1 * sign) + pull;
}

// One parameter's step `t` (from 1): PyTorch's documentation, formula by formula. a and b are its
// state. What is returned is to be subtracted.
template <class Number>
Number update(Settings const& s, Number g, double lr, int t, Number& a, Number& b) {
  Number const rate = rounded(Number(lr));
  Number const eps(s.eps);
  if (s.optimizer == "sgd") return rate * g;
  if (s.optimizer == "momentum" || s.optimizer == "nesterov") {
    Number const mu(s.momentum);
    a = mu * a + g;
    return s.optimizer == "momentum" ? rate * a : rate * (g + mu * a);
  }
  if (s.optimizer == "adagrad") {
    a = a + g * g;
    return rate * g / (root(a) + eps);
  }
  if (s.optimizer == "rmsprop") {
    a = Number(s.rho) * a + Number(1 - s.rho) * (g * g);
    return rate * g / (root(a) + eps);
  }
  if (s.optimizer == "adadelta") {
    a = Number(s.rho) * a + Number(1 - s.rho) * (g * g);
    Number const delta = root(b + eps) / root(a + eps) * g;
    b = Number(s.rho) * b + Number(1 - s.rho) * (delta * delta);
    return rate * delta;
  }
  if (s.optimizer == "adam" || s.optimizer == "adamw") {
    a = Number(s.beta1) * a + Number(1 - s.beta1) * g;
    b = Number(s.beta2) * b + Number(1 - s.beta2) * (g * g);
    double const first = 1 - std::pow(s.beta1, t);
    double const second = 1 - std::pow(s.beta2, t);
    if (s.eps_inside) {
      // scikit-learn, AdamOptimizer: the rate is corrected, eps is beside the raw root.
      return rounded(Number(lr * std::sqrt(second) / first)) * a / (root(b) + eps);
    }
    Number const corrected = a / Number(first);
    return rate * corrected / (root(b / Number(second)) + eps);
  }
  if (s.optimizer == "nadam") {
    a = Number(s.beta1) * a + Number(1 - s.beta1) * g;
    b = Number(s.beta2) * b + Number(1 - s.beta2) * (g * g);
    auto const momentum = [&](int step) {
      return s.beta1 * (1 - 0.5 * std::pow(0.96, step * s.momentum_decay));
    };
    double product = 1;
    for (int i = 1; i <= t; ++i)
      product *= momentum(i);
    double const second = 1 - std::pow(s.beta2, t), next = momentum(t + 1);
    Number const of_gradient = rounded(Number(lr * (1 - momentum(t)) / (1 - product)));
    Number const of_mean = rounded(Number(lr * next / (1 - product * next)));
    Number const corrected =
        s.eps_inside ? (root(b) + eps) / Number(std::sqrt(second)) : root(b / Number(second)) + eps;
    return (of_gradient * g + of_mean * a) / corrected;
  }
  throw std::invalid_argument("no optimizer '" + s.optimizer + "'");
}

// The same of a parameter of a layer of `inputs`. By the neural tangent parametrization a layer is
// W x / sqrt(n) + b, and what is held is W / sqrt(n): its gradient is sqrt(n) times W's, and it
// changes by 1 / sqrt(n) of what W does.
template <class Number>
Number change_of(Settings const& s, int inputs, bool is_weight, Number g, double lr, int t,
                 Number& a, Number& b) {
  if (!is_weight) return update(s, g, lr * s.bias_lr, t, a, b);
  if (!s.is_ntk()) return update(s, g, lr, t, a, b);
  Number const root(std::sqrt(inputs));
  return update(s, g / root, lr, t, a, b) / root;
}

template <class Number>
Network<Number> zeros(Network<Number> network) {
  for_each(network, [](auto, auto, auto, Number& x) { x = Number(0.0); });
  return network;
}

std::vector<double> class_weights(Settings const& s, Samples const& samples,
                                  std::vector<int> const& train_rows) {
  std::vector<double> count(static_cast<std::size_t>(std::max(samples.classes, 1)), 0.0);
  if (!s.balanced) return {};
  for (int const row : train_rows)
    count[static_cast<std::size_t>(samples.y[static_cast<std::size_t>(row)])] += 1;
  for (double& c : count)
    c = c > 0 ? static_cast<double>(train_rows.size()) / (samples.classes * c) : 0;
  return count;
}

}  // namespace

template <class Number>
Trainer<Number>::Trainer(Settings settings, Samples const& samples, std::vector<int> train_rows,
                         Network<Number> initial, Randomness randomness)
    : settings_(std::move(settings)),
      samples_(samples),
      train_rows_(std::move(train_rows)),
      class_weight_(class_weights(settings_, samples, train_rows_)),
      randomness_(std::move(randomness)),
      network_(std::move(initial)),
      average_(network_),
      state_(2, zeros(network_)) {}

template <class Number>
int Trainer<Number>::steps_per_epoch() const {
  auto const rows = static_cast<int>(train_rows_.size());
  return (rows + settings_.batch_size - 1) / settings_.batch_size;
}

template <class Number>
double Trainer<Number>::lr_at(std::int64_t step) const {
  std::int64_t const warmup = std::int64_t{settings_.warmup_epochs} * steps_per_epoch();
  if (step < warmup) {
    return settings_.lr * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  std::int64_t const total = std::int64_t{settings_.epochs} * steps_per_epoch() - warmup;
  std::int64_t const done = step - warmup;
  return settings_.lr * schedule_factor(settings_.schedule, done, total, done / steps_per_epoch());
}

template <class Number>
double Trainer<Number>::weight_decay_at(std::int64_t step) const {
  std::int64_t const total = std::int64_t{settings_.epochs} * steps_per_epoch();
  return settings_.weight_decay * settings_.share_at(settings_.weight_decay_schedule, step, total);
}

template <class Number>
Batch Trainer<Number>::batch_at(int step) const {
  int const epoch = step / steps_per_epoch();
  int const first = step % steps_per_epoch() * settings_.batch_size;
  int const last = std::min(first + settings_.batch_size, static_cast<int>(train_rows_.size()));
  Batch batch;
  batch.step = step;
  batch.dropout_share = settings_.share_at(settings_.dropout_schedule, step,
                                           std::int64_t{settings_.epochs} * steps_per_epoch());
  for (int position = first; position < last; ++position) {
    int const row = train_rows_[static_cast<std::size_t>(randomness_.row_at(epoch, position))];
    auto const index = static_cast<std::size_t>(row);
    double weight = samples_.weight[index];
    if (!class_weight_.empty()) {
      weight *= class_weight_[static_cast<std::size_t>(samples_.y[index])];
    }
    batch.rows.push_back(row);
    batch.weights.push_back(weight);
  }
  return batch;
}

template <class Number>
Number Trainer<Number>::step() {
  auto gradient = batch_gradient(settings_, samples_, network_, batch_at(step_), randomness_.keep);
  loss_sum_ += value_of(gradient.loss) * gradient.weight;
  loss_weight_ += gradient.weight;
  clip(settings_, gradient.by_layer);
  double const lr = lr_at(step_);
  double const weight_decay = weight_decay_at(step_);
  ++step_;
  for_each(network_, [&](std::size_t l, bool is_weight, std::size_t i, Number& w) {
    double const rate = lr * settings_.rate_of(l);
    if (settings_.rate_of(l) == 0) return;
    Number g = at(gradient.by_layer, l, is_weight, i);
    if (is_weight) g = g + penalty(settings_, w);
    Number const change = change_of(settings_, network_[l].inputs, is_weight, g, rate, step_,
                                    at(state_[0], l, is_weight, i), at(state_[1], l, is_weight, i));
    if (is_weight && weight_decay > 0) w = w * rounded(Number(1 - rate * weight_decay));
    w = w - change;
  });
  for_each(average_, [&](std::size_t l, bool is_weight, std::size_t i, Number& average) {
    Number const w = at(network_, l, is_weight, i);
    if (settings_.ema > 0)
      average = Number(settings_.ema) * average + Number(1 - settings_.ema) * w;
  });
  return gradient.loss;
}

template <class Number>
double Trainer<Number>::take_train_loss() {
  double const mean = loss_sum_ / loss_weight_;
  loss_sum_ = loss_weight_ = 0;
  return mean;
}

FirstStep first_step(Settings const& s, Samples const& samples, std::vector<int> const& train_rows,
                     std::vector<float> const& initial, Randomness const& randomness) {
  auto const shape = widths(s, samples.inputs);
  Trainer<double> const trainer(s, samples, train_rows, network_from(shape, initial), randomness);
  double const lr = trainer.lr_at(0), weight_decay = trainer.weight_decay_at(0);
  auto network = network_from<Bounded>(shape, initial);
  auto gradient = batch_gradient(s, samples, network, trainer.batch_at(0), randomness.keep);
  FirstStep result{gradient.loss, {}, {}, {}};
  clip(s, gradient.by_layer);
  for_each(network, [&](std::size_t l, bool is_weight, std::size_t i, Bounded const& w) {
    double const rate = lr * s.rate_of(l);
    Bounded g = at(gradient.by_layer, l, is_weight, i);
    if (is_weight) g = g + penalty(s, w);
    double const decayed = is_weight ? w.value * (1 - rate * weight_decay) : w.value;
    auto after = [&](double slope) {
      double a = 0, b = 0;
      int const inputs = network[l].inputs;
      return rate > 0 ? decayed - change_of(s, inputs, is_weight, slope, rate, 1, a, b) : w.value;
    };
    double const expected = after(g.value);
    double const low = after(g.value + g.error);
    double const high = after(g.value - g.error);
    double const own =
        rate > 0 ? (kUpdateRoundings * kU + 2 * quotient_excess()) *
                           std::max(std::fabs(decayed - low), std::fabs(decayed - high)) +
                       kWeightRoundings * kU * std::max(std::fabs(low), std::fabs(high)) + kTiny
                 : 0;
    result.expected.push_back(expected);
    result.lowest.push_back(low - own);
    result.highest.push_back(high + own);
  });
  return result;
}

template class Trainer<double>;
template class Trainer<Noisy>;

}  // namespace brood::oracle
