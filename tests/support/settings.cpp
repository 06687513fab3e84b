// SPDX-License-Identifier: Apache-2.0
// The oracle's reading of a Config, of a table and of the dense weights.
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <variant>

#include "support/oracle.hpp"

namespace brood::oracle {
namespace {

double number(Value const& value) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

std::vector<double> numbers(Value const& value) {
  if (auto const* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  std::vector<double> result;
  for (auto const whole : std::get<std::vector<std::int64_t>>(value))
    result.push_back(static_cast<double>(whole));
  return result;
}

struct Field {
  std::string_view name;
  double Settings::*real = nullptr;
  int Settings::*whole = nullptr;
  std::string Settings::*text = nullptr;
};
Field real(std::string_view name, double Settings::*field) {
  return {name, field};
}
Field whole(std::string_view name, int Settings::*field) {
  return {name, nullptr, field};
}
Field text(std::string_view name, std::string Settings::*field) {
  return {name, nullptr, nullptr, field};
}

std::vector<Field> const kFields = {
    text("activation", &Settings::activation),
    text("init", &Settings::init),
    text("bias_init", &Settings::bias_init),
    real("dropout", &Settings::dropout),
    real("input_dropout", &Settings::input_dropout),
    text("loss", &Settings::loss),
    real("label_smoothing", &Settings::label_smoothing),
    real("huber_delta", &Settings::huber_delta),
    real("tau", &Settings::tau),
    real("tweedie_power", &Settings::tweedie_power),
    text("optimizer", &Settings::optimizer),
    real("lr", &Settings::lr),
    real("momentum", &Settings::momentum),
    real("beta1", &Settings::beta1),
    real("beta2", &Settings::beta2),
    real("momentum_decay", &Settings::momentum_decay),
    real("rho", &Settings::rho),
    real("eps", &Settings::eps),
    real("l1", &Settings::l1),
    real("l2", &Settings::l2),
    real("weight_decay", &Settings::weight_decay),
    real("clip_value", &Settings::clip_value),
    real("clip_norm", &Settings::clip_norm),
    real("ema", &Settings::ema),
    real("bias_lr", &Settings::bias_lr),
    text("parametrization", &Settings::parametrization),
    text("dropout_schedule", &Settings::dropout_schedule),
    text("weight_decay_schedule", &Settings::weight_decay_schedule),
    whole("heads", &Settings::heads),
    whole("batch_size", &Settings::batch_size),
    whole("epochs", &Settings::epochs),
    whole("patience", &Settings::patience),
    real("min_delta", &Settings::min_delta),
    whole("warmup_epochs", &Settings::warmup_epochs),
};

// Of the ones kept in fp32.
double Settings::*const kStoredInFloat[] = {
    &Settings::dropout,
    &Settings::input_dropout,
    &Settings::label_smoothing,
    &Settings::huber_delta,
    &Settings::tau,
    &Settings::tweedie_power,
    &Settings::momentum,
    &Settings::beta1,
    &Settings::beta2,
    &Settings::momentum_decay,
    &Settings::rho,
    &Settings::eps,
    &Settings::l1,
    &Settings::l2,
    &Settings::weight_decay,
    &Settings::clip_value,
    &Settings::clip_norm,
    &Settings::ema,
    &Settings::bias_lr,
};

bool set_special(Settings& s, std::string const& name, Value const& value) {
  if (name == "layers") {
    s.hidden.resize(static_cast<std::size_t>(number(value)), s.hidden.back());
  } else if (name == "width") {
    for (int& width : s.hidden)
      width = static_cast<int>(number(value));
  } else if (name.starts_with("width_")) {
    auto const layer = static_cast<std::size_t>(name[6] - '1');
    if (layer < s.hidden.size()) s.hidden[layer] = static_cast<int>(number(value));
  } else if (name == "hidden") {
    s.hidden.clear();
    for (double const width : numbers(value))
      s.hidden.push_back(static_cast<int>(width));
  } else if (name == "layer_lr") {
    s.layer_lr = numbers(value);
  } else if (name.starts_with("dropout_") && name.size() == 9) {
    s.own_dropout[static_cast<std::size_t>(name[8] - '1')] = number(value);
  } else if (name == "layer_dropout") {
    for (double const rate : numbers(value))
      s.own_dropout[s.own_dropout.size()] = rate;
  } else if (name == "class_weights") {
    s.balanced = std::get<std::string>(value) == "balanced";
  } else if (name == "adam_eps") {
    s.eps_inside = std::get<std::string>(value) == "inside";
  } else if (name == "lr_schedule") {
    s.schedule.name = std::get<std::string>(value);
  } else if (name == "lr_gamma") {
    s.schedule.gamma = number(value);
  } else if (name == "lr_step_epochs") {
    s.schedule.step_epochs = static_cast<int>(number(value));
  } else if (name == "lr_final") {
    s.schedule.final_factor = number(value);
  } else if (name == "coslog_base") {
    s.schedule.coslog_base = number(value);
  } else if (name == "coslog_cycles") {
    s.schedule.coslog_cycles = static_cast<int>(number(value));
  } else if (name == "seed") {
    // The oracle draws nothing by it: what is drawn is given to it.
  } else if (name == "scaling" || name == "pieces" || name.starts_with("periodic")) {
    // What they ask for is in the transform.
  } else {
    return false;
  }
  return true;
}

void set_field(Settings& s, std::string const& name, Value const& value) {
  for (auto const& field : kFields) {
    if (field.name != name) continue;
    if (field.real) s.*field.real = number(value);
    if (field.whole) s.*field.whole = static_cast<int>(number(value));
    if (field.text) s.*field.text = std::get<std::string>(value);
    return;
  }
  throw std::invalid_argument("the oracle does not know the hyperparameter '" + name + "'");
}

// PyTorch's defaults, but lr of sgd (which has none there) and of rmsprop and adagrad: 0.01.
void optimizer_defaults(Settings& s) {
  bool const adam = s.optimizer == "adam" || s.optimizer == "adamw";
  s.lr = adam ? 0.001 : s.optimizer == "nadam" ? 0.002 : s.optimizer == "adadelta" ? 1.0 : 0.01;
  s.eps = s.optimizer == "adagrad" ? 1e-10 : s.optimizer == "adadelta" ? 1e-6 : 1e-8;
  s.rho = s.optimizer == "adadelta" ? 0.9 : 0.99;
  s.weight_decay = s.optimizer == "adamw" ? 0.01 : 0.0;
}

}  // namespace

Settings resolve(Config const& config, Task task, int outputs) {
  Settings s;
  s.task = task;
  s.outputs = outputs;
  s.loss = task == Task::classification ? "cross_entropy"
           : task == Task::regression   ? "mse"
                                        : "bce";
  for (auto const& [name, value] : config.entries()) {
    if (name == "optimizer") s.optimizer = std::get<std::string>(value);
  }
  optimizer_defaults(s);
  for (auto const& [name, value] : config.entries()) {
    if (name == "parametrization" && std::get<std::string>(value) == "ntk") s.init = "lecun_normal";
  }
  for (auto const& [name, value] : config.entries()) {
    if (!set_special(s, name, value)) set_field(s, name, value);
  }
  bool const one_logit = task == Task::classification && s.loss == "bce" && outputs == 2;
  s.network_outputs = one_logit ? 1 : outputs;
  return s;
}

Settings as_stored(Settings s) {
  for (auto const field : kStoredInFloat)
    s.*field = static_cast<float>(s.*field);
  for (double& factor : s.layer_lr)
    factor = static_cast<float>(factor);
  for (auto& [layer, rate] : s.own_dropout)
    rate = static_cast<float>(rate);
  return s;
}

namespace {

// An input that is no column as it stands, and how far fp32 may be from it.
Bounded shaped(InputShape shape, float z, float offset, float gain) {
  double const u = kUnitRoundoff, q = quotient_roundoff;
  double f = z, error = 0;
  if (shape == InputShape::linear) return {(z - offset) * gain, 0};
  if (shape == InputShape::smooth_clip) {
    f = z / std::sqrt(1 + double{z} * z / 9);
    error = (3 * q + 2 * u) * std::fabs(f);  // t by q, 1 + t^2 by 2 q + 2 u, half of it by the root
  } else if (shape == InputShape::piece) {
    f = z < 0 ? 0 : z > 1 ? 1 : z;
  } else {
    double const x = std::cos(double{z - offset}) * gain;
    return {x, std::fabs(gain) * 3.4 * u + u * std::fabs(x)};
  }
  double const x = (f - offset) * gain;
  return {x, std::fabs(gain) * error + 2 * u * std::fabs(x)};
}

Bounded input_of(Transform const* transform, std::size_t i, float raw) {
  if (std::isnan(raw)) return 0.0;
  if (!transform || transform->shift.empty()) return raw;
  float const z = (raw - transform->shift[i]) * transform->scale[i];
  if (transform->source.empty()) return z;
  return shaped(transform->shape[i], z, transform->offset[i], transform->gain[i]);
}

}  // namespace

Samples prepare(Table const& table, Transform const* transform) {
  bool const listed = transform && !transform->source.empty();
  Samples s;
  s.task = table.task;
  s.rows = static_cast<int>(table.x.rows);
  s.inputs = listed ? static_cast<int>(transform->source.size()) : table.x.columns;
  s.targets = table.y.columns;
  s.classes = table.classes;
  bool const scaled = transform && !transform->target_scale.empty();
  for (int t = 0; t < s.targets; ++t) {
    auto const at = static_cast<std::size_t>(t);
    s.target_shift.push_back(scaled ? transform->target_shift[at] : 0.0);
    s.target_scale.push_back(scaled ? transform->target_scale[at] : 1.0);
  }
  for (int r = 0; r < s.rows; ++r) {
    for (int c = 0; c < s.inputs; ++c) {
      auto const at = static_cast<std::size_t>(c);
      int const column = listed ? transform->source[at] : c;
      float const raw = table.x.data[std::ptrdiff_t{r} * table.x.columns + column];
      Bounded const x = input_of(transform, at, raw);
      s.x.push_back(x.value);
      s.x_error.push_back(x.error);
    }
    for (int t = 0; t < s.targets; ++t) {
      float const raw = table.y.data[std::ptrdiff_t{r} * s.targets + t];
      auto const at = static_cast<std::size_t>(t);
      s.user_y.push_back(raw);
      s.y.push_back(scaled ? (raw - transform->target_shift[at]) * transform->target_scale[at]
                           : raw);
    }
    s.weight.push_back(table.weights.data ? table.weights.data[r] : 1.0);
  }
  return s;
}

std::vector<int> widths(Settings const& settings, int inputs) {
  std::vector<int> all = {inputs};
  all.insert(all.end(), settings.hidden.begin(), settings.hidden.end());
  all.push_back(settings.network_outputs * settings.heads);
  return all;
}

}  // namespace brood::oracle
