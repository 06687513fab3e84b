// SPDX-License-Identifier: Apache-2.0
// The second half of reading csv: cells into columns. Decides what kind each column is; every
// problem of the file is thrown at once.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/value.hpp"
#include "data/cells.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "files/io/to_utf8.hpp"
#include "files/table/cell_reader.hpp"
#include "files/table/csv_cells.hpp"
#include "files/table/csv_dates.hpp"
#include "files/table/csv_header.hpp"
#include "files/table/csv_marks.hpp"

namespace brood::files {

namespace {

void check_overrides(ReadOptions const& options, std::vector<std::string> const& names,
                     CsvProblems& problems) {
  std::vector<std::string_view> const candidates(names.begin(), names.end());
  for (auto const& [name, kind] : options.kinds) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string const nearest = nearest_name(name, candidates);
    problems.add("data.columns." + name + ": there is no column of this name" +
                 (nearest.empty() ? "" : "; did you mean " + quoted(nearest) + "?"));
  }
}

class ColumnReader {
 public:
  // day_first: of dates such as 01/02/2020, where nothing else tells.
  ColumnReader(CsvCells const& cells, std::int64_t first_row, CellReader const& reader,
               ReadOptions const& options, bool day_first, CsvProblems& problems,
               std::vector<std::string>& notes)
      : cells_(cells),
        first_row_(first_row),
        reader_(reader),
        options_(options),
        day_first_(day_first),
        problems_(problems),
        notes_(notes) {}

  // keeps_zeros: numbers such as 007 make it a column of texts.
  Column read(std::int64_t index, std::string name, ColumnKind const* kind,
              bool keeps_zeros) const {
    Column column;
    column.name = std::move(name);
    if (kind && *kind == ColumnKind::categorical) {
      read_levels(index, column);
      return column;
    }
    if (kind && *kind == ColumnKind::date) {
      read_dates(index, options_.dates.at(column.name), column);
      return column;
    }
    Numbers numbers = read_numbers(index, /*give_up_early=*/kind == nullptr);
    accept_other_ways(index, column.name, /*is_numeric=*/kind != nullptr, numbers);
    if (keeps_zeros && !kind && has_leading_zeros(index)) {
      notes_.push_back("column " + quoted(column.name) +
                       " is read as text, as its numbers begin with zeros");
      read_levels(index, column);
      return column;
    }
    if (!kind) accept_words(index, column.name, numbers);
    auto const bad = static_cast<std::int64_t>(numbers.not_numbers.size());
    // Fewer than 90 % of those that are there are numbers.
    if (!kind && 10 * bad > numbers.present) {
      read_levels(index, column);
      std::vector<bool> missing;
      for (std::string const& level : column.levels)
        missing.push_back(reader_.is_missing_number(level));
      find_dates(missing, day_first_, column, notes_);
      return column;
    }
    if (options_.lenient) {
      numbers.not_numbers.insert(numbers.not_numbers.end(), numbers.too_large.begin(),
                                 numbers.too_large.end());
      leave_unread(numbers.not_numbers, numbers.present, index, "number", column);
      column.numbers = std::move(numbers.values);
      return column;
    }
    for (std::int64_t const row : numbers.too_large) {
      problems_.add(offset(row, index), text(row, index) + " in column " + quoted(column.name) +
                                            " is too large; numbers go to 1.8e308");
    }
    if (kind) {
      for (std::int64_t const row : numbers.not_numbers)
        add_forced_problem(row, index, column);
    } else if (bad > 0) {
      add_mixed_problem(numbers, index, column);
    }
    column.numbers = std::move(numbers.values);
    return column;
  }

 private:
  struct Numbers {
    std::vector<double> values;                        // NaN where there is none
    std::int64_t present = 0;                          // cells that are not missing
    std::vector<std::int64_t> not_numbers, too_large;  // rows
    std::vector<std::int64_t> words;                   // rows with a word for a missing number
    std::vector<std::pair<std::int64_t, double>> otherwise;  // rows and numbers written otherwise
    bool gave_up = false;                                    // rows behind were not looked at
  };

