// SPDX-License-Identifier: Apache-2.0
// Settings: what a user may set of a struct, told once, beside its fields. A struct S lists them in
//
//   template <class Visitor> static void settings(Visitor&& visit) {
//     visit("eta", &S::eta, setting::Whole{2}, "1/eta of a rung goes on");
//   }
//
// as a name, the field, what it may be, and a phrase of help; the default is that of S{}. All who
// must know every setting are visitors: checks (search/space/settings_check.hpp), the reader and
// the writer of sweep files (files/sweep/settings.hpp), the identity of a saved state, `brood
// list`. A setting may be optional (std::optional): without a value it says nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <variant>

namespace brood {

namespace setting {

// The field in messages of the library, and the key in files; empty if other keys set it there.
struct Name {
  constexpr Name(char const* name) : field(name), key(name) {}
  constexpr Name(char const* field_name, char const* file_key) : field(field_name), key(file_key) {}

  std::string_view field, key;
};

// ---- what a setting may be

// A whole number from `min` to `max`.
struct Whole {
  std::int64_t min;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};
template <class S>
using WholeField = int S::*;
// A whole number from `min` to the value of another field, which is listed before it.
template <class S>
struct WholeUpTo {
  std::int64_t min;
  WholeField<S> max;
  Name max_name;
};
// A list of whole numbers from `min` on, none larger than the one before it; an empty one says
// nothing.
struct Descending {
  std::int64_t min;
};
// A number from `min` to `max`, the ends included unless they are said to be open.
struct Real {
  double min, max;
  bool min_is_open = false, max_is_open = false;

  constexpr bool allows(double x) const {
    return (min_is_open ? x > min : x >= min) && (max_is_open ? x < max : x <= max);
  }
};
// A score of the study's metric: any finite number.
struct Score {};
// A size (bytes), from 1 on.
struct Bytes {};
// true or false.
struct YesOrNo {};
// A value of an enumeration, by its names in order.
template <std::size_t N>
struct OneOf {
  std::array<std::string_view, N> names;
};
template <class... Names>
OneOf(Names...) -> OneOf<sizeof...(Names)>;
// Hand-picked points of a space: a list of configurations, which files keep beside the settings.
struct Points {};

}  // namespace setting

// ---- choices: a variant of structs that are each known by a name, kName

// visit(alternative) of each, with default settings, in order.
template <class Choice, class Visit>
void for_alternatives(Visit&& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::variant_alternative_t<I, Choice>()), ...);
  }
  (std::make_index_sequence<std::variant_size_v<Choice>>());
}

}  // namespace brood
