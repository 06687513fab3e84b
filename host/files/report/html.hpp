// SPDX-License-Identifier: Apache-2.0
// Text into HTML. Whatever comes from data, files or people passes through escaped().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brood::files {

// & < > " ' as entities: as the text of an element and in the quotes of an attribute.
std::string escaped(std::string_view text);

// <name>text</name>, the text escaped; `attributes` as they are, as in R"(class="soft")".
std::string element(std::string_view name, std::string_view text, std::string_view attributes = "");
// The same around HTML.
std::string around(std::string_view name, std::string_view html, std::string_view attributes = "");

// A cell of a table.
struct HtmlCell {
  enum class Kind { text, number, html };
  Kind kind = Kind::text;
  std::string content;
  std::string attributes = {};  // of html
};
inline HtmlCell text_cell(std::string text) {
  return {HtmlCell::Kind::text, std::move(text)};
}
inline HtmlCell number_cell(std::string text) {
  return {HtmlCell::Kind::number, std::move(text)};
}
// A bar as long as its share of the widest; `part` of it in another colour.
HtmlCell bar_cell(double share, double part = 0);

// With a header, and scrolling by itself where it is wider than the page.
std::string html_table(std::vector<HtmlCell> const& header,
                       std::vector<std::vector<HtmlCell>> const& rows);

// A section of the page: what its heading and the sentence below it say.
struct PageSection {
  std::string id;
  std::string heading;
  std::string lead;  // HTML; empty: none
  std::string body;  // HTML; empty: the page leaves the section out
};

}  // namespace brood::files