  // Giving up early leaves the rest unread once the column can only be categorical.
  Numbers read_numbers(std::int64_t index, bool give_up_early) const {
    Numbers result;
    std::int64_t const rows = cells_.rows() - first_row_;
    result.values.assign(static_cast<std::size_t>(rows), std::numeric_limits<double>::quiet_NaN());
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      if (reader_.is_missing(cell)) continue;
      ++result.present;
      if (reader_.is_missing_number(cell)) {
        result.words.push_back(row);
        continue;
      }
      auto const number = reader_.number(cell);
      if (number.reading == Reading::number) {
        result.values[static_cast<std::size_t>(row - first_row_)] = number.value;
      } else if (number.reading == Reading::too_large) {
        result.too_large.push_back(row);
      } else {
        result.not_numbers.push_back(row);
        auto const bad = static_cast<std::int64_t>(result.not_numbers.size());
        if (give_up_early && 10 * bad > rows && !is_written_otherwise(row, index)) {
          result.gave_up = true;
          break;
        }
      }
    }
    return result;
  }

  // If all that are no numbers have groups of digits, or all the same mark, they are numbers after
  // all; and if all others are numbers, or the column is known to be numeric, words for missing
  // ones are that.
  void accept_other_ways(std::int64_t index, std::string const& name, bool is_numeric,
                         Numbers& numbers) const {
    std::vector<std::int64_t> left;  // rows
    std::optional<std::int64_t> first;
    std::string_view mark;
    bool alike = true;
    for (std::int64_t const row : numbers.not_numbers) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      auto const number = reader_.written_otherwise(cell);
      if (number.reading != Reading::number) {
        left.push_back(row);
        if (!options_.lenient) break;
        continue;
      }
      std::string_view const own = without_mark(cell).mark;
      if (!first) mark = own;
      alike = alike && own == mark;
      if (!first) first = row;
      numbers.otherwise.emplace_back(row, number.value);
    }
    bool const all = left.empty() && alike && !numbers.gave_up;
    if (first && (all || options_.lenient)) {
      for (auto const& [row, value] : numbers.otherwise)
        numbers.values[static_cast<std::size_t>(row - first_row_)] = value;
      std::string const how =
          mark.empty() ? "in groups of three digits" : "with " + std::string(mark);
      if (!options_.lenient) {
        notes_.push_back("column " + quoted(name) + ": numbers " + how + ", such as " +
                         text(*first, index));
      }
      numbers.not_numbers = std::move(left);
    }
    auto const words = static_cast<std::int64_t>(numbers.words.size());
    auto const others = static_cast<std::int64_t>(numbers.not_numbers.size());
    if (words == 0) return;
    if (!is_numeric && (numbers.present - words - others == 0 || others > 0)) {
      numbers.not_numbers.insert(numbers.not_numbers.end(), numbers.words.begin(),
                                 numbers.words.end());
      std::sort(numbers.not_numbers.begin(), numbers.not_numbers.end());
      return;
    }
    numbers.present -= words;
    notes_.push_back("column " + quoted(name) + ": " + text(numbers.words.front(), index) +
                     " is read as missing, in " + counted(words, "row"));
  }

  // Where at least nine tenths are numbers and the others a word or two, each in several rows and
  // without digits (Unknown, **), those stand for missing values.
  void accept_words(std::int64_t index, std::string const& name, Numbers& numbers) const {
    constexpr std::size_t kMostWords = 3;
    auto const bad = static_cast<std::int64_t>(numbers.not_numbers.size());
    if (bad == 0 || 10 * bad > numbers.present || options_.missing) return;
    std::map<std::string_view, std::int64_t> words;
    for (std::int64_t const row : numbers.not_numbers) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      if (cell.find_first_of("0123456789") != std::string_view::npos) return;
      ++words[cell];
      if (words.size() > kMostWords) return;
    }
    std::string list;
    for (auto const& [word, rows] : words) {
      if (rows < 2) return;
      list += (list.empty() ? "" : ", ") + quoted(word);
    }
    notes_.push_back(
        "column " + quoted(name) + ": " + list +
        (words.size() == 1 ? " is read as missing, in " : " are read as missing, in ") +
        counted(bad, "row") + "; if it is a text, say data.columns." + name + "=categorical");
    numbers.present -= bad;
    numbers.not_numbers.clear();
  }

  // A whole number with more digits than it needs, and nothing but digits anywhere.
  bool has_leading_zeros(std::int64_t index) const {
    bool any = false;
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      if (reader_.is_missing(cell)) continue;
      if (cell.find_first_not_of("0123456789") != std::string_view::npos) return false;
      any = any || (cell.size() > 1 && cell[0] == '0');
    }
    return any;
  }

  void read_levels(std::int64_t index, Column& column) const {
    struct Hash : std::hash<std::string_view> {
      using is_transparent = void;
    };
    std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> codes;
    column.categorical = true;
    column.codes.reserve(static_cast<std::size_t>(cells_.rows() - first_row_));
    std::string unescaped;
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      Cell const cell = cells_.cell(row, index);
      std::string_view level = cells_.raw(cell);
      if (reader_.is_missing(level)) {
        column.codes.push_back(-1);
        continue;
      }
      if (cell.escaped) level = unescaped = cells_.text(cell);
      auto found = codes.find(level);
      if (found == codes.end()) {
        found = codes.emplace(level, static_cast<std::int32_t>(column.levels.size())).first;
        column.levels.emplace_back(level);
      }
      column.codes.push_back(found->second);
    }
  }

  // Cells that are missing, since they cannot be read.
  void leave_unread(std::vector<std::int64_t> const& rows, std::int64_t present, std::int64_t index,
                    std::string const& wanted, Column& column) const {
    column.unread = static_cast<std::int64_t>(rows.size());
    if (rows.empty()) return;
    column.unread_text = cells_.text(cells_.cell(rows.front(), index));
    if (column.unread < present) return;
    problems_.add(offset(rows.front(), index), text(rows.front(), index) + " in column " +
                                                   quoted(column.name) + " is not a " + wanted +
                                                   ", nor is any other of its cells");
  }

  // As the format has it.
  void read_dates(std::int64_t index, std::string const& format, Column& column) const {
    column.date = format;
    std::vector<std::int64_t> unread;
    std::int64_t present = 0;
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      std::optional<double> value;
      if (!reader_.is_missing(cell) && !reader_.is_missing_number(cell)) {
        ++present;
        value = read_date(trimmed(cell), format);
        if (!value) unread.push_back(row);
      }
      column.numbers.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    if (options_.lenient) return leave_unread(unread, present, index, "date as " + format, column);
    for (std::int64_t const row : unread) {
      problems_.add(offset(row, index), text(row, index) + " is no date as in data.columns." +
                                            column.name + '=' + format);
    }
  }

  bool is_written_otherwise(std::int64_t row, std::int64_t index) const {
    std::string_view const cell = cells_.raw(cells_.cell(row, index));
    return reader_.written_otherwise(cell).reading == Reading::number;
  }
  std::size_t offset(std::int64_t row, std::int64_t index) const {
    return cells_.offset(cells_.cell(row, index));
  }
  std::string text(std::int64_t row, std::int64_t index) const {
    return quoted(cells_.text(cells_.cell(row, index)));
  }

  void add_forced_problem(std::int64_t row, std::int64_t index, Column const& column) const {
    problems_.add(offset(row, index), text(row, index) + " is not a number, and data.columns." +
                                          column.name +
                                          "=numeric (missing cells are empty, ? or NA)");
  }

  void add_mixed_problem(Numbers const& numbers, std::int64_t index, Column const& column) const {
    std::int64_t const row = numbers.not_numbers.front();
    auto const bad = static_cast<std::int64_t>(numbers.not_numbers.size());
    std::string what = text(row, index) + " in column " + quoted(column.name) +
                       " is not a number, as " + std::to_string(numbers.present - bad) +
                       " of its " + counted(numbers.present, "cell") +
                       " are; correct it (missing cells are empty, ? or NA), or read the column "
                       "as text with data.columns." +
                       column.name + "=categorical";
    if (row == 0) what += ", or say data.header=true if this line is the header";
    problems_.add(offset(row, index), std::move(what));
  }

  CsvCells const& cells_;
  std::int64_t first_row_;
  CellReader const& reader_;
  ReadOptions const& options_;
  bool day_first_;
  CsvProblems& problems_;
  std::vector<std::string>& notes_;
};

