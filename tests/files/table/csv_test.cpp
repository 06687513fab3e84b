// SPDX-License-Identifier: Apache-2.0
// csv: the grammar, missing cells, headers, kinds of columns, and where problems are said to lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "brood/files/columns.hpp"
#include "files/reading.hpp"
#include "files/table/parsed_csv.hpp"

namespace brood::files {
namespace {

std::vector<Column> parse(std::string const& text, ReadOptions const& options = {}) {
  return parse_csv(text, "file.csv", options);
}
std::string message(std::string const& text, ReadOptions const& options = {}) {
  return message_of([&] { parse(text, options); });
}

std::vector<std::string> names(std::vector<Column> const& columns) {
  std::vector<std::string> result;
  for (Column const& column : columns)
    result.push_back(column.name);
  return result;
}

// The text of each cell of a categorical column; "-" where it is missing.
std::vector<std::string> texts(Column const& column) {
  EXPECT_TRUE(column.categorical) << column.name;
  std::vector<std::string> result;
  for (std::int32_t const code : column.codes) {
    result.push_back(code < 0 ? "-" : column.levels[static_cast<std::size_t>(code)]);
  }
  return result;
}

using Texts = std::vector<std::string>;
using Numbers = std::vector<double>;

// ---- grammar

TEST(Csv, ReadsHeaderNumbersAndLevels) {
  auto const columns = parse("age,colour\n1,red\n2.5,blue\n-3e1,red\n");
  ASSERT_EQ(names(columns), (Texts{"age", "colour"}));
  EXPECT_FALSE(columns[0].categorical);
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 2.5, -30}));
  EXPECT_TRUE(columns[0].codes.empty());
  EXPECT_EQ(columns[1].levels, (Texts{"red", "blue"}));
  EXPECT_EQ(columns[1].codes, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_TRUE(columns[1].numbers.empty());
}

TEST(Csv, TakesAnyLineEndAndNoneAtTheEnd) {
  for (std::string const end : {"\n", "\r\n", "\r"}) {
    for (std::string const& last : {std::string(), end, end + end + " \t" + end}) {
      auto const columns = parse("a,b" + end + "1,2" + end + "3,4" + last);
      ASSERT_EQ(names(columns), (Texts{"a", "b"}));
      EXPECT_EQ(columns[0].numbers, (Numbers{1, 3}));
      EXPECT_EQ(columns[1].numbers, (Numbers{2, 4}));
    }
  }
}

TEST(Csv, SkipsAByteOrderMark) {
  auto const columns = parse("\xef\xbb\xbfid,b\n1,2\n");
  EXPECT_EQ(names(columns), (Texts{"id", "b"}));
}

TEST(Csv, TrimsSpacesAndTabsOutsideQuotesOnly) {
  auto const columns = parse("a , b\n 1 ,\t x y \n2, \" z \" \n");
  ASSERT_EQ(names(columns), (Texts{"a", "b"}));
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 2}));
  EXPECT_EQ(texts(columns[1]), (Texts{"x y", " z "}));
}

TEST(Csv, ReadsQuotedCellsWithQuotesCommasAndLineEnds) {
  auto const columns = parse("n,t\n1,\"a \"\"b\"\", c\"\n2,\"two\r\nlines\"\n3,\"\"\"\"\n");
  EXPECT_EQ(texts(columns[1]), (Texts{"a \"b\", c", "two\r\nlines", "\""}));
}

TEST(Csv, ReadsQuotedNumbersAsNumbers) {
  auto const columns = parse("\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"\n");
  ASSERT_EQ(names(columns), (Texts{"a", "b"}));
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 2}));
}

TEST(Csv, TakesUtf8InNamesAndLevels) {
  auto const columns = parse(
      "gr\xc3\xb6\xc3\x9f"
      "e,b\n1,\xe2\x82\xac\n2,\xf0\x9f\x90\xa3\n");
  EXPECT_EQ(columns[0].name,
            "gr\xc3\xb6\xc3\x9f"
            "e");
  EXPECT_EQ(columns[1].levels, (Texts{"\xe2\x82\xac", "\xf0\x9f\x90\xa3"}));
}

