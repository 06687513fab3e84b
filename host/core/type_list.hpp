// SPDX-License-Identifier: Apache-2.0
// A list of types is how a choice (activation, loss, optimizer, ...) is written down: one struct
// each, with its `name`, and one list at the end of the header. The index in the list is what a
// member carries; it is never written to disk, the name is.
#pragma once

#include "core/macros.hpp"

namespace brood {

template <class... Types>
struct TypeList {
  static constexpr int size = sizeof...(Types);
  static constexpr char const* names[] = {Types::name...};
};

// Calls f(T{}) with the type at `index`; nothing if there is none.
template <class F, class... Types>
BROOD_HD void visit(TypeList<Types...>, int index, F&& f) {
  int i = 0;
  (void)((i++ == index ? (f(Types{}), true) : false) || ...);
}

// Position of T in the list.
template <class T, class... Types>
BROOD_HD constexpr int index_of(TypeList<Types...>) {
  int i = 0;
  int found = -1;
  ((found = __is_same(T, Types) ? i : found, ++i), ...);
  return found;
}

}  // namespace brood
