// SPDX-License-Identifier: Apache-2.0
#include "files/table/csv_dialect.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "files/io/text.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kSampleBytes = std::size_t{1} << 18;
constexpr std::size_t kSampleLines = 200;
// In the order in which they are taken where no numbers tell: tabs stand in few texts.
constexpr char kCandidates[] = {'\t', ',', ';', '|'};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The first lines that are not blank, whole; line ends within quotes do not end one.
std::vector<std::string_view> first_lines(std::string_view bytes) {
  std::vector<std::string_view> lines;
  bool const cut = bytes.size() > kSampleBytes;
  bytes = bytes.substr(0, kSampleBytes);
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= bytes.size() && lines.size() < kSampleLines; ++i) {
    bool const end = i == bytes.size();
    if (!end && bytes[i] == '"') quoted = !quoted;
    if (!end && (quoted || (bytes[i] != '\n' && bytes[i] != '\r'))) continue;
    std::string_view const line = bytes.substr(begin, i - begin);
    if (!trimmed(line).empty() && !(end && cut && !lines.empty())) lines.push_back(line);
    begin = i + 1;
  }
  return lines;
}

std::vector<std::string_view> cells_of(std::string_view line, char separator) {
  if (separator == ' ') line = trimmed(line);
  std::vector<std::string_view> cells;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    bool const end = i == line.size();
    if (!end && line[i] == '"') quoted = !quoted;
    bool const parts =
        end || (!quoted && (line[i] == separator || (separator == ' ' && line[i] == '\t')));
    if (!parts) continue;
    cells.push_back(trimmed(line.substr(begin, i - begin)));
    while (separator == ' ' && i + 1 < line.size() && is_blank(line[i + 1]))
      ++i;
    begin = i + 1;
  }
  return cells;
}

bool is_number(std::string_view cell, char separator) {
  if (read_number<double>(cell).reading == Reading::number) return true;
  return separator != ',' && !plain_number(cell, ',').empty();
}

// How well a separator parts the lines.
struct Fit {
  std::int64_t columns = 0;  // of most lines
  double same = 0;           // share of the lines that have so many
  double numbers = 0;        // share of the cells behind the first line
};

Fit fit_of(std::vector<std::string_view> const& lines, char separator) {
  std::map<std::int64_t, std::int64_t> lines_by_columns;
  std::int64_t cells = 0, numbers = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto const row = cells_of(lines[i], separator);
    ++lines_by_columns[static_cast<std::int64_t>(row.size())];
    if (i == 0) continue;
    cells += static_cast<std::int64_t>(row.size());
    numbers += std::count_if(row.begin(), row.end(),
                             [&](std::string_view cell) { return is_number(cell, separator); });
  }
  Fit fit;
  std::int64_t most = 0;
  for (auto const& [columns, count] : lines_by_columns) {
    if (count <= most) continue;
    most = count;
    fit.columns = columns;
  }
  fit.same = lines.empty() ? 0 : static_cast<double>(most) / static_cast<double>(lines.size());
  fit.numbers = cells > 0 ? static_cast<double>(numbers) / static_cast<double>(cells) : 0;
  return fit;
}

bool parts(Fit const& fit) {
  return fit.columns >= 2 && fit.same >= 0.9;
}

char find_separator(std::vector<std::string_view> const& lines) {
  std::optional<char> best;
  Fit best_fit;
  for (char const candidate : kCandidates) {
    Fit const fit = fit_of(lines, candidate);
    if (!parts(fit) || (best && fit.numbers <= best_fit.numbers)) continue;
    best = candidate;
    best_fit = fit;
  }
  if (best) return *best;
  Fit const blanks = fit_of(lines, ' ');
  return parts(blanks) && blanks.numbers >= 0.5 ? ' ' : ',';
}

