// SPDX-License-Identifier: Apache-2.0
#include "files/report/page.hpp"

#include "brood/version.hpp"
#include "files/report/comparison.hpp"
#include "files/report/document.hpp"
#include "files/report/page_assets.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

// Nothing is fetched from anywhere, whatever the data says.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

// As the text of a script element: nothing in it ends the element or begins a comment.
std::string json_html(Json const& json) {
  std::string html;
  for (char const c : json.text()) {
    if (c == '<') {
      html += "\\u003c";
    } else {
      html += c;
    }
  }
  return html;
}

std::vector<PageSection> sections_of(std::span<RunAnalysis const> runs) {
  if (runs.size() != 1) return comparison_sections(runs);
  RunAnalysis const& run = runs.front();
  return {history_section(runs), score_section(runs),     rung_section(run),
          curve_section(run),    parallel_section(run),   parameter_section(run),
          pair_section(run),     prediction_section(run), failure_section(run),
          trial_section(),       data_section(run),       reproduction_section(run)};
}

std::string header_html(std::span<RunAnalysis const> runs) {
  ReportedRun const& first = runs.front().run;
  if (runs.size() == 1) {
    return element("p", "brood tune", R"(class="kicker")") + element("h1", first.sweep.name) +
           element("p", first.directory + ", by " + first.result.metric, R"(class="soft")");
  }
  return element("p", "brood report", R"(class="kicker")") +
         element("h1", std::to_string(runs.size()) + " runs") +
         element("p", "by " + first.result.metric, R"(class="soft")");
}

}  // namespace

namespace {

struct Page {
  std::string name;
  std::string connects;  // of the policy: what may be fetched
  PageParts parts;
  std::string footer, data, script;
};

std::string html_of(Page const& page) {
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += R"(<meta http-equiv="Content-Security-Policy" content=")" + std::string(kPolicy) +
          page.connects + "\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += "<link rel=\"icon\" href=\"data:,\">\n";
  html += element("title", page.name + ": brood report") + "\n";
  html += around("style", kReportStyle) + "\n</head>\n<body>\n";
  html += element("a", "Skip to the answer", R"(class="skip" href="#answer")") + "\n";
  html += around("header", page.parts.header) + "\n";
  html += around("nav", page.parts.nav, R"(aria-label="Sections")") + "\n";
  std::string body;
  for (auto const& [id, part] : page.parts.main)
    body += part + "\n";
  html += around("main", body) + "\n";
  html += element("footer", page.footer) + "\n";
  html += around("script", page.data, R"(type="application/json" id="report-data")") + "\n";
  html += around("script", "(() => {\n\"use strict\";\n" + page.script + "})();\n") + "\n";
  return html + "</body>\n</html>\n";
}

}  // namespace

PageParts page_parts(std::span<RunAnalysis const> runs) {
  PageParts parts;
  parts.header = header_html(runs);
  std::string nav;
  if (runs.size() == 1) parts.main.emplace_back("answer", answer_html(runs.front()));
  for (PageSection const& section : sections_of(runs)) {
    if (section.body.empty()) continue;
    nav += around("li", element("a", section.heading, "href=\"#" + section.id + "\"")) + "\n";
    std::string const lead =
        section.lead.empty() ? "" : around("p", section.lead, R"(class="lead")");
    parts.main.emplace_back(
        section.id, around("section", "\n" + element("h2", section.heading) + lead + section.body,
                           "id=\"" + section.id + "\""));
  }
  parts.nav = around("ul", nav);
  return parts;
}

std::string page_html(std::span<RunAnalysis const> runs) {
  std::string const name =
      runs.size() == 1 ? runs.front().run.sweep.name : std::to_string(runs.size()) + " runs";
  return html_of({.name = name,
                  .connects = "",
                  .parts = page_parts(runs),
                  .footer = "Written by brood " BROOD_VERSION
                            "; trials.csv, curves.csv and run.json beside "
                            "it have every number in full.",
                  .data = json_html(report_document(runs)),
                  .script = std::string(kReportScript)});
}

std::string live_page_html(std::string const& name) {
  return html_of({.name = name,
                  .connects = "; connect-src 'self'",
                  .parts = {},
                  .footer = "Served by brood watch " BROOD_VERSION
                            ", of what the study saved last. At its end it writes report.html.",
                  .data = "{\"runs\": []}",
                  .script = std::string(kReportScript) + std::string(kLiveScript)});
}

}  // namespace brood::files
