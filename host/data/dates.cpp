// SPDX-License-Identifier: Apache-2.0
#include "data/dates.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace brood {
namespace {

using namespace std::chrono;

constexpr std::string_view kClock = "hh:mm";
constexpr std::string_view kFormats[] = {"yyyy-mm-dd", "yyyy/mm/dd",  "yyyy.mm.dd",  "mm/dd/yyyy",
                                         "dd/mm/yyyy", "mm-dd-yyyy",  "dd-mm-yyyy",  "dd.mm.yyyy",
                                         "mm/dd/yy",   "dd/mm/yy",    "dd.mm.yy",    "dd-mon-yyyy",
                                         "dd-mon-yy",  "dd mon yyyy", "mon dd yyyy", "mon dd, yyyy",
                                         "mon yyyy",   "mon-yyyy",    "yyyy-mm",     kClock};
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr double kSecondsOfDay = 86400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// A text that is taken from the front.
class Rest {
 public:
  explicit Rest(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // In either case.
  bool take_word(std::string_view word) {
    if (text_.size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (lower(text_[i]) != word[i]) return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }
  bool take_spaces() {
    bool any = false;
    while (take(' '))
      any = true;
    return any;
  }
  // Of at least and at most so many digits.
  std::optional<int> number(std::size_t least, std::size_t most) {
    std::size_t digits = 0;
    while (digits < text_.size() && digits < most && is_digit(text_[digits]))
      ++digits;
    if (digits < least) return std::nullopt;
    int value = 0;
    std::from_chars(text_.data(), text_.data() + digits, value);
    text_.remove_prefix(digits);
    return value;
  }
  // Digits behind a point.
  double fraction() {
    double value = 0, place = 1;
    while (!text_.empty() && is_digit(text_.front())) {
      place /= 10;
      value += place * (text_.front() - '0');
      text_.remove_prefix(1);
    }
    return value;
  }
  // Three letters of a month's name or more.
  std::optional<int> month() {
    std::size_t letters = 0;
    while (letters < text_.size() && is_letter(text_[letters]))
      ++letters;
    for (std::size_t m = 0; letters >= 3 && m < kMonths.size(); ++m) {
      Rest name(kMonths[m]);
      std::string word;
      for (char const c : text_.substr(0, letters))
        word += lower(c);
      if (!name.take_word(word)) continue;
      text_.remove_prefix(letters);
      return static_cast<int>(m) + 1;
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
};

// Seconds of hh:mm, hh:mm:ss or hh:mm:ss.fff, and of hh:mm AM; hours up to the given one.
std::optional<double> read_clock(Rest& rest, std::size_t hour_digits, int most_hours) {
  auto hour = rest.number(1, hour_digits);
  if (!hour || !rest.take(':')) return std::nullopt;
  auto const minute = rest.number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  double second = 0;
  if (rest.take(':')) {
    auto const whole = rest.number(2, 2);
    if (!whole || *whole > 60) return std::nullopt;
    second = *whole;
    if (rest.take('.') || rest.take(',')) second += rest.fraction();
  }
  Rest half = rest;
  half.take_spaces();
  bool const morning = half.take_word("am"), evening = !morning && half.take_word("pm");
  if (morning || evening) {
    if (*hour < 1 || *hour > 12) return std::nullopt;
    hour = *hour % 12 + (evening ? 12 : 0);
    rest = half;
  }
  if (*hour > most_hours) return std::nullopt;
  return 3600.0 * *hour + 60.0 * *minute + second;
}

// Seconds east of Greenwich; 0 where no zone is told.
std::optional<double> read_zone(Rest& rest) {
  rest.take_spaces();
  if (rest.empty() || rest.take_word("z") || rest.take_word("utc") || rest.take_word("gmt"))
    return 0;
  bool const east = rest.take('+');
  if (!east && !rest.take('-')) return std::nullopt;
  auto const hour = rest.number(2, 2);
  rest.take(':');
  auto const minute = rest.empty() ? std::optional(0) : rest.number(2, 2);
  if (!hour || !minute || *hour > 15 || *minute > 59) return std::nullopt;
  return (east ? 60.0 : -60.0) * (60 * *hour + *minute);
}

struct Fields {
  int year = 0, month = 0, day = 1;
};

// The fields that the format names, from the front of the text.
std::optional<Fields> read_fields(Rest& rest, std::string_view format) {
  // Where days and months come with points and years are short, versions such as 1.2.10 are not
  // dates.
  std::size_t const least = format == "dd.mm.yy" ? 2 : 1;
  Fields fields;
  Rest pattern(format);
  while (!pattern.empty()) {
    std::optional<int> field;
    if (pattern.take_word("yyyy")) {
      if (!(field = rest.number(4, 4))) return std::nullopt;
      fields.year = *field;
    } else if (pattern.take_word("yy")) {  // from 1940 to 2039
      if (!(field = rest.number(2, 2))) return std::nullopt;
      fields.year = *field + (*field < 40 ? 2000 : 1900);
    } else if (pattern.take_word("mon")) {
      if (!(field = rest.month())) return std::nullopt;
      fields.month = *field;
    } else if (pattern.take_word("mm")) {
      if (!(field = rest.number(least, 2))) return std::nullopt;
      fields.month = *field;
    } else if (pattern.take_word("dd")) {
      if (!(field = rest.number(least, 2))) return std::nullopt;
      fields.day = *field;
    } else if (pattern.take(' ')) {
      if (!rest.take_spaces()) return std::nullopt;
    } else {
      for (char const mark : {'-', '/', '.', ','}) {
        if (pattern.take(mark) && !rest.take(mark)) return std::nullopt;
      }
    }
  }
  return fields;
}

double day_of(double value) {
  return std::floor(value);
}

year_month_day date_of(double value) {
  constexpr double kMostDays = 1e7;  // chrono's years end at 32767
  return sys_days(days(static_cast<int>(std::clamp(day_of(value), -kMostDays, kMostDays))));
}

// Seconds of the day, rounded to a microsecond: what is left of a double of days.
double seconds_of_day(double value, std::string_view format) {
  if (is_clock_format(format)) return value;
  return std::nearbyint((value - day_of(value)) * kSecondsOfDay * 1e6) / 1e6;
}

// What differs between places in the cycle; of months the day, not the date.
double place_mark(Cycle cycle, double value, std::string_view format) {
  if (cycle == Cycle::day) return seconds_of_day(value, format);
  if (cycle == Cycle::week) return day_of(value) - 7 * std::floor(day_of(value) / 7);
  auto const date = date_of(value);
  return 32.0 * unsigned(date.month()) + unsigned(date.day());
}

bool differ(std::span<double const> numbers, Cycle cycle, std::string_view format) {
  std::optional<double> first;
  for (double const number : numbers) {
    if (std::isnan(number)) continue;
    double const mark = place_mark(cycle, number, format);
    if (first && mark != *first) return true;
    first = mark;
  }
  return false;
}

// Dates of months, quarters and years, whose days of the week say nothing.
bool same_day_of_month(std::span<double const> numbers) {
  std::optional<unsigned> first;
  for (double const number : numbers) {
    if (std::isnan(number)) continue;
    auto const day = unsigned(date_of(number).day());
    if (first && day != *first) return false;
    first = day;
  }
  return true;
}

}  // namespace

std::span<std::string_view const> date_formats() {
  return kFormats;
}

bool is_date_format(std::string_view format) {
  return std::find(std::begin(kFormats), std::end(kFormats), format) != std::end(kFormats);
}

bool is_clock_format(std::string_view format) {
  return format == kClock;
}

std::optional<double> read_date(std::string_view text, std::string_view format) {
  Rest rest(text);
  if (is_clock_format(format)) {
    constexpr int kLongest = 9999;  // of durations
    auto const seconds = read_clock(rest, 4, kLongest);
    return rest.empty() ? seconds : std::nullopt;
  }
  auto const fields = read_fields(rest, format);
  if (!fields) return std::nullopt;
  year_month_day const date{year(fields->year), month(static_cast<unsigned>(fields->month)),
                            day(static_cast<unsigned>(fields->day))};
  if (!date.ok()) return std::nullopt;
  auto const whole = static_cast<double>(sys_days(date).time_since_epoch().count());
  if (rest.empty()) return whole;
  bool const has_day = format.find("dd") != std::string_view::npos;
  bool const parted = rest.take('T') || rest.take('t') || rest.take_spaces();
  if (!has_day || !parted) return std::nullopt;
  auto const seconds = read_clock(rest, 2, 24);
  if (!seconds || *seconds > kSecondsOfDay) return std::nullopt;
  auto const zone = read_zone(rest);
  if (!zone || !rest.empty()) return std::nullopt;
  return whole + (*seconds - *zone) / kSecondsOfDay;
}

std::string date_text(double value, std::string_view format) {
  char text[64];
  if (is_clock_format(format)) {
    auto const seconds = static_cast<std::int64_t>(std::nearbyint(value));
    std::snprintf(text, sizeof(text), "%02lld:%02lld:%02lld",
                  static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60),
                  static_cast<long long>(seconds % 60));
    return text;
  }
  double const rounded = std::nearbyint(value * kSecondsOfDay) / kSecondsOfDay;
  auto const date = date_of(rounded);
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", int(date.year()), unsigned(date.month()),
                unsigned(date.day()));
  double const seconds = std::nearbyint(seconds_of_day(rounded, format));
  return seconds > 0 ? std::string(text) + ' ' + date_text(seconds, kClock) : text;
}

std::vector<Cycle> cycles_of(std::span<double const> numbers, std::string_view format) {
  constexpr double kLeastTurns = 1.5;
  double least = INFINITY, most = -INFINITY;
  for (double const number : numbers) {
    if (std::isnan(number)) continue;
    least = std::min(least, number);
    most = std::max(most, number);
  }
  std::vector<Cycle> cycles;
  if (is_clock_format(format)) {  // of times that are near each other the number says all
    if (most < kSecondsOfDay && most - least >= kSecondsOfDay / 2) cycles.push_back(Cycle::day);
    return cycles;
  }
  constexpr std::pair<Cycle, double> kDays[] = {
      {Cycle::day, 1}, {Cycle::week, 7}, {Cycle::year, 365}};
  for (auto const& [cycle, days] : kDays) {
    if (most - least < kLeastTurns * days || !differ(numbers, cycle, format)) continue;
    if (cycle == Cycle::week && same_day_of_month(numbers)) continue;
    cycles.push_back(cycle);
  }
  return cycles;
}

double place_in(Cycle cycle, double value, std::string_view format) {
  switch (cycle) {
    case Cycle::day:
      return seconds_of_day(value, format) / kSecondsOfDay;
    case Cycle::week:  // from Thursday, as 1970-01-01 was
      return value / 7 - std::floor(value / 7);
    case Cycle::year: {
      auto const of = date_of(value).year();
      auto const begin = static_cast<double>(sys_days(of / January / 1).time_since_epoch().count());
      return (value - begin) / (of.is_leap() ? 366 : 365);
    }
  }
  return 0;
}

std::string_view name_of(Cycle cycle) {
  switch (cycle) {
    case Cycle::day:
      return "day";
    case Cycle::week:
      return "week";
    case Cycle::year:
      return "year";
  }
  return "";
}

}  // namespace brood