// A comma, if cells of numbers have one and none has a point where decimals begin; or if more can
// only be decimals behind a comma than have a point.
char find_decimal(std::vector<std::string_view> const& lines, char separator) {
  if (separator == ',') return '.';
  std::int64_t points = 0, commas = 0, sure_commas = 0;
  for (std::string_view const line : lines) {
    for (std::string_view const cell : cells_of(line, separator)) {
      bool const plain = read_number<double>(cell).reading == Reading::number;
      points += plain && cell.find('.') != std::string_view::npos ? 1 : 0;
      if (plain || plain_number(cell, ',').empty()) continue;
      ++commas;
      sure_commas += plain_number(cell, '.').empty() ? 1 : 0;
    }
  }
  return (points == 0 && commas > 0) || sure_commas > points ? ',' : '.';
}

// Of lines of which the first has no numbers. A title over a table is not taken for names.
Lacks lacks(std::vector<std::string_view> const& lines, char separator) {
  constexpr std::size_t kFewestLines = 3;
  if (lines.size() < kFewestLines) return Lacks::nothing;
  auto const has_number = [&](std::vector<std::string_view> const& cells) {
    return std::any_of(cells.begin(), cells.end(),
                       [&](std::string_view cell) { return is_number(cell, separator); });
  };
  auto const names = cells_of(lines[0], separator);
  if (has_number(names)) return Lacks::nothing;
  if (names.size() == 1 && !has_number(cells_of(lines[1], separator))) return Lacks::nothing;
  bool ends_empty = true;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto const cells = cells_of(lines[i], separator);
    if (cells.size() != names.size() + 1) return Lacks::nothing;
    ends_empty = ends_empty && cells.back().empty();
  }
  return ends_empty ? Lacks::last : Lacks::first;
}

constexpr std::pair<std::string_view, char> kNames[] = {
    {"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}, {"space", ' '}};

}  // namespace

CsvDialect find_dialect(std::string_view bytes, std::optional<char> separator,
                        std::optional<char> decimal) {
  std::vector<std::string_view> lines = first_lines(bytes);
  // Those that begin with # may be comments; where most do they are not.
  std::vector<std::string_view> sure;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(sure),
               [](std::string_view line) { return trimmed(line).front() != '#'; });
  if (3 * sure.size() >= lines.size() && sure.size() >= 2) lines = std::move(sure);
  CsvDialect dialect;
  dialect.separator = separator ? *separator : find_separator(lines);
  dialect.decimal = decimal ? *decimal : find_decimal(lines, dialect.separator);
  Fit const fit = fit_of(lines, dialect.separator);
  dialect.columns = fit.same >= 0.5 ? fit.columns : 0;
  dialect.header_lacks = lacks(lines, dialect.separator);
  return dialect;
}

std::string separator_name(char separator) {
  for (auto const& [name, character] : kNames) {
    if (character == separator) return std::string(name);
  }
  return {separator};
}

std::optional<char> separator_named(std::string_view name) {
  for (auto const& [known, character] : kNames) {
    if (name == known) return character;
  }
  if (name == "\\t") return '\t';
  if (name.size() != 1) return std::nullopt;
  char const c = name[0];
  bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  bool const printable = c == '\t' || (c >= ' ' && c < 0x7f);
  bool const of_numbers = is_digit(c) || c == '.' || c == '+' || c == '-';
  return printable && !letter && !of_numbers && c != '"' ? std::optional(c) : std::nullopt;
}

std::string plain_number(std::string_view text, char decimal) {
  char const group = decimal == ',' ? '.' : ',';
  std::string plain;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) plain += text[at++];
  std::size_t const first = at;
  std::size_t digits = 0;  // since the last group's mark
  bool grouped = false;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == group); ++at) {
    if (is_digit(text[at])) {
      plain += text[at];
      ++digits;
      continue;
    }
    // The first group has one to three digits, and the others three.
    if (digits == 0 || digits > 3 || (grouped && digits != 3)) return "";
    grouped = true;
    digits = 0;
  }
  if (at == first || (grouped && digits != 3)) return "";
  bool const fraction = at < text.size() && text[at] == decimal;
  if (fraction) {
    plain += '.';
    for (++at; at < text.size() && is_digit(text[at]); ++at)
      plain += text[at];
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    plain += text.substr(at);
    at = text.size();
  }
  bool const comma = fraction && decimal == ',';
  if (at != text.size() || (!grouped && !comma)) return "";
  return read_number<double>(plain).reading == Reading::number ? plain : "";
}

}  // namespace brood::files