TEST(Csv, ReadsBlankLinesOfAOneColumnFileAsMissingExceptAtTheEnd) {
  auto const columns = parse("a\n1\n\n3\n\n\n");
  ASSERT_EQ(columns[0].numbers.size(), 3u);
  EXPECT_TRUE(std::isnan(columns[0].numbers[1]));
}

TEST(Csv, TakesSemicolonsInQuotesAndBesideCommas) {
  EXPECT_EQ(parse("\"a;b\"\n1\n")[0].name, "a;b");
  EXPECT_EQ(parse("a;b,c\n1,2\n")[0].name, "a;b");
}

// ---- missing cells

TEST(Csv, ReadsEmptyQuestionMarkAndNaAsMissing) {
  auto const columns = parse("a,b\n,x\n?,\n NA ,?\n\"\",NA\n\"?\",\"\"\n1,y\n");
  ASSERT_EQ(columns[0].numbers.size(), 6u);
  for (int row = 0; row < 5; ++row)
    EXPECT_TRUE(std::isnan(columns[0].numbers[row])) << row;
  EXPECT_EQ(columns[0].numbers[5], 1);
  EXPECT_EQ(texts(columns[1]), (Texts{"x", "-", "-", "-", "-", "y"}));
}

TEST(Csv, ReadsAColumnOfNothingAsNumeric) {
  auto const columns = parse("a,b\n1,\n2,?\n");
  EXPECT_FALSE(columns[1].categorical);
  EXPECT_TRUE(std::isnan(columns[1].numbers[0]));
  EXPECT_TRUE(std::isnan(columns[1].numbers[1]));
}

// ---- header

TEST(Csv, TakesNoHeaderWhereTheFirstLineHasANumber) {
  auto const columns = parse("x,1\ny,2\n");
  EXPECT_EQ(names(columns), (Texts{"c1", "c2"}));
  EXPECT_EQ(columns[1].numbers, (Numbers{1, 2}));
}

TEST(Csv, TakesNoHeaderWhereNoLineHasANumber) {
  auto const columns = parse("x,a\ny,b\n");
  EXPECT_EQ(names(columns), (Texts{"c1", "c2"}));
  EXPECT_EQ(texts(columns[0]), (Texts{"x", "y"}));
}

TEST(Csv, DoesNotCountMissingCellsAsNumbersOfTheFirstLine) {
  EXPECT_EQ(names(parse("NA,?\n1,2\n")), (Texts{"NA", "?"}));
}

TEST(Csv, DoesAsTheHeaderOptionSays) {
  ReadOptions options;
  options.header = true;
  auto columns = parse("2019,2020\n1,2\n", options);
  EXPECT_EQ(names(columns), (Texts{"2019", "2020"}));
  EXPECT_EQ(columns[0].numbers, (Numbers{1}));

  options.header = false;
  columns = parse("a,b\nc,1\n", options);
  EXPECT_EQ(names(columns), (Texts{"c1", "c2"}));
  EXPECT_EQ(texts(columns[0]), (Texts{"a", "c"}));
  EXPECT_EQ(texts(columns[1]), (Texts{"b", "1"}));

  columns = parse("a,b", options);
  EXPECT_EQ(texts(columns[1]), (Texts{"b"}));
}

// ---- numbers and kinds

TEST(Csv, ReadsDecimalNumbersInEveryForm) {
  auto const columns = parse("a\n1e5\n+1\n-0.5\n.5\n5.\n1E-4\n007\n+.25e+1\n16777216\n");
  EXPECT_EQ(columns[0].numbers, (Numbers{1e5, 1, -0.5, 0.5, 5, 1e-4, 7, 2.5, 16777216}));
}

