// SPDX-License-Identifier: Apache-2.0
// The public side of hyperparameters: what there is, what a config may say, and the Member it
// means.
#include "brood/member.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "backend/describe.hpp"
#include "backend/hyperparameters.hpp"
#include "brood/error.hpp"
#include "core/philox.hpp"

namespace brood {

namespace {

using Type = HyperparameterType;

constexpr std::int64_t kDefaultWidth = 64;

Hyperparameter const* find_row(std::string_view name) {
  for (auto const& row : kHyperparameters) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::real:
      return "real";
    case Type::integer:
      return "integer";
    case Type::flag:
      return "flag";
    case Type::choice:
      return "choice";
    case Type::integers:
      return "integers";
    case Type::reals:
      return "reals";
  }
  return "";
}

// The double that a person means by a float default: 0.1 for 0.1f.
double shortest(float x) {
  char text[32];
  auto const end = std::to_chars(text, text + sizeof text, x).ptr;
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

bool is_whole(double x) {
  return std::floor(x) == x;
}

std::string number_text(Hyperparameter const& row, double x) {
  bool const whole = row.type == Type::integer || row.type == Type::integers;
  return whole ? std::to_string(static_cast<std::int64_t>(x)) : to_text(x);
}

// "0 < lr <= 10000000000", "one of relu, tanh, ..."
std::string allowed(Hyperparameter const& row) {
  switch (row.type) {
    case Type::flag:
      return "true or false";
    case Type::choice: {
      std::string text = "one of ";
      for (auto const* choice : row.choices)
        text += (choice == row.choices[0] ? "" : ", ") + std::string(choice);
      return text;
    }
    default:
      break;
  }
  std::string text = number_text(row, row.min) + (row.above_min ? " < " : " <= ") + row.name +
                     (row.below_max ? " < " : " <= ") + number_text(row, row.max);
  if (row.type == Type::integers) text = "a list of up to 8 whole numbers, each " + text;
  if (row.type == Type::reals) text = "a list of up to 9 numbers, each " + text;
  if (row.type == Type::integer) text += ", a whole number";
  return text;
}

std::string default_text(Hyperparameter const& row) {
  if (row.default_text[0] != '\0') return row.default_text;
  if (row.type == Type::choice) return row.choices[static_cast<std::size_t>(row.fallback)];
  if (row.type == Type::flag) return row.fallback != 0 ? "true" : "false";
  return number_text(row, row.fallback);
}

bool in_range(Hyperparameter const& row, double x) {
  if (!std::isfinite(x)) return false;
  bool const low = row.above_min ? x > row.min : x >= row.min;
  bool const high = row.below_max ? x < row.max : x <= row.max;
  bool const whole = row.type == Type::integer || row.type == Type::integers;
  return low && high && (!whole || is_whole(x));
}

template <class T>
bool list_in_range(Hyperparameter const& row, std::vector<T> const& list, std::size_t most) {
  return list.size() <= most && std::all_of(list.begin(), list.end(), [&](T x) {
           return in_range(row, static_cast<double>(x));
         });
}

// Numbers of a list value; whole numbers count as reals.
std::vector<double> list_of(Value const& value) {
  if (auto const* whole = std::get_if<std::vector<std::int64_t>>(&value)) {
    return {whole->begin(), whole->end()};
  }
  if (auto const* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  return {};
}

bool is_list(Value const& value) {
  return std::holds_alternative<std::vector<std::int64_t>>(value) ||
         std::holds_alternative<std::vector<double>>(value);
}

bool fits(Hyperparameter const& row, Value const& value) {
  double number = 0;
  switch (row.type) {
    case Type::real:
    case Type::integer:
      return as_number(value, number) && in_range(row, number);
    case Type::flag:
      return std::holds_alternative<bool>(value);
    case Type::choice: {
      auto const* text = std::get_if<std::string>(&value);
      return text != nullptr &&
             std::find(row.choices.begin(), row.choices.end(), *text) != row.choices.end();
    }
    case Type::integers:
      return is_list(value) && list_in_range(row, list_of(value), kMaxHidden);
    case Type::reals:
      return is_list(value) && list_in_range(row, list_of(value), kMaxLayers);
  }
  return false;
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
  double number = 0;
  if (row.type == Type::choice) {
    row.set(m, choice_index(row, value));
  } else if (row.type == Type::flag) {
    row.set(m, std::get<bool>(value) ? 1 : 0);
  } else if (as_number(value, number)) {
    row.set(m, number);
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
  return m;
}

std::string width_name(int layer) {
  return "width_" + std::to_string(layer);
}

// A whole number of a valid config.
std::optional<std::int64_t> whole_of(Config const& config, std::string_view name) {
  Value const* value = config.find(name);
  double number = 0;
  if (value == nullptr || !as_number(*value, number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::vector<std::int64_t> hidden_of(Config const& config) {
  if (Value const* value = config.find("hidden")) {
    std::vector<double> const widths = list_of(*value);
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
      return "mse, mae or huber";
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
  std::size_t const layers = hidden_of(config).size() + 1;
  Value const* layer_lr = config.find("layer_lr");
  std::size_t const factors = layer_lr == nullptr ? 0 : list_of(*layer_lr).size();
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

}  // namespace

bool as_number(Value const& value, double& number) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) {
    number = static_cast<double>(*whole);
    return true;
  }
  if (auto const* real = std::get_if<double>(&value)) {
    number = *real;
    return true;
  }
  return false;
}

std::string_view name_of(Task task) {
  switch (task) {
    case Task::classification:
      return "classification";
    case Task::regression:
      return "regression";
    case Task::multi_label:
      return "multi_label";
  }
  return "";
}

std::string_view name_of(MemberState state) {
  switch (state) {
    case MemberState::training:
      return "training";
    case MemberState::complete:
      return "complete";
    case MemberState::stopped:
      return "stopped";
    case MemberState::diverged:
      return "diverged";
  }
  return "";
}

std::uint64_t member_seed(std::uint64_t study_seed, std::uint32_t trial, std::uint32_t repeat) {
  PhiloxBlock const block =
      philox({{trial, repeat, 0, static_cast<std::uint32_t>(Purpose::member_seed)}},
             philox_key(study_seed));
  return std::uint64_t{block.word[1]} << 32 | block.word[0];
}

std::vector<HyperparameterInfo> hyperparameters() {
  std::vector<HyperparameterInfo> list;
  for (auto const& row : kHyperparameters) {
    list.push_back({row.name,
                    row.group,
                    type_name(row.type),
                    default_text(row),
                    allowed(row),
                    row.help,
                    {row.choices.begin(), row.choices.end()}});
  }
  return list;
}

std::vector<std::string> check(std::string_view name, Value const& value) {
  Hyperparameter const* row = find_row(name);
  if (row == nullptr) {
    std::vector<std::string_view> names;
    for (auto const& each : kHyperparameters)
      names.push_back(each.name);
    return {std::string(name) + ": no such hyperparameter" + did_you_mean(name, names)};
  }
  if (fits(*row, value)) return {};
  std::string problem =
      std::string(name) + ": " + to_text(value) + " is not allowed; allowed: " + allowed(*row);
  if (auto const* text = std::get_if<std::string>(&value);
      text != nullptr && row->type == Type::choice) {
    problem += did_you_mean(*text, {row->choices.begin(), row->choices.end()});
  }
  return {problem};
}

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
  Config full;
  for (auto const& row : kHyperparameters) {
    if (row.is_shape()) continue;  // hidden says it
    if (Value const* given = config.find(row.name)) {
      full.set(row.name, *given);
    } else if (row.type == Type::integers) {
      full.set(row.name, hidden_of(config));
    } else if (row.type == Type::reals) {
      full.set(row.name, std::vector<double>{});
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

Member describe(Config const& config, TableShape const& shape, std::uint64_t seed,
                std::int64_t train_rows, std::int64_t eval_rows) {
  auto problems = check(config, shape.task);
  if (!problems.empty()) throw UsageError(std::move(problems));
  Member m = settings_of(config, shape.task);
  auto const hidden = hidden_of(config);
  m.layers = static_cast<int>(hidden.size()) + 1;
  m.width[0] = shape.inputs;
  for (std::size_t i = 0; i < hidden.size(); ++i)
    m.width[i + 1] = static_cast<int>(hidden[i]);
  bool const bce = m.loss == index_of<Bce>(Losses{});
  m.target_kind = shape.task != Task::classification ? TargetKind::values
                  : !bce                             ? TargetKind::class_index
                  : shape.outputs == 2               ? TargetKind::one_logit
                                                     : TargetKind::one_hot;
  m.width[m.layers] = m.target_kind == TargetKind::one_logit ? 1 : shape.outputs;
  Value const* layer_lr = config.find("layer_lr");
  std::vector<double> const factors =
      layer_lr == nullptr ? std::vector<double>{} : list_of(*layer_lr);
  for (int l = 0; l < kMaxLayers; ++l) {
    m.layer_lr[l] = static_cast<std::size_t>(l) < factors.size()
                        ? static_cast<float>(factors[static_cast<std::size_t>(l)])
                        : 1.0f;
  }
  m.seed = seed;
  m.train_rows = static_cast<int>(train_rows);
  m.eval_rows = static_cast<int>(eval_rows);
  return m;
}

}  // namespace brood
