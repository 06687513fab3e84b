// SPDX-License-Identifier: Apache-2.0
// Small things that the readers of files share: the place in front of a message, a piece of the
// input inside a message, and the shape of a decimal number. None of it depends on the locale.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brood::files {

// "name:line:column: what"; line and column count from 1.
std::string at_line(std::string_view name, std::int64_t line, std::int64_t column,
                    std::string_view what);
// "name: byte N: what"; N counts from 0, as a hex dump does.
std::string at_byte(std::string_view name, std::int64_t byte, std::string_view what);

// 'text' for a message: cut after 40 bytes, control characters written as \x1b.
std::string quoted(std::string_view text);
// A text that a shell reads as one word.
std::string shell_word(std::string const& text);
// "1 cell", "5 cells".
std::string counted(std::int64_t count, std::string_view noun);
// Without spaces and tabs at either end.
std::string_view trimmed(std::string_view text);

// A size such as 20000, 64KiB, 1.5GB (bytes), and a time such as 60, 500ms, 10m, 1d (seconds);
// nothing if the text is none.
std::optional<double> bytes_of(std::string_view text);
std::optional<double> seconds_of(std::string_view text);

// What a text is when it is read as a decimal number.
enum class Reading { number, not_a_number, too_large };

template <typename Real>
struct Number {
  Reading reading = Reading::not_a_number;
  Real value = 0;  // of a number
};

// True if the magnitude of `digits` (a decimal number without sign) is 1 or more.
bool is_at_least_one(std::string_view digits);

// The whole text as a decimal number: 12, -0.5, +.5, 1e-4; not hex, inf, nan, 1_000 or spaces.
// What is too small for Real is 0, the nearest value that it has.
template <typename Real>
Number<Real> read_number(std::string_view text) {
  bool const negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  // from_chars would also take a second sign, inf and nan.
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '.')) return {};
  Real value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return {};
  if (error == std::errc::result_out_of_range) {
    if (is_at_least_one(text)) return {Reading::too_large, 0};
    value = 0;
  }
  return {Reading::number, negative ? -value : value};
}

}  // namespace brood::files
