// SPDX-License-Identifier: Apache-2.0
#include "tools/fitted_table.hpp"

#include <algorithm>
#include <optional>

#include "tools/output.hpp"

namespace brood::tools {

namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kGap = 2;                 // between columns
constexpr std::size_t kLongTexts[] = {28, 20};  // to which texts are shortened before columns go
constexpr std::size_t kLeastText = 10;          // and at most

std::size_t width_of_column(Rows const& rows, std::size_t column) {
  std::size_t width = 0;
  for (auto const& row : rows)
    width = std::max(width, text_width(row[column]));
  return width;
}

std::size_t width_of_table(Rows const& rows, int indent) {
  std::size_t width = static_cast<std::size_t>(indent);
  for (std::size_t c = 0; c < rows[0].size(); ++c)
    width += width_of_column(rows, c) + (c > 0 ? kGap : 0);
  return width;
}

bool is_constant(Rows const& rows, std::size_t column) {
  return std::all_of(rows.begin() + 1, rows.end(),
                     [&](auto const& row) { return row[column] == rows[1][column]; });
}

void remove_column(Rows& rows, std::size_t column) {
  for (auto& row : rows)
    row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
}

bool is_one_of(std::vector<std::string> const& names, std::string const& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Those that say nothing about the difference between rows; told as `name value, name value`.
std::string remove_constants(Rows& rows, std::vector<std::string> const& always) {
  std::string removed;
  for (std::size_t c = 0; c < rows[0].size();) {
    if (is_one_of(always, rows[0][c]) || !is_constant(rows, c)) {
      ++c;
      continue;
    }
    removed +=
        (removed.empty() ? "" : ", ") + rows[0][c] + ' ' + (rows[1][c].empty() ? "-" : rows[1][c]);
    remove_column(rows, c);
  }
  return removed;
}

// The column that goes next: one of those that go first, or the last that need not stay.
std::optional<std::size_t> least_column(std::vector<std::string> const& names, Fit const& fit) {
  for (std::string const& name : fit.first_out) {
    auto const found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  for (std::size_t c = names.size(); c-- > 0;) {
    if (!is_one_of(fit.always, names[c])) return c;
  }
  return std::nullopt;
}

// A number stays whole: cut short it would be another.
void shorten_texts(Rows& rows, std::size_t column, std::size_t width) {
  for (std::size_t r = 1; r < rows.size(); ++r) {
    std::string& cell = rows[r][column];
    if (!looks_like_number(cell)) cell = shortened(cell, width);
  }
}

// Takes from the widest texts what is too much. False if texts are not what is too wide.
bool squeeze(Rows& rows, Fit const& fit) {
  std::vector<bool> done(rows[0].size(), false);
  for (;;) {
    std::size_t const all = width_of_table(rows, fit.indent);
    if (all <= fit.width) return true;
    std::size_t widest = rows[0].size();
    for (std::size_t c = 0; c < rows[0].size(); ++c) {
      bool const wider =
          widest == rows[0].size() || width_of_column(rows, c) > width_of_column(rows, widest);
      if (!done[c] && wider) widest = c;
    }
    if (widest == rows[0].size()) return false;
    done[widest] = true;
    std::size_t const width = width_of_column(rows, widest), excess = all - fit.width;
    shorten_texts(rows, widest, std::max(kLeastText, width > excess ? width - excess : 0));
  }
}

std::string blocks(Rows const& rows, std::size_t width, int indent) {
  std::string const margin(static_cast<std::size_t>(indent), ' ');
  std::size_t names = 0;
  for (std::string const& name : rows[0])
    names = std::max(names, text_width(name));
  names = std::min(names, width / 2);
  std::string text;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    if (r > 1) text += '\n';
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      std::string const name = shortened(rows[0][c], names);
      std::size_t const before = margin.size() + (c > 0 ? kGap : 0) + names + kGap;
      std::size_t const room = std::max(width > before ? width - before : 0, kLeastText);
      std::string line = margin + (c > 0 ? "  " : "") + name +
                         std::string(names - text_width(name) + (c > 0 ? kGap : 2 * kGap), ' ') +
                         shortened(rows[r][c], room);
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
  }
  return text;
}

}  // namespace

std::string fitted_table(Rows rows, Fit const& fit) {
  auto const fits = [&] { return width_of_table(rows, fit.indent) <= fit.width; };
  if (rows.size() < 2 || fits()) return table(rows, fit.indent);
  if (rows.size() == 2) return blocks(rows, fit.width, fit.indent);
  Rows const all = rows;
  std::string const constants = remove_constants(rows, fit.always);
  for (std::size_t const width : kLongTexts) {
    for (std::size_t c = 0; !fits() && c < rows[0].size(); ++c)
      shorten_texts(rows, c, width);
  }
  std::string left_out;
  for (auto column = least_column(rows[0], fit); !fits() && column;
       column = least_column(rows[0], fit)) {
    left_out = rows[0][*column] + (left_out.empty() ? "" : ", ") + left_out;
    remove_column(rows, *column);
  }
  if (!squeeze(rows, fit)) return blocks(all, fit.width, fit.indent);
  std::string text = table(rows, fit.indent);
  if (!constants.empty()) text += paragraph("The same in all: " + constants + '.', fit.width);
  if (!left_out.empty())
    text += paragraph("Too wide to be shown here: " + left_out + '.', fit.width);
  return text;
}

std::string wrapped_table(Rows const& rows, std::size_t width, int indent) {
  std::string text;
  if (rows.empty()) return text;
  std::size_t const last = rows[0].size() - 1;
  for (auto const& row : rows) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < last; ++c)
      line += row[c] + std::string(width_of_column(rows, c) - text_width(row[c]) + kGap, ' ');
    std::size_t const before = text_width(line);
    std::size_t const room = std::max(width > before ? width - before : 0, 2 * kLeastText);
    std::string const cell = paragraph(row[last], room);
    for (std::size_t begin = 0; begin < cell.size();) {
      std::size_t const end = cell.find('\n', begin);
      line += cell.substr(begin, end - begin);
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
      line.assign(before, ' ');
      begin = end + 1;
    }
  }
  return text;
}

std::string paragraph(std::string_view words, std::size_t width, int indent) {
  std::string text, line;
  std::string const margin(static_cast<std::size_t>(indent), ' ');
  for (std::size_t begin = 0; begin < words.size();) {
    std::size_t const end = std::min(words.find(' ', begin), words.size());
    std::string const word(words.substr(begin, end - begin));
    bool const is_first = line.find_first_not_of(' ') == std::string::npos;
    if (!is_first && text_width(line) + 1 + text_width(word) > width) {
      text += line + '\n';
      line = margin + word;
    } else {
      line += (is_first ? "" : " ") + word;
    }
    begin = end + 1;
  }
  return text + line + '\n';
}

}  // namespace brood::tools
