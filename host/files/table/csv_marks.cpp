// SPDX-License-Identifier: Apache-2.0
#include "files/table/csv_marks.hpp"

#include "files/io/text.hpp"

namespace brood::files {

namespace {

constexpr std::string_view kMarks[] = {"$", "%", "\xe2\x82\xac" /* euro */, "\xc2\xa3" /* pound */,
                                       "\xc2\xa5" /* yen */};

}  // namespace

MarkedNumber without_mark(std::string_view text) {
  // Amounts of money in parentheses are negative.
  bool negative = text.starts_with('(') && text.ends_with(')');
  if (negative) text = trimmed(text.substr(1, text.size() - 2));
  bool const parenthesised = negative;
  if (text.starts_with('-') && !negative) {
    negative = true;
    text = trimmed(text.substr(1));
  }
  for (std::string_view const mark : kMarks) {
    if (text.starts_with(mark) && mark != "%") {
      text.remove_prefix(mark.size());
    } else if (text.ends_with(mark)) {
      text.remove_suffix(mark.size());
    } else {
      continue;
    }
    text = trimmed(text);
    if (text.starts_with('-') && !negative) {
      negative = true;
      text.remove_prefix(1);
    }
    if (text.empty() || text.front() == '-' || text.front() == '+') return {};
    return {mark, (negative ? "-" : "") + std::string(text)};
  }
  // (1,234) without a mark.
  if (parenthesised && !text.empty() && text.front() >= '0' && text.front() <= '9')
    return {"()", '-' + std::string(text)};
  return {};
}

}  // namespace brood::files
