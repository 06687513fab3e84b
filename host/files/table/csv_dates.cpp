// SPDX-License-Identifier: Apache-2.0
#include "files/table/csv_dates.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "data/dates.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

// The formats in which all levels are written that are not missing.
std::vector<std::string_view> formats_of(Column const& column, std::vector<bool> const& missing) {
  std::vector<std::string_view> formats(date_formats().begin(), date_formats().end());
  for (std::size_t i = 0; i < column.levels.size() && !formats.empty(); ++i) {
    if (missing[i]) continue;
    std::erase_if(formats, [&](std::string_view format) {
      return !read_date(trimmed(column.levels[i]), format).has_value();
    });
  }
  return formats;
}

std::vector<double> numbers_of(Column const& column, std::vector<bool> const& missing,
                               std::string_view format) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> of_level;
  for (std::size_t i = 0; i < column.levels.size(); ++i)
    of_level.push_back(missing[i] ? kMissing : *read_date(trimmed(column.levels[i]), format));
  std::vector<double> numbers;
  numbers.reserve(column.codes.size());
  for (std::int32_t const code : column.codes)
    numbers.push_back(code < 0 ? kMissing : of_level[static_cast<std::size_t>(code)]);
  return numbers;
}

// From the first row to the last, or back.
bool in_order(std::vector<double> numbers) {
  std::erase_if(numbers, [](double number) { return std::isnan(number); });
  return std::is_sorted(numbers.begin(), numbers.end()) ||
         std::is_sorted(numbers.begin(), numbers.end(), std::greater<>());
}

bool begins_with_day(std::string_view format) {
  return format.starts_with("dd");
}

}  // namespace

void find_dates(std::vector<bool> const& missing, bool day_first, Column& column,
                std::vector<std::string>& notes) {
  auto const example = std::find(missing.begin(), missing.end(), false);
  if (example == missing.end()) return;
  std::string const text = column.levels[static_cast<std::size_t>(example - missing.begin())];
  auto const formats = formats_of(column, missing);
  if (formats.empty()) return;

  std::string_view format = formats.front();
  std::vector<double> numbers = numbers_of(column, missing, format);
  if (formats.size() > 1) {
    std::string_view other = formats[1];
    std::vector<double> others = numbers_of(column, missing, other);
    bool const sorted = in_order(numbers), others_sorted = in_order(others);
    bool const takes_other =
        sorted == others_sorted ? begins_with_day(other) == day_first : others_sorted;
    if (takes_other) {
      std::swap(format, other);
      std::swap(numbers, others);
    }
    notes.push_back(
        "column " + quoted(column.name) + ": dates such as " + quoted(text) + " are read as " +
        std::string(format) + (sorted == others_sorted ? "" : ", in which they are in order") +
        "; if that is wrong, say data.columns." + column.name + '=' + std::string(other));
  }
  std::int64_t words = 0;
  std::string word;
  for (std::int32_t const code : column.codes) {
    if (code < 0 || !missing[static_cast<std::size_t>(code)]) continue;
    if (words++ == 0) word = column.levels[static_cast<std::size_t>(code)];
  }
  if (words > 0) {
    notes.push_back("column " + quoted(column.name) + ": " + quoted(word) +
                    " is read as missing, in " + counted(words, "row"));
  }
  column.date = format;
  column.numbers = std::move(numbers);
  column.categorical = false;
  column.codes = {};
  column.levels = {};
}

}  // namespace brood::files