TEST(Csv, RoundsToTheNearestDouble) {
  auto const columns =
      parse("a\n0.1\n1.7976931348623157e308\n-1e300\n4.9e-324\n1e-400\n-1e-999\n0e999\n");
  constexpr double kMax = std::numeric_limits<double>::max();
  EXPECT_EQ(columns[0].numbers,
            (Numbers{0.1, kMax, -1e300, std::numeric_limits<double>::denorm_min(), 0, 0, 0}));
}

class NotANumber : public testing::TestWithParam<std::string> {};

TEST_P(NotANumber, MakesAColumnOfOneCellCategorical) {
  auto const columns = parse("a,b\n1," + GetParam() + "\n");
  EXPECT_EQ(texts(columns[1]), (Texts{GetParam()}));
}

INSTANTIATE_TEST_SUITE_P(Csv, NotANumber,
                         testing::Values("0x10", "inf", "-inf", "nan", "NaN", "infinity", "1_000",
                                         "1 000", "1e", "e5", "+", "-", "+-1", "--1", "++1", ".",
                                         "1.2.3", "1f", "1d",
                                         "\xe2\x88\x92"
                                         "1",
                                         "na", "N/A"));

// `bad` cells that are not numbers among `total`, the first of them after two numbers.
std::string mixed(int bad, int total) {
  std::string text = "key,x\n";
  for (int i = 0; i < total; ++i)
    text += "0," + (i >= 2 && i < 2 + bad ? "oops" + std::to_string(i) : std::to_string(i)) + "\n";
  return text;
}

TEST(Csv, RefusesAColumnOfWhichNineTenthsAreNumbers) {
  EXPECT_EQ(
      message(mixed(2, 20)),
      "file.csv:4:3: 'oops2' in column 'x' is not a number, as 18 of its 20 cells are; correct "
      "it (missing cells are empty, ? or NA), or read the column as text with "
      "data.columns.x=categorical");
}

TEST(Csv, ReadsAColumnOfWhichFewerAreNumbersAsCategorical) {
  auto const columns = parse(mixed(3, 20));
  EXPECT_EQ(texts(columns[1])[2], "oops2");
  EXPECT_EQ(texts(columns[1])[19], "19");
}

TEST(Csv, LeavesMissingCellsOutOfTheShare) {
  // 8 numbers and 1 that is not: below nine tenths, whatever the missing cells.
  std::string text = "key,x\n0,oops\n";
  for (int i = 0; i < 8; ++i)
    text += "0,1\n";
  for (int i = 0; i < 50; ++i)
    text += "0,?\n";
  EXPECT_TRUE(parse(text)[1].categorical);
  // 9 and 1: nine tenths.
  EXPECT_NE(message(text + "0,1\n").find("'oops'"), std::string::npos);
}

TEST(Csv, SaysThatTheFirstLineMayBeAHeader) {
  std::string text = "year,2019.5\n";
  for (int i = 0; i < 20; ++i)
    text += "1,2\n";
  std::string const what = message(text);
  EXPECT_EQ(what.substr(0, 13), "file.csv:1:1:");
  EXPECT_NE(what.find("data.header=true"), std::string::npos) << what;
}

TEST(Csv, ObeysOverridesOfKinds) {
  ReadOptions options;
  options.kinds["x"] = ColumnKind::categorical;
  EXPECT_EQ(texts(parse(mixed(1, 20), options)[1])[0], "0");

  options.kinds["x"] = ColumnKind::numeric;
  EXPECT_EQ(parse("key,x\n0,1\n0,?\n", options)[1].numbers[0], 1);
  std::string const what = message(mixed(3, 5), options);
  EXPECT_EQ(what.substr(0, what.find('\n')),
            "file.csv:4:3: 'oops2' is not a number, and data.columns.x=numeric (missing cells are "
            "empty, ? or NA)");
  EXPECT_NE(what.find("\nfile.csv:5:3: "), std::string::npos) << what;
  EXPECT_NE(what.find("\nfile.csv:6:3: "), std::string::npos) << what;
}

TEST(Csv, RefusesAnOverrideForAnUnknownColumn) {
  ReadOptions options;
  options.kinds["colur"] = ColumnKind::categorical;
  EXPECT_EQ(
      message("size,colour\n1,2\n", options),
      "file.csv: data.columns.colur: there is no column of this name; did you mean 'colour'?");
}

