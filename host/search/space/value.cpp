// SPDX-License-Identifier: Apache-2.0
// Value and Config: how a value is written, and named values in the order they were set.
// No text here depends on the locale.
#include "brood/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

namespace brood {
namespace {

// The shortest text of any double or std::int64_t has at most 24 characters.
template <class Number>
std::string shortest(Number number) {
  std::array<char, 32> text;
  auto const [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  static_cast<void>(error);
  return std::string(text.data(), end);
}

template <class Number>
std::string list(std::vector<Number> const& numbers) {
  std::string text = "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ", ";
    text += shortest(numbers[i]);
  }
  return text + "]";
}

}  // namespace

std::string to_text(double value) {
  return shortest(value);
}

std::string to_text(Value const& value) {
  return std::visit(
      [](auto const& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, bool>) {
          return held ? "true" : "false";
        } else if constexpr (std::is_same_v<Held, std::string>) {
          return held;
        } else if constexpr (std::is_arithmetic_v<Held>) {
          return shortest(held);
        } else {
          return list(held);
        }
      },
      value);
}

Config::Config(std::initializer_list<Entry> entries) {
  entries_.reserve(entries.size());
  for (auto const& [name, value] : entries)
    set(name, value);
}

void Config::set(std::string_view name, Value value) {
  auto const entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](Entry const& candidate) { return candidate.first == name; });
  if (entry == entries_.end()) {
    entries_.emplace_back(name, std::move(value));
  } else {
    entry->second = std::move(value);
  }
}

Value const* Config::find(std::string_view name) const {
  for (auto const& entry : entries_) {
    if (entry.first == name) return &entry.second;
  }
  return nullptr;
}

std::optional<double> number_of(Value const& value) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (auto const* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

std::vector<double> numbers_of(Value const& value) {
  if (auto const* whole = std::get_if<std::vector<std::int64_t>>(&value))
    return {whole->begin(), whole->end()};
  if (auto const* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  return {};
}

}  // namespace brood