// Whether a column counts the rows, from 0 or 1: the index that pandas writes.
bool counts_rows(Column const& column) {
  if (column.categorical || column.numbers.empty()) return false;
  double const first = column.numbers.front();
  if (first != 0 && first != 1) return false;
  for (std::size_t i = 0; i < column.numbers.size(); ++i) {
    if (column.numbers[i] != first + static_cast<double>(i)) return false;
  }
  return true;
}

// Leaves out the nameless ones that count the rows; what the others are called.
void settle_nameless(std::vector<Column>& columns, std::vector<std::string> const& nameless,
                     std::vector<std::string>& notes) {
  for (std::string const& name : nameless) {
    auto const column = std::find_if(columns.begin(), columns.end(),
                                     [&](Column const& each) { return each.name == name; });
    std::string const which = "column " + name.substr(1) + " has no name";
    if (columns.size() > 1 && (counts_rows(*column) || all_missing(*column))) {
      notes.push_back(which + (counts_rows(*column) ? " and counts the rows" : " and no value") +
                      ": it is left out");
      columns.erase(column);
    } else {
      notes.push_back(which + ": it is called " + name);
    }
  }
}

std::optional<char> asked_separator(ReadOptions const& options) {
  if (options.separator.empty()) return std::nullopt;
  auto const separator = separator_named(options.separator);
  if (separator) return separator;
  throw UsageError("data.separator: " + quoted(options.separator) +
                   " is not allowed; allowed: comma, semicolon, tab, pipe, space, or another "
                   "character that numbers and names have not");
}
std::optional<char> asked_decimal(ReadOptions const& options) {
  if (options.decimal.empty()) return std::nullopt;
  if (options.decimal == "." || options.decimal == ",") return options.decimal[0];
  throw UsageError("data.decimal: " + quoted(options.decimal) + " is not allowed; allowed: . or ,");
}

