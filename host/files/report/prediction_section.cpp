// SPDX-License-Identifier: Apache-2.0
// What is predicted rightly and wrongly on the test rows, and which columns that depends on.
#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/io/text.hpp"
#include "files/report/result_words.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

std::string percent_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? "" : percent_text(static_cast<double>(part) / static_cast<double>(whole));
}

// A cell of the confusion matrix, stronger the larger its share of the row: blue on the diagonal,
// orange where it is wrong.
HtmlCell confusion_cell(std::int64_t rows, std::int64_t of_class, bool is_right) {
  double const share = of_class > 0 ? static_cast<double>(rows) / static_cast<double>(of_class) : 0;
  auto const percent = std::to_string(std::lround(100 * (rows > 0 ? 0.12 + 0.5 * share : 0)));
  std::string const tint = std::string("style=\"background:color-mix(in srgb, var(--") +
                           (is_right ? "blue" : "orange") + ") " + percent + "%, transparent)\"";
  return {HtmlCell::Kind::html, rows > 0 ? std::to_string(rows) : "",
          tint + (is_right ? " class=\"right\"" : "")};
}

std::string confusion_html(Inspection const& inspection, Encoding const& encoding) {
  constexpr std::size_t kMostClasses = 40;
  std::size_t const classes = inspection.confusion.size();
  if (classes == 0 || classes != encoding.classes.size()) return "";
  if (classes > kMostClasses) {
    return element("p", "A matrix of " + std::to_string(classes) + " classes is not drawn.",
                   R"(class="soft")");
  }
  std::vector<HtmlCell> header = {text_cell("is \\ predicted as")};
  for (std::string const& name : encoding.classes)
    header.push_back(number_cell(name));
  header.push_back(number_cell("right"));
  std::vector<std::vector<HtmlCell>> rows;
  for (std::size_t actual = 0; actual < classes; ++actual) {
    std::vector<HtmlCell> row = {text_cell(encoding.classes[actual])};
    std::int64_t all = 0;
    for (std::int64_t const count : inspection.confusion[actual])
      all += count;
    for (std::size_t predicted = 0; predicted < classes; ++predicted)
      row.push_back(
          confusion_cell(inspection.confusion[actual][predicted], all, actual == predicted));
    row.push_back(number_cell(percent_of(inspection.confusion[actual][actual], all)));
    rows.push_back(std::move(row));
  }
  return element("h3", "Confusion") +
         around("div", html_table(header, rows), R"(class="confusion")");
}

std::string calibration_html(Inspection const& inspection) {
  if (inspection.reliability.empty()) return "";
  std::vector<std::vector<HtmlCell>> rows;
  for (auto const& tenth : inspection.reliability) {
    rows.push_back({number_cell(percent_text(tenth.predicted)),
                    number_cell(percent_text(tenth.right)), bar_cell(tenth.right),
                    number_cell(std::to_string(tenth.rows))});
  }
  return element("h3", "Calibration") + element("p", kReliabilityLead, R"(class="soft")") +
         html_table(
             {number_cell("given"), number_cell("right"), text_cell(""), number_cell("rows")},
             rows);
}

std::string labels_html(Inspection const& inspection, Encoding const& encoding) {
  if (inspection.labels.empty() || inspection.labels.size() != encoding.targets.size()) return "";
  std::vector<std::vector<HtmlCell>> rows;
  for (std::size_t i = 0; i < inspection.labels.size(); ++i) {
    auto const& counts = inspection.labels[i];
    rows.push_back({text_cell(encoding.targets[i]),
                    number_cell(std::to_string(counts.true_positive)),
                    number_cell(std::to_string(counts.false_positive)),
                    number_cell(std::to_string(counts.false_negative)),
                    number_cell(std::to_string(counts.true_negative))});
  }
  return element("h3", "By label") +
         html_table({text_cell("label"), number_cell("found"), number_cell("wrongly found"),
                     number_cell("missed"), number_cell("rightly not found")},
                    rows);
}

// ---- residuals

struct Range {
  double low = 0, high = 1;
  double at(double value) const { return high > low ? (value - low) / (high - low) : 0.5; }
};

Range range_of(Inspection::Residuals const& residuals) {
  Range range{residuals.truth.front(), residuals.truth.front()};
  for (auto const* const values : {&residuals.truth, &residuals.predicted}) {
    auto const [low, high] = std::minmax_element(values->begin(), values->end());
    range = {std::min(range.low, *low), std::max(range.high, *high)};
  }
  return range;
}

