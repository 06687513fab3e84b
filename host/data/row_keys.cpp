// SPDX-License-Identifier: Apache-2.0
// Keys: cells are ranked by the value that their text has: a number, a date, or else the text
// itself.
#include "data/row_keys.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "data/dates.hpp"

namespace brood {
namespace {

// What a cell is ranked by; numbers come before texts.
struct Key {
  bool is_text = false;
  double number = 0;
  std::string text = {};
  auto operator<=>(Key const&) const = default;
};

std::optional<Key> number_key(std::string_view text) {
  Key key;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), key.number);
  bool const whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(key.number - key.number == 0)) return std::nullopt;
  return key;
}

// Whether the text begins like the pattern, in which 0 is any digit, and is cut off to what
// follows.
bool take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    bool const is_digit = text[i] >= '0' && text[i] <= '9';
    bool const wants_digit = pattern[i] == '0';
    if (wants_digit ? !is_digit : text[i] != pattern[i]) return false;
  }
  text.remove_prefix(pattern.size());
  return true;
}

// A date as ISO 8601 has it, with a time of day or without: its text is in order of time, once a
// space is read as T and the Z of Greenwich is left out. Other offsets are not.
std::optional<Key> date_key(std::string const& cell) {
  std::string normal = cell;
  if (normal.size() > 10 && normal[10] == ' ') normal[10] = 'T';
  if (normal.size() > 10 && normal.back() == 'Z') normal.pop_back();
  std::string_view rest = normal;
  if (!take(rest, "0000-00-00")) return std::nullopt;
  if (!rest.empty() && !take(rest, "T00:00")) return std::nullopt;
  if (take(rest, ":00") && rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (!take(rest, "0")) return std::nullopt;
    while (take(rest, "0")) {
    }
  }
  if (!rest.empty()) return std::nullopt;
  return Key{.is_text = true, .text = std::move(normal)};
}

std::optional<Key> time_key(std::string const& cell) {
  auto const number = number_key(cell);
  return number ? number : date_key(cell);
}

// The format of dates that all the texts are of, where they are not as time_key reads them: their
// one format, or nothing.
std::string_view other_format(std::vector<std::string> const& texts) {
  if (std::all_of(texts.begin(), texts.end(), [](auto const& text) { return time_key(text); }))
    return {};
  std::string_view found;
  for (std::string_view const format : date_formats()) {
    bool const fits = std::all_of(texts.begin(), texts.end(), [&](std::string const& text) {
      return read_date(text, format).has_value();
    });
    if (!fits) continue;
    if (!found.empty()) return {};  // days or months
    found = format;
  }
  return found;
}

// Numbers by value if all of them are, else all by their text.
void make_alike(std::vector<std::pair<std::string, Key>>& levels) {
  bool const all_numbers = std::all_of(levels.begin(), levels.end(), [](auto const& level) {
    return number_key(level.first).has_value();
  });
  for (auto& [text, key] : levels)
    key = all_numbers ? *number_key(text) : Key{.is_text = true, .text = text};
}

// The keys of rows of folds that have a name of their own.
std::optional<std::int32_t> named_fold(std::string const& text) {
  if (text == "test") return kTestRow;
  if (text == "train") return kTrainOnly;
  auto const number = number_key(text);
  return number && number->number == -1 ? std::optional(kTrainOnly) : std::nullopt;
}

// The different texts of the column, sorted.
std::vector<std::string> texts_of(Column const& column) {
  std::vector<std::string> texts;
  if (column.categorical) {
    texts = column.levels;
  } else {
    std::vector<double> numbers = column.numbers;
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (double const number : numbers)
      texts.push_back(number_text(number));
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

}  // namespace

KeyOption key_option(DatasetOptions const& options, Problems& problems) {
  KeyOption chosen;
  for (auto const& [option, column] :
       {std::pair("validation.group", options.group), std::pair("validation.time", options.time),
        std::pair("validation.fold", options.fold)}) {
    if (column.empty()) continue;
    if (chosen.option.empty()) {
      chosen = {option, column};
    } else {
      problems.push_back(std::string(option) + " '" + column + "' contradicts " + chosen.option +
                         " '" + chosen.column + "'; validation goes by one of them");
    }
  }
  return chosen;
}

std::vector<std::int32_t> row_keys(Column const& column, KeyOption const& option,
                                   Problems& problems) {
  bool const is_time = option.option == "validation.time";
  bool const is_fold = option.option == "validation.fold";
  std::string const who = option.option + " '" + column.name + "'";
  FaultyRows missing;
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    if (is_missing(column, row)) missing.add(row);
  }
  if (missing.any()) {
    problems.push_back(who + " is missing in " + missing.text() + "; fill in or remove these rows");
    return {};
  }

  std::map<std::string, std::int32_t> key_of;
  std::vector<std::pair<std::string, Key>> levels;
  auto const texts = texts_of(column);
  std::string_view const format = is_time ? other_format(texts) : std::string_view();
  for (auto const& text : texts) {
    auto const named = is_fold ? named_fold(text) : std::nullopt;
    auto const time = !is_time         ? Key{}
                      : format.empty() ? time_key(text)
                                       : Key{.number = *read_date(text, format)};
    if (!time) {
      problems.push_back(who + " is '" + text +
                         "' in some row; times are numbers, or dates such as 2024-01-31 or "
                         "2024-01-31T12:00, or all of another format that tells days from months, "
                         "in all rows");
      return {};
    }
    if (named) {
      key_of[text] = *named;
    } else {
      levels.emplace_back(text, *time);
    }
  }
  if (!is_time) make_alike(levels);
  std::stable_sort(levels.begin(), levels.end(),
                   [](auto const& a, auto const& b) { return a.second < b.second; });
  if (is_time && !levels.empty() && levels.front().second.is_text != levels.back().second.is_text) {
    problems.push_back(who + " holds numbers such as " + levels.front().first +
                       " and dates such as " + levels.back().first +
                       "; times are one or the other in all rows");
    return {};
  }
  std::int32_t rank = -1;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (i == 0 || levels[i - 1].second < levels[i].second) ++rank;
    key_of[levels[i].first] = rank;
  }

  std::vector<std::int32_t> keys;
  keys.reserve(static_cast<std::size_t>(cell_count(column)));
  for (std::int64_t row = 0; row < cell_count(column); ++row)
    keys.push_back(key_of.at(cell_text(column, row)));
  return keys;
}

std::vector<float> row_weights(Column const& column, Problems& problems) {
  if (column.categorical) {
    problems.push_back("weight '" + column.name + "' is text; weights must be numbers, 0 or more");
    return {};
  }
  if (!column.date.empty()) {
    problems.push_back("weight '" + column.name +
                       "' holds dates; weights must be numbers, 0 or more");
    return {};
  }
  FaultyRows missing, negative;
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    if (is_missing(column, row)) missing.add(row);
    if (column.numbers[static_cast<std::size_t>(row)] < 0) negative.add(row);
  }
  if (missing.any()) {
    problems.push_back("weight '" + column.name + "' is missing in " + missing.text() +
                       "; fill in or remove these rows");
  }
  if (negative.any()) {
    problems.push_back("weight '" + column.name + "' is " + cell_text(column, negative.first()) +
                       " in " + negative.text() + "; weights must be 0 or more");
  }
  if (std::all_of(column.numbers.begin(), column.numbers.end(), [](double w) { return w == 0; })) {
    problems.push_back("weight '" + column.name +
                       "' is 0 in every row; some row must have a weight above 0");
  }
  return {column.numbers.begin(), column.numbers.end()};
}

}  // namespace brood
