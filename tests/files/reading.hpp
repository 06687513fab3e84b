// SPDX-License-Identifier: Apache-2.0
// What the tests of readers share: tables of malformed input, and mutation of valid input. Whatever
// the bytes, a reader gives consistent columns or throws UsageError; it does nothing else.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"

namespace brood::files {

// The message of the UsageError that `call` throws; empty if it throws nothing.
template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (UsageError const& error) {
    return error.what();
  }
  return "";
}

// `size` bytes, least significant first or last.
inline std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i)
    bytes += static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0);
  return bytes;
}
inline std::string big(std::uint64_t value, int size) {
  std::string const bytes = little(value, size);
  return {bytes.rbegin(), bytes.rend()};
}

// The bytes of a literal that holds zeros.
template <std::size_t Size>
std::string raw(char const (&text)[Size]) {
  return {text, Size - 1};
}

struct Malformed {
  char const* name;  // of the test
  std::string bytes;
  std::string begins;    // of the message, the file's name and the place
  std::string contains;  // somewhere after it
};
inline std::ostream& operator<<(std::ostream& out, Malformed const& malformed) {
  return out << malformed.name;
}
inline std::string test_name(testing::TestParamInfo<Malformed> const& info) {
  return info.param.name;
}
inline void expect_message(Malformed const& malformed, std::string const& message) {
  EXPECT_EQ(message.substr(0, malformed.begins.size()), malformed.begins) << message;
  EXPECT_NE(message.find(malformed.contains, malformed.begins.size()), std::string::npos)
      << message << "\nshould contain: " << malformed.contains;
}

// A stream of random words that is a function of its seed (splitmix64).
class Words {
 public:
  explicit Words(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

inline std::string mutated(std::string bytes, std::uint64_t seed) {
  constexpr std::string_view kTelling = "\",\r\n \xff\x7f?0'(){}<\x01\x80";
  Words words(seed);
  for (std::size_t left = 1 + words.below(3); left > 0 && !bytes.empty(); --left) {
    std::size_t const at = words.below(bytes.size());
    std::size_t const size = 1 + words.below(8);
    switch (words.below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << words.below(8)));
        break;
      case 1:
        bytes[at] = kTelling[words.below(kTelling.size())];
        break;
      case 2:
        bytes[at] = '\0';
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, size);
        break;
      case 5:
        bytes.insert(at, bytes.substr(words.below(bytes.size()), size));
        break;
    }
  }
  return bytes;
}

inline void expect_consistent(std::vector<Column> const& columns) {
  ASSERT_FALSE(columns.empty());
  auto const rows = [](Column const& column) {
    return column.categorical ? column.codes.size() : column.numbers.size();
  };
  for (Column const& column : columns) {
    ASSERT_EQ(rows(column), rows(columns[0]));
    ASSERT_FALSE(column.name.empty());
    for (std::int32_t const code : column.codes) {
      ASSERT_GE(code, -1);
      ASSERT_LT(code, static_cast<std::int32_t>(column.levels.size()));
    }
  }
}

// Reads `cases` mutations of a valid file. Returns how many were refused.
template <typename Parse>
int refused_mutations(std::string const& valid, int cases, Parse parse) {
  int refused = 0;
  for (int i = 0; i < cases && !testing::Test::HasFatalFailure(); ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    try {
      expect_consistent(parse(mutated(valid, static_cast<std::uint64_t>(i))));
    } catch (UsageError const& error) {
      EXPECT_EQ(std::string_view(error.what()).substr(0, 4), "file");
      ++refused;
    }
  }
  return refused;
}

}  // namespace brood::files
