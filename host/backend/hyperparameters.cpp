// SPDX-License-Identifier: Apache-2.0
// What there is to set, and whether a single value is allowed.
#include "backend/hyperparameters.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "brood/member.hpp"

namespace brood {

namespace {

using Type = HyperparameterType;

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

bool is_whole(double x) {
  return std::floor(x) == x;
}

std::string number_text(Hyperparameter const& row, double x) {
  bool const whole = row.type == Type::integer || row.type == Type::integers;
  return whole ? std::to_string(static_cast<std::int64_t>(x)) : to_text(x);
}

// Of a list: an element for each hidden layer, or, in training, for each layer.
std::size_t most_elements(Hyperparameter const& row) {
  return row.group[0] == 'n' ? kMaxHidden : kMaxLayers;
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
  if (row.power_of_two) {
    std::string text = "one of ";
    for (double x = row.min; x <= row.max; x *= 2)
      text += (x == row.min ? "" : ", ") + number_text(row, x);
    return text;
  }
  std::string text = number_text(row, row.min) + (row.above_min ? " < " : " <= ") + row.name +
                     (row.below_max ? " < " : " <= ") + number_text(row, row.max);
  std::string const list = "a list of up to " + std::to_string(most_elements(row));
  if (row.type == Type::integers) text = list + " whole numbers, each " + text;
  if (row.type == Type::reals) text = list + " numbers, each " + text;
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
  if (!low || !high || (whole && !is_whole(x))) return false;
  return !row.power_of_two || std::has_single_bit(static_cast<std::uint64_t>(x));
}

template <class T>
bool list_in_range(Hyperparameter const& row, std::vector<T> const& list) {
  return list.size() <= most_elements(row) && std::all_of(list.begin(), list.end(), [&](T x) {
           return in_range(row, static_cast<double>(x));
         });
}

bool is_list(Value const& value) {
  return std::holds_alternative<std::vector<std::int64_t>>(value) ||
         std::holds_alternative<std::vector<double>>(value);
}

bool fits(Hyperparameter const& row, Value const& value) {
  auto const number = number_of(value);
  switch (row.type) {
    case Type::real:
    case Type::integer:
      return number && in_range(row, *number);
    case Type::flag:
      return std::holds_alternative<bool>(value);
    case Type::choice: {
      auto const* text = std::get_if<std::string>(&value);
      return text != nullptr &&
             std::find(row.choices.begin(), row.choices.end(), *text) != row.choices.end();
    }
    case Type::integers:
    case Type::reals:
      return is_list(value) && list_in_range(row, numbers_of(value));
  }
  return false;
}

}  // namespace

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

}  // namespace brood
