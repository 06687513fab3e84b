// SPDX-License-Identifier: Apache-2.0
// Which trials a person asks for, and in what order.
#include <algorithm>
#include <cmath>
#include <functional>

#include "brood/error.hpp"
#include "brood/files/trials.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

using Lines = std::vector<std::size_t>;

constexpr std::string_view kWhere = "--filter";

struct Condition {
  std::size_t column = 0;
  std::string_view comparison;  // of kComparisons
  std::string value;
};

constexpr std::string_view kComparisons[] = {"<=", ">=", "!=", "==", "<", ">", "="};

std::optional<double> number_in(std::string_view text) {
  auto const number = read_number<double>(text);
  return number.reading == Reading::number ? std::optional(number.value) : std::nullopt;
}

// Lists are written with spaces or without.
std::string without_spaces(std::string_view text) {
  std::string result(text);
  std::erase(result, ' ');
  return result;
}

bool has_value(std::string const& cell) {
  return !cell.empty() && cell != "nan";
}

Condition condition_of(TrialTable const& table, std::string_view text) {
  constexpr std::string_view kExample = "; a condition is as lr<0.01 or optimizer=adam";
  std::size_t const at = text.find_first_of("<>=!");
  if (trimmed(text).empty()) {
    throw UsageError(std::string(kWhere) + ": a condition is empty" + std::string(kExample));
  }
  auto const comparison =
      at == std::string_view::npos
          ? std::end(kComparisons)
          : std::find_if(std::begin(kComparisons), std::end(kComparisons),
                         [&](std::string_view each) { return text.substr(at).starts_with(each); });
  if (comparison == std::end(kComparisons)) {
    throw UsageError(std::string(kWhere) + ": " + quoted(trimmed(text)) +
                     " has none of < <= > >= = !=" + std::string(kExample));
  }
  Condition condition{table.column(trimmed(text.substr(0, at)), kWhere), *comparison,
                      std::string(trimmed(text.substr(at + comparison->size())))};
  if (condition.value.empty()) {
    throw UsageError(std::string(kWhere) + ": " + quoted(trimmed(text)) + " compares with nothing" +
                     std::string(kExample));
  }
  if (condition.value.find_first_of("|<>=!") != std::string::npos) {
    throw UsageError(std::string(kWhere) + ": " + files::quoted(trimmed(text)) +
                     " is more than one condition; they are joined by &");
  }
  auto const quote = condition.value.front();
  if ((quote == '"' || quote == '\'') && condition.value.size() > 1 &&
      condition.value.back() == quote) {
    condition.value = condition.value.substr(1, condition.value.size() - 2);
  }
  bool const orders = comparison->front() == '<' || comparison->front() == '>';
  if (orders && !number_in(condition.value)) {
    throw UsageError(std::string(kWhere) + ": " + quoted(condition.value) +
                     " is not a number, and " + std::string(*comparison) +
                     " compares numbers; texts have = and !=");
  }
  return condition;
}

template <class T>
bool compares(std::string_view comparison, T const& a, T const& b) {
  if (comparison == "<") return a < b;
  if (comparison == "<=") return a <= b;
  if (comparison == ">") return a > b;
  if (comparison == ">=") return a >= b;
  return (comparison == "!=") != (a == b);
}

bool keeps(Condition const& condition, std::string const& cell) {
  if (!has_value(cell)) return false;
  auto const number = number_in(cell), value = number_in(condition.value);
  if (number && value) return compares(condition.comparison, *number, *value);
  bool const orders = condition.comparison[0] == '<' || condition.comparison[0] == '>';
  return !orders &&
         compares(condition.comparison, without_spaces(cell), without_spaces(condition.value));
}

// The order of two cells: -1, 0, 1. Those without a value come last, numbers before texts.
int order(std::string const& a, std::string const& b, bool best_is_most) {
  if (has_value(a) != has_value(b)) return has_value(a) ? -1 : 1;
  auto const x = number_in(a), y = number_in(b);
  if (x && y) return *x == *y ? 0 : (*x < *y) != best_is_most ? -1 : 1;
  if (x.has_value() != y.has_value()) return x ? -1 : 1;
  return a.compare(b) < 0 ? -1 : a == b ? 0 : 1;
}

}  // namespace

Lines filtered(TrialTable const& table, std::string_view filter) {
  std::vector<Condition> conditions;
  for (std::string_view rest = filter;;) {
    std::size_t const end = rest.find('&');
    conditions.push_back(condition_of(table, rest.substr(0, end)));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
    if (rest.starts_with('&')) rest.remove_prefix(1);  // && is as good
  }
  Lines kept;
  for (std::size_t line = 0; line < table.lines.size(); ++line) {
    bool const all =
        std::all_of(conditions.begin(), conditions.end(), [&](Condition const& condition) {
          return keeps(condition, table.lines[line][condition.column]);
        });
    if (all) kept.push_back(line);
  }
  return kept;
}

Lines sorted(TrialTable const& table, Lines lines, std::optional<std::size_t> by) {
  auto const sort = [&](std::size_t column, bool best_is_most) {
    std::stable_sort(lines.begin(), lines.end(), [&](std::size_t a, std::size_t b) {
      return order(table.lines[a][column], table.lines[b][column], best_is_most) < 0;
    });
  };
  if (by) {
    sort(*by, table.is_score(*by) && table.maximize);
  } else if (auto const rank = table.find("rank")) {
    sort(*rank, false);
  } else {
    std::size_t const score = *table.find("valid_" + table.metric);
    sort(score, table.maximize);
    sort(*table.find("epochs"), true);
    std::stable_partition(lines.begin(), lines.end(),
                          [&](std::size_t line) { return has_value(table.lines[line][score]); });
  }
  return lines;
}

}  // namespace brood::files
