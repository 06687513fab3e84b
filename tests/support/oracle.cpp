// SPDX-License-Identifier: Apache-2.0
// The oracle's network: forward pass, losses, gradients, predictions, evaluation.
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace brood::oracle {
namespace {

// What one row does on its way through the network.
template <class Number>
struct Trace {
  std::vector<std::vector<Number>> input;  // what each layer reads
  std::vector<std::vector<Number>> slope;  // of each layer's input by the z before it
  std::vector<Number> output;              // logits, or values
};

double inexact(double value, double /*error*/, double /*exact*/) {
  return value;
}
Bounded inexact(double value, double error, Bounded const& /*exact*/) {
  return {value, error};
}
Noisy inexact(double value, double error, Noisy /*exact*/) {
  return value + error * Noisy::noise();
}

// As a head reads them.
template <class Number>
std::vector<Number> inputs_of(Samples const& samples, int row, int head) {
  std::vector<Number> inputs;
  auto const first = static_cast<std::size_t>(row) * static_cast<std::size_t>(samples.inputs);
  auto const signs = static_cast<std::size_t>(head) * static_cast<std::size_t>(samples.inputs);
  for (std::size_t i = 0; i < static_cast<std::size_t>(samples.inputs); ++i) {
    double const sign = samples.signs.empty() ? 1.0 : samples.signs[signs + i];
    inputs.push_back(inexact(sign * samples.x[first + i], samples.x_error[first + i], Number()));
  }
  return inputs;
}

template <class Number>
std::vector<Number> linear(Layer<Number> const& layer, std::vector<Number> const& x) {
  std::vector<Number> z;
  auto const inputs = static_cast<std::size_t>(layer.inputs);
  for (std::size_t o = 0; o < layer.bias.size(); ++o) {
    Sum<Number> sum;
    sum.add(layer.bias[o]);
    for (std::size_t i = 0; i < inputs; ++i)
      sum.add_operands(layer.weights[o * inputs + i], x[i]);
    z.push_back(sum.total());
  }
  return z;
}

// Multiplies by 1 / (1 - rate) what is kept, by 0 what is not.
template <class Number>
void drop_out(double rate, std::function<bool(int unit)> const& keep, std::vector<Number>& values,
              std::vector<Number>& slopes) {
  if (rate == 0) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Number const factor = keep(static_cast<int>(i)) ? rounded(Number(1 / (1 - rate))) : Number(0.0);
    values[i] = values[i] * factor;
    slopes[i] = slopes[i] * factor;
  }
}

// `keep` is empty outside training.
template <class Number>
Trace<Number> forward(Settings const& settings, Network<Number> const& network,
                      std::vector<Number> x, std::function<bool(int layer, int unit)> const& keep,
                      double dropout_share = 1) {
  auto const& activation = activation_formula(settings.activation);
  auto const error = activation_error(settings.activation);
  auto dropping = [&](int layer) { return [&keep, layer](int unit) { return keep(layer, unit); }; };
  Trace<Number> trace;
  std::vector<Number> slopes(x.size(), Number(1.0));
  if (keep) drop_out(settings.input_dropout * dropout_share, dropping(0), x, slopes);
  for (std::size_t l = 0;; ++l) {
    trace.input.push_back(x);
    trace.slope.push_back(slopes);
    auto const z = linear(network[l], x);
    if (l + 1 == network.size()) {
      trace.output = z;
      return trace;
    }
    x.clear();
    slopes.clear();
    for (auto const& zi : z) {
      x.push_back(apply(activation.value, zi, error.value));
      slopes.push_back(apply(activation.slope, zi, error.slope));
    }
    if (keep) {
      drop_out(settings.dropout_of(l) * dropout_share, dropping(static_cast<int>(l) + 1), x,
               slopes);
    }
  }
}

template <class Number>
struct RowLoss {
  Number loss;
  std::vector<Number> delta;  // by the network's outputs
};

template <class Number>
std::vector<Number> softmax(std::vector<Number> const& z) {
  Number top = z[0];
  for (auto const& zk : z) {
    if (value_of(zk) > value_of(top)) top = zk;
  }
  std::vector<Number> p;
  Sum<Number> total;
  for (auto const& zk : z) {
    // The same number less itself is 0, whatever its error.
    Number const difference = value_of(zk) == value_of(top) ? Number(0.0) : zk - top;
    p.push_back(apply([](double x) { return std::exp(x); }, difference, kExpError));
    total.add(p.back());
  }
  for (auto& pk : p)
    pk = pk / total.total();
  return p;
}

// ln sum exp z - sum t z = ln sum exp(z - top) - sum t (z - top), as sum t = 1.
template <class Number>
RowLoss<Number> cross_entropy_row(std::vector<Number> const& z, int label, double smoothing) {
  Number top = z[0];
  for (auto const& zk : z) {
    if (value_of(zk) > value_of(top)) top = zk;
  }
  RowLoss<Number> row{Number(0.0), softmax(z)};
  Sum<Number> total, targeted;
  for (std::size_t k = 0; k < z.size(); ++k) {
    double const onehot = static_cast<int>(k) == label ? 1.0 : 0.0;
    double const target = (1 - smoothing) * onehot + smoothing / static_cast<double>(z.size());
    Number const difference = value_of(z[k]) == value_of(top) ? Number(0.0) : z[k] - top;
    total.add(apply([](double x) { return std::exp(x); }, difference, kExpError));
    targeted.add_product(smoothing > 0 ? rounded(Number(target)) : Number(target), difference);
    row.delta[k] = row.delta[k] - (smoothing > 0 ? rounded(Number(target)) : Number(target));
  }
  row.loss =
      apply([](double x) { return std::log(x); }, total.total(), kLogError) - targeted.total();
  return row;
}

// Own errors of an element's value and slope. A difference z - t has one rounding of its own size;
// bce adds numbers of size |z| and 1 instead, and its targets may carry the rounding of smoothing;
// log_cosh adds |z - t| and 1; poisson and tweedie the two terms of their slopes, or of their
// integrals, with exponentials (1.2 ulp) of what tweedie's power has rounded.
double terms_of_slope(Settings const& s, double z, double t) {
  double const p = s.loss == "poisson" ? 1 : s.tweedie_power;
  return std::exp((2 - p) * z) + t * std::exp((1 - p) * z);
}
FunctionError element_value_error(Settings const& s, double z, double t) {
  if (s.loss == "bce") return {kU, 6 * kU * (std::fabs(z) + 1)};
  if (s.loss == "log_cosh") return {kU, 6 * kU * (std::fabs(z - t) + 1)};
  if (s.loss == "poisson") return {kU, 5 * kU * (std::exp(z) + std::fabs(t * z))};
  if (s.loss == "tweedie") {
    double const p = s.tweedie_power, wide = 1 / (2 - p) + 1 / (p - 1);
    return {kU, (8 + std::fabs(z)) * kU * wide * terms_of_slope(s, z, t)};
  }
  return {4 * kU};
}
FunctionError element_slope_error(Settings const& s, double z, double t) {
  if (s.loss == "bce") return {kU, 6 * kU + quotient_excess()};
  if (s.loss == "log_cosh") return {6 * kU + quotient_excess(), kU};
  if (s.has_log_link()) return {kU, (8 + std::fabs(z)) * kU * terms_of_slope(s, z, t)};
  return {4 * kU};
}

template <class Number>
RowLoss<Number> elementwise_row(Settings const& s, std::vector<Number> const& z,
                                std::vector<double> targets, double smoothing) {
  auto const& formula = element_loss_formula(s.loss);
  RowLoss<Number> row{Number(0.0), {}};
  Sum<Number> sum;
  Number const share = rounded(Number(1.0 / static_cast<double>(z.size())));
  for (std::size_t k = 0; k < z.size(); ++k) {
    double const t = (1 - smoothing) * targets[k] + smoothing / 2;
    auto value = [&](double x) { return formula.value(x, t, s.loss_numbers()); };
    auto slope = [&](double x) { return formula.slope(x, t, s.loss_numbers()); };
    double const at = value_of(z[k]);
    sum.add(apply(value, z[k], element_value_error(s, at, t)));
    row.delta.push_back(apply(slope, z[k], element_slope_error(s, at, t)) * share);
  }
  row.loss = sum.total() * share;
  return row;
}

// What an output says of a value.
template <class Number>
Number linked(Settings const& s, Number z) {
  if (!s.has_log_link()) return z;
  return apply([](double x) { return std::exp(x); }, z, kExpError);
}

// The targets of one row as the network's outputs see them.
std::vector<double> element_targets(Settings const& s, Samples const& samples, int row) {
  std::vector<double> targets;
  auto const first = static_cast<std::size_t>(row) * static_cast<std::size_t>(samples.targets);
  if (samples.task != Task::classification) {
    for (std::size_t t = 0; t < static_cast<std::size_t>(samples.targets); ++t)
      targets.push_back(samples.y[first + t]);
  } else if (s.network_outputs == 1) {
    targets.push_back(samples.y[first]);
  } else {
    for (int k = 0; k < s.outputs; ++k)
      targets.push_back(static_cast<int>(samples.y[first]) == k ? 1.0 : 0.0);
  }
  return targets;
}

template <class Number>
RowLoss<Number> row_loss(Settings const& s, Samples const& samples, std::vector<Number> const& z,
                         int row, double smoothing) {
  if (s.loss == "cross_entropy") {
    return cross_entropy_row(z, static_cast<int>(samples.y[static_cast<std::size_t>(row)]),
                             smoothing);
  }
  return elementwise_row(s, z, element_targets(s, samples, row), smoothing);
}

// What one head puts out of what all do.
template <class Number>
std::vector<Number> outputs_of_head(Settings const& s, std::vector<Number> const& all, int head) {
  auto const first = all.begin() + std::ptrdiff_t{head} * s.network_outputs;
  return {first, first + s.network_outputs};
}

template <class Number>
std::vector<Number> sigmoids(std::vector<Number> const& z) {
  std::vector<Number> p;
  for (auto const& zk : z)
    p.push_back(apply([](double x) { return 1 / (1 + std::exp(-x)); }, zk, sigmoid_error()));
  return p;
}

// Each over the sum of all.
template <class Number>
std::vector<Number> shares_of(std::vector<Number> p) {
  Sum<Number> total;
  for (auto const& pk : p)
    total.add(pk);
  for (auto& pk : p)
    pk = pk / total.total();
  return p;
}

// What a network that is no mean predicts by its logits; before the targets' units.
template <class Number>
std::vector<Number> predictions_of(Settings const& s, std::vector<Number> const& z) {
  if (s.loss == "cross_entropy") return softmax(z);
  if (s.loss != "bce") return z;
  bool const shares = s.task == Task::classification && s.network_outputs > 1;
  return shares ? shares_of(sigmoids(z)) : sigmoids(z);
}

double log_of_share(double p) {
  return std::log(std::max(p, 0x1p-126));
}

// Logits by which one network would predict the mean of what the heads predict.
template <class Number>
std::vector<Number> mean_logits(Settings const& s, Samples const& samples,
                                Network<Number> const& network, int row) {
  std::vector<Sum<Number>> sums(static_cast<std::size_t>(s.network_outputs));
  std::vector<Sum<Number>> others = sums;  // of 1 less the predictions
  bool const softmax = s.loss == "cross_entropy";
  bool const values = !softmax && s.loss != "bce", means = s.has_log_link();
  for (int head = 0; head < s.heads; ++head) {
    auto const all = forward(s, network, inputs_of<Number>(samples, row, head), {}).output;
    auto const z = outputs_of_head(s, all, head);
    if (s.heads == 1) return z;
    auto p = predictions_of(s, z);
    for (auto& each : p)
      each = linked(s, each);
    bool const alone = s.task != Task::classification || z.size() == 1;
    std::vector<Number> negated;
    for (std::size_t k = 0; k < z.size(); ++k)
      negated.push_back(Number(0.0) - z[k]);
    auto const q = sigmoids(negated);
    for (std::size_t k = 0; k < z.size(); ++k) {
      sums[k].add(p[k]);
      others[k].add(alone ? q[k] : Number(1.0) - p[k]);
    }
  }
  std::vector<Number> mean;
  Number const count(static_cast<double>(s.heads));
  for (std::size_t k = 0; k < sums.size(); ++k) {
    mean.push_back(sums[k].total() / count);
    if (values && !means) continue;
    mean[k] = apply(log_of_share, mean[k], kLogError);
    if (!softmax && !means)
      mean[k] = mean[k] - apply(log_of_share, others[k].total() / count, kLogError);
  }
  return mean;
}

template <class Number>
struct GradientSums {
  std::vector<Sum<Number>> weights, bias;
};

// Adds a row's part, from the last layer to the first.
template <class Number>
void backward(Network<Number> const& network, Trace<Number> const& trace, std::vector<Number> delta,
              std::vector<GradientSums<Number>>& sums) {
  for (std::size_t l = network.size(); l-- > 0;) {
    auto const inputs = static_cast<std::size_t>(network[l].inputs);
    for (std::size_t o = 0; o < delta.size(); ++o) {
      sums[l].bias[o].add_operand(delta[o]);
      for (std::size_t i = 0; i < inputs; ++i)
        sums[l].weights[o * inputs + i].add_operands(delta[o], trace.input[l][i]);
    }
    if (l == 0) return;
    std::vector<Number> before;
    for (std::size_t i = 0; i < inputs; ++i) {
      Sum<Number> sum;
      for (std::size_t o = 0; o < delta.size(); ++o)
        sum.add_operands(network[l].weights[o * inputs + i], delta[o]);
      before.push_back(sum.total() * operand(trace.slope[l][i]));  // slopes are kept as operands
    }
    delta = std::move(before);
  }
}

double total_weight(Batch const& batch) {
  double total = 0;
  for (double const w : batch.weights)
    total += w;
  return total;
}

// Largest minus second largest: how near a row is to a tie, with that difference's error.
Bounded margin(std::vector<Bounded> const& z) {
  std::vector<Bounded> sorted = z;
  std::sort(sorted.begin(), sorted.end(),
            [](auto const& a, auto const& b) { return a.value > b.value; });
  return sorted[0] - sorted[1];
}

struct Hits {
  double correct = 0, undecided = 0;
};

Hits class_hits(Settings const& s, std::vector<Bounded> const& z, int label) {
  int said = 0;
  Bounded gap;
  if (s.network_outputs == 1) {
    said = z[0].value > 0 ? 1 : 0;
    gap = {std::fabs(z[0].value), z[0].error};
  } else {
    for (std::size_t k = 1; k < z.size(); ++k) {
      if (z[k].value > z[static_cast<std::size_t>(said)].value) said = static_cast<int>(k);
    }
    gap = margin(z);
  }
  return {said == label ? 1.0 : 0.0, gap.value <= gap.error ? 1.0 : 0.0};
}

Hits label_hits(std::vector<Bounded> const& z, double const* y) {
  Hits hits;
  for (std::size_t k = 0; k < z.size(); ++k) {
    if ((z[k].value > 0) == (y[k] > 0.5)) ++hits.correct;
    if (std::fabs(z[k].value) <= z[k].error) ++hits.undecided;
  }
  return hits;
}

}  // namespace

