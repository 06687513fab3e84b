// SPDX-License-Identifier: Apache-2.0
#include "tools/definitions.hpp"

#include <algorithm>
#include <string_view>

namespace brood::tools {

namespace {

constexpr std::size_t kIndent = 2, kGap = 2, kWidestName = 24, kNarrowest = 40;

// Words of `text` in lines that each begin in column `at` and end before `width`.
std::string wrapped(std::string_view text, std::size_t at, std::size_t width) {
  std::string lines, line;
  auto const flush = [&] {
    if (!line.empty()) lines += (lines.empty() ? "" : std::string(at, ' ')) + line + '\n';
    line.clear();
  };
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t const end = std::min(text.find(' ', begin), text.size());
    std::string_view const word = text.substr(begin, end - begin);
    bool const fits = line.empty() || at + line.size() + 1 + word.size() <= width;
    if (!fits) flush();
    line.append(line.empty() ? "" : " ").append(word);
    begin = end + 1;
  }
  flush();
  return lines;
}

}  // namespace

std::string definition_list(std::vector<Definition> const& definitions, std::size_t width) {
  width = std::max(width, kNarrowest);
  std::size_t widest = 0;
  for (Definition const& each : definitions) {
    if (each.name.size() <= std::min(kWidestName, width / 3))
      widest = std::max(widest, each.name.size());
  }
  std::size_t const at = kIndent + std::max<std::size_t>(widest, 4) + kGap;
  std::string text;
  for (Definition const& each : definitions) {
    std::string line = std::string(kIndent, ' ') + each.name;
    bool const below = line.size() + kGap > at;
    bool first = !below;
    if (below) text += line + '\n';
    for (std::string const& part : each.texts) {
      if (part.empty()) continue;
      line.resize(at, ' ');
      text += (first ? line : std::string(at, ' ')) + wrapped(part, at, width);
      first = false;
    }
    if (first) text += line + '\n';  // a name alone
  }
  return text;
}

}  // namespace brood::tools