// Predictions against what was true, beside the line on which they would be right.
std::string residual_plot(Inspection::Residuals const& residuals, std::string const& name) {
  constexpr double kSize = 300, kLeft = 56, kBottom = 44;
  Range const range = range_of(residuals);
  auto const x = [&](double value) { return setting_text(kLeft + kSize * range.at(value)); };
  auto const y = [&](double value) { return setting_text(8 + kSize * (1 - range.at(value))); };
  std::string marks = "<path class=\"axis\" d=\"M" + x(range.low) + " " + y(range.low) + "L" +
                      x(range.high) + " " + y(range.high) + "\"/>";
  for (std::size_t i = 0; i < residuals.truth.size(); ++i) {
    marks += "<circle cx=\"" + x(residuals.truth[i]) + "\" cy=\"" + y(residuals.predicted[i]) +
             "\" r=\"2.2\"/>";
  }
  auto const label = [](std::string const& at, std::string const& anchor, std::string const& text) {
    return element("text", text, at + " text-anchor=\"" + anchor + "\"");
  };
  std::string const below = setting_text(8 + kSize + 18);
  marks +=
      label("x=\"" + x(range.low) + "\" y=\"" + below + "\"", "start", setting_text(range.low));
  marks +=
      label("x=\"" + x(range.high) + "\" y=\"" + below + "\"", "end", setting_text(range.high));
  marks += label("x=\"" + setting_text(kLeft - 8) + "\" y=\"" + y(range.low) + "\"", "end",
                 setting_text(range.low));
  marks += label("x=\"" + setting_text(kLeft - 8) + "\" y=\"" + setting_text(18) + "\"", "end",
                 setting_text(range.high));
  marks += label(
      "x=\"" + setting_text(kLeft + kSize / 2) + "\" y=\"" + setting_text(8 + kSize + 36) + "\"",
      "middle", name + ", true: predicted upwards");
  return around("svg", marks,
                "class=\"residuals\" role=\"img\" aria-label=\"Predictions against the truth\" "
                "viewBox=\"0 0 " +
                    setting_text(kLeft + kSize + 8) + " " + setting_text(8 + kSize + kBottom) +
                    "\"");
}

std::string residuals_html(Inspection const& inspection, Encoding const& encoding) {
  constexpr std::size_t kMostTargets = 6;
  if (inspection.residuals.empty() || inspection.residuals.size() != encoding.targets.size())
    return "";
  std::vector<std::vector<HtmlCell>> rows;
  std::string plots;
  for (std::size_t i = 0; i < inspection.residuals.size(); ++i) {
    auto const& residuals = inspection.residuals[i];
    rows.push_back({text_cell(encoding.targets[i]), number_cell(score_text(residuals.mean)),
                    number_cell(score_text(residuals.deviation))});
    if (i < kMostTargets && !residuals.truth.empty())
      plots += residual_plot(residuals, encoding.targets[i]);
  }
  return element("h3", "Errors") +
         html_table({text_cell("target"), number_cell("mean of prediction minus truth"),
                     number_cell("its deviation")},
                    rows) +
         around("div", plots, R"(class="grid")");
}

// ---- columns

std::string columns_html(Inspection const& inspection, std::string const& metric) {
  if (inspection.columns.empty()) return "";
  auto sorted = inspection.columns;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto const& a, auto const& b) { return a.mean > b.mean; });
  constexpr std::size_t kMost = 30;
  double const most = std::max(sorted.front().mean, 0.0);
  bool const repeated = inspection.column_repeats > 1;
  std::vector<std::vector<HtmlCell>> rows;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMost); ++i) {
    auto const& column = sorted[i];
    rows.push_back({text_cell(column.name), number_cell(setting_text(column.mean)),
                    bar_cell(most > 0 ? column.mean / most : 0)});
    if (repeated) rows.back().push_back(number_cell(setting_text(column.deviation)));
  }
  std::vector<HtmlCell> header = {text_cell("column"), number_cell("worse by"), text_cell("")};
  if (repeated) header.push_back(number_cell("deviation"));
  std::string html = element("h3", "Columns") +
                     element("p", column_importance_text(inspection, metric), R"(class="soft")") +
                     html_table(header, rows);
  if (sorted.size() > kMost)
    html += element(
        "p", "and " + std::to_string(sorted.size() - kMost) + " more columns that matter less",
        R"(class="soft")");
  return html;
}

}  // namespace

PageSection prediction_section(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  PageSection section{"predictions", "Predictions", "", ""};
  if (!run.facts.inspection || run.facts.inspection->rows == 0) return section;
  Inspection const& inspection = *run.facts.inspection;
  section.lead = escaped(inspected_rows_text(run));
  section.body = confusion_html(inspection, run.encoding) + calibration_html(inspection) +
                 labels_html(inspection, run.encoding) + residuals_html(inspection, run.encoding) +
                 columns_html(inspection, run.result.metric);
  return section;
}

}  // namespace brood::files
