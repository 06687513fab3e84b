// SPDX-License-Identifier: Apache-2.0
// Messages' parts, numbers with units, and the magnitude of a decimal number; see text.hpp.
#include "files/io/text.hpp"

#include <algorithm>
#include <span>

#include "files/io/utf8.hpp"

namespace brood::files {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};
// A number with one of the units behind it.
std::optional<double> with_unit(std::string_view text, std::span<Unit const> units) {
  for (Unit const& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    auto const number = read_number<double>(text.substr(0, text.size() - unit.name.size()));
    if (number.reading == Reading::number) return number.value * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::string at_line(std::string_view name, std::int64_t line, std::int64_t column,
                    std::string_view what) {
  std::string text(name);
  text += ':' + std::to_string(line) + ':' + std::to_string(column) + ": ";
  return text.append(what);
}

std::string at_byte(std::string_view name, std::int64_t byte, std::string_view what) {
  std::string text(name);
  text += ": byte " + std::to_string(byte) + ": ";
  return text.append(what);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMax = 40;
  std::size_t size = std::min(text.size(), kMax);
  // Never cut inside a character.
  while (size > 0 && size < text.size() && continues_character(text[size]))
    --size;
  std::string result = "'";
  for (char const c : text.substr(0, size)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      result += c;
    } else {
      result += "\\x" + hex(c);
    }
  }
  if (size < text.size()) result += "...";
  return result + "'";
}

std::string shell_word(std::string const& text) {
  auto const is_plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c >= 0x80 ||
           std::string_view("_-./=:,+@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string word = "'";
  for (char const c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string counted(std::int64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + ' ';
  return text.append(noun) += count == 1 ? "" : "s";
}

std::string_view trimmed(std::string_view text) {
  std::size_t const begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_at_least_one(std::string_view digits) {
  std::size_t const e = std::min(digits.find_first_of("eE"), digits.size());
  std::string_view const mantissa = digits.substr(0, e);
  std::size_t const first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;

  // d.ddd * 10^power
  auto const point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  auto const leading = static_cast<std::int64_t>(first);
  std::int64_t power = leading < point ? point - leading - 1 : point - leading;

  std::string_view exponent = digits.substr(std::min(e + 1, digits.size()));
  bool const negative = exponent.starts_with('-');
  if (negative || exponent.starts_with('+')) exponent.remove_prefix(1);
  std::int64_t shift = 0;
  constexpr std::int64_t kEnough = std::int64_t{1} << 50;  // longer than any text
  for (char const c : exponent)
    shift = std::min(shift * 10 + (c - '0'), kEnough);
  power += negative ? -shift : shift;
  return power >= 0;
}

std::optional<double> bytes_of(std::string_view text) {
  constexpr Unit kUnits[] = {{"", 1},
                             {"B", 1},
                             {"kB", 1e3},
                             {"KB", 1e3},
                             {"MB", 1e6},
                             {"GB", 1e9},
                             {"TB", 1e12},
                             {"KiB", 1024},
                             {"MiB", 1048576},
                             {"GiB", 1073741824},
                             {"TiB", 1099511627776}};
  return with_unit(text, kUnits);
}

std::optional<double> seconds_of(std::string_view text) {
  constexpr Unit kUnits[] = {{"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  return with_unit(text, kUnits);
}

}  // namespace brood::files