TEST(Csv, KeepsDifferentSpellingsOfANumberApartAsLevels) {
  ReadOptions options;
  options.kinds["a"] = ColumnKind::categorical;
  EXPECT_EQ(texts(parse("a\n1\n1.0\n01\n1\n", options)[0]), (Texts{"1", "1.0", "01", "1"}));
}

// ---- tables as people have them

TEST(CsvAsItComes, BlankLinesAreLeftOut) {
  auto const found = read("\n\na,b\n1,2\n  \n3,4\n\n");
  EXPECT_EQ(found.columns[0].numbers, (Numbers{1, 3}));
  EXPECT_EQ(found.layout.notes, (Texts{"3 blank lines are left out"}));
}

TEST(CsvAsItComes, ExcelTellsTheSeparator) {
  auto const found = read("sep=;\r\na;b\r\n1,5;2\r\n3,5;4\r\n");
  EXPECT_EQ(names(found.columns), (Texts{"a", "b"}));
  EXPECT_EQ(found.columns[0].numbers, (Numbers{1.5, 3.5}));
  EXPECT_EQ(message("sep=;\na;b\n1;2\n3\n"), "file.csv:4:2: row has 1 cell, the first has 2");
}

TEST(CsvAsItComes, NumbersInGroupsTellTheHeader) {
  auto const found = read("a;b\n1.234,5;x\n2.345,6;y\n3.456,7;x\n");
  EXPECT_TRUE(found.layout.header);
  EXPECT_EQ(found.columns[0].numbers, (Numbers{1234.5, 2345.6, 3456.7}));
  EXPECT_TRUE(read("a,b\n5%,x\n7%,y\n").layout.header);
}

TEST(CsvAsItComes, OtherEncodingsAreReadAndSaid) {
  auto const latin = read(
      "a,b\n1,Gr\xfc\xdf"
      "e\n2,\x80\n");
  EXPECT_EQ(texts(latin.columns[1]), (Texts{"Gr\xc3\xbc\xc3\x9f"
                                            "e",
                                            "\xe2\x82\xac"}));
  EXPECT_EQ(latin.layout.notes,
            (Texts{"bytes that are not UTF-8, such as 0xfc in line 2, are read as Windows-1252 "
                   "(\xc3\xbc); if that is wrong, save the file as UTF-8"}));
  // What is UTF-8 beside them stays.
  EXPECT_EQ(texts(read("a,b\n1,\xc3\xa9\n2,\xe9\n").columns[1]), (Texts{"\xc3\xa9", "\xc3\xa9"}));
  for (std::string const& bytes : {raw("\xff\xfe"
                                       "a\0,\0b\0\n\0"
                                       "1\0,\0x\0\n\0"),
                                   raw("\xfe\xff\0a\0,\0b\0\n\0"
                                       "1\0,\0x\0\n")}) {
    auto const wide = read(bytes);
    EXPECT_EQ(names(wide.columns), (Texts{"a", "b"}));
    EXPECT_EQ(wide.columns[0].numbers, (Numbers{1}));
    EXPECT_EQ(wide.layout.notes, (Texts{"the file is read as UTF-16"}));
  }
}

TEST(CsvAsItComes, ColumnsOfOneNameAreToldApart) {
  auto const found = read("a, b ,b,b.1,b\n1,2,3,4,5\n");
  EXPECT_EQ(names(found.columns), (Texts{"a", "b", "b.2", "b.1", "b.3"}));
  EXPECT_EQ(found.layout.notes,
            (Texts{"of columns of one name the later ones are called 'b.2', 'b.3'"}));
}

