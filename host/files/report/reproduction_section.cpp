// SPDX-License-Identifier: Apache-2.0
// How to come by the same result again.
#include "files/report/result_words.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

PageSection reproduction_section(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  std::vector<std::vector<HtmlCell>> rows;
  for (auto const& [name, value] : origins_of(run))
    rows.push_back({text_cell(name), {HtmlCell::Kind::html, escaped(value), R"(class="text")"}});
  std::string body = html_table({text_cell("what"), text_cell("")}, rows);
  body += around("details", element("summary", "config.yaml, resolved") +
                                element("pre", resolved_yaml(run.sweep), R"(tabindex="0")"));
  return {"reproduce", "To repeat it",
          escaped("brood tune on the run's config.yaml repeats it on the same kind of device to "
                  "the last bit, "
                  "without a clock."),
          body};
}

}  // namespace brood::files
