// SPDX-License-Identifier: Apache-2.0
#include "files/report/html.hpp"

#include <algorithm>
#include <cmath>

namespace brood::files {

std::string escaped(std::string_view text) {
  std::string html;
  for (char const c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string around(std::string_view name, std::string_view html, std::string_view attributes) {
  std::string text = "<" + std::string(name);
  if (!attributes.empty()) text += " " + std::string(attributes);
  return text + ">" + std::string(html) + "</" + std::string(name) + ">";
}

std::string element(std::string_view name, std::string_view text, std::string_view attributes) {
  return around(name, escaped(text), attributes);
}

HtmlCell bar_cell(double share, double part) {
  auto const width = [](double of) {
    return R"(style="width:)" + std::to_string(std::lround(100 * std::clamp(of, 0.0, 1.0))) +
           R"(%")";
  };
  std::string const inner = part > 0 ? around("span", "", R"(class="part" )" + width(part)) : "";
  return {HtmlCell::Kind::html, around("span", inner, width(share)),
          R"(class="bar" aria-hidden="true")"};
}

std::string html_table(std::vector<HtmlCell> const& header,
                       std::vector<std::vector<HtmlCell>> const& rows) {
  auto const line = [](std::vector<HtmlCell> const& cells, std::string const& name,
                       std::string const& scope) {
    std::string html;
    for (HtmlCell const& cell : cells) {
      switch (cell.kind) {
        case HtmlCell::Kind::text:
          html += element(name, cell.content, scope);
          break;
        case HtmlCell::Kind::number:
          html += element(name, cell.content, R"(class="number")" + scope);
          break;
        case HtmlCell::Kind::html:
          html += around(name, cell.content, cell.attributes + scope);
          break;
      }
    }
    return around("tr", html) + "\n";
  };
  std::string body;
  for (auto const& row : rows)
    body += line(row, "td", "");
  return around("div",
                around("table", around("thead", line(header, "th", R"( scope="col")")) +
                                    around("tbody", body)),
                R"(class="wide")") +
         "\n";
}

}  // namespace brood::files