TEST(CsvAsItComes, NamesOfRowsHaveNoName) {
  std::string cars = "mpg cyl\n";
  for (int i = 0; i < 12; ++i)
    cars += "\"Mazda RX" + std::to_string(i) + "\" 2" + std::to_string(i) + " 6\n";
  auto const found = read(cars);
  ASSERT_EQ(names(found.columns), (Texts{"c1", "mpg", "cyl"}));
  EXPECT_EQ(found.columns[1].numbers[11], 211);
  // Separators at the ends of lines are no column.
  auto const ends = read("x,y\n1,2,\n3,4,\n5,6,\n");
  EXPECT_EQ(names(ends.columns), (Texts{"x", "y"}));
  EXPECT_EQ(ends.columns[1].numbers, (Numbers{2, 4, 6}));
  // One row that is too long is a fault of that row, and numbers are no names.
  EXPECT_EQ(message("x,y\n1,2\n3,4\n5,6,7\n"), "file.csv:4:5: row has 3 cells, the first has 2");
  EXPECT_EQ(message("1,2\n1,2,3\n4,5,6\n"),
            "file.csv:2:5: row has 3 cells, the first has 2\n"
            "file.csv:3:5: row has 3 cells, the first has 2");
  EXPECT_NE(message("A title\na,b\n1,2\n3,4\n"), "");
}

TEST(CsvAsItComes, NamelessEmptyColumnsAreLeftOut) {
  auto const found = read("a,b,\n1,2,\n3,4,\n");
  EXPECT_EQ(names(found.columns), (Texts{"a", "b"}));
  EXPECT_EQ(found.layout.notes, (Texts{"column 3 has no name and no value: it is left out"}));
}

TEST(CsvAsItComes, NumbersMayHaveTheMarkOfAUnit) {
  auto const found =
      read("money,share,debt,mixed\n\"$1,234.50\",7.5%,(3),$1\n-$2,12 %,4,1%\n($3),-1%,5,$2\n");
  EXPECT_EQ(found.columns[0].numbers, (Numbers{1234.5, -2, -3}));
  EXPECT_EQ(found.columns[1].numbers, (Numbers{7.5, 12, -1}));
  EXPECT_EQ(found.columns[2].numbers, (Numbers{-3, 4, 5}));
  EXPECT_TRUE(found.columns[3].categorical);
  ASSERT_EQ(found.layout.notes.size(), 3u);
  EXPECT_EQ(found.layout.notes[0], "column 'money': numbers with $, such as '$1,234.50'");
  EXPECT_TRUE(read("a\n$x\n%\n$\n").columns[0].categorical);
  EXPECT_EQ(read("a,b\n\"1,234   \",1\n\" 2,345\",2\n").columns[0].numbers, (Numbers{1234, 2345}));
}

TEST(CsvAsItComes, RepeatedWordsAmongNumbersAreMissing) {
  std::string text = "n,x\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(i) + ',' + (i % 20 == 5 ? "Unknown" : std::to_string(i)) + '\n';
  auto const found = read(text);
  EXPECT_FALSE(found.columns[1].categorical);
  EXPECT_TRUE(std::isnan(found.columns[1].numbers[5]));
  EXPECT_EQ(found.layout.notes,
            (Texts{"column 'x': 'Unknown' is read as missing, in 2 rows; if it is a text, say "
                   "data.columns.x=categorical"}));
  // Once, it may be a slip; and so may be what holds digits.
  EXPECT_NE(message(text.replace(text.find("Unknown"), 7, "6")), "");
  ReadOptions options;
  options.missing = Texts{"?"};
  EXPECT_NE(message(text, options), "");
}

TEST(CsvAsItComes, ALineOfUnitsIsNoRow) {
  auto const found = read("place,mass,speed\n,kg,m/s\nRome,1,2\nBonn,3,4\n");
  EXPECT_EQ(found.columns[1].numbers, (Numbers{1, 3}));
  EXPECT_EQ(found.columns[0].levels, (Texts{"Rome", "Bonn"}));
  EXPECT_EQ(found.layout.notes,
            (Texts{"the line below the header is left out, as it has words such as 'kg' where the "
                   "others have numbers"}));
  EXPECT_EQ(read("id,mass,speed\n,kg,m/s\n7,1,2\n8,3,4\n").columns[0].numbers, (Numbers{7, 8}));
  // A row with a number of its own is one.
  EXPECT_TRUE(read("a,b,c\nx,y,1\n2,3,4\n5,6,7\n").columns[0].categorical);
}

