// SPDX-License-Identifier: Apache-2.0
// csv: which columns are dates, in what format, and what is said of it.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/files/columns.hpp"
#include "files/reading.hpp"

namespace brood::files {
namespace {

constexpr double kDay = 18292;  // 2020-01-31

Column first_column(std::string const& cells, ReadOptions const& options = {},
                    TextLayout* found = nullptr) {
  return parse_csv("d,n\n" + cells, "file.csv", options, found)[0];
}

TEST(CsvDates, AreFoundWhereAllCellsAreOfOneFormat) {
  for (auto const& [cells, format] : {std::pair("2020-01-31,1\n2020-02-01 12:00,2\n", "yyyy-mm-dd"),
                                      std::pair("31/01/2020,1\n01/02/2020,2\n", "dd/mm/yyyy"),
                                      std::pair("1/31/2020,1\n2/1/2020,2\n", "mm/dd/yyyy"),
                                      std::pair("31.01.2020,1\n01.02.2020,2\n", "dd.mm.yyyy"),
                                      std::pair("31-Jan-2020,1\n1-Feb-2020,2\n", "dd-mon-yyyy"),
                                      std::pair("2020/01/31,1\n2020/02/01,2\n", "yyyy/mm/dd")}) {
    TextLayout found;
    Column const column = first_column(cells, {}, &found);
    EXPECT_EQ(column.date, format) << cells;
    EXPECT_FALSE(column.categorical);
    EXPECT_TRUE(column.levels.empty() && column.codes.empty());
    ASSERT_EQ(column.numbers.size(), 2u);
    EXPECT_EQ(column.numbers[0], kDay) << cells;
    EXPECT_TRUE(found.notes.empty()) << found.notes[0];
  }
  EXPECT_EQ(first_column("7:30,1\n18:00,2\n").numbers, (std::vector<double>{27000, 64800}));
}

TEST(CsvDates, OneOtherTextMakesAColumnOfTexts) {
  EXPECT_TRUE(first_column("2020-01-31,1\nlater,2\n").categorical);
  EXPECT_TRUE(first_column("2020-01-31,1\n31/01/2020,2\n").categorical);
  EXPECT_TRUE(first_column("?,1\n,2\n").date.empty());
}

TEST(CsvDates, MissingOnesAreMissing) {
  TextLayout found;
  Column const column = first_column("2020-01-31,1\n,2\nNaT,3\nNA,4\n", {}, &found);
  EXPECT_EQ(column.date, "yyyy-mm-dd");
  EXPECT_EQ(column.numbers[0], kDay);
  for (std::size_t row = 1; row < 4; ++row)
    EXPECT_TRUE(std::isnan(column.numbers[row]));
  EXPECT_EQ(found.notes,
            (std::vector<std::string>{"column 'd': 'NaT' is read as missing, in 1 row"}));
}

TEST(CsvDates, TheOrderOfRowsTellsDaysFromMonths) {
  TextLayout found;
  EXPECT_EQ(first_column("11/01/2020,1\n12/01/2020,2\n01/02/2020,3\n", {}, &found).date,
            "dd/mm/yyyy");
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_EQ(found.notes[0],
            "column 'd': dates such as '11/01/2020' are read as dd/mm/yyyy, in which they are in "
            "order; if that is wrong, say data.columns.d=mm/dd/yyyy");
  EXPECT_EQ(first_column("02/01/2020,3\n01/12/2020,2\n01/11/2020,1\n").date, "mm/dd/yyyy");
}

TEST(CsvDates, WhereNothingTellsTheMonthComesFirstButNotInEurope) {
  TextLayout found;
  EXPECT_EQ(first_column("01/02/2020,1\n03/01/2020,2\n02/03/2020,3\n", {}, &found).date,
            "mm/dd/yyyy");
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_EQ(found.notes[0],
            "column 'd': dates such as '01/02/2020' are read as mm/dd/yyyy; if that is wrong, say "
            "data.columns.d=dd/mm/yyyy");
  auto const columns =
      parse_csv("d;n\n01/02/2020;1,5\n03/01/2020;2,5\n02/03/2020;3,5\n", "file.csv");
  EXPECT_EQ(columns[0].date, "dd/mm/yyyy");
}

TEST(CsvDates, AFormatCanBeAskedFor) {
  ReadOptions options;
  options.kinds["d"] = ColumnKind::date;
  options.dates["d"] = "dd/mm/yyyy";
  TextLayout found;
  EXPECT_EQ(first_column("01/02/2020,1\n?,2\n", options, &found).numbers[0], kDay + 1);
  EXPECT_TRUE(found.notes.empty());
  std::string const message =
      message_of([&] { first_column("01/02/2020,1\n01/31/2020,2\n", options); });
  EXPECT_EQ(message, "file.csv:3:1: '01/31/2020' is no date as in data.columns.d=dd/mm/yyyy");
  options.kinds["d"] = ColumnKind::categorical;
  EXPECT_TRUE(first_column("01/02/2020,1\n01/02/2021,2\n", options).categorical);
}

TEST(CsvDates, TellTheHeaderOfATableOfTexts) {
  TextLayout found;
  auto const columns =
      parse_csv("day,town\n2020-01-31,Rome\n2020-02-01,Bonn\n", "file.csv", {}, &found);
  EXPECT_TRUE(found.header);
  EXPECT_EQ(columns[0].name, "day");
  parse_csv("2020-01-31,Rome\n2020-02-01,Bonn\n", "file.csv", {}, &found);
  EXPECT_FALSE(found.header);
  // Days as names of columns are a header.
  parse_csv("town,2020-01-31\nRome,3\nBonn,4\n", "file.csv", {}, &found);
  EXPECT_TRUE(found.header);
}

TEST(CsvDates, WhatCannotBeReadLaterIsCounted) {
  ReadOptions options;
  options.lenient = true;
  options.kinds = {{"d", ColumnKind::date}, {"n", ColumnKind::numeric}};
  options.dates["d"] = "yyyy-mm-dd";
  auto const columns =
      parse_csv("d,n\n2020-01-31,1\nsoon,many\nlater,1e999\n?,2\n", "file.csv", options);
  EXPECT_EQ(columns[0].unread, 2);
  EXPECT_EQ(columns[0].unread_text, "soon");
  EXPECT_EQ(columns[1].unread, 2);
  EXPECT_EQ(columns[1].unread_text, "many");
  EXPECT_TRUE(std::isnan(columns[0].numbers[1]) && std::isnan(columns[1].numbers[2]));
  // But a column of nothing else is another column.
  std::string const message =
      message_of([&] { parse_csv("d,n\nsoon,x\nlater,y\n", "file.csv", options); });
  EXPECT_NE(message.find("file.csv:2:1: 'soon' in column 'd' is not a date as yyyy-mm-dd, nor is "
                         "any other of its cells"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("'x' in column 'n' is not a number"), std::string::npos) << message;
}

}  // namespace
}  // namespace brood::files
