// SPDX-License-Identifier: Apache-2.0
// Splits csv text into cells (RFC 4180, with any line end and with spaces around cells), and knows
// where its problems lie.
#include "files/table/csv_cells.hpp"

#include <algorithm>
#include <array>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/io/utf8.hpp"
#include "files/table/numeric_array.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kMaxTold = 20;
constexpr std::size_t kMaxBytes = std::size_t{1} << 40;      // Cell::begin
constexpr std::size_t kMaxCellBytes = std::size_t{1} << 23;  // Cell::size

// The first three may stand between quotes.
enum ByteKind : unsigned char { kPlain, kSeparator, kLineEnd, kQuote, kControl, kHigh };

std::array<ByteKind, 256> byte_kinds(char separator) {
  std::array<ByteKind, 256> kinds{};
  for (int byte = 0; byte < 256; ++byte) {
    kinds[byte] = byte >= 0x80 ? kHigh : byte < 0x20 || byte == 0x7f ? kControl : kPlain;
  }
  kinds['\t'] = kPlain;
  kinds[static_cast<unsigned char>(separator)] = kSeparator;
  if (separator == ' ') kinds['\t'] = kSeparator;
  kinds['\n'] = kinds['\r'] = kLineEnd;
  kinds['"'] = kQuote;
  return kinds;
}

class Splitter {
 public:
  Splitter(std::string_view bytes, CsvDialect const& dialect, CsvProblems& problems)
      : bytes_(bytes),
        dialect_(dialect),
        kinds_(byte_kinds(dialect.separator)),
        problems_(problems) {
    result_.bytes = bytes;
  }

  CsvCells split() {
    while (at_ < bytes_.size() && result_.complete) {
      std::size_t const begin = at_;
      skip_spaces();
      if (at_line_end()) {
        if (blank_lines_++ == 0) blank_at_ = begin;
        end_cell();
      } else {
        accept_blank_lines();
        if (bytes_[at_] != '#' || !skip_comment()) read_row();
      }
    }
    return std::move(result_);
  }

 private:
  ByteKind kind() const { return kinds_[static_cast<unsigned char>(bytes_[at_])]; }
  bool at_end() const { return at_ == bytes_.size(); }
  bool at_line_end() const { return at_end() || kind() == kLineEnd; }
  bool at_cell_end() const { return at_line_end() || kind() == kSeparator; }

  bool by_blanks() const { return dialect_.separator == ' '; }

  // But those that are separators themselves.
  void skip_spaces() {
    while (!at_end() && (bytes_[at_] == ' ' || bytes_[at_] == '\t') &&
           (by_blanks() || bytes_[at_] != dialect_.separator))
      ++at_;
  }

  // A line that begins with # and has not as many cells as the others.
  bool skip_comment() {
    std::int64_t const columns = result_.columns > 0 ? result_.columns : dialect_.columns;
    if (columns == 0) return false;
    std::int64_t cells = 1;
    std::size_t end = at_;
    for (; end < bytes_.size() && bytes_[end] != '\n' && bytes_[end] != '\r'; ++end) {
      bool const parts = kinds_[static_cast<unsigned char>(bytes_[end])] == kSeparator;
      bool const again = by_blanks() && (bytes_[end - 1] == ' ' || bytes_[end - 1] == '\t');
      if (parts && !again) ++cells;
    }
    if (cells == columns) return false;
    at_ = end;
    end_cell();
    ++result_.comments;
    return true;
  }

  // One for a row: what follows from it is not told as well.
  void add_problem(std::size_t offset, std::string_view what) {
    if (row_is_good_) problems_.add(offset, std::string(what));
    row_is_good_ = false;
  }

  // Blank lines that are not the last ones: in a file of one column, rows without a value, else
  // nothing.
  void accept_blank_lines() {
    if (blank_lines_ == 0) return;
    if (result_.columns == 1) {
      result_.cells.insert(result_.cells.end(), static_cast<std::size_t>(blank_lines_),
                           Cell{blank_at_, 0, 0});
    } else {
      result_.blanks += blank_lines_;
    }
    blank_lines_ = 0;
  }

  void read_row() {
    std::size_t const first = result_.cells.size();
    row_is_good_ = true;
    while (read_cell()) {
    }
    if (result_.columns == 0 && dialect_.header_lacks != Lacks::nothing) {
      bool const front = dialect_.header_lacks == Lacks::first;
      result_.cells.insert(front ? result_.cells.begin() : result_.cells.end(),
                           Cell{front ? 0 : row_end_, 0, 0});
    }
    auto const count = static_cast<std::int64_t>(result_.cells.size() - first);
    if (result_.columns == 0) {
      result_.columns = count;
      if (count > kMaxColumns) {
        add_problem(0, "the first row has " + counted(count, "cell") + "; at most " +
                           std::to_string(kMaxColumns) + " are read");
      }
      result_.complete = result_.complete && row_is_good_;
    } else if (count != result_.columns) {
      std::size_t const extra = first + static_cast<std::size_t>(result_.columns);
      add_problem(count < result_.columns ? row_end_ : result_.offset(result_.cells[extra]),
                  "row has " + counted(count, "cell") + ", the first has " +
                      std::to_string(result_.columns));
    }
    if (!row_is_good_) result_.cells.resize(first);
    if (result_.rows() > kMaxRows) {
      problems_.add(at_, "more than " + std::to_string(kMaxRows) + " rows");
      result_.complete = false;
    }
  }

