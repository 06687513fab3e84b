// SPDX-License-Identifier: Apache-2.0
#include "files/run/curve_table.hpp"

#include <charconv>
#include <limits>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/run/run_table.hpp"

namespace brood::files {

namespace {

int whole_at(RunTable const& table, std::int64_t row, std::int64_t column) {
  std::string_view const text = table.raw(row, column);
  int number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    table.damaged(row, quoted(text) + " is no " + table.text(0, column));
  return number;
}

double real_at(RunTable const& table, std::int64_t row, std::int64_t column) {
  std::string_view const text = table.raw(row, column);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return kInfinity;
  if (text == "-inf") return -kInfinity;
  auto const number = read_number<double>(text);
  if (number.reading != Reading::number)
    table.damaged(row, quoted(text) + " is no " + table.text(0, column));
  return number.value;
}

}  // namespace

std::vector<CurvePoint> read_curves(std::string const& path, std::string const& metric) {
  RunTable const table(path);
  auto const column = [&](std::string const& name) {
    if (auto const found = table.find(name)) return *found;
    if (table.rows() == 0) throw StorageError(path + ": is damaged: it is empty");
    table.damaged(0, "it has no column " + name);
  };
  auto const trial = column("trial"), fold = column("fold"), repeat = column("repeat"),
             epoch = column("epoch"), train = column("train_loss"), valid = column("valid_loss"),
             score = column("valid_" + metric);
  std::vector<CurvePoint> points;
  points.reserve(static_cast<std::size_t>(table.rows()));
  for (std::int64_t row = 1; row < table.rows(); ++row) {
    points.push_back({.trial = whole_at(table, row, trial),
                      .fold = whole_at(table, row, fold),
                      .repeat = whole_at(table, row, repeat),
                      .epoch = whole_at(table, row, epoch),
                      .train_loss = real_at(table, row, train),
                      .valid_loss = real_at(table, row, valid),
                      .valid_metric = real_at(table, row, score)});
  }
  return points;
}

}  // namespace brood::files
