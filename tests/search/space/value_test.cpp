// SPDX-License-Identifier: Apache-2.0
// Values as text, and Config as a small ordered map.
#include "brood/value.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <clocale>
#include <cstring>
#include <limits>

#include "core/philox.hpp"

namespace brood {
namespace {

TEST(ToText, WritesEveryKindOfValue) {
  EXPECT_EQ(to_text(Value(true)), "true");
  EXPECT_EQ(to_text(Value(false)), "false");
  EXPECT_EQ(to_text(Value(std::int64_t{-64})), "-64");
  EXPECT_EQ(to_text(Value(0.001)), "0.001");
  EXPECT_EQ(to_text(Value(std::string("relu"))), "relu");
  EXPECT_EQ(to_text(Value(std::vector<std::int64_t>{64, 64})), "[64, 64]");
  EXPECT_EQ(to_text(Value(std::vector<std::int64_t>{})), "[]");
  EXPECT_EQ(to_text(Value(std::vector<double>{1.0, 0.1})), "[1, 0.1]");
}

TEST(ToText, WritesTheEndsOfTheIntegers) {
  EXPECT_EQ(to_text(Value(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(to_text(Value(std::numeric_limits<std::int64_t>::max())), "9223372036854775807");
}

TEST(ToText, OfADoubleReadsBackToTheSameBits) {
  for (std::uint32_t i = 0; i < 20000; ++i) {
    auto const block = philox({{i, 0, 0, 0}}, philox_key(1));
    std::uint64_t const bits = (std::uint64_t{block.word[0]} << 32) | block.word[1];
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (value != value) continue;
    std::string const text = to_text(value);
    double back = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_TRUE(error == std::errc{} && end == text.data() + text.size()) << text;
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
  }
}

TEST(ToText, DoesNotDependOnTheLocale) {
  // Only locales that are installed can be set; "C" always is.
  std::string const before = std::setlocale(LC_ALL, nullptr);
  if (!std::setlocale(LC_ALL, "de_DE.UTF-8")) std::setlocale(LC_ALL, "");
  EXPECT_EQ(to_text(1234567.5), "1234567.5");
  std::setlocale(LC_ALL, before.c_str());
}

TEST(Config, KeepsTheOrderInWhichNamesWereSet) {
  Config config{{"lr", 0.1}, {"hidden", std::vector<std::int64_t>{64}}};
  config.set("activation", std::string("relu"));
  config.set("lr", 0.2);
  ASSERT_EQ(config.entries().size(), 3u);
  EXPECT_EQ(config.entries()[0], (Config::Entry{"lr", 0.2}));
  EXPECT_EQ(config.entries()[1].first, "hidden");
  EXPECT_EQ(config.entries()[2].first, "activation");
}

TEST(Config, FindsByNameOrGivesNull) {
  Config const config{{"lr", 0.1}};
  ASSERT_NE(config.find("lr"), nullptr);
  EXPECT_EQ(*config.find("lr"), Value(0.1));
  EXPECT_EQ(config.find("l"), nullptr);
  EXPECT_EQ(Config{}.find("lr"), nullptr);
}

TEST(Config, TheLastOfTwoEqualNamesInAListWins) {
  Config const config{{"lr", 0.1}, {"lr", 0.3}};
  ASSERT_EQ(config.entries().size(), 1u);
  EXPECT_EQ(*config.find("lr"), Value(0.3));
}

TEST(Config, IntegersAndRealsOfTheSameSizeDiffer) {
  EXPECT_NE((Config{{"a", std::int64_t{1}}}), (Config{{"a", 1.0}}));
}

}  // namespace
}  // namespace brood