  // Reads a cell and what ends it; true if another one follows.
  bool read_cell() {
    skip_spaces();
    if (!at_end() && kind() == kQuote) return read_quoted_cell();
    std::size_t const begin = at_;
    while (!at_cell_end()) {
      if (kind() == kPlain) {
        ++at_;
      } else if (kind() == kQuote) {
        add_problem(at_,
                    "quote inside a cell that does not begin with one; put the cell in quotes and "
                    "double the quote");
        ++at_;
      } else {
        accept_other_byte();
      }
    }
    push_cell(begin, begin + trimmed(bytes_.substr(begin, at_ - begin)).size(), false);
    return end_cell();
  }

  bool read_quoted_cell() {
    std::size_t const open = at_++;
    bool escaped = false;
    for (;;) {
      while (!at_end() && kind() <= kLineEnd)
        ++at_;
      if (at_end()) {
        add_problem(open, "quote is never closed");
        result_.complete = false;
        return false;
      }
      if (kind() != kQuote) {
        accept_other_byte();
      } else if (at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '"') {
        escaped = true;
        at_ += 2;
      } else {
        break;
      }
    }
    push_cell(open + 1, at_, escaped);
    ++at_;
    if (!by_blanks()) skip_spaces();
    if (!at_cell_end()) {
      add_problem(at_,
                  "text after the closing quote; a quote inside a quoted cell is written twice");
      while (!at_cell_end())
        ++at_;
    }
    return end_cell();
  }

  // A byte that is not printable ASCII: part of a character of UTF-8, or a problem.
  void accept_other_byte() {
    std::size_t const size = kind() == kHigh ? character_size(bytes_.substr(at_)) : 0;
    if (size == 0 && row_is_good_) {
      add_problem(at_, "byte 0x" + hex(bytes_[at_]) +
                           (kind() == kHigh ? " is not UTF-8; save the file as UTF-8"
                                            : " is not text; is this a csv file?"));
    }
    at_ += std::max<std::size_t>(size, 1);
  }

  void push_cell(std::size_t begin, std::size_t end, bool escaped) {
    if (end - begin >= kMaxCellBytes) {
      add_problem(begin, "cell of " + std::to_string(end - begin) + " bytes; at most " +
                             std::to_string(kMaxCellBytes - 1) + " are read");
      end = begin;
    }
    result_.cells.push_back({begin, end - begin, escaped});
  }

  bool end_cell() {
    row_end_ = at_;
    if (by_blanks()) skip_spaces();
    if (at_end()) return false;
    if (by_blanks() && kind() != kLineEnd) return true;
    char const c = bytes_[at_++];
    if (c == '\r' && !at_end() && bytes_[at_] == '\n') ++at_;
    return c == dialect_.separator;
  }

  std::string_view bytes_;
  CsvDialect dialect_;
  std::array<ByteKind, 256> kinds_;
  CsvProblems& problems_;
  CsvCells result_;
  std::size_t at_ = 0;
  std::size_t row_end_ = 0;  // of the row that was read last: its line end, or the text's
  bool row_is_good_ = true;
  std::int64_t blank_lines_ = 0;  // since the last row
  std::size_t blank_at_ = 0;      // the first of them
};

}  // namespace

void CsvProblems::add(std::size_t offset, std::string what) {
  if (++count_ <= static_cast<std::int64_t>(kMaxTold)) told_.push_back({offset, std::move(what)});
}

void CsvProblems::throw_all() {
  std::stable_sort(told_.begin(), told_.end(),
                   [](Problem const& a, Problem const& b) { return a.offset < b.offset; });
  std::vector<std::string> lines;
  std::size_t at = 0;
  std::int64_t line = 1, column = 1;
  for (Problem const& problem : told_) {
    if (problem.offset == std::string_view::npos) {
      lines.push_back(std::string(name_) + ": " + problem.what);
      continue;
    }
    for (; at < problem.offset; ++at) {
      char const c = bytes_[at];
      if (c == '\n' && at > 0 && bytes_[at - 1] == '\r') continue;
      if (c == '\n' || c == '\r') {
        ++line;
        column = 1;
      } else if ((c & 0xc0) != 0x80) {  // the first byte of a character
        ++column;
      }
    }
    lines.push_back(at_line(name_, line, column, problem.what));
  }
  auto const untold = count_ - static_cast<std::int64_t>(told_.size());
  if (untold > 0) lines.push_back(std::string(name_) + ": and " + std::to_string(untold) + " more");
  throw UsageError(std::move(lines));
}

std::string CsvCells::text(Cell cell) const {
  std::string_view const source = raw(cell);
  if (!cell.escaped) return std::string(source);
  std::string result;
  for (std::size_t i = 0; i < source.size(); ++i) {
    result += source[i];
    if (source[i] == '"') ++i;  // its double
  }
  return result;
}

std::size_t CsvCells::offset(Cell cell) const {
  // Only an opening quote can stand right before a cell's text.
  return cell.begin > 0 && bytes[cell.begin - 1] == '"' ? cell.begin - 1 : cell.begin;
}

CsvCells split_csv(std::string_view bytes, CsvDialect const& dialect, CsvProblems& problems) {
  if (bytes.size() >= kMaxBytes) {
    problems.add("the file has " + std::to_string(bytes.size()) + " bytes; at most 2^40 are read");
    problems.throw_all();
  }
  return Splitter(bytes, dialect, problems).split();
}

}  // namespace brood::files
