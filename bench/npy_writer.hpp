// SPDX-License-Identifier: Apache-2.0
// Arrays for numpy.load: version 1.0 of its format, little-endian.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include "brood/error.hpp"

namespace brood::bench {

inline void write_text(std::string const& path, std::string const& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw StorageError(path + ": cannot be written");
}

// shape: its product is the number of values.
template <class T>
void write_npy(std::string const& path, std::vector<T> const& values,
               std::vector<std::int64_t> const& shape) {
  std::string header = "{'descr': '<";
  header += std::is_floating_point_v<T> ? 'f' : 'i';
  header += std::to_string(sizeof(T)) + "', 'fortran_order': False, 'shape': (";
  for (auto const n : shape)
    header += std::to_string(n) + ",";
  header += "), }";
  // Ten bytes come before; all of it is a multiple of 64 and ends with a newline.
  while ((10 + header.size() + 1) % 64 != 0)
    header += ' ';
  header += '\n';
  std::string bytes = std::string("\x93NUMPY\x01", 7) + '\0';
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T));
  write_text(path, bytes);
}

}  // namespace brood::bench
