// SPDX-License-Identifier: Apache-2.0
// Value: one hyperparameter's value. Config: named values, in the order they were set.
// A Config speaks in names; the names, types, defaults and ranges are one table, `brood list`
// prints it (hyperparameters() in member.hpp).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace brood {

// A list of whole numbers is `hidden`; a list of reals is `layer_lr` or `layer_dropout`.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                           std::vector<double>>;

// "0.001", "relu", "[64, 64]", "true". Doubles take the shortest form that reads back to the same
// bits; the form does not depend on the locale.
std::string to_text(Value const& value);
std::string to_text(double value);

// The values of a configuration by their names, in the order in which they were set.
class Config {
 public:
  using Entry = std::pair<std::string, Value>;

  Config() = default;
  Config(std::initializer_list<Entry> entries);

  // Replaces the value if the name is there, else appends.
  void set(std::string_view name, Value value);
  // Null if the name is absent.
  Value const* find(std::string_view name) const;

  std::vector<Entry> const& entries() const { return entries_; }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool operator==(Config const&) const = default;

 private:
  std::vector<Entry> entries_;
};

// The number of a whole or real value, the numbers of a list; nothing, and none, of others.
std::optional<double> number_of(Value const& value);
std::vector<double> numbers_of(Value const& value);

// The nearest of `candidates` to a misspelt `name`, or empty if none is near.
std::string nearest_name(std::string_view name, std::vector<std::string_view> const& candidates);
// "; did you mean X?", or nothing if none is near.
std::string did_you_mean(std::string_view name, std::vector<std::string_view> const& candidates);

}  // namespace brood
