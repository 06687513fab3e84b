// SPDX-License-Identifier: Apache-2.0
// Fingerprints: the published hash, and every part of a table in it.
#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "data/fnv1a.hpp"

namespace brood {
namespace {

std::string hash_of(std::string_view bytes) {
  Fnv1a128 hash;
  hash.add_bytes(bytes);
  return hash.hex();
}

TEST(Fnv1a128Test, gives_the_published_values) {
  // draft-eastlake-fnv, test vectors of 128 bits.
  EXPECT_EQ(hash_of(""), "6c62272e07bb014262b821756295c58d");
  EXPECT_EQ(hash_of("a"), "d228cb696f1a8caf78912b704e4a8964");
  EXPECT_EQ(hash_of("foobar"), "343e1662793c64bf6f0d3597ba446f18");
}

TEST(Fnv1a128Test, words_go_in_least_significant_byte_first) {
  Fnv1a128 of_word, of_long_word;
  of_word.add(std::uint32_t{0x64636261});
  EXPECT_EQ(of_word.hex(), hash_of("abcd"));
  of_long_word.add(std::uint64_t{0x6867666564636261});
  EXPECT_EQ(of_long_word.hex(), hash_of("abcdefgh"));
}

struct Numbers {
  std::vector<float> x{1, 2, 3, 4, 5, 6};
  std::vector<float> y{0, 1, 0};
  std::vector<float> weights{1, 1, 2};
  Table table() const {
    Table table;
    table.x = {x.data(), 3, 2};
    table.y = {y.data(), 3, 1};
    table.weights = {weights.data(), 3, 1};
    table.classes = 2;
    return table;
  }
};

TEST(FingerprintTest, has_32_lower_case_hex_digits_and_repeats) {
  Numbers const numbers, same;
  auto const text = fingerprint(numbers.table());
  EXPECT_EQ(text.size(), 32u);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(text, fingerprint(same.table()));
}

TEST(FingerprintTest, every_part_of_a_table_changes_it) {
  Numbers numbers;
  std::set<std::string> seen{fingerprint(numbers.table())};
  auto const expect_new = [&](Table const& table, char const* what) {
    EXPECT_TRUE(seen.insert(fingerprint(table)).second) << what;
  };
  for (auto* const values : {&numbers.x, &numbers.y, &numbers.weights}) {
    for (auto& value : *values) {
      float const before = value;
      value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) + 1);
      expect_new(numbers.table(), "last bit of a number");
      value = before;
    }
  }
  Table table = numbers.table();
  table.task = Task::regression;
  expect_new(table, "task");
  table = numbers.table();
  table.classes = 3;
  expect_new(table, "classes");
  table = numbers.table();
  table.weights = {};
  expect_new(table, "no weights");
  table = numbers.table();
  table.as_is = {false, true};
  expect_new(table, "as_is");
  table = numbers.table();
  table.x = {numbers.x.data(), 2, 3};
  expect_new(table, "shape");
  std::swap(numbers.x[0], numbers.x[1]);
  expect_new(numbers.table(), "order");
}

TEST(FingerprintTest, all_nans_are_one_missing_value) {
  Numbers quiet, negative, payload;
  quiet.x[3] = std::bit_cast<float>(0x7fc00000u);
  negative.x[3] = std::bit_cast<float>(0xffc00000u);
  payload.x[3] = std::bit_cast<float>(0x7fc12345u);
  EXPECT_EQ(fingerprint(quiet.table()), fingerprint(negative.table()));
  EXPECT_EQ(fingerprint(quiet.table()), fingerprint(payload.table()));
  EXPECT_NE(fingerprint(quiet.table()), fingerprint(Numbers{}.table()));
}

TEST(FingerprintTest, no_as_is_and_all_false_are_the_same) {
  Numbers const numbers;
  Table table = numbers.table();
  table.as_is = {false, false};
  EXPECT_EQ(fingerprint(table), fingerprint(numbers.table()));
}

}  // namespace
}  // namespace brood
