// SPDX-License-Identifier: Apache-2.0
// Json: texts that are given byte for byte, and the limits of reading.
#include "files/io/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace brood::files {
namespace {

std::string refusal(std::string const& text) {
  try {
    parse_json(text);
  } catch (JsonError const& error) {
    return error.what();
  }
  return "";
}

TEST(Json, KeepsTheOrderOfKeysAndTheTypesOfNumbers) {
  Json json;
  json.set("z", 1).set("a", 1.0).set("f", 0.1f).set("d", 0.1).set("no", Json()).set("yes", true);
  json.set("list", Json(std::vector<std::int64_t>{1, 2})).set("none", Json::Array());
  EXPECT_EQ(json.text(),
            R"({"z":1,"a":1.0,"f":0.1,"d":0.1,"no":null,"yes":true,"list":[1,2],"none":[]})");
}

TEST(Json, IndentsObjectsAndKeepsListsOfNumbersOnOneLine) {
  Json json;
  json.set("list", Json(std::vector<double>{0.5, 1})).set("deep", Json().set("a", 1));
  json.set("empty", Json::Object());
  EXPECT_EQ(json.text(true),
            "{\n  \"list\": [0.5, 1.0],\n  \"deep\": {\n    \"a\": 1\n  },\n  \"empty\": {}\n}");
}

TEST(Json, EscapesWhatTextsMayNotHoldAndReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Json("a\"b\\c\n\t\x7f\xc3\xa9").text(), "\"a\\\"b\\\\c\\n\\u0009\\u007f\xc3\xa9\"");
  EXPECT_EQ(Json("a\xff\xc3").text(), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Json, WritesNumbersThatReadBackToTheSameBits) {
  for (double const value : {0.1, -0.0, 1e300, 5e-324, 1e16, 123456789.0, -1.5e-7}) {
    Json const read = parse_json(Json(value).text());
    ASSERT_NE(read.as<double>(), nullptr) << value;
    EXPECT_EQ(*read.as<double>(), value);
    EXPECT_EQ(std::signbit(*read.as<double>()), std::signbit(value));
  }
  EXPECT_EQ(Json(std::nan("")).text(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).text(), "null");
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(*parse_json(Json(kLeast).text()).as<std::int64_t>(), kLeast);
}

TEST(Json, ReadsWhatItWrites) {
  std::string const text = R"({"b":[[],{},"x\u00e9\"",-3,2.5,null,false],"a":{"c":[1]}})";
  EXPECT_EQ(parse_json(text).text(),
            "{\"b\":[[],{},\"x\xc3\xa9\\\"\",-3,2.5,null,false],"
            "\"a\":{\"c\":[1]}}");
}

TEST(Json, RefusesWhatIsNotOneDocument) {
  for (char const* const text : {"", "{", "[1,]", "{\"a\":1}x", "nan", "1e999", "\"\xff\"", "01"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
}

TEST(Json, RefusesDepthWidthTwinsAndLargeNumbers) {
  EXPECT_NE(refusal(std::string(17, '[') + std::string(17, ']')).find("deeper"), std::string::npos);
  EXPECT_EQ(refusal(std::string(16, '[') + std::string(16, ']')), "");
  EXPECT_NE(refusal(std::string(1000000, '[')).find("deeper"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":1,"a":2})").find("twice"), std::string::npos);
  EXPECT_NE(refusal("9223372036854775808").find("64 bits"), std::string::npos);
  std::string wide = "{";
  for (int i = 0; i < 257; ++i)
    wide += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  EXPECT_NE(refusal(wide + "}").find("256"), std::string::npos);
}

TEST(Utf8, KnowsOverlongFormsSurrogatesAndTheLastCharacter) {
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf4\x8f\xbf\xbf"));
  for (char const* const text :
       {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

}  // namespace
}  // namespace brood::files
