// SPDX-License-Identifier: Apache-2.0
// Settings of a struct (brood/settings.hpp) against what they may be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brood/settings.hpp"
#include "brood/value.hpp"

namespace brood {

inline void check_at_least(std::string_view name, std::int64_t value, std::int64_t min,
                           std::vector<std::string>& problems) {
  if (value >= min) return;
  problems.push_back(std::string(name) + " is " + std::to_string(value) + "; it must be at least " +
                     std::to_string(min) + ".");
}

// A sentence for each setting of `s` that is not allowed, in their order. `prefix`: before each.
template <class S>
class SettingsCheck {
 public:
  SettingsCheck(S const& s, std::string prefix) : s_(s), prefix_(std::move(prefix)) {}

  std::vector<std::string> problems() && {
    S::settings(*this);
    return std::move(problems_);
  }

  template <class T, class Allowed>
  void operator()(setting::Name name, T S::*field, Allowed const& allowed, std::string_view) {
    check(name.field, s_.*field, allowed);
  }

 private:
  void check(std::string_view name, std::int64_t value, setting::Whole const& allowed) {
    if (value < allowed.min) add(name, value, "at least " + std::to_string(allowed.min));
    if (value > allowed.max) add(name, value, "at most " + std::to_string(allowed.max));
  }
  void check(std::string_view name, std::int64_t value, setting::WholeUpTo<S> const& allowed) {
    int const max = s_.*allowed.max;
    if (value >= allowed.min && value <= max) return;
    add(name, value,
        "from " + std::to_string(allowed.min) + " to " + std::string(allowed.max_name.field) +
            ", which is " + std::to_string(max));
  }
  void check(std::string_view name, std::vector<int> const& values,
             setting::Descending const& allowed) {
    bool good = std::is_sorted(values.rbegin(), values.rend());
    std::string text;
    for (int const value : values) {
      good = good && value >= allowed.min;
      text += (text.empty() ? "[" : ", ") + std::to_string(value);
    }
    if (good) return;
    add(name, text + "]",
        "whole numbers from " + std::to_string(allowed.min) +
            " on, none larger than the one before");
  }
  void check(std::string_view name, double value, setting::Real const& allowed) {
    if (allowed.allows(value)) return;
    std::string const min = to_text(allowed.min), max = to_text(allowed.max);
    if (std::isinf(allowed.max)) return add(name, value, "above " + min);
    bool const closed = !allowed.min_is_open && !allowed.max_is_open;
    add(name, value,
        closed ? "from " + min + " to " + max
               : (allowed.min_is_open ? "above " : "at least ") + min + " and " +
                     (allowed.max_is_open ? "below " : "at most ") + max);
  }
  void check(std::string_view name, double value, setting::Score) {
    if (!std::isfinite(value)) add(name, value, "finite");
  }
  void check(std::string_view name, std::int64_t value, setting::Bytes) {
    check(name, value, setting::Whole{1});
  }
  // Nothing of theirs can be wrong, or not in itself.
  void check(std::string_view, bool, setting::YesOrNo) {}
  template <class E, std::size_t N>
  void check(std::string_view, E, setting::OneOf<N> const&) {}
  template <class T>
  void check(std::string_view, T const&, setting::Points) {}

  template <class T, class Allowed>
  void check(std::string_view name, std::optional<T> const& value, Allowed const& allowed) {
    if (value) check(name, *value, allowed);
  }

  void add(std::string_view name, std::int64_t value, std::string const& allowed) {
    add(name, std::to_string(value), allowed);
  }
  void add(std::string_view name, double value, std::string const& allowed) {
    add(name, to_text(value), allowed);
  }
  void add(std::string_view name, std::string const& value, std::string const& allowed) {
    problems_.push_back(prefix_ + std::string(name) + " is " + value + "; it must be " + allowed +
                        ".");
  }

  S const& s_;
  std::string prefix_;
  std::vector<std::string> problems_;
};

template <class S>
std::vector<std::string> settings_problems(S const& s, std::string prefix = "") {
  return SettingsCheck<S>(s, std::move(prefix)).problems();
}

}  // namespace brood