TEST(CsvAsItComes, AWordAboveNumbersIsAName) {
  auto const found = read("day,1980,1981\n1,14.2,14.3\n2,14.1,14.0\n");
  EXPECT_EQ(names(found.columns), (Texts{"day", "1980", "1981"}));
  EXPECT_EQ(found.layout.notes,
            (Texts{"the first line is read as the header, as 'day' stands above numbers; if it is "
                   "a row, say data.header=false"}));
  EXPECT_EQ(read("a,1,1\n1,2,3\n4,5,6\n").columns[0].levels.size(), 3u) << "not names: the same";
}

// ---- problems

TEST(Csv, TellsProblemsOfAllKindsInTheOrderOfTheFile) {
  ReadOptions options;
  options.kinds["a"] = ColumnKind::numeric;
  options.kinds["zebra"] = ColumnKind::numeric;
  EXPECT_EQ(message("a,b,a\n1,2,3\n1,2\nx,2,1e309\n1,2,3,4\n", options),
            "file.csv:3:4: row has 2 cells, the first has 3\n"
            "file.csv:4:1: 'x' is not a number, and data.columns.a=numeric (missing cells are "
            "empty, ? or NA)\n"
            "file.csv:4:5: '1e309' in column 'a.1' is too large; numbers go to 1.8e308\n"
            "file.csv:5:7: row has 4 cells, the first has 3\n"
            "file.csv: data.columns.zebra: there is no column of this name");
}

TEST(Csv, TellsTwentyProblemsAndCountsTheRest) {
  std::string text = "a,b\n1,2\n";
  for (int i = 0; i < 57; ++i)
    text += "1\n";
  try {
    parse(text);
    FAIL();
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 21u);
    EXPECT_EQ(error.problems()[0], "file.csv:3:2: row has 1 cell, the first has 2");
    EXPECT_EQ(error.problems()[19], "file.csv:22:2: row has 1 cell, the first has 2");
    EXPECT_EQ(error.problems()[20], "file.csv: and 37 more");
  }
}

TEST(Csv, CountsLinesInsideQuotesAndCharactersNotBytes) {
  // Line 2 and 3 are one row; line 4 has two characters of two bytes before its third cell.
  EXPECT_EQ(message("a,b\n\"x\r\ny\",1\n\xc3\xb6\xc3\xb6,2,3\n"),
            "file.csv:4:6: row has 3 cells, the first has 2");
}

class MalformedCsv : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedCsv, IsRefusedWithItsPlace) {
  expect_message(GetParam(), message(GetParam().bytes));
}

