// SPDX-License-Identifier: Apache-2.0
// What the values of a configuration mean together: problems, defaults, and the Member.
#include "backend/describe.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include "backend/hyperparameters.hpp"
#include "brood/error.hpp"
#include "core/update_rule.hpp"

namespace brood {

namespace {

using Type = HyperparameterType;

constexpr std::int64_t kDefaultWidth = 64;

// The double that a person means by a float default: 0.1 for 0.1f.
double shortest(float x) {
  char text[32];
  auto const end = std::to_chars(text, text + sizeof text, x).ptr;
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

// Index of a choice's name, or -1.
int choice_index(Hyperparameter const& row, Value const& value) {
  auto const* text = std::get_if<std::string>(&value);
  for (std::size_t i = 0; text != nullptr && i < row.choices.size(); ++i) {
    if (*text == row.choices[i]) return static_cast<int>(i);
  }
  return -1;
}

void set_value(Member& m, Hyperparameter const& row, Value const& value) {
  if (row.set == nullptr) return;
  if (row.type == Type::choice) {
    row.set(m, choice_index(row, value));
  } else if (row.type == Type::flag) {
    row.set(m, std::get<bool>(value) ? 1 : 0);
  } else if (auto const number = number_of(value)) {
    row.set(m, *number);
  }
}

int default_loss(Task task) {
  switch (task) {
    case Task::classification:
      return index_of<CrossEntropy>(Losses{});
    case Task::multi_label:
      return index_of<Bce>(Losses{});
    case Task::regression:
      return index_of<Mse>(Losses{});
  }
  return 0;
}

// Whether the config sets the hyperparameter itself.
bool sets(Config const& config, std::string_view name) {
  return config.find(name) != nullptr;
}

void set_optimizer_defaults(Member& m, Config const& config) {
  visit(Optimizers{}, m.optimizer, [&](auto optimizer) {
    if (!sets(config, "lr")) m.lr = shortest(optimizer.kLr);
    if (!sets(config, "rho")) m.settings.rho = optimizer.kRho;
    if (!sets(config, "eps")) m.settings.eps = optimizer.kEps;
    if (!sets(config, "weight_decay")) m.weight_decay = optimizer.kWeightDecay;
  });
}

bool is_ntk(Member const& m) {
  return m.parametrization != 0;
}

// Hyperparameters of a valid config, defaults filled in.
Member settings_of(Config const& config, Task task) {
  Member m{};
  for (auto const& row : kHyperparameters) {
    Value const* value = config.find(row.name);
    if (value != nullptr) {
      set_value(m, row, *value);
    } else if (row.set != nullptr && !std::isnan(row.fallback)) {
      row.set(m, row.fallback);
    }
  }
  if (!sets(config, "loss")) m.loss = default_loss(task);
  set_optimizer_defaults(m, config);
  if (is_ntk(m) && !sets(config, "init")) m.init = index_of<LecunNormal>(Inits{});
  return m;
}

// Of a hidden layer, from 1.
std::string width_name(int layer) {
  return "width_" + std::to_string(layer);
}
std::string dropout_name(int layer) {
  return "dropout_" + std::to_string(layer);
}

// A whole number of a valid config.
std::optional<std::int64_t> whole_of(Config const& config, std::string_view name) {
  Value const* value = config.find(name);
  auto const number = value == nullptr ? std::nullopt : number_of(*value);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::vector<std::int64_t> hidden_of(Config const& config) {
  if (Value const* value = config.find("hidden")) {
    std::vector<double> const widths = numbers_of(*value);
    return {widths.begin(), widths.end()};
  }
  std::vector<std::int64_t> widths(static_cast<std::size_t>(whole_of(config, "layers").value_or(1)),
                                   whole_of(config, "width").value_or(kDefaultWidth));
  for (std::size_t l = 0; l < widths.size(); ++l)
    widths[l] = whole_of(config, width_name(static_cast<int>(l) + 1)).value_or(widths[l]);
  return widths;
}

// The shape is said once: by hidden, or by layers and width, or by layers and a width for each.
void check_shape(Config const& config, std::vector<std::string>& problems) {
  std::int64_t const layers = whole_of(config, "layers").value_or(1);
  for (auto const& row : kHyperparameters) {
    if (row.is_shape() && sets(config, row.name) && sets(config, "hidden")) {
      problems.push_back(std::string(row.name) +
                         ": does not go with hidden, which says the same; keep one of them");
    }
  }
  for (int l = 1; l <= kMaxHidden; ++l) {
    std::string const name = width_name(l);
    if (!sets(config, name)) continue;
    if (sets(config, "width")) {
      problems.push_back(name +
                         ": does not go with width, which is every layer's; keep one of them");
    }
    if (l > layers) {
      problems.push_back(name + ": there is no such layer where layers is " +
                         std::to_string(layers) +
                         "; give it on the condition that layers is at least " + std::to_string(l));
    }
  }
}

// ---- dropout

// As a list has them; none without one.
std::vector<double> listed_dropouts(Config const& config) {
  Value const* list = config.find("layer_dropout");
  return list == nullptr ? std::vector<double>{} : numbers_of(*list);
}

// Of each hidden layer.
std::vector<double> dropouts_of(Config const& config) {
  std::vector<double> rates = listed_dropouts(config);
  if (!rates.empty()) return rates;
  auto const number = [&](std::string const& name, double otherwise) {
    Value const* value = config.find(name);
    return value == nullptr ? otherwise : number_of(*value).value_or(otherwise);
  };
  rates.assign(hidden_of(config).size(), number("dropout", 0.0));
  for (std::size_t l = 0; l < rates.size(); ++l)
    rates[l] = number(dropout_name(static_cast<int>(l) + 1), rates[l]);
  return rates;
}

bool are_alike(std::vector<double> const& rates) {
  return std::adjacent_find(rates.begin(), rates.end(), std::not_equal_to<>()) == rates.end();
}

// It is said once: by dropout, or by one for each hidden layer, or by a list of these.
void check_dropout(Config const& config, std::vector<std::string>& problems) {
  std::size_t const hidden = hidden_of(config).size(), listed = listed_dropouts(config).size();
  constexpr char const* kOfAll =
      ": does not go with dropout, which is every hidden layer's; keep one of them";
  if (listed != 0 && listed != hidden) {
    problems.push_back("layer_dropout: its rates are " + std::to_string(listed) +
                       ", and the hidden layers " + std::to_string(hidden) + "; give one for each");
  }
  if (listed != 0 && sets(config, "dropout"))
    problems.push_back(std::string("layer_dropout") + kOfAll);
  for (int l = 1; l <= kMaxHidden; ++l) {
    std::string const name = dropout_name(l);
    if (!sets(config, name)) continue;
    if (sets(config, "dropout")) problems.push_back(name + kOfAll);
    if (listed != 0) {
      problems.push_back(name +
                         ": does not go with layer_dropout, which says the same; keep one of them");
    }
    if (static_cast<std::size_t>(l) > hidden) {
      problems.push_back(name + ": there is no such layer where the number of hidden layers is " +
                         std::to_string(hidden) +
                         "; give it on the condition that it is at least " + std::to_string(l));
    }
  }
}

GradientDegree degree_of(Member const& m) {
  auto degree = GradientDegree::neither;
  visit(Optimizers{}, m.optimizer, [&](auto optimizer) { degree = optimizer.kDegree; });
  return degree;
}

// What cannot be told of weights that are held by another factor than they learn by.
void check_parametrization(Member const& m, std::vector<std::string>& problems) {
  if (!is_ntk(m)) return;
  auto const refuse = [&](std::string const& what, std::string const& why) {
    problems.push_back("parametrization: ntk does not go with " + what + ", " + why +
                       "; leave it out, or take standard");
  };
  if (degree_of(m) == GradientDegree::neither) {
    refuse("optimizer " + std::string(Optimizers::names[m.optimizer]),
           "which has no rate by which weights that are held divided by sqrt(inputs) would move as "
           "those would");
  }
  constexpr char const* kOneForAll =
      "which is one number for layers whose weights are held divided by different ones";
  if (m.l1 != 0.0f) refuse("l1", kOneForAll);
  if (m.l2 != 0.0f) refuse("l2", kOneForAll);
  if (m.clip_value != 0.0f) refuse("clip_value", kOneForAll);
  if (m.clip_norm != 0.0f) refuse("clip_norm", kOneForAll);
}

bool loss_fits(int loss, Task task) {
  bool const cross_entropy = loss == index_of<CrossEntropy>(Losses{});
  bool const bce = loss == index_of<Bce>(Losses{});
  switch (task) {
    case Task::classification:
      return cross_entropy || bce;
    case Task::multi_label:
      return bce;
    case Task::regression:
      return !cross_entropy && !bce;
  }
  return false;
}

std::string_view losses_of(Task task) {
  switch (task) {
    case Task::classification:
      return "cross_entropy or bce";
    case Task::multi_label:
      return "bce";
    case Task::regression:
      return "mse, mae, huber, pinball, log_cosh, poisson or tweedie";
  }
  return "";
}

// What single values cannot show.
void check_together(Config const& config, Task task, std::vector<std::string>& problems) {
  Member const m = settings_of(config, task);
  if (!loss_fits(m.loss, task)) {
    problems.push_back("loss: " + std::string(Losses::names[m.loss]) + " does not fit " +
                       std::string(name_of(task)) + "; allowed: " + std::string(losses_of(task)));
  }
  if (m.balanced != 0 && task != Task::classification) {
    problems.push_back("class_weights: balanced needs classes, and this is " +
                       std::string(name_of(task)) + "; allowed: none");
  }
  check_shape(config, problems);
  check_dropout(config, problems);
  check_parametrization(m, problems);
  std::size_t const layers = hidden_of(config).size() + 1;
  Value const* layer_lr = config.find("layer_lr");
  std::size_t const factors = layer_lr == nullptr ? 0 : numbers_of(*layer_lr).size();
  if (factors != 0 && factors != layers) {
    problems.push_back("layer_lr: has " + std::to_string(factors) + " factors for " +
                       std::to_string(layers) +
                       " layers; give one for each hidden layer and one for the output");
  }
  if (m.warmup_epochs > m.epochs) {
    problems.push_back("warmup_epochs: " + std::to_string(m.warmup_epochs) + " exceeds epochs (" +
                       std::to_string(m.epochs) + ")");
  }
}

// The default of what no field of a Member holds.
void set_fallback(Config& config, Hyperparameter const& row) {
  if (row.type == Type::choice) {
    config.set(row.name, std::string(row.choices[static_cast<std::size_t>(row.fallback)]));
  } else if (row.type == Type::integer) {
    config.set(row.name, static_cast<std::int64_t>(row.fallback));
  } else {
    config.set(row.name, row.fallback);
  }
}

}  // namespace

std::vector<std::string> check(Config const& config, Task task) {
  std::vector<std::string> problems;
  for (auto const& [name, value] : config) {
    auto const found = check(name, value);
    problems.insert(problems.end(), found.begin(), found.end());
  }
  if (problems.empty()) check_together(config, task, problems);
  return problems;
}

Config with_defaults(Config const& config, Task task) {
  Member const m = settings_of(config, task);
  std::vector<double> const dropouts = dropouts_of(config);
  bool const alike = are_alike(dropouts);
  Config full;
  for (auto const& row : kHyperparameters) {
    std::string_view const name = row.name;
    if (row.is_shape()) continue;  // hidden says it
    bool const of_one_layer = name.starts_with("dropout_") && row.get == nullptr;
    if (of_one_layer || name == (alike ? "layer_dropout" : "dropout"))
      continue;  // dropout says it, or layer_dropout where they differ
    if (name == "heads" && m.head_bits == 0) continue;  // says nothing
    if (Value const* given = config.find(row.name)) {
      full.set(row.name, *given);
    } else if (name == "layer_dropout") {
      full.set(row.name, dropouts);
    } else if (name == "dropout" && !dropouts.empty()) {
      full.set(row.name, dropouts.front());
    } else if (row.type == Type::integers) {
      full.set(row.name, hidden_of(config));
    } else if (row.type == Type::reals) {
      full.set(row.name, std::vector<double>{});
    } else if (name == "seed") {
      continue;  // a trial's
    } else if (name == "periodic_sigma" && numbers_of(config).periodic == 0) {
      continue;  // says nothing
    } else if (row.get == nullptr) {
      set_fallback(full, row);
    } else if (name == "tau" && m.loss != index_of<Pinball>(Losses{})) {
      continue;
    } else if (name == "tweedie_power" && m.loss != index_of<Tweedie>(Losses{})) {
      continue;
    } else if (name == "momentum_decay" && m.optimizer != index_of<Nadam>(Optimizers{})) {
      continue;  // says nothing
    } else if (row.type == Type::choice) {
      full.set(row.name, std::string(row.choices[static_cast<std::size_t>(row.get(m))]));
    } else if (row.type == Type::integer) {
      full.set(row.name, static_cast<std::int64_t>(row.get(m)));
    } else if (row.type == Type::flag) {
      full.set(row.name, row.get(m) != 0);
    } else {
      bool const by_table = !std::isnan(row.fallback);
      full.set(row.name, by_table ? row.fallback : shortest(static_cast<float>(row.get(m))));
    }
  }
  return full;
}

Numbers numbers_of(Config const& config) {
  Numbers numbers;
  if (Value const* const scaling = config.find("scaling"))
    numbers.scaling = *scaling == Value("robust") ? Scaling::robust : Scaling::standard;
  numbers.pieces = static_cast<int>(whole_of(config, "pieces").value_or(numbers.pieces));
  numbers.periodic = static_cast<int>(whole_of(config, "periodic").value_or(numbers.periodic));
  Value const* const sigma = config.find("periodic_sigma");
  if (sigma != nullptr) numbers.periodic_sigma = number_of(*sigma).value_or(1.0);
  return numbers;
}

bool has_log_link(Config const& config) {
  Value const* const loss = config.find("loss");
  for (int i = 0; loss != nullptr && i < Losses::size; ++i) {
    if (*loss == Value(std::string(Losses::names[i]))) return has_log_link(i);
  }
  return false;
}

TargetScaling target_scaling_of(Config const& config) {
  return has_log_link(config) ? TargetScaling::by_mean : TargetScaling::standard;
}

std::optional<double> quantile_of(std::string_view metric, Config const& config) {
  if (metric != "pinball") return std::nullopt;
  Value const* const tau = config.find("tau");
  return tau == nullptr ? 0.5 : number_of(*tau).value_or(0.5);
}

std::uint64_t seed_of(Config const& config, std::uint64_t otherwise, std::uint32_t repeat) {
  Value const* const own = config.find("seed");
  if (own == nullptr) return otherwise;
  return member_seed(static_cast<std::uint64_t>(number_of(*own).value_or(0)), 0, repeat);
}

int head_count(Config const& config) {
  return static_cast<int>(whole_of(config, "heads").value_or(1));
}

Member describe(Config const& config, TableShape const& shape, std::uint64_t seed,
                std::int64_t train_rows, std::int64_t eval_rows) {
  auto problems = check(config, shape.task);
  if (!problems.empty()) throw UsageError(std::move(problems));
  Member m = settings_of(config, shape.task);
  auto const hidden = hidden_of(config);
  m.layers = static_cast<int>(hidden.size()) + 1;
  Numbers const numbers = numbers_of(config);
  m.width[0] = shape.inputs + shape.numbers * numbers.beside();
  m.source_columns = numbers.is_plain() ? 0 : shape.inputs;
  for (std::size_t i = 0; i < hidden.size(); ++i)
    m.width[i + 1] = static_cast<int>(hidden[i]);
  bool const bce = m.loss == index_of<Bce>(Losses{});
  m.target_kind = shape.task != Task::classification ? TargetKind::values
                  : !bce                             ? TargetKind::class_index
                  : shape.outputs == 2               ? TargetKind::one_logit
                                                     : TargetKind::one_hot;
  int const outputs = m.target_kind == TargetKind::one_logit ? 1 : shape.outputs;
  m.width[m.layers] = outputs << m.head_bits;
  Value const* layer_lr = config.find("layer_lr");
  std::vector<double> const factors =
      layer_lr == nullptr ? std::vector<double>{} : numbers_of(*layer_lr);
  for (int l = 0; l < kMaxLayers; ++l) {
    m.layer_lr[l] = static_cast<std::size_t>(l) < factors.size()
                        ? static_cast<float>(factors[static_cast<std::size_t>(l)])
                        : 1.0f;
    bool const scaled = is_ntk(m) && l < m.layers;
    auto const [rate, eps] = scaled ? ntk_factors(degree_of(m), m.width[l]) : LayerFactors{1, 1};
    m.layer_rate[l] = static_cast<float>(rate);
    m.layer_eps[l] = static_cast<float>(eps);
  }
  std::vector<double> const dropouts = dropouts_of(config);
  std::fill(m.dropout, m.dropout + kMaxLayers, 0.0f);
  std::copy(dropouts.begin(), dropouts.end(), m.dropout);
  m.seed = seed_of(config, seed, 0);
  m.train_rows = static_cast<int>(train_rows);
  m.eval_rows = static_cast<int>(eval_rows);
  return m;
}

}  // namespace brood