template <class Number>
Gradient<Number> batch_gradient(Settings const& s, Samples const& samples,
                                Network<Number> const& network, Batch const& batch,
                                Keep const& keep) {
  std::vector<GradientSums<Number>> sums;
  for (auto const& layer : network) {
    sums.push_back({std::vector<Sum<Number>>(layer.weights.size()),
                    std::vector<Sum<Number>>(layer.bias.size())});
  }
  double const total = total_weight(batch);
  Sum<Number> loss;
  for (std::size_t at = 0; at < batch.rows.size() * static_cast<std::size_t>(s.heads); ++at) {
    std::size_t const r = at / static_cast<std::size_t>(s.heads);
    auto const head = static_cast<int>(at % static_cast<std::size_t>(s.heads));
    std::function<bool(int, int)> row_keep = [](int, int) { return true; };
    if (keep) {
      row_keep = [&](int layer, int unit) {
        return keep(batch.step, layer, static_cast<int>(at), unit);
      };
    }
    auto const trace = forward(s, network, inputs_of<Number>(samples, batch.rows[r], head),
                               row_keep, batch.dropout_share);
    auto const own = outputs_of_head(s, trace.output, head);
    auto const row = row_loss(s, samples, own, batch.rows[r], s.label_smoothing);
    // The weight, its share of the total: some roundings.
    Number const share = total > 0
                             ? rounded(rounded(rounded(Number(batch.weights[r] / total / s.heads))))
                             : Number(0.0);
    loss.add_product(row.loss, share);
    std::vector<Number> delta(trace.output.size(), Number(0.0));
    for (std::size_t k = 0; k < own.size(); ++k)
      delta[static_cast<std::size_t>(head) * own.size() + k] = row.delta[k] * share;
    backward(network, trace, std::move(delta), sums);
  }
  Gradient<Number> result{loss.total(), total, network};
  for (std::size_t l = 0; l < network.size(); ++l) {
    for (std::size_t i = 0; i < sums[l].weights.size(); ++i)
      result.by_layer[l].weights[i] = sums[l].weights[i].total();
    for (std::size_t i = 0; i < sums[l].bias.size(); ++i)
      result.by_layer[l].bias[i] = sums[l].bias[i].total();
  }
  return result;
}