// `sep=;`, as Excel has it.
constexpr std::string_view kSeparatorLine = "sep=";
std::optional<char> separator_in_first_line(std::string_view bytes) {
  std::size_t const size = kSeparatorLine.size();
  if (!bytes.starts_with(kSeparatorLine) || bytes.size() < size + 2) return std::nullopt;
  bool const ends = bytes[size + 1] == '\n' || bytes[size + 1] == '\r';
  return ends ? separator_named(bytes.substr(size, 1)) : std::nullopt;
}

std::string separators_text(char separator) {
  std::string const name = separator_name(separator);
  return name.size() > 1 ? name + 's' : quoted(name);
}

void note_dialect(CsvDialect const& dialect, ReadOptions const& options, CsvCells const& cells,
                  std::vector<std::string>& notes) {
  bool const found = options.separator.empty() && dialect.separator != ',';
  bool const comma = options.decimal.empty() && dialect.decimal == ',';
  if (found || comma) {
    notes.push_back("cells are separated by " + separators_text(dialect.separator) +
                    (comma ? ", decimals by a comma" : ""));
  }
  if (dialect.header_lacks == Lacks::first) {
    notes.push_back(
        "the first line has a cell less than the others: the first column, as R writes the names "
        "of rows, has no name");
  }
  if (cells.blanks > 0) {
    notes.push_back(counted(cells.blanks, "blank line") +
                    (cells.blanks == 1 ? " is left out" : " are left out"));
  }
  if (cells.comments > 0) {
    notes.push_back(counted(cells.comments, "line") +
                    (cells.comments == 1 ? " that begins" : " that begin") + " with # and " +
                    (cells.comments == 1 ? "has" : "have") + " other cells than the rest " +
                    (cells.comments == 1 ? "is" : "are") + " left out");
  }
}

}  // namespace

