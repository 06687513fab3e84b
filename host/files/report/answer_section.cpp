// SPDX-License-Identifier: Apache-2.0
// The answer: the score, what it is of, how to use what was found, and what to be careful about.
#include "files/io/number_text.hpp"
#include "files/report/result_words.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

std::string definitions(NamedTexts const& texts) {
  std::string html;
  for (auto const& [name, value] : texts)
    html += around("div", element("dt", name) + element("dd", value)) + "\n";
  return around("dl", html, R"(class="facts")");
}

std::string settings_html(ReportedRun const& run) {
  std::string html;
  for (auto const& [name, value] : settings_of(run))
    html += around("li", element("span", name) + " " + escaped(value)) + "\n";
  return html.empty()
             ? ""
             : around("ul", html, R"(class="settings" aria-label="The winner's settings")");
}

std::string command_html(ReportedRun const& run) {
  if (run.result.best < 0 || run.encoding.inputs.empty()) return "";
  return element("h3", "To predict with it") +
         around("div",
                element("code", predict_command(run)) +
                    element("button", "Copy", R"(type="button" data-copy hidden)"),
                R"(class="command")");
}

std::string cautions_html(RunAnalysis const& analysis) {
  std::string html;
  for (std::string const& sentence : cautions(analysis))
    html += element("li", sentence) + "\n";
  return html.empty() ? ""
                      : element("h3", "Worth knowing") + around("ul", html, R"(class="cautions")");
}

}  // namespace

std::string answer_html(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  Headline const headline = headline_of(run);
  std::string const value = element("div", score_text(headline.score), R"(class="value")");
  std::string const name = element("div", score_note(run, headline), R"(class="name")");
  std::string html =
      around("div", around("div", value + name, R"(class="score")"), R"(class="headline")");
  html += "\n" + around("div", definitions(facts_of(run)), R"(style="margin-top:22px")");
  if (auto const scores = other_scores(run); !scores.empty())
    html += element("h3", other_scores_title(run)) + definitions(scores);
  html += settings_html(run) + command_html(run) + cautions_html(analysis);
  return around("div", html, R"(class="answer" id="answer")");
}

}  // namespace brood::files
