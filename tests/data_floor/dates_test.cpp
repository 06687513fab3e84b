// SPDX-License-Identifier: Apache-2.0
// Dates as numbers. Days since 1970-01-01 are those of Python's datetime.date.toordinal() - 719163.
#include "data/dates.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "columns.hpp"

namespace brood {
namespace {

using test::kNaN;
using test::numbers;
using Cycles = std::vector<Cycle>;

constexpr double kDay = 18292;  // 2020-01-31

struct Written {
  char const* format;
  char const* text;
  double value;
};

class Reads : public testing::TestWithParam<Written> {};

TEST_P(Reads, TheDayAndTheTime) {
  auto const value = read_date(GetParam().text, GetParam().format);
  ASSERT_TRUE(value.has_value()) << GetParam().text;
  EXPECT_NEAR(*value, GetParam().value, 1e-9) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Dates, Reads,
    testing::Values(
        Written{"yyyy-mm-dd", "2020-01-31", kDay}, Written{"yyyy-mm-dd", "2020-1-31", kDay},
        Written{"yyyy/mm/dd", "2020/01/31", kDay}, Written{"dd/mm/yyyy", "31/01/2020", kDay},
        Written{"mm/dd/yyyy", "1/31/2020", kDay}, Written{"dd.mm.yyyy", "31.01.2020", kDay},
        Written{"dd-mm-yyyy", "31-01-2020", kDay}, Written{"mm/dd/yy", "1/31/20", kDay},
        Written{"dd.mm.yy", "31.01.20", kDay}, Written{"mm/dd/yy", "7/1/62", -2741},
        Written{"dd-mon-yyyy", "31-JAN-2020", kDay},
        Written{"dd mon yyyy", "31 January 2020", kDay},
        Written{"mon dd yyyy", "Jan 31 2020", kDay}, Written{"mon dd, yyyy", "Jan 31, 2020", kDay},
        Written{"mon yyyy", "Feb 2020", 18293}, Written{"yyyy-mm", "2020-02", 18293},
        Written{"yyyy-mm-dd", "0001-01-01", -719162},
        Written{"yyyy-mm-dd", "1969-12-31 18:00", -0.25},
        Written{"yyyy-mm-dd", "2020-01-31T12:00:00", kDay + 0.5},
        Written{"yyyy-mm-dd", "2020-01-31 12:00:30.25Z", kDay + 0.5 + 30.25 / 86400},
        Written{"yyyy-mm-dd", "2020-01-31T12:00:00+02:00", kDay + 10.0 / 24},
        Written{"yyyy-mm-dd", "2020-01-31 12:00:00-0330", kDay + 15.5 / 24},
        Written{"yyyy-mm-dd", "2020-01-31 12:00:00 UTC", kDay + 0.5},
        Written{"yyyy-mm-dd", "2020-01-30T24:00", kDay},
        Written{"mm/dd/yyyy", "01/31/2020 03:00:00 PM", kDay + 15.0 / 24},
        Written{"mm/dd/yy", "1/31/20 12:30 AM", kDay + 0.5 / 24},
        Written{"hh:mm", "7:05", 7 * 3600 + 300}, Written{"hh:mm", "23:59:59.5", 86399.5},
        Written{"hh:mm", "6:30 pm", 18.5 * 3600}, Written{"hh:mm", "100:00:00", 360000}));

TEST(Dates, WhatIsNoneIsRefused) {
  for (char const* text :
       {"", "2020", "2020-02-30", "2019-02-29", "2020-13-01", "2020-00-10", "20-01-01",
        "2020-01-01x", "2020-01-01 ", "2020-01-0112:00", "2020-01-01 25:00", "2020-01-01 24:01",
        "2020-01-01 12:60", "2020-01-01 12", "2020-01-01 12:00 +1", "2020-01-01 13:00 PM",
        "2020-01-01 12:00 CET", "-2020-01-01", "2020-01-01 12:00:00+02:00:00"}) {
    EXPECT_FALSE(read_date(text, "yyyy-mm-dd")) << text;
  }
  EXPECT_FALSE(read_date("31/01/2020", "mm/dd/yyyy"));
  EXPECT_FALSE(read_date("1.2.10", "dd.mm.yy")) << "a version";
  EXPECT_FALSE(read_date("12 Jux 2020", "dd mon yyyy"));
  EXPECT_FALSE(read_date("Ja 2020", "mon yyyy"));
  EXPECT_FALSE(read_date("2020-01 12:00", "yyyy-mm"));
  for (char const* text : {"12", "12:", "12:5", "12:60", "12:00:61", "12:00 x", "12345:00"})
    EXPECT_FALSE(read_date(text, "hh:mm")) << text;
}

TEST(Dates, EveryFormatReadsItsOwnKind) {
  for (std::string_view const format : date_formats()) {
    EXPECT_TRUE(is_date_format(format));
    EXPECT_EQ(is_clock_format(format), format == "hh:mm");
  }
  EXPECT_FALSE(is_date_format("iso"));
}

TEST(Dates, TextIsThatOfTheStandard) {
  EXPECT_EQ(date_text(kDay, "dd/mm/yyyy"), "2020-01-31");
  EXPECT_EQ(date_text(kDay + 0.5, "yyyy-mm-dd"), "2020-01-31 12:00:00");
  EXPECT_EQ(date_text(kDay - 1e-9, "yyyy-mm-dd"), "2020-01-31");
  EXPECT_EQ(date_text(-0.25, "yyyy-mm-dd"), "1969-12-31 18:00:00");
  EXPECT_EQ(date_text(18.5 * 3600, "hh:mm"), "18:30:00");
}

// ---- cycles

std::vector<double> steps(double first, double step, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i)
    values.push_back(first + step * i);
  return values;
}

TEST(Dates, CyclesAreThoseThatWereGoneThrough) {
  auto const cycles = [](std::vector<double> const& values) {
    return cycles_of(values, "yyyy-mm-dd");
  };
  EXPECT_EQ(cycles(steps(kDay, 1, 10)), Cycles{}) << "ten days";
  EXPECT_EQ(cycles(steps(kDay, 1, 60)), Cycles{Cycle::week});
  EXPECT_EQ(cycles(steps(kDay, 1, 730)), (Cycles{Cycle::week, Cycle::year}));
  EXPECT_EQ(cycles(steps(kDay, 1.0 / 24, 30)), Cycles{}) << "thirty hours";
  EXPECT_EQ(cycles(steps(kDay, 1.0 / 24, 60)), Cycles{Cycle::day});
  EXPECT_EQ(cycles(steps(kDay, 1.0 / 24, 24 * 600)),
            (Cycles{Cycle::day, Cycle::week, Cycle::year}));
  EXPECT_EQ(cycles(steps(kDay, 7, 200)), Cycles{Cycle::year}) << "the same day of every week";
  // Missing values, one value, none.
  EXPECT_EQ(cycles({double(kNaN), kDay}), Cycles{});
  EXPECT_EQ(cycles({double(kNaN)}), Cycles{});
}

TEST(Dates, MonthsAndYearsHaveNoWeeks) {
  std::vector<double> months, years;
  for (int year = 2000; year < 2010; ++year) {
    for (int month = 1; month <= 12; ++month)
      months.push_back(
          *read_date(std::to_string(year) + "-" + std::to_string(month) + "-1", "yyyy-mm-dd"));
    years.push_back(*read_date(std::to_string(year) + "-12-31", "yyyy-mm-dd"));
  }
  EXPECT_EQ(cycles_of(months, "yyyy-mm-dd"), Cycles{Cycle::year});
  EXPECT_EQ(cycles_of(years, "yyyy-mm-dd"), Cycles{});
}

TEST(Dates, TimesOfDayGoRound) {
  EXPECT_EQ(cycles_of(steps(0, 3600, 24), "hh:mm"), Cycles{Cycle::day});
  EXPECT_EQ(cycles_of(steps(8 * 3600.0, 3600, 4), "hh:mm"), Cycles{}) << "a morning";
  EXPECT_EQ(cycles_of(steps(0, 3600, 48), "hh:mm"), Cycles{}) << "durations";
}

TEST(Dates, PlacesInCycles) {
  EXPECT_NEAR(place_in(Cycle::day, kDay + 0.25, "yyyy-mm-dd"), 0.25, 1e-9);
  EXPECT_NEAR(place_in(Cycle::day, 6 * 3600, "hh:mm"), 0.25, 1e-9);
  EXPECT_NEAR(place_in(Cycle::week, kDay, "yyyy-mm-dd"), 1.0 / 7, 1e-9) << "a Friday";
  EXPECT_NEAR(place_in(Cycle::year, kDay, "yyyy-mm-dd"), 30.0 / 366, 1e-9);
  EXPECT_NEAR(place_in(Cycle::year, -1, "yyyy-mm-dd"), 364.0 / 365, 1e-9);
}

// ---- in a table

Column days(std::string name, std::vector<double> values) {
  Column column = numbers(std::move(name), std::move(values));
  column.date = "yyyy-mm-dd";
  return column;
}

TEST(Dates, BecomeTheDayAndItsPlaces) {
  std::vector<double> targets;
  for (int i = 0; i < 60; ++i)
    targets.push_back(i + 0.5);
  std::vector<double> values = steps(kDay, 1, 60);
  values[3] = double(kNaN);
  std::vector<Column> const columns = {days("d", values), numbers("y", targets)};
  Dataset const dataset = make_dataset(columns, {.targets = {"y"}});
  ASSERT_EQ(dataset.encoding.input_count(), 3);
  EXPECT_EQ(dataset.encoding.input_names(),
            (std::vector<std::string>{"d", "sine of d in the week", "cosine of d in the week"}));
  EXPECT_NEAR(dataset.encoding.inputs[0].frame.outside(double(dataset.x[0])), kDay, 1e-3);
  EXPECT_NEAR(dataset.x[1], std::sin(2 * M_PI / 7), 1e-6);
  EXPECT_NEAR(dataset.x[2], std::cos(2 * M_PI / 7), 1e-6);
  for (std::size_t i = 9; i < 12; ++i)
    EXPECT_TRUE(std::isnan(dataset.x[i]));
  EXPECT_EQ(dataset.table().as_is, (std::vector<bool>{false, false, false}));
  ASSERT_EQ(dataset.notes.size(), 1u);
  EXPECT_EQ(dataset.notes[0],
            "column 'd' holds dates (yyyy-mm-dd) from 2020-01-31 to 2020-03-30: inputs are the "
            "time, and the time of the week; for texts say data.columns.d=categorical");
  // The same of later rows, whatever they span.
  auto const later = encode_inputs(std::vector<Column>{days("d", {kDay + 7000})}, dataset.encoding);
  ASSERT_EQ(later.size(), 3u);
  EXPECT_NEAR(later[1], dataset.x[1], 1e-5);
}

TEST(Dates, TargetsAreNumbersAndThatIsSaid) {
  std::vector<Column> const columns = {numbers("x", {1, 2, 3, 4}), days("d", {0, 0, 1, 1})};
  Dataset const dataset = make_dataset(columns, {.targets = {"d"}});
  EXPECT_EQ(dataset.encoding.task, Task::regression);
  ASSERT_EQ(dataset.notes.size(), 1u);
  EXPECT_TRUE(test::has(dataset.notes[0],
                        "target 'd' holds dates (yyyy-mm-dd) from 1970-01-01 to 1970-01-02: "
                        "predicted are days since 1970-01-01; if they are classes, say "
                        "data.columns.d=categorical"))
      << dataset.notes[0];
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"d"}, .task = Task::classification}),
                      "target 'd' holds dates",
                      "if they are classes, say data.columns.d=categorical");
  std::vector<Column> const weighted = {columns[0], columns[1], numbers("z", {1, 2, 3, 4})};
  EXPECT_ONLY_PROBLEM(make_dataset(weighted, {.targets = {"x"}, .weight = "d"}),
                      "weight 'd' holds dates");
}

TEST(Dates, AreNotMistakenForNumbersLater) {
  Encoding encoding;
  encoding.inputs = {{.name = "d", .date = "yyyy-mm-dd", .cycles = {Cycle::week}}};
  encoding.targets = {"y"};
  encoding.task = Task::regression;
  EXPECT_ONLY_PROBLEM(encode_inputs(std::vector<Column>{numbers("d", {1})}, encoding),
                      "column 'd' holds numbers, but dates in training");
  Column times = numbers("d", {1});
  times.date = "hh:mm";
  EXPECT_ONLY_PROBLEM(encode_inputs(std::vector<Column>{times}, encoding),
                      "column 'd' holds times of day, but dates in training");
}

}  // namespace
}  // namespace brood