std::vector<Column> parse_csv(std::string_view bytes, std::string const& name,
                              ReadOptions const& options, TextLayout* found) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  auto const recoded = to_utf8(bytes);
  if (recoded) bytes = recoded->text;
  CsvProblems problems(bytes, name);
  auto separator = asked_separator(options);
  auto const told = separator_in_first_line(bytes);
  std::string rest;
  if (told) {  // a blank line, so that lines are counted as they are
    rest = bytes;
    std::fill_n(rest.begin(), kSeparatorLine.size() + 1, ' ');
    bytes = rest;
    if (!separator) separator = told;
  }
  CsvDialect dialect = find_dialect(bytes, separator, asked_decimal(options));
  if (options.header == false) dialect.header_lacks = Lacks::nothing;
  CsvCells cells = split_csv(bytes, dialect, problems);
  if (told && cells.blanks > 0) --cells.blanks;
  std::int64_t const rows = cells.rows();
  if (rows == 0 && problems.none()) problems.add(std::size_t{0}, "the file is empty");
  if (rows == 0 || !cells.complete) problems.throw_all();

  TextLayout layout{separator_name(dialect.separator), std::string(1, dialect.decimal), false, {}};
  if (recoded) layout.notes.push_back(recoded->note);
  note_dialect(dialect, options, cells, layout.notes);
  CellReader const cell_reader(options, dialect);
  bool const words_first = !has_number(cells, cell_reader, 0, 1);
  std::int64_t const header_rows = header_lines(cells, cell_reader, options, layout.notes);
  bool const header = header_rows > 0;
  layout.header = header;
  std::vector<std::string> names =
      header ? header_names(cells, problems, layout.notes) : numbered_names(cells.columns);
  check_overrides(options, names, problems);
  if (rows == 1 && problems.none()) {
    if (header) problems.add(bytes.size(), "there are no rows after the header");
    if (!options.header && words_first) {
      problems.add(bytes.size(),
                   "there are no rows after what looks like a header; say data.header=false if it "
                   "is a row");
    }
  }
  if (rows == 1 && !problems.none()) problems.throw_all();

  std::vector<std::string> nameless;
  for (std::int64_t i = 0; header && i < cells.columns; ++i) {
    if (trimmed(cells.text(cells.cell(0, i))).empty())
      nameless.push_back(names[static_cast<std::size_t>(i)]);
  }
  if (auto const copied = std::find(names.begin(), names.end(), options.copy);
      copied != names.end() && !options.copy.empty()) {
    for (std::int64_t row = header ? 1 : 0; row < rows; ++row)
      layout.copied.push_back(cells.text(cells.cell(row, copied - names.begin())));
  }
  bool const day_first = dialect.decimal == ',' || dialect.separator == ';';
  ColumnReader const reader(cells, header_rows, cell_reader, options, day_first, problems,
                            layout.notes);
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    std::string& column_name = names[static_cast<std::size_t>(i)];
    constexpr ColumnKind kText = ColumnKind::categorical;
    auto const kind = options.kinds.find(column_name);
    ColumnKind const* const asked = kind != options.kinds.end()        ? &kind->second
                                    : options.texts.count(column_name) ? &kText
                                                                       : nullptr;
    bool const is_target = std::find(options.targets.begin(), options.targets.end(), column_name) !=
                           options.targets.end();
    columns.push_back(reader.read(i, std::move(column_name), asked, is_target));
  }
  if (!problems.none()) problems.throw_all();
  settle_nameless(columns, nameless, layout.notes);
  if (found != nullptr) *found = std::move(layout);
  return columns;
}

}  // namespace brood::files
