// SPDX-License-Identifier: Apache-2.0
// Terminals, tables and numbers for people; the only file that includes fmt.
#include "tools/output.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "brood/error.hpp"

namespace brood::tools {

namespace {

bool is_terminal(int descriptor) {
  char const* const term = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

bool colors_refused() {
  char const* const value = std::getenv("NO_COLOR");
  return value != nullptr && *value != '\0';
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (text_width(text) <= width) return std::string(text);
  std::size_t bytes = 0;
  for (std::size_t characters = 0; bytes < text.size(); ++bytes) {
    if ((static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80 && characters++ == width) break;
  }
  return std::string(text.substr(0, bytes));
}

std::size_t terminal_width(int descriptor) {
  winsize size{};
  bool const known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

// COLUMNS of the environment, if it is a number.
std::optional<std::size_t> columns_as_said() {
  char const* const columns = std::getenv("COLUMNS");
  if (columns == nullptr) return std::nullopt;
  std::size_t width = 0;
  auto const [end, error] = std::from_chars(columns, columns + std::strlen(columns), width);
  bool const read = error == std::errc() && *end == '\0' && width > 0;
  return read ? std::optional(width) : std::nullopt;
}

// COLUMNS of the environment, or the terminal's.
std::size_t width_of_lines(int descriptor) {
  constexpr std::size_t kLeast = 20;
  auto const said = columns_as_said();
  return std::max(said ? *said : terminal_width(descriptor), kLeast);
}

}  // namespace

// Characters, not bytes: those of UTF-8 that go on a character are 10xxxxxx.
std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool looks_like_number(std::string_view text) {
  return text.empty() || text == "-" || text == "nan" ||
         text.find_first_not_of("0123456789.+-e") == std::string_view::npos;
}

std::string shortened(std::string_view text, std::size_t width) {
  constexpr std::string_view kDots = "...";
  if (text_width(text) <= width || width <= kDots.size()) return cut_to(text, width);
  return cut_to(text, width - kDots.size()).append(kDots);
}

std::size_t output_width() {
  return width_of_lines(STDOUT_FILENO);
}
std::size_t message_width() {
  return width_of_lines(STDERR_FILENO);
}

std::string within(std::string_view text, std::size_t width) {
  std::string result;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    result += shortened(text.substr(0, end), width);
    if (end < text.size()) result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string wrapped(std::string_view line, std::size_t width) {
  std::string result, current;
  while (!line.empty()) {
    std::size_t const end = std::min(line.find(' ', 1), line.size());
    std::string_view const word = line.substr(0, end);  // with the space in front of it
    line.remove_prefix(end);
    if (!current.empty() && text_width(current) + text_width(word) > width) {
      result += current + '\n';
      current = "   ";
    }
    current += word;
  }
  return result + current + '\n';
}

void print_result(std::string_view text) {
  bool const written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    if (errno == EPIPE) {  // `| head` has what it wanted
      std::signal(SIGPIPE, SIG_DFL);
      std::raise(SIGPIPE);
    }
    throw StorageError(std::string("standard output: cannot be written: ") + std::strerror(errno));
  }
}

void say(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
}

namespace {

std::string wrapped_lines(std::string_view lines, int descriptor) {
  if (!columns_as_said() && ::isatty(descriptor) != 1) return std::string(lines);
  std::size_t const width = width_of_lines(descriptor);
  std::string text;
  while (!lines.empty()) {
    std::size_t const end = std::min(lines.find('\n'), lines.size());
    std::string_view const line = lines.substr(0, end);
    text += line.starts_with(' ') ? std::string(line) + '\n' : wrapped(line, width);
    if (end == lines.size()) text.pop_back();
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return text;
}

}  // namespace

void say_wrapped(std::string_view lines) {
  say(wrapped_lines(lines, STDERR_FILENO));
}
std::string wrapped_for_output(std::string_view lines) {
  return wrapped_lines(lines, STDOUT_FILENO);
}

namespace {

using Rows = std::vector<std::vector<std::string>>;

// Which columns hold numbers only, below the header.
std::vector<bool> numeric_columns(Rows const& rows) {
  std::vector<bool> numeric;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    numeric.resize(std::max(numeric.size(), rows[r].size()), true);
    for (std::size_t c = 0; r > 0 && c < rows[r].size(); ++c) {
      if (!looks_like_number(rows[r][c])) numeric[c] = false;
    }
  }
  return numeric;
}

std::string aligned(Rows const& rows, std::vector<bool> const& to_the_right, int indent) {
  std::vector<std::size_t> widths(to_the_right.size());
  for (auto const& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], text_width(row[c]));
  }
  std::string text;
  for (auto const& row : rows) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t c = 0; c < row.size(); ++c) {
      std::string const padding(widths[c] - text_width(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (to_the_right[c] ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string table(Rows const& rows, int indent) {
  return aligned(rows, numeric_columns(rows), indent);
}

std::string left_table(Rows const& rows, int indent) {
  std::size_t columns = 0;
  for (auto const& row : rows)
    columns = std::max(columns, row.size());
  return aligned(rows, std::vector<bool>(columns, false), indent);
}

std::string utc_now() {
  std::time_t const now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::size_t const size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text, size};
}

std::string bytes_text(std::int64_t bytes) {
  constexpr char const* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit)
    value /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.4g} {}", value, kUnits[unit]);
}

std::string scores_list(NamedScores const& scores, std::string_view but) {
  std::string text;
  for (auto const& [metric, value] : scores) {
    if (metric == but || std::isnan(value)) continue;
    text += (text.empty() ? "" : ", ") + metric + " " + score_text(value);
  }
  return text;
}

std::string ratio_text(double ratio) {
  return fmt::format("{:.2f}", ratio);
}

std::string fixed_text(double value) {
  return fmt::format("{:.3f}", value);
}

std::string percent_text(double share) {
  return fmt::format("{:.1f}", 100 * share);
}

std::string rate_text(double rate) {
  return rate >= 1000 ? fmt::format("{:.0f}", rate) : fmt::format("{:.4g}", rate);
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

Style::Style(bool no_color) : on_(!no_color && !colors_refused() && is_terminal(STDOUT_FILENO)) {}

std::string Style::heading(std::string_view text) const {
  return on_ ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

StatusLines::StatusLines(bool quiet) : quiet_(quiet), live_(!quiet && is_terminal(STDERR_FILENO)) {}

void StatusLines::status(std::string_view first, std::string_view second) {
  auto const now = std::chrono::steady_clock::now();
  if (!live_ || (shown_ && now - last_ < std::chrono::milliseconds(250))) return;
  last_ = now;
  clear();
  // A line that wraps could not be taken away again.
  std::size_t const width = terminal_width(STDERR_FILENO) - 1;
  std::string const text = cut_to(first, width) + '\n' + cut_to(second, width) + '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
  shown_ = true;
}

void StatusLines::line(std::string_view text) {
  if (!quiet_ && !live_) say(text);
}

void StatusLines::clear() {
  constexpr std::string_view kUpTwoAndErase = "\x1b[2A\r\x1b[J";
  if (shown_) std::fwrite(kUpTwoAndErase.data(), 1, kUpTwoAndErase.size(), stderr);
  shown_ = false;
}

}  // namespace brood::tools
