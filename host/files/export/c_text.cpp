// SPDX-License-Identifier: Apache-2.0
#include "files/export/c_text.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "brood/files/export.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kLine = 96;

// Words of C99, and macros that are no functions.
constexpr std::string_view kTaken[] = {
    "auto",     "break",  "case",     "char",     "const",      "continue", "default",  "do",
    "double",   "else",   "enum",     "extern",   "float",      "for",      "goto",     "if",
    "inline",   "int",    "long",     "register", "restrict",   "return",   "short",    "signed",
    "sizeof",   "static", "struct",   "switch",   "typedef",    "union",    "unsigned", "void",
    "volatile", "while",  "NULL",     "NAN",      "INFINITY",   "HUGE_VAL", "unix",     "linux",
    "i386",     "errno",  "offsetof", "EDOM",     "DECIMAL_DIG"};
constexpr std::string_view kMacros[] = {"FLT_", "DBL_", "LDBL_", "FP_", "M_"};

bool is_taken(std::string_view name) {
  return std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken) ||
         std::any_of(std::begin(kMacros), std::end(kMacros),
                     [&](std::string_view start) { return name.starts_with(start); });
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A question mark could begin a trigraph; @ stands for a name in c_code.hpp.
std::string escaped(std::string_view text, std::string_view also) {
  std::string result;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    bool const plain = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '?' && c != '@';
    if (plain && also.find(c) == std::string_view::npos) {
      result += c;
      continue;
    }
    result += '\\';
    for (int const shift : {6, 3, 0})
      result += static_cast<char>('0' + (byte >> shift & 7));
  }
  return result;
}

// Values with commas between them, in lines.
std::string braced(std::string const& head, std::vector<std::string> const& values) {
  std::string text = head + " = {", line = "\n   ";
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::string const value = " " + values[i] + (i + 1 < values.size() ? "," : "");
    if (line.size() + value.size() > kLine) {
      text += line;
      line = "\n   ";
    }
    line += value;
  }
  return text + line + "};\n";
}

template <class Real>
std::string shortest(Real value) {
  char digits[32];
  std::string text(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string c_identifier(std::string_view text) {
  std::string name;
  for (char const c : text)
    name += is_letter(c) || is_digit(c) ? c : '_';
  if (name.empty() || !is_letter(name.front())) name = "c" + name;
  return is_taken(name) ? name + "_" : name;
}

std::vector<std::string> c_members(std::vector<std::string> const& columns) {
  std::vector<std::string> members;
  std::set<std::string> taken;
  for (std::string const& column : columns) {
    std::string const wanted = c_identifier(column);
    std::string name = wanted;
    for (int n = 2; !taken.insert(name).second; ++n)
      name = wanted + "_" + std::to_string(n);
    members.push_back(std::move(name));
  }
  return members;
}

std::string c_string(std::string_view text) {
  return "\"" + escaped(text, "") + "\"";
}

std::string c_comment(std::string_view text) {
  return escaped(text, "*/");
}

std::string c_number(double value) {
  return shortest(value);
}

std::string c_table(std::string const& name, std::span<float const> values) {
  std::vector<std::string> texts;
  for (float const value : values)
    texts.push_back(shortest(value) + "f");
  return braced("static const float " + name + "[" + std::to_string(values.size()) + "]", texts);
}

std::string c_table(std::string const& name, std::span<int const> values) {
  std::vector<std::string> texts;
  for (int const value : values)
    texts.push_back(std::to_string(value));
  return braced("static const int " + name + "[" + std::to_string(values.size()) + "]", texts);
}
std::string c_table(std::string const& name, std::span<std::string const> texts) {
  std::vector<std::string> literals;
  for (std::string const& text : texts)
    literals.push_back(c_string(text));
  return braced("static const char *const " + name + "[" + std::to_string(texts.size()) + "]",
                literals);
}

}  // namespace brood::files
