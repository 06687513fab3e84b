// SPDX-License-Identifier: Apache-2.0
// What Markdown is made of here: tables, lists, and texts of which nothing is taken for structure.
#pragma once

#include <string>
#include <vector>

#include "files/report/result_words.hpp"

namespace brood::files {

// A cell of a table, or words in a line.
std::string markdown_plain(std::string const& text);
// Cells are plain texts.
std::string markdown_table(std::vector<std::string> const& names,
                           std::vector<std::vector<std::string>> const& rows);
// "- name: value"
std::string markdown_list(NamedTexts const& texts);
std::string markdown_code(std::string const& text, std::string const& language = "sh");

}  // namespace brood::files