INSTANTIATE_TEST_SUITE_P(
    Csv, MalformedCsv,
    testing::Values(
        Malformed{"Empty", "", "file.csv:1:1: ", "empty"},
        Malformed{"OnlyAMark", "\xef\xbb\xbf", "file.csv:1:1: ", "empty"},
        Malformed{"OnlyLineEnds", "\n\r\n\n", "file.csv:1:1: ", "empty"},
        Malformed{"OnlySpaces", "  \t ", "file.csv:1:1: ", "empty"},
        Malformed{"HeaderOnly", "a,b\n", "file.csv:2:1: ", "no rows"},
        Malformed{"HeaderOnlyWithoutLineEnd", "a,b", "file.csv:1:4: ", "no rows"},
        Malformed{"ShortRow", "a,b\n1,2\n3\n", "file.csv:3:2: ", "row has 1 cell, the first has 2"},
        Malformed{"LongRow", "a,b\n1,2\n3,4, 5\n",
                  "file.csv:3:6: ", "row has 3 cells, the first has 2"},
        Malformed{"LongRowQuoted", "a,b\n1,2\n3,4,\"5\"\n", "file.csv:3:5: ", "row has 3 cells"},
        Malformed{"CommaAtTheEndOfARow", "a,b\n1,2,\n", "file.csv:2:5: ", "row has 3 cells"},
        Malformed{"CommaAtTheEndOfTheFile", "a,b\n1,2\n3,4,", "file.csv:3:5: ", "row has 3 cells"},
        Malformed{"UnclosedQuote", "a,b\n1,\"x\n2,y\n", "file.csv:2:3: ", "never closed"},
        Malformed{"UnclosedQuoteInHeader", "\"a,b\n1,2\n", "file.csv:1:1: ", "never closed"},
        Malformed{"UnclosedAfterDoubledQuote", "a,b\n1,\"x\"\"\n",
                  "file.csv:2:3: ", "never closed"},
        Malformed{"LoneQuoteAtTheEnd", "a,b\n1,\"", "file.csv:2:3: ", "never closed"},
        Malformed{"TextAfterQuote", "a,b\n1,\"x\"y\n", "file.csv:2:6: ", "after the closing quote"},
        Malformed{"SpaceAndTextAfterQuote", "a,b\n1,\"x\" y,\n",
                  "file.csv:2:7: ", "after the closing quote"},
        Malformed{"QuoteInsideCell", "a,b\n1,5\" pipe\n", "file.csv:2:4: ", "quote inside a cell"},
        Malformed{"ZeroByte", raw("a,b\n1,\0\n"), "file.csv:2:3: ", "byte 0x00"},
        Malformed{"ZeroByteInQuotes", raw("a,b\n1,\"x\0\"\n"), "file.csv:2:5: ", "byte 0x00"},
        Malformed{"ZeroByteFirst", raw("\0a,b\n1,2\n"), "file.csv:1:1: ", "byte 0x00"},
        Malformed{"ControlCharacter", "a,b\n1,2\n\x1b[0m,4\n", "file.csv:3:1: ", "byte 0x1b"},
        Malformed{"Delete", "a,b\n1,x\x7f\n", "file.csv:2:4: ", "byte 0x7f"},
        Malformed{"HalfUtf16",
                  raw("\xff\xfe"
                      "a\0,\0b\0\n"),
                  "file.csv:1:1: ", "byte 0xff"},
        Malformed{"GzipBytes", raw("\x1f\x8b\x08\0\0\0"), "file.csv:1:1: ", "byte 0x1f"},
        Malformed{"NamelessColumnOfATakenName", ",c1\n1,2\n",
                  "file.csv:1:1: ", "column 1 has no name in the header, and c1 is another one"},
        Malformed{"TooLarge", "a,b\n1,2\n1,1.8e308\n", "file.csv:3:3: ", "too large"},
        Malformed{"TooLargeNegative", "a,b\n1,-1e400\n", "file.csv:2:3: ", "too large"},
        Malformed{"TooManyDigits", "a,b\n1," + std::string(400, '9') + "\n",
                  "file.csv:2:3: ", "too large"},
        Malformed{"HugeExponent", "a,b\n1,0.001e99999999999999999999\n",
                  "file.csv:2:3: ", "too large"},
        Malformed{"BadCellAfterCarriageReturns", "a\r1\r1\r1\r1\r1\r1\r1\r1\r1\r1\roops\r",
                  "file.csv:12:1: ", "'oops' in column 'a'"},
        Malformed{"TooManyColumns", std::string(std::size_t{1} << 20, ',') + "\n1\n",
                  "file.csv:1:1: ", "at most 1048576"},
        Malformed{"HugeCell", "a,b\n1,\"" + std::string(std::size_t{1} << 23, 'x') + "\"\n",
                  "file.csv:2:4: ", "at most 8388607"}),
    test_name);

TEST(Csv, SurvivesMutation) {
  std::string const valid =
      "\xef\xbb\xbfname, age ,city\r\n\"A \"\"B\"\"\",1.5,Z\xc3\xbcrich\r\nx,?,\"a,\nb\"\r\n"
      "y,-2e3,NA\r\nz,,q\r\n\r\n";
  expect_consistent(parse(valid));
  int const refused =
      refused_mutations(valid, 4000, [](std::string const& text) { return parse(text); });
  // Most cuts and flips leave something readable; a good part do not.
  EXPECT_GT(refused, 400);
  EXPECT_LT(refused, 3900);
}

