// SPDX-License-Identifier: Apache-2.0
// Numbers with a mark of their unit: $1,234.50, -$3, ($3), 45 %.
#pragma once

#include <string>
#include <string_view>

namespace brood::files {

struct MarkedNumber {
  std::string_view mark;  // $, %, ...; empty: there is none
  std::string number;     // what is left, with its sign
};
MarkedNumber without_mark(std::string_view text);

}  // namespace brood::files
