// SPDX-License-Identifier: Apache-2.0
// Settings of a struct (brood/settings.hpp) in a sweep file: their keys, read from a section, and
// written as the text that reads back as the same.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "brood/settings.hpp"
#include "brood/value.hpp"
#include "files/io/text.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

// The largest whole number that a setting without a bound may be in a file.
inline constexpr int kMaxSetting = 1'000'000;

// visit(name, field, allowed, help) of what has a key in the section of S; hand-picked points lie
// beside it.
template <class S, class Visit>
void for_keys(Visit&& visit) {
  S::settings([&](setting::Name name, auto S::*field, auto const& allowed, std::string_view help) {
    if constexpr (!std::is_same_v<decltype(allowed), setting::Points const&>) {
      if (!name.key.empty()) visit(name, field, allowed, help);
    }
  });
}
// The keys of S, in order.
template <class S>
Names settings_keys() {
  Names keys;
  for_keys<S>(
      [&](setting::Name name, auto, auto const&, std::string_view) { keys.push_back(name.key); });
  return keys;
}

// ---- what is allowed, in words

// The largest number in a file: what is meant, or the usual bound.
inline std::int64_t max_in_files(setting::Whole const& allowed) {
  return allowed.max == setting::Whole{0}.max ? kMaxSetting : allowed.max;
}

inline std::string allowed_text(std::string_view, setting::Whole const& allowed) {
  return "a whole number, " + std::to_string(allowed.min) + " .. " +
         std::to_string(max_in_files(allowed));
}
template <class S>
std::string allowed_text(std::string_view, setting::WholeUpTo<S> const& allowed) {
  return "a whole number, " + std::to_string(allowed.min) + " .. " +
         std::string(allowed.max_name.key);
}
inline std::string allowed_text(std::string_view, setting::Descending const& allowed) {
  return "a list of whole numbers from " + std::to_string(allowed.min) +
         " on, none larger than the one before";
}
inline std::string allowed_text(std::string_view key, setting::Real const& allowed) {
  if (std::isinf(allowed.max)) return "a number above " + to_text(allowed.min);
  return to_text(allowed.min) + (allowed.min_is_open ? " < " : " <= ") + std::string(key) +
         (allowed.max_is_open ? " < " : " <= ") + to_text(allowed.max);
}
inline std::string allowed_text(std::string_view, setting::Score) {
  return "a score of the metric";
}
inline std::string allowed_text(std::string_view, setting::Bytes) {
  return "a size such as 20000, 64KiB or 1MiB";
}
inline std::string allowed_text(std::string_view, setting::YesOrNo) {
  return "true or false";
}
template <std::size_t N>
std::string allowed_text(std::string_view, setting::OneOf<N> const& allowed) {
  return "one of " + joined(Names(allowed.names.begin(), allowed.names.end()));
}

// ---- reading

template <class S>
class SettingsReader {
 public:
  SettingsReader(Section const& section, S& s) : section_(section), s_(s) {}

  template <class T, class Allowed>
  void read(std::string_view key, T S::*field, Allowed const& allowed) const {
    if (auto const value = value_of(key, allowed, s_.*field)) s_.*field = *value;
  }

 private:
  using Whole64 = std::optional<std::int64_t>;

