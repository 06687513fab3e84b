// SPDX-License-Identifier: Apache-2.0
#include "files/report/markdown_parts.hpp"

#include <string_view>

namespace brood::files {

namespace {

std::string line(std::vector<std::string> const& cells) {
  std::string text = "|";
  for (std::string const& cell : cells)
    text += " " + markdown_plain(cell) + " |";
  return text + "\n";
}

}  // namespace

// An underscore within a word, and brackets that no link follows, are no structure.
std::string markdown_plain(std::string const& text) {
  bool const has_link = text.find("](") != std::string::npos;
  std::string_view const special = has_link ? "\\`*{}[]<>|#" : "\\`*{}<>|#";
  std::string result;
  for (char const c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c == '\n' || c == '\r' ? ' ' : c;
  }
  return result;
}

std::string markdown_table(std::vector<std::string> const& names,
                           std::vector<std::vector<std::string>> const& rows) {
  std::string text = line(names) + "|";
  for (std::size_t i = 0; i < names.size(); ++i)
    text += " --- |";
  text += "\n";
  for (auto const& row : rows)
    text += line(row);
  return text + "\n";
}

std::string markdown_list(NamedTexts const& texts) {
  std::string text;
  for (auto const& [name, value] : texts)
    text += "- " + markdown_plain(name) + ": " + markdown_plain(value) + "\n";
  return text + "\n";
}

std::string markdown_code(std::string const& text, std::string const& language) {
  return "```" + language + "\n" + text + "\n```\n\n";
}

}  // namespace brood::files
