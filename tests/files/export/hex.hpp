// SPDX-License-Identifier: Apache-2.0
// Bytes as a person compares them.
#pragma once

#include <string>
#include <string_view>

namespace brood::files {

inline std::string hex(std::string_view bytes) {
  std::string text;
  for (char const c : bytes) {
    for (int const shift : {4, 0})
      text += "0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15];
  }
  return text;
}

}  // namespace brood::files