// ---- real files

std::string shared(std::string const& file) {
  return std::string(BROOD_TEST_TABLES "/") + file;
}
bool is_there(std::string const& file) {
  return std::filesystem::exists(shared(file));
}
constexpr char kAbsent[] = "the file is not in BROOD_TEST_TABLES (tests/README.md)";

TEST(RealCsv, ReadsAdult) {
  if (!is_there("adult-train.csv")) GTEST_SKIP() << kAbsent;
  auto const columns = read_columns(shared("adult-train.csv"));
  ASSERT_EQ(columns.size(), 15u);
  std::string kinds;
  std::vector<std::ptrdiff_t> missing;
  for (Column const& column : columns) {
    kinds += column.categorical ? 't' : 'n';
    EXPECT_EQ(column.categorical ? column.codes.size() : column.numbers.size(), 32561u);
    missing.push_back(std::count(column.codes.begin(), column.codes.end(), -1));
  }
  EXPECT_EQ(kinds, "ntntntttttnnntt");
  EXPECT_EQ(missing,
            (std::vector<std::ptrdiff_t>{0, 1836, 0, 0, 0, 0, 1843, 0, 0, 0, 0, 0, 0, 583, 0}));
  EXPECT_EQ(columns[14].levels, (Texts{"<=50K", ">50K"}));
  EXPECT_EQ(columns[0].numbers[0], 39);
  EXPECT_EQ(texts(columns[13])[0], "United-States");
}

TEST(RealCsv, ReadsAdultTest) {
  if (!is_there("adult-test.csv")) GTEST_SKIP() << kAbsent;
  auto const columns = read_columns(shared("adult-test.csv"));
  ASSERT_EQ(columns.size(), 15u);
  EXPECT_EQ(columns[0].numbers.size(), 16281u);
  EXPECT_EQ(columns[14].levels, (Texts{"<=50K.", ">50K."}));
}

TEST(RealCsv, ReadsAbaloneWithoutHeader) {
  if (!is_there("abalone.csv")) GTEST_SKIP() << kAbsent;
  auto const columns = read_columns(shared("abalone.csv"));
  EXPECT_EQ(names(columns), (Texts{"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"}));
  EXPECT_EQ(columns[0].levels, (Texts{"M", "F", "I"}));
  ASSERT_EQ(columns[8].numbers.size(), 4177u);
  EXPECT_EQ(columns[8].numbers[0], 15);
}

TEST(RealCsv, ReadsWine) {
  auto const columns = read_columns(BROOD_TEST_DATA "/wine.csv");
  ASSERT_EQ(columns.size(), 14u);
  EXPECT_EQ(columns[13].name, "cultivar");
  EXPECT_EQ(columns[0].numbers.size(), 178u);
  EXPECT_EQ(columns[0].numbers[0], 14.23);
}

TEST(RealCsv, ReadsDigits) {
  if (!is_there("digits.csv")) GTEST_SKIP() << kAbsent;
  auto const columns = read_columns(shared("digits.csv"));
  ASSERT_EQ(columns.size(), 65u);
  EXPECT_EQ(columns[0].name, "pixel_0_0");
  EXPECT_EQ(columns[64].name, "digit");
  for (Column const& column : columns)
    EXPECT_EQ(column.numbers.size(), 1797u);
}

TEST(RealCsv, ReadsBreastCancer) {
  auto const columns = read_columns(BROOD_TEST_DATA "/breast_cancer.csv");
  ASSERT_EQ(columns.size(), 31u);
  EXPECT_TRUE(columns[30].categorical);
  EXPECT_EQ(columns[30].levels.size(), 2u);
  EXPECT_EQ(columns[30].codes.size(), 569u);
}

}  // namespace
}  // namespace brood::files
