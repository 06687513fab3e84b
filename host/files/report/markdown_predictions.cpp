// SPDX-License-Identifier: Apache-2.0
#include "files/report/markdown_predictions.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "files/io/number_text.hpp"
#include "files/report/markdown_parts.hpp"
#include "files/report/result_words.hpp"

namespace brood::files {

namespace {

using Row = std::vector<std::string>;
using Counts = Inspection::LabelCounts;

std::string ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "" : score_text(static_cast<double>(part) / static_cast<double>(whole));
}

Row scores_of(std::string const& name, Counts const& counts) {
  std::int64_t const found = counts.true_positive + counts.false_positive,
                     are = counts.true_positive + counts.false_negative;
  return {name, std::to_string(are), ratio(counts.true_positive, found),
          ratio(counts.true_positive, are), ratio(2 * counts.true_positive, found + are)};
}

// Of each class, against all others.
std::vector<Counts> counts_of_classes(std::vector<std::vector<std::int64_t>> const& confusion) {
  std::vector<Counts> counts(confusion.size());
  for (std::size_t actual = 0; actual < confusion.size(); ++actual) {
    for (std::size_t predicted = 0; predicted < confusion.size(); ++predicted) {
      std::int64_t const rows = confusion[actual][predicted];
      if (actual == predicted) {
        counts[actual].true_positive += rows;
      } else {
        counts[actual].false_negative += rows;
        counts[predicted].false_positive += rows;
      }
    }
  }
  return counts;
}

}  // namespace

std::string confusion_markdown(Inspection const& inspection, Encoding const& encoding) {
  constexpr std::size_t kMostClasses = 20;
  std::size_t const classes = inspection.confusion.size();
  if (classes == 0 || classes > kMostClasses || classes != encoding.classes.size()) return "";
  Row names = {"is, predicted as"};
  names.insert(names.end(), encoding.classes.begin(), encoding.classes.end());
  std::vector<Row> rows;
  for (std::size_t actual = 0; actual < classes; ++actual) {
    Row row = {encoding.classes[actual]};
    for (std::int64_t const count : inspection.confusion[actual])
      row.push_back(std::to_string(count));
    rows.push_back(std::move(row));
  }
  return "### Confusion\n\n" + markdown_table(names, rows);
}

std::string class_scores_markdown(Inspection const& inspection, Encoding const& encoding) {
  constexpr std::size_t kMost = 100;
  bool const labels = encoding.task == Task::multi_label;
  auto const& names = labels ? encoding.targets : encoding.classes;
  auto const counts = labels ? inspection.labels : counts_of_classes(inspection.confusion);
  if (counts.empty() || counts.size() != names.size()) return "";
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(counts.size(), kMost); ++i)
    rows.push_back(scores_of(names[i], counts[i]));
  std::string const what = labels ? "label" : "class";
  std::string text =
      "### By " + what + "\n\n" + markdown_table({what, "rows", "precision", "recall", "F1"}, rows);
  if (counts.size() > kMost) text += "and " + std::to_string(counts.size() - kMost) + " more\n\n";
  return text;
}

std::string reliability_markdown(Inspection const& inspection) {
  if (inspection.reliability.empty()) return "";
  std::vector<Row> rows;
  for (auto const& tenth : inspection.reliability) {
    rows.push_back(
        {percent_text(tenth.predicted), percent_text(tenth.right), std::to_string(tenth.rows)});
  }
  return std::string("### Calibration\n\n") + kReliabilityLead + "\n\n" +
         markdown_table({"given", "right", "rows"}, rows);
}

std::string residuals_markdown(Inspection const& inspection, Encoding const& encoding) {
  if (inspection.residuals.empty() || inspection.residuals.size() != encoding.targets.size())
    return "";
  std::vector<Row> rows;
  for (std::size_t i = 0; i < inspection.residuals.size(); ++i) {
    rows.push_back({encoding.targets[i], score_text(inspection.residuals[i].mean),
                    score_text(inspection.residuals[i].deviation)});
  }
  return "### Errors\n\n" +
         markdown_table({"target", "mean of prediction minus truth", "its deviation"}, rows);
}

std::string columns_markdown(Inspection const& inspection, std::string const& metric) {
  constexpr std::size_t kMost = 20;
  if (inspection.columns.empty()) return "";
  auto sorted = inspection.columns;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto const& a, auto const& b) { return a.mean > b.mean; });
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMost); ++i) {
    rows.push_back({sorted[i].name, setting_text(sorted[i].mean)});
    if (inspection.column_repeats > 1) rows.back().push_back(setting_text(sorted[i].deviation));
  }
  Row names = {"column", "worse by"};
  if (inspection.column_repeats > 1) names.emplace_back("deviation");
  return "### Columns\n\n" + column_importance_text(inspection, metric) + "\n\n" +
         markdown_table(names, rows);
}

}  // namespace brood::files
