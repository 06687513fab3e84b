// SPDX-License-Identifier: Apache-2.0
// Files as people have them: other separators, decimal commas, groups of digits, comments, words
// for missing values, headers of numbers and columns without a name. What was found is said.
#include "files/table/csv_dialect.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "files/reading.hpp"
#include "files/table/parsed_csv.hpp"

namespace brood::files {
namespace {

using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

CsvDialect found(std::string const& text) {
  return find_dialect(text, std::nullopt, std::nullopt);
}

Names names_of(std::vector<Column> const& columns) {
  Names names;
  for (Column const& column : columns)
    names.push_back(column.name);
  return names;
}

// ---- separators and decimals

TEST(CsvDialect, IsFoundFromTheFirstLines) {
  EXPECT_EQ(found("a,b\n1,2\n").separator, ',');
  EXPECT_EQ(found("a;b\n1;2\n").separator, ';');
  EXPECT_EQ(found("a\tb\n1\t2\n").separator, '\t');
  EXPECT_EQ(found("a|b\r\n1|2\r\n").separator, '|');
  EXPECT_EQ(found("a b  c\n 1  2 3\n4 5 6\n").separator, ' ');
  EXPECT_EQ(found("x\n1\n2\n").separator, ',') << "one column";
  EXPECT_EQ(found("").separator, ',');
}

TEST(CsvDialect, IsNotFoundInTheTextOfCells) {
  EXPECT_EQ(found("name,town\nA B,New York\nC D,Los Angeles\n").separator, ',');
  EXPECT_EQ(found("tags,n\na;b,1\nc;d,2\n").separator, ',') << "numbers tell";
  EXPECT_EQ(found("q,n\n\"a;b;c\",1\n\"d\",2\n").separator, ',') << "not within quotes";
  EXPECT_EQ(found("sentence\nthe cat sat\nthe dog ran\n").separator, ',') << "words";
}

TEST(CsvDialect, TellsDecimalCommasFromSeparators) {
  CsvDialect const german = found("a;b;y\n0,1257;-0,6635;0\n1,5;2,25;1\n");
  EXPECT_EQ(german.separator, ';');
  EXPECT_EQ(german.decimal, ',');
  EXPECT_EQ(found("0,1257;-0,6635\n1,5;2,25\n").separator, ';') << "without a header";
  EXPECT_EQ(found("a;b\n1.5;x,1\n2.5;y,2\n").decimal, '.');
  // More than have a point can only be decimals behind a comma.
  EXPECT_EQ(found("a;b;c\n1.5;2,5;0,25\n2.5;3,75;7,5\n").decimal, ',');
  EXPECT_EQ(found("a;b;c\n1.5;2,500;1,250\n2.5;3,750;7,500\n").decimal, '.');
  EXPECT_EQ(found("a,b\n1,5\n").decimal, '.');
}

TEST(CsvDialect, HasNamesForSeparators) {
  for (char const separator : {',', ';', '\t', '|', ' ', ':', '~'})
    EXPECT_EQ(separator_named(separator_name(separator)), separator) << separator;
  for (std::string const name : {"", "a", "7", ".", "-", "\"", "\n", "two", ",,"})
    EXPECT_FALSE(separator_named(name)) << name;
  EXPECT_EQ(separator_named("\\t"), '\t');
}

TEST(CsvDialect, ReadsGroupedNumbersAndDecimalCommas) {
  EXPECT_EQ(plain_number("1,234", '.'), "1234");
  EXPECT_EQ(plain_number("-12,345,678.5", '.'), "-12345678.5");
  EXPECT_EQ(plain_number("1.234.567,5", ','), "1234567.5");
  EXPECT_EQ(plain_number("0,5", ','), "0.5");
  EXPECT_EQ(plain_number("0,5e3", ','), "0.5e3");
  for (std::string const bad :
       {"1,23", "12,34,567", "1234,567", ",234", "1,234,", "1,2345", "", "-", "1,234x", "1.5"})
    EXPECT_EQ(plain_number(bad, '.'), "") << bad;
}

TEST(Csv, ReadsWhatADialectSays) {
  for (std::string const text :
       {"a;b;y\n0,5;-1,25;x\n2,0;3,5;y\n", "a\tb\ty\n0.5\t-1.25\tx\n2.0\t3.5\ty\n",
        "a|b|y\n0.5|-1.25|x\n2.0|3.5|y\n", "a b y\n0.5 -1.25 x\n 2.0   3.5\ty  \n",
        "a,b,y\n0.5,-1.25,x\n2.0,3.5,y\n"}) {
    auto const columns = read(text).columns;
    ASSERT_EQ(columns.size(), 3u) << text;
    EXPECT_EQ(columns[0].numbers, (Numbers{0.5, 2})) << text;
    EXPECT_EQ(columns[1].numbers, (Numbers{-1.25, 3.5})) << text;
    EXPECT_EQ(columns[2].levels, (Names{"x", "y"})) << text;
  }
}

TEST(Csv, EmptyCellsBetweenTabsAreMissing) {
  auto const columns = read("a\tb\tc\n1\t\t3\n4\t5\t\n").columns;
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_TRUE(std::isnan(columns[1].numbers[0]));
  EXPECT_TRUE(std::isnan(columns[2].numbers[1]));
}

TEST(Csv, SaysWhatWasFound) {
  EXPECT_EQ(read("a;b\n0,5;1\n1,5;2\n").layout.notes,
            (Names{"cells are separated by semicolons, decimals by a comma"}));
  EXPECT_EQ(read("a;b\n0,5;1\n1,5;2\n").layout.separator, "semicolon");
  EXPECT_TRUE(read("a,b\n0.5,1\n").layout.notes.empty()) << "nothing of the usual";
  EXPECT_TRUE(read("a,b\n0.5,1\n").layout.header);
}

TEST(Csv, TakesWhatIsAskedFor) {
  ReadOptions options;
  options.separator = ";";
  auto const one = read("a,b;c\n1,5;2\n", options).columns;
  EXPECT_EQ(names_of(one), (Names{"a,b", "c"}));
  options.decimal = ",";
  EXPECT_EQ(read("a;c\n1,5;2\n", options).columns[0].numbers, (Numbers{1.5}));
  options.separator = ":";
  options.decimal = "";
  EXPECT_EQ(read("a:c\n1:2\n", options).columns[1].numbers, (Numbers{2}));
}

TEST(Csv, ReadsNumbersInGroups) {
  ParsedCsv const quoted = read("pop,y\n\"1,234\",a\n56,b\n\"7,890,123\",c\n");
  EXPECT_EQ(quoted.columns[0].numbers, (Numbers{1234, 56, 7890123}));
  ASSERT_EQ(quoted.layout.notes.size(), 1u);
  EXPECT_EQ(quoted.layout.notes[0],
            "column 'pop': numbers in groups of three digits, such as '1,234'");
  EXPECT_EQ(read("pop;y\n1.234,5;1\n56,5;2\n").columns[0].numbers, (Numbers{1234.5, 56.5}));
  EXPECT_TRUE(read("pair,y\n\"1,23\",a\n\"4,56\",b\n").columns[0].categorical);
}

// ---- comments

TEST(Csv, LeavesOutCommentsThatAreNoRows) {
  ParsedCsv const commented = read("# made by hand\n# in 2024\na,b\n1,2\n# a note\n3,4\n");
  EXPECT_EQ(names_of(commented.columns), (Names{"a", "b"}));
  EXPECT_EQ(commented.columns[0].numbers, (Numbers{1, 3}));
  ASSERT_EQ(commented.layout.notes.size(), 1u);
  EXPECT_NE(commented.layout.notes[0].find("3 lines that begin with #"), std::string::npos);
  EXPECT_EQ(names_of(read("#a,b\n1,2\n").columns), (Names{"#a", "b"})) << "a header";
  EXPECT_EQ(read("c,b\n#f00,2\n#0f0,4\n").columns[0].levels, (Names{"#f00", "#0f0"})) << "rows";
}

// ---- words for missing values

TEST(Csv, WordsAreMissingWhereTheRestIsNumbers) {
  for (std::string const word : {"NaN", "nan", "null", "NULL", "N/A", "None", "-", "."}) {
    ParsedCsv const numbers = read("x,y\n1," + word + "\n2,5\n3,6\n");
    ASSERT_FALSE(numbers.columns[1].categorical) << word;
    EXPECT_TRUE(std::isnan(numbers.columns[1].numbers[0])) << word;
    EXPECT_EQ(numbers.columns[1].numbers[2], 6) << word;
    EXPECT_EQ(numbers.layout.notes,
              (Names{"column 'y': '" + word + "' is read as missing, in 1 row"}));
    ParsedCsv const texts = read("x,y\n1," + word + "\n2,red\n3,blue\n");
    EXPECT_EQ(texts.columns[1].levels, (Names{word, "red", "blue"}))
        << "a category may be called so";
  }
}

// As in a file to predict, whose few rows may have no number.
TEST(Csv, WordsAreMissingInAColumnKnownToBeNumeric) {
  ReadOptions options;
  options.kinds["y"] = ColumnKind::numeric;
  ParsedCsv const none = read("x,y\n1,NaN\n2,null\n", options);
  EXPECT_TRUE(std::isnan(none.columns[1].numbers[0]));
  EXPECT_TRUE(std::isnan(none.columns[1].numbers[1]));
  EXPECT_THROW(read("x,y\n1,NaN\n2,red\n", options), UsageError);
}

TEST(Csv, RefusesSeparatorsAndDecimalsThatCannotBe) {
  ReadOptions options;
  options.separator = "two";
  EXPECT_THROW(read("a,b\n1,2\n", options), UsageError);
  options.separator = "";
  options.decimal = ";";
  EXPECT_THROW(read("a,b\n1,2\n", options), UsageError);
}

TEST(Csv, WordsForMissingValuesCanBeChosen) {
  ReadOptions options;
  options.missing = {"-999", "none"};
  ParsedCsv const chosen = read("x,c\n1,red\n-999,none\n3,?\n", options);
  EXPECT_TRUE(std::isnan(chosen.columns[0].numbers[1]));
  EXPECT_EQ(chosen.columns[1].codes, (std::vector<std::int32_t>{0, -1, 1}));
  EXPECT_EQ(chosen.columns[1].levels, (Names{"red", "?"}));
}

// ---- headers

TEST(Csv, NumbersThatCountUpAreAHeader) {
  for (std::string const header : {"0,1,2", "1,2,3"}) {
    ParsedCsv const counted = read(header + "\n0.5,3,1\n0.25,4,2\n");
    EXPECT_TRUE(counted.layout.header);
    EXPECT_EQ(counted.columns[0].numbers, (Numbers{0.5, 0.25}));
    ASSERT_EQ(counted.layout.notes.size(), 1u);
    EXPECT_NE(counted.layout.notes[0].find("as it counts up"), std::string::npos);
  }
  EXPECT_FALSE(read("0,1\n5,6\n").layout.header) << "too few to tell";
  EXPECT_FALSE(read("0,1,3\n5,6,7\n").layout.header);
}

TEST(Csv, ANamedTargetTellsTheHeader) {
  ReadOptions options;
  options.targets = {"class"};
  std::string const text = "colour,class\nred,a\nblue,b\n";
  EXPECT_TRUE(read(text, options).layout.header);
  EXPECT_FALSE(read(text).layout.header);
  options.header = false;
  EXPECT_FALSE(read(text, options).layout.header) << "who says otherwise is right";
}

TEST(Csv, ANamelessColumnThatCountsTheRowsIsLeftOut) {
  ParsedCsv const index = read(",a,y\n0,5,x\n1,6,y\n2,7,x\n");
  EXPECT_EQ(names_of(index.columns), (Names{"a", "y"}));
  EXPECT_EQ(index.layout.notes,
            (Names{"column 1 has no name and counts the rows: it is left out"}));
  ParsedCsv const other = read("a,,y\n1,5,x\n2,9,y\n");
  EXPECT_EQ(names_of(other.columns), (Names{"a", "c2", "y"}));
  EXPECT_EQ(other.layout.notes, (Names{"column 2 has no name: it is called c2"}));
}

TEST(Csv, LabelsKeepTheirLeadingZeros) {
  ReadOptions options;
  options.targets = {"zip"};
  std::string const text = "x,zip\n1,00501\n2,10001\n3,00501\n";
  ParsedCsv const target = read(text, options);
  EXPECT_EQ(target.columns[1].levels, (Names{"00501", "10001"}));
  EXPECT_FALSE(read(text).columns[1].categorical) << "of an input they say nothing";
}

}  // namespace
}  // namespace brood::files