template <class Number>
std::vector<Number> predict(Settings const& s, Samples const& samples,
                            Network<Number> const& network, int row) {
  auto const z = mean_logits(s, samples, network, row);
  auto out = predictions_of(s, z);
  if (s.task == Task::regression) {
    for (std::size_t t = 0; t < z.size(); ++t)
      out[t] = linked(s, z[t]) / Number(samples.target_scale[t]) + Number(samples.target_shift[t]);
  }
  if (s.task == Task::classification && out.size() == 1) return {Number(1.0) - out[0], out[0]};
  return out;
}

Score evaluate(Settings const& s, Samples const& samples, Network<Bounded> const& network,
               std::vector<int> const& rows) {
  Score score;
  Sum<Bounded> loss, squared, absolute;
  for (int const row : rows) {
    double const w = samples.weight[static_cast<std::size_t>(row)];
    auto const z = mean_logits(s, samples, network, row);
    loss.add_product(w, row_loss(s, samples, z, row, /*smoothing=*/0).loss);
    score.weight += w;
    auto const first = static_cast<std::size_t>(row) * static_cast<std::size_t>(samples.targets);
    if (s.task == Task::regression) {
      for (std::size_t t = 0; t < z.size(); ++t) {
        double const exact =
            (samples.user_y[first + t] - samples.target_shift[t]) * samples.target_scale[t];
        Bounded const error =
            (linked(s, z[t]) - rounded(rounded(Bounded(exact)))) / samples.target_scale[t];
        squared.add_product(w, error * error);
        absolute.add_product(w, apply([](double x) { return std::fabs(x); }, error, {0}));
      }
      continue;
    }
    Hits const hits = s.task == Task::classification
                          ? class_hits(s, z, static_cast<int>(samples.y[first]))
                          : label_hits(z, samples.y.data() + first);
    score.correct += w * hits.correct;
    score.undecided += w * hits.undecided;
  }
  score.loss = loss.total() / Bounded(score.weight);
  score.squared_error = squared.total();
  score.absolute_error = absolute.total();
  return score;
}

template Gradient<double> batch_gradient(Settings const&, Samples const&, Network<double> const&,
                                         Batch const&, Keep const&);
template Gradient<Bounded> batch_gradient(Settings const&, Samples const&, Network<Bounded> const&,
                                          Batch const&, Keep const&);
template Gradient<Noisy> batch_gradient(Settings const&, Samples const&, Network<Noisy> const&,
                                        Batch const&, Keep const&);
template std::vector<double> predict(Settings const&, Samples const&, Network<double> const&, int);
template std::vector<Bounded> predict(Settings const&, Samples const&, Network<Bounded> const&,
                                      int);

}  // namespace brood::oracle
