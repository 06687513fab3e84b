// SPDX-License-Identifier: Apache-2.0
#include "files/io/number_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

namespace brood::files {

namespace {

std::string formatted(double value, std::chars_format format, int precision) {
  char text[400];
  auto const end = std::to_chars(text, text + sizeof(text), value, format, precision).ptr;
  return {text, end};
}

std::string general(double value, int digits) {
  return formatted(value, std::chars_format::general, digits);
}

// Without a zero in front of the point.
std::string without_zero(std::string text) {
  std::size_t const digit = text.starts_with('-') ? 1 : 0;
  if (text.size() > digit + 1 && text[digit] == '0' && text[digit + 1] == '.') text.erase(digit, 1);
  return text;
}

}  // namespace

std::string score_text(double score) {
  if (std::isnan(score)) return "nan";
  double const size = std::fabs(score);
  // Of a score that is less than a tenth, four decimals would be less than four digits.
  if (size > 0 && size < 0.1) return general(score, 4);
  return size <= 1 ? formatted(score, std::chars_format::fixed, 4) : general(score, 5);
}

std::string setting_text(double value) {
  return general(value, 4);
}

std::string duration_text(double seconds) {
  if (seconds < 60) return general(seconds, 3) + " s";
  auto const whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

std::string shortest_text(double value, int digits) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string plain = without_zero(general(value, digits));
  // 1.25e-05 as 1.25e-5; and a small number with zeros behind its point as 1.25e-3, where shorter.
  std::string scientific = formatted(value, std::chars_format::scientific, digits - 1);
  std::size_t const e = scientific.find('e');
  std::string mantissa = scientific.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.ends_with('.')) mantissa.pop_back();
  }
  bool const negative = scientific[e + 1] == '-';
  std::size_t const first = scientific.find_first_not_of('0', e + 2);
  if (first == std::string::npos) return plain;
  std::string const short_form = mantissa + (negative ? "e-" : "e") + scientific.substr(first);
  return short_form.size() < plain.size() ? short_form : plain;
}

}  // namespace brood::files
