// SPDX-License-Identifier: Apache-2.0
// The funnel: how many trials began each rung, and what it took.
#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

std::string number_or_nothing(double value) {
  return std::isnan(value) ? "" : score_text(value);
}

}  // namespace

PageSection rung_section(RunAnalysis const& analysis) {
  std::string const& metric = analysis.run.result.metric;
  int most = 1;
  bool brackets = false, times = false;
  for (FunnelRung const& rung : analysis.funnel) {
    most = std::max(most, rung.trials);
    brackets = brackets || rung.bracket > 0;
    times = times || !std::isnan(rung.seconds);
  }
  std::vector<HtmlCell> header;
  if (brackets) header.push_back(number_cell("bracket"));
  for (char const* const name : {"to epoch", "trials"})
    header.push_back(number_cell(name));
  header.push_back(text_cell(""));
  for (std::string const& name : {std::string("diverged"), "best " + metric, "median " + metric})
    header.push_back(number_cell(name));
  if (times) header.push_back(number_cell("time"));
  std::vector<std::vector<HtmlCell>> rows;
  for (FunnelRung const& rung : analysis.funnel) {
    std::vector<HtmlCell> row;
    if (brackets) row.push_back(number_cell(std::to_string(rung.bracket + 1)));
    row.push_back(number_cell(std::to_string(rung.epoch)));
    row.push_back(number_cell(std::to_string(rung.trials)));
    row.push_back(bar_cell(static_cast<double>(rung.trials) / most,
                           static_cast<double>(rung.diverged) / std::max(rung.trials, 1)));
    row.push_back(number_cell(rung.diverged > 0 ? std::to_string(rung.diverged) : ""));
    row.push_back(number_cell(number_or_nothing(rung.best)));
    row.push_back(number_cell(number_or_nothing(rung.median)));
    if (times)
      row.push_back(number_cell(std::isnan(rung.seconds) ? "" : duration_text(rung.seconds)));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return {"rungs", "Rungs", "", ""};
  return {"rungs", "Rungs",
          escaped("How many trials began each rung, the part that diverged in orange, and the "
                  "validation scores at its end."),
          html_table(header, rows)};
}

}  // namespace brood::files
