// SPDX-License-Identifier: Apache-2.0
// The strict YAML reader: kinds of scalars, places, and everything that it refuses.
#include "files/io/yaml.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "files/reading.hpp"

namespace brood::files {
namespace {

Node parse(std::string_view text) {
  return parse_yaml(text, "file");
}

// ---- scalars

struct Scalar {
  char const* name;
  char const* written;
  NodeKind kind;
  double real = 0;  // of a number
};
std::ostream& operator<<(std::ostream& out, Scalar const& scalar) {
  return out << scalar.name;
}

class YamlScalar : public testing::TestWithParam<Scalar> {};

TEST_P(YamlScalar, HasTheKindOfItsForm) {
  Node const node = parse(GetParam().written);
  EXPECT_EQ(node.kind, GetParam().kind) << "text '" << node.text << "'";
  EXPECT_EQ(node.real, GetParam().real);
  if (node.kind == NodeKind::integer) {
    EXPECT_EQ(static_cast<double>(node.integer), node.real);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, YamlScalar,
    testing::Values(
        Scalar{"zero", "0", NodeKind::integer, 0},
        Scalar{"negative_zero", "-0", NodeKind::integer, 0},
        Scalar{"integer", "42", NodeKind::integer, 42},
        Scalar{"negative", "-7", NodeKind::integer, -7}, Scalar{"plus", "+7", NodeKind::integer, 7},
        Scalar{"leading_zero_is_decimal", "010", NodeKind::integer, 10},
        Scalar{"beyond_int64", "18446744073709551615", NodeKind::real, 0x1p64},
        Scalar{"point", "0.25", NodeKind::real, 0.25},
        Scalar{"point_first", ".5", NodeKind::real, 0.5},
        Scalar{"point_last", "5.", NodeKind::real, 5},
        Scalar{"exponent_without_point", "1e-4", NodeKind::real, 1e-4},
        Scalar{"capital_exponent", "2.5E+3", NodeKind::real, 2500},
        Scalar{"underflow", "1e-999", NodeKind::real, 0}, Scalar{"yes", "yes", NodeKind::text},
        Scalar{"off", "off", NodeKind::text}, Scalar{"y", "y", NodeKind::text},
        Scalar{"True", "True", NodeKind::text}, Scalar{"inf", ".inf", NodeKind::text},
        Scalar{"nan", ".nan", NodeKind::text}, Scalar{"bare_inf", "inf", NodeKind::text},
        Scalar{"hex", "0x10", NodeKind::text}, Scalar{"octal", "0o10", NodeKind::text},
        Scalar{"binary", "0b1", NodeKind::text}, Scalar{"underscores", "1_000", NodeKind::text},
        Scalar{"sexagesimal", "1:30", NodeKind::text}, Scalar{"date", "2024-01-01", NodeKind::text},
        Scalar{"two_signs", "+-1", NodeKind::text}, Scalar{"quoted_number", "'1'", NodeKind::text},
        Scalar{"quoted_true", "\"true\"", NodeKind::text},
        Scalar{"block_of_text", "|\n  12\n", NodeKind::text},
        Scalar{"null", "null", NodeKind::null}, Scalar{"tilde", "~", NodeKind::null}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(Yaml, ReadsBooleans) {
  EXPECT_EQ(parse("true").kind, NodeKind::boolean);
  EXPECT_TRUE(parse("true").boolean);
  EXPECT_EQ(parse("false").kind, NodeKind::boolean);
  EXPECT_FALSE(parse("false").boolean);
}

TEST(Yaml, KeepsTheExtremesOfIntegers) {
  EXPECT_EQ(parse("9223372036854775807").integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
}

TEST(Yaml, EmptyTextIsNull) {
  EXPECT_EQ(parse("").kind, NodeKind::null);
  EXPECT_EQ(parse("# a comment\n\n").kind, NodeKind::null);
}

TEST(Yaml, KeepsOrderOfKeysAndItems) {
  Node const root = parse("b: [3, 1, 2]\na: {y: 1, x: 2}\n");
  ASSERT_EQ(root.kind, NodeKind::map);
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[0].value.items[2].integer, 2);
  EXPECT_EQ(root.entries[1].value.entries[0].key, "y");
  ASSERT_NE(root.find("a"), nullptr);
  EXPECT_EQ(root.find("a")->value.find("x")->value.integer, 2);
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(Yaml, KeysAreTextWhateverTheyLookLike) {
  Node const root = parse("1: a\ntrue: b\n'null': c\n");
  EXPECT_EQ(root.find("1")->value.text, "a");
  EXPECT_EQ(root.find("true")->value.text, "b");
  EXPECT_EQ(root.find("null")->value.text, "c");
}

// ---- places

std::string place_of(Node const* node) {
  return node->place.text();
}

TEST(Yaml, PlacesCountFromOne) {
  Node const root = parse("a: 1\nbb:\n  - x\n  -   y\nc: {d: [1,  2]}\n");
  EXPECT_EQ(place_of(&root), "file:1:1");
  EXPECT_EQ(place_of(&root.find("a")->value), "file:1:4");
  EXPECT_EQ(root.find("bb")->place.text(), "file:2:1");
  EXPECT_EQ(place_of(&root.find("bb")->value.items[1]), "file:4:7");
  EXPECT_EQ(place_of(&root.find("c")->value.find("d")->value.items[1]), "file:5:13");
}

TEST(Yaml, PlacesAreTheSameWithCarriageReturnsAndByteOrderMark) {
  Node const root = parse(
      "\xef\xbb\xbf"
      "a: 1\r\nb: [x,\r\n  y]\r\n");
  EXPECT_EQ(root.entries[0].place.text(), "file:1:1");
  EXPECT_EQ(place_of(&root.find("b")->value.items[1]), "file:3:3");
  EXPECT_EQ(root.find("b")->value.items[1].text, "y");
}

TEST(Yaml, ColumnsCountCharactersNotBytes) {
  Node const root = parse("{\xc3\xa9: \xe2\x82\xac, x: [\xf0\x9f\x98\x80, 1], y: 2}");
  EXPECT_EQ(place_of(&root.find("x")->value.items[1]), "file:1:15");
  EXPECT_EQ(place_of(&root.find("y")->value), "file:1:22");
}

TEST(Yaml, AnAbsentValueHasThePlaceOfItsKey) {
  Node const root = parse("a: 1\nb:\n\n\nc: 2\nd: ~\n");
  EXPECT_EQ(root.find("b")->value.kind, NodeKind::null);
  EXPECT_EQ(place_of(&root.find("b")->value), "file:2:1");
  EXPECT_EQ(place_of(&root.find("d")->value), "file:6:4");
}

TEST(Yaml, ReadsJson) {
  Node const root = parse("{\"a\":1,\t\"b\": [1.5, \"x\\u00e4\\/\", true, null],\r\n\t\"c\": {}}");
  EXPECT_EQ(root.find("a")->value.integer, 1);
  Node const& b = root.find("b")->value;
  EXPECT_EQ(b.items[0].real, 1.5);
  EXPECT_EQ(b.items[1].text, "x\xc3\xa4/");
  EXPECT_TRUE(b.items[2].boolean);
  EXPECT_EQ(b.items[3].kind, NodeKind::null);
  EXPECT_EQ(root.find("c")->value.kind, NodeKind::map);
}

TEST(Yaml, AnOverridesProblemsNameItAndNoLine) {
  EXPECT_EQ(parse_yaml_value("[1, 2]", "a=[1, 2]").items[1].place.text(), "a=[1, 2]");
  std::string const message = message_of([] { parse_yaml_value("[1", "a=[1"); });
  EXPECT_EQ(message.substr(0, 6), "a=[1: ");
}

// ---- what is refused

class MalformedYaml : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedYaml, IsRefusedWithItsPlace) {
  expect_message(GetParam(), message_of([] { parse(GetParam().bytes); }));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MalformedYaml,
    testing::Values(
        Malformed{"duplicate_key", "a: 1\nb: 2\na: 3\n", "file:3:1: ", "first is at file:1:1"},
        Malformed{"duplicate_key_quoted", "{a: 1, \"a\": 2}", "file:1:8: ", "twice"},
        Malformed{"second_document", "a: 1\n---\nb: 2\n", "file:2:1: ", "more after the end"},
        Malformed{"rest_after_end", "a: 1\n...\nfoo\n", "file:3:1: ", "more after the end"},
        Malformed{"rest_after_map", "{a: 1} b", "file:1:8: ", "more after the end"},
        Malformed{"rest_after_list", "- [a]\n-b\n", "file:2:1: ", "more after the end"},
        Malformed{"unknown_alias", "a: *x\nb: &x 1\n", "file:1:4: ", "no anchor (&name)"},
        Malformed{"alias_in_its_anchor", "a: &x [1, *x]\n", "file:1:11: ", "a part of what"},
        Malformed{"alias_with_tag", "a: &x 1\nb: !!int *x\n", "file:2:10: ", "does not go on"},
        Malformed{"anchor_and_tag", "a: &x !y 1\n", "file:1:4: ", "tags"},
        Malformed{"anchor_and_open_quote", "a: &x 'y\n", "file:1:4: ", "never closed"},
        Malformed{"tag_and_open_quote", "a: !!str 'y\n", "file:1:4: ", "never closed"},
        Malformed{"alias_of_map_as_key", "a: &x {b: 1}\n*x : 2\n", "file:2:1: ", "not a list"},
        Malformed{"merged_scalar", "a: &x 1\nb: {<<: *x}\n", "file:2:9: ", "merges a map"},
        Malformed{"merged_twice", "a: &x {b: 1}\nc: {<<: *x, <<: *x}\n", "file:2:13: ", "twice"},
        Malformed{"tag", "a: !!binary 1\n", "file:1:4: ", "tags"},
        Malformed{"local_tag", "a: !x 1\n", "file:1:4: ", "tags"},
        Malformed{"bare_tag", "a: ! 1\n", "file:1:4: ", "tags"},
        Malformed{"bare_tag_on_quoted", "a: ! '1'\n", "file:1:4: ", "tags"},
        Malformed{"tag_on_nothing", "a: !x\n", "file:1:4: ", "tags"},
        Malformed{"tag_on_map", "a: !!set {b: 1}\n", "file:1:4: ", "tags"},
        Malformed{"tag_on_list", "a: !!pairs [1]\n", "file:1:4: ", "tags"},
        Malformed{"verbatim_tag", "a: !<x> y\n", "file:1:4: ", "tags"},
        Malformed{"lone_tag", "!2", "file:1:1: ", "tags"},
        Malformed{"null_key", "~: 1\n", "file:1:1: ", "key is missing"},
        Malformed{"no_key", "a: 1\n: 2\n", "file:2:1: ", "key is missing"},
        Malformed{"two_commas", "{a: 1,, b: 2}", "file:1:7: ", "key is missing"},
        Malformed{"list_as_key", "? [a]\n: 1\n", "file:1:3: ", "not a list or a map"},
        Malformed{"map_as_key", "{{a: 1}: 2}", "file:1:2: ", "not a list or a map"},
        Malformed{"open_list", "a: 1\nb: [1, 2\n", "file:2:4: ", "']' is missing"},
        Malformed{"open_map", "a: {b: 1,\n", "file:1:4: ", "'}' is missing"},
        Malformed{"open_single_quote", "a: 'x\n", "file:1:4: ", "never closed"},
        Malformed{"open_double_quote", "a: 1\nb: \"x\n", "file:2:4: ", "never closed"},
        Malformed{"closing_nothing", "a: 1\n]\n", "file:2:1: ", "no list or map"},
        Malformed{"closing_twice", "{}}", "file:1:3: ", "no list or map"},
        Malformed{"colon_in_value", "a: b: c\n", "file:1:5: ", "':' cannot stand here"},
        Malformed{"rest_after_quotes", "a: 'x' y\n", "file:1:8: ", "does not go on"},
        Malformed{"list_in_line", "a: - b\n", "file:1:4: ", "list entry"},
        Malformed{"at_sign", "a: @x\n", "file:1:4: ", "quotes"},
        Malformed{"percent", "a: %x\n", "file:1:4: ", "quotes"},
        Malformed{"backtick", "a: `x\n", "file:1:4: ", "quotes"},
        Malformed{"bad_escape", "a: \"\\q\"\n", "file:1:7: ", "escape"},
        Malformed{"lone_surrogate", "a: \"\\uD800\"\n", "file:1:11: ", "unicode"},
        Malformed{"zero_by_escape", "a: \"x\\0\"\n", "file:1:4: ", "\\0"},
        Malformed{"zero_byte", raw("a: 1\nb: \0\n"), "file:2:4: ", "0x00"},
        Malformed{"control_byte", "a: 1\x04\nb: 2\n", "file:1:5: ", "0x04"},
        Malformed{"delete_byte", "a: \x7f\n", "file:1:4: ", "0x7f"},
        Malformed{"lone_carriage_return", "a: 1\rb: 2\r", "file:1:5: ", "carriage return"},
        Malformed{"latin1", "a: \xe4\n", "file:1:4: ", "UTF-8"},
        Malformed{"overlong", "\xc3\xa9: \xc0\xaf\n", "file:1:4: ", "UTF-8"},
        Malformed{"overlong3", "a: \xe0\x80\xaf\n", "file:1:4: ", "UTF-8"},
        Malformed{"surrogate_bytes", "a: \xed\xa0\x80\n", "file:1:4: ", "UTF-8"},
        Malformed{"above_unicode", "a: \xf4\x90\x80\x80\n", "file:1:4: ", "UTF-8"},
        Malformed{"cut_character", "a: \xe2\x82", "file:1:4: ", "UTF-8"},
        Malformed{"utf16",
                  raw("\xff\xfe"
                      "a\0"),
                  "file:1:1: ", "UTF-8"},
        Malformed{"too_large_number", "a: [1, -1e999]\n", "file:1:8: ", "too large"},
        Malformed{"tab_indentation", "a:\n\tb: 1\n", "file:2:1: ", "indent with spaces, not tabs"}),
    test_name);

TEST(Yaml, TakesTheTagsOfItsOwnTypes) {
  Node const root = parse_yaml("a: !!float 1e-5\nb: !!int 3\nc: !!str 4\nd: !!seq [1]\n", "file");
  EXPECT_TRUE(root.find("a")->value.is_number());
  EXPECT_EQ(root.find("a")->value.text, "1e-5");
  EXPECT_TRUE(root.find("b")->value.is_number());
  EXPECT_FALSE(root.find("c")->value.is_number()) << "a text that looks like a number";
  EXPECT_EQ(root.find("d")->value.items.size(), 1u);
}

TEST(Yaml, AnAliasIsACopyOfWhatItsAnchorStandsAt) {
  Node const root = parse(
      "a: &number 1e-3\nb: *number\nc: &list [*number, &text '2', &nothing , 3]\nd: *list\n"
      "e: *text\nf: *nothing\n*text : key\n&key g: 1\nh: *key\ni: &number 4\nj: *number\n");
  EXPECT_EQ(root.find("b")->value.real, 1e-3);
  EXPECT_EQ(root.find("b")->value.place.text(), "file:2:4");
  Node const& list = root.find("d")->value;
  ASSERT_EQ(list.items.size(), 4u);
  EXPECT_EQ(list.place.text(), "file:4:4");
  EXPECT_EQ(list.items[0].real, 1e-3);
  EXPECT_EQ(list.items[1].text, "2");
  EXPECT_EQ(list.items[1].place.text(), "file:3:20");
  EXPECT_TRUE(root.find("e")->value.quoted);
  EXPECT_EQ(root.find("f")->value.kind, NodeKind::null);
  EXPECT_EQ(root.find("2")->value.text, "key");
  EXPECT_EQ(root.find("h")->value.text, "g");
  EXPECT_EQ(root.find("j")->value.integer, 4) << "the anchor's latest";
}

TEST(Yaml, MergesMapsBehindWhatAMapHasItself) {
  Node const root =
      parse("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 5}\nd: {w: 6, <<: [*b, *a]}\n");
  auto const text = [&](char const* key) {
    std::string all;
    for (Entry const& entry : root.find(key)->value.entries)
      all += entry.key + entry.value.text + ' ';
    return all;
  };
  EXPECT_EQ(text("c"), "y5 x1 ");
  EXPECT_EQ(text("d"), "w6 y3 z4 x1 ");
  EXPECT_EQ(root.find("d")->value.find("x")->place.text(), "file:1:8");
  EXPECT_EQ(parse("'<<': 1\n").find("<<")->value.integer, 1) << "in quotes it is a key";
}

// Each line has ten times the one before: 10^9 values of 300 characters.
TEST(Yaml, BoundsWhatAliasesCopy) {
  std::string text = "a0: &a0 lol\n";
  for (int i = 1; i <= 9; ++i) {
    std::string const before = "*a" + std::to_string(i - 1);
    text += 'a' + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j)
      text += ", " + before;
    text += "]\n";
  }
  expect_message({"", "", "file:6:", "copy more than 100000 values"},
                 message_of([&] { parse(text); }));
}

TEST(Yaml, AliasesGoNoDeeperThanSixtyFourLevels) {
  auto const text = [](int outer) {
    return "a: &a " + std::string(30, '[') + std::string(30, ']') +
           "\nb: " + std::string(static_cast<std::size_t>(outer), '[') + "*a" +
           std::string(static_cast<std::size_t>(outer), ']');
  };
  EXPECT_EQ(message_of([&] { parse(text(33)); }), "");
  expect_message({"", "", "file:2:38: ", "64 deep"}, message_of([&] { parse(text(34)); }));
}

TEST(Yaml, ReportsAllProblemsInTheOrderOfTheText) {
  try {
    parse("a: !y 1\na: !!x 2\nb: 1e999\nc: [1");
    FAIL() << "nothing was thrown";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 5u) << error.what();
    char const* const places[] = {
        "file:1:4: ", "file:2:1: ", "file:2:4: ", "file:3:4: ", "file:4:4: "};
    for (std::size_t i = 0; i < 5; ++i)
      EXPECT_EQ(error.problems()[i].substr(0, 10), places[i]) << error.what();
  }
}

TEST(Yaml, ShowsTwentyProblemsAndCountsTheRest) {
  std::string text = "a: 1\n";
  for (int i = 0; i < 1500; ++i)
    text += "a: 1\n";
  try {
    parse(text);
    FAIL() << "nothing was thrown";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 21u);
    EXPECT_EQ(error.problems()[20], "and 1480 more problems");
  }
}

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string result;
  while (result.size() + text.size() <= bytes)
    result += text;
  return result;
}

// Unlimited recursion would overflow the stack on any of these.
class DeepYaml : public testing::TestWithParam<Malformed> {};

TEST_P(DeepYaml, IsRefusedBeforeTheStackEnds) {
  std::string const text = repeated(GetParam().bytes, std::size_t{1} << 18);
  expect_message(GetParam(), message_of([&] { parse(text); }));
}

INSTANTIATE_TEST_SUITE_P(Texts, DeepYaml,
                         testing::Values(Malformed{"lists", "[", "file:1:33: ", "64 deep"},
                                         Malformed{"maps", "{", "file:1:64: ", "64 deep"},
                                         Malformed{"mixed", "[{a: ", "file:1:1", "64 deep"},
                                         Malformed{"entries", "- ", "file:1:129: ", "64 deep"},
                                         Malformed{"keys", "? ", "file:1:129: ", "64 deep"},
                                         Malformed{"values", ": ", "file:1:1",
                                                   "and 45 more problems"}),
                         test_name);

TEST(Yaml, ReadsSixtyFourLevels) {
  std::string const text = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(parse(text).kind, NodeKind::list);
  EXPECT_NE(message_of([&] { parse('[' + text + ']'); }), "");
}

TEST(Yaml, RefusesMoreThan16MiB) {
  std::string const text(static_cast<std::size_t>(kMaxYamlBytes) + 1, ' ');
  expect_message({"", "", "file: ", "16777216"}, message_of([&] { parse(text); }));
}

// ---- writing

class YamlText : public testing::TestWithParam<std::string> {};

TEST_P(YamlText, ReadsBackAsTheSameText) {
  for (std::string const& text :
       {yaml_text(GetParam()), '[' + yaml_text(GetParam()) + ']', yaml_text(GetParam()) + ": 1"}) {
    SCOPED_TRACE(text);
    Node const root = parse(text);
    if (root.kind == NodeKind::map) {
      EXPECT_EQ(root.entries[0].key, GetParam());
    } else {
      Node const& node = root.kind == NodeKind::list ? root.items[0] : root;
      EXPECT_EQ(node.kind, NodeKind::text);
      EXPECT_EQ(node.text, GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, YamlText,
                         testing::Values("word", "", " ", "a b", "1", "1e5", "-1", "true", "False",
                                         "null", "NULL", "~", "a: b", "#x", "x #y", "[x]", "{", ",",
                                         "-", "- x", "?", ":", "'", "\"", "a\"b\\c", "\\", "@", "%",
                                         "&x", "*x", "!x", "|", ">", "\t", "a\nb", "a\r\nb", "\x01",
                                         "\x7f", "\xc3\xa9\xe2\x82\xac", "---", "...", "<<",
                                         "/home/a b/c.csv", "0x10", ".inf"));

TEST(Yaml, WordsAreWrittenPlain) {
  EXPECT_EQ(yaml_text("relu"), "relu");
  EXPECT_EQ(yaml_text("c1"), "c1");
}

}  // namespace
}  // namespace brood::files