  template <class T>
  Whole64 value_of(std::string_view key, setting::Whole const& allowed, T const&) const {
    return section_.integer(key, allowed.min, max_in_files(allowed));
  }
  template <class T>
  Whole64 value_of(std::string_view key, setting::WholeUpTo<S> const& allowed, T const&) const {
    Whole64 const value = section_.integer(key, allowed.min, kMaxSetting);
    int const max = s_.*allowed.max;  // which stands before this one, and has been read
    if (value && *value > max) {
      section_.add_problem(key, std::to_string(*value) + " exceeds " +
                                    std::string(allowed.max_name.key) + ' ' + std::to_string(max));
    }
    return value;
  }
  std::optional<std::vector<int>> value_of(std::string_view key, setting::Descending const& allowed,
                                           std::vector<int> const&) const {
    Node const* node = section_.find(key);
    if (node == nullptr) return std::nullopt;
    std::vector<int> values;
    bool fits = node->kind == NodeKind::list;
    for (Node const& item : node->items) {
      auto const value = whole_number(item);
      std::int64_t const max = values.empty() ? kMaxSetting : values.back();
      fits = fits && value && *value >= allowed.min && *value <= max;
      if (fits) values.push_back(static_cast<int>(*value));
    }
    if (fits) return values;
    section_.problems().add(node->place,
                            not_allowed(section_.full(key), *node, allowed_text(key, allowed)));
    return std::nullopt;
  }
  template <class T>
  std::optional<double> value_of(std::string_view key, setting::Real const& allowed,
                                 T const&) const {
    return section_.real(key, allowed_text(key, allowed),
                         [&](double x) { return allowed.allows(x); });
  }
  template <class T>
  std::optional<double> value_of(std::string_view key, setting::Score allowed, T const&) const {
    return section_.real(key, allowed_text(key, allowed),
                         [](double x) { return std::isfinite(x); });
  }
  template <class T>
  Whole64 value_of(std::string_view key, setting::Bytes allowed, T const&) const {
    Node const* node = section_.find(key);
    if (node == nullptr) return std::nullopt;
    auto const bytes = node->is_scalar() ? bytes_of(node->text) : std::nullopt;
    if (bytes && *bytes >= 1 && *bytes <= 0x1p53) return static_cast<std::int64_t>(*bytes);
    section_.problems().add(node->place,
                            not_allowed(section_.full(key), *node, allowed_text(key, allowed)));
    return std::nullopt;
  }
  std::optional<bool> value_of(std::string_view key, setting::YesOrNo, bool) const {
    return section_.flag(key);
  }
  template <class E, std::size_t N>
  std::optional<E> value_of(std::string_view key, setting::OneOf<N> const& allowed, E) const {
    auto const& names = allowed.names;
    auto const chosen = section_.choice(key, Names(names.begin(), names.end()));
    auto const at = std::find(names.begin(), names.end(), chosen.value_or(""));
    if (at == names.end()) return std::nullopt;
    return static_cast<E>(at - names.begin());
  }

  Section const& section_;
  S& s_;
};

// Reads what the section has of `keys`; the rest of `s` stays as it is. Notes what is not allowed.
template <class S>
void read_settings(Section const& section, S& s, Names const& keys = settings_keys<S>()) {
  SettingsReader<S> const reader(section, s);
  for_keys<S>([&](setting::Name name, auto field, auto const& allowed, std::string_view) {
    if (std::find(keys.begin(), keys.end(), name.key) != keys.end())
      reader.read(name.key, field, allowed);
  });
}

// ---- writing

template <class Allowed>
std::string setting_text(std::int64_t value, Allowed const&) {
  return std::to_string(value);
}
inline std::string setting_text(std::vector<int> const& values, setting::Descending const&) {
  std::string text;
  for (int const value : values)
    text += (text.empty() ? "[" : ", ") + std::to_string(value);
  return text.empty() ? "" : text + "]";
}
inline std::string setting_text(double value, setting::Real const&) {
  return to_text(value);
}
inline std::string setting_text(double value, setting::Score) {
  return to_text(value);
}
inline std::string setting_text(bool value, setting::YesOrNo) {
  return value ? "true" : "false";
}
template <class E, std::size_t N>
std::string setting_text(E value, setting::OneOf<N> const& allowed) {
  return std::string(allowed.names[static_cast<std::size_t>(value)]);
}
template <class T, class Allowed>
std::string setting_text(std::optional<T> const& value, Allowed const& allowed) {
  return value ? setting_text(*value, allowed) : "";
}

// "eta: 3" of each setting, in order; what has no value is left out.
template <class S>
std::vector<std::string> settings_texts(S const& s, Names const& keys = settings_keys<S>()) {
  std::vector<std::string> texts;
  for_keys<S>([&](setting::Name name, auto field, auto const& allowed, std::string_view) {
    std::string const value = setting_text(s.*field, allowed);
    bool const asked = std::find(keys.begin(), keys.end(), name.key) != keys.end();
    if (asked && !value.empty()) texts.push_back(std::string(name.key) + ": " + value);
  });
  return texts;
}
// "eta: 3, min_iter: 1".
template <class S>
std::string settings_text(S const& s) {
  std::string text;
  for (std::string const& each : settings_texts(s))
    text += (text.empty() ? "" : ", ") + each;
  return text;
}
// A line for each of `keys`.
template <class S>
std::string settings_lines(S const& s, Names const& keys) {
  std::string text;
  for (std::string const& each : settings_texts(s, keys))
    text += each + '\n';
  return text;
}

}  // namespace brood::files
