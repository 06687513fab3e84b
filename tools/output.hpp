// SPDX-License-Identifier: Apache-2.0
// How the command speaks: results to stdout, all else to stderr, and numbers as a person reads
// them. Nothing depends on the locale.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "brood/model.hpp"
#include "files/io/json.hpp"
#include "files/io/number_text.hpp"

namespace brood::tools {

// Throws StorageError if stdout does not take it.
void print_result(std::string_view text);
// A line on stderr.
void say(std::string_view line);
// Lines on stderr, or for stdout: on a terminal, or where COLUMNS says how wide lines are, each is
// wrapped() that does not begin with a space, as lines of tables and commands do.
void say_wrapped(std::string_view lines);
std::string wrapped_for_output(std::string_view lines);

// Cells in columns, two spaces apart; numbers to the right, text to the left. The first row is the
// header. Every line is indented by `indent`.
std::string table(std::vector<std::vector<std::string>> const& rows, int indent = 0);
// The same without a header, everything to the left.
std::string left_table(std::vector<std::vector<std::string>> const& rows, int indent = 0);

// In characters.
std::size_t text_width(std::string_view text);
// Whether a cell goes to the right.
bool looks_like_number(std::string_view text);
// The text, or where it is wider its beginning and `...`.
std::string shortened(std::string_view text, std::size_t width);
// Every line shortened.
std::string within(std::string_view text, std::size_t width);
// A line broken at spaces into lines of so many characters, all but the first indented.
std::string wrapped(std::string_view line, std::size_t width);
// Of lines on stdout: COLUMNS of the environment, or the terminal's; else 80. At least 20.
std::size_t output_width();
// Likewise on stderr.
std::size_t message_width();

std::string utc_now();                       // "2026-01-31T12:00:00Z"
std::string bytes_text(std::int64_t bytes);  // "12.3 KiB"
using files::duration_text;
using files::score_text;
using files::setting_text;
// "auc 0.9871, log_loss 0.2051": those that are defined, but the one named.
std::string scores_list(NamedScores const& scores, std::string_view but);
std::string ratio_text(double ratio);    // "1.86"
std::string fixed_text(double value);    // "0.024": three digits behind the point
std::string percent_text(double share);  // "75.6" of 0.756
std::string rate_text(double rate);      // "62450", "23.46", "0.07784"
std::string counted(std::int64_t count, std::string_view noun);  // "1 member", "5 members"

// Bold where it is a terminal and colours are wanted (NO_COLOR, --no-color).
class Style {
 public:
  explicit Style(bool no_color);
  std::string heading(std::string_view text) const;

 private:
  bool on_;
};

// What goes on while a study runs: on a terminal two lines that are written over, at most four
// times a second; elsewhere lines that stay.
class StatusLines {
 public:
  explicit StatusLines(bool quiet);
  ~StatusLines() { clear(); }
  StatusLines(StatusLines const&) = delete;
  StatusLines& operator=(StatusLines const&) = delete;

  bool live() const { return live_; }
  // On a terminal: the two lines.
  void status(std::string_view first, std::string_view second);
  // Elsewhere: a line.
  void line(std::string_view text);
  // Takes the two lines away.
  void clear();

 private:
  bool quiet_, live_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace brood::tools
