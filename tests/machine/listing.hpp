// SPDX-License-Identifier: Apache-2.0
// A kernel's machine code as nvdisasm -c -hex writes it: lines with addresses, labels and
// encodings.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace brood::machine {

struct Line {
  std::uint32_t address;
  std::string_view text;      // "@!P0 IADD3 R0, R1, 0x1, RZ"
  std::uint64_t encoding[2];  // low and high
  int function;               // in Listing::functions
};

struct Listing {
  std::vector<Line> lines;
  std::map<std::string_view, std::uint32_t> labels;  // addresses
  std::vector<std::string_view> functions;           // the kernel, then what it calls
};

// A file of listings, of which sections are read when asked for.
class ListingFile {
 public:
  explicit ListingFile(std::string text);
  // Throws std::runtime_error where there is none.
  static ListingFile read(std::string const& path);

  std::vector<std::string> kernels() const;
  // What it refers to lives as long as this file.
  Listing kernel(std::string const& name) const;

 private:
  std::unique_ptr<std::string const> text_;  // so that views into it stay
  std::map<std::string, std::string_view> sections_;
};

}  // namespace brood::machine
