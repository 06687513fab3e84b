// SPDX-License-Identifier: Apache-2.0
// The page of a report: what is embedded in it, that no data becomes structure, and how large it
// is.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "brood/error.hpp"
#include "files/io/json.hpp"
#include "files/io/number_text.hpp"
#include "files/report/page_assets.hpp"
#include "files/report/reported.hpp"

namespace brood::files {
namespace {

// The document that the page's script reads.
Json embedded(std::string const& page) {
  std::string const begin = R"(<script type="application/json" id="report-data">)";
  std::size_t const at = page.find(begin);
  EXPECT_NE(at, std::string::npos);
  std::size_t const from = at + begin.size();
  return parse_json(page.substr(from, page.find("</script>", from) - from));
}

Json const& first_run(Json const& document) {
  return document.find("runs")->as<Json::Array>()->front();
}

std::size_t count(std::string const& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

std::string without_data(std::string page) {
  std::size_t const from = page.find("id=\"report-data\">");
  return page.erase(from, page.find("</script>", from) - from);
}

TEST(ReportPage, HoldsEveryTrialFromTheBestOn) {
  Json const document = embedded(report_html({halving_run()}));
  Json const& run = first_run(document);
  Json const& trials = *run.find("trials");
  EXPECT_EQ(*trials.find("all")->as<std::int64_t>(), 27);
  EXPECT_EQ(*trials.find("shown")->as<std::int64_t>(), 27);
  std::istringstream ids(*trials.find("ids")->as<std::string>());
  for (int expected = 0; expected < 27; ++expected) {
    int id = -1;
    ids >> id;
    EXPECT_EQ(id, expected);
  }
  EXPECT_EQ(*trials.find("states")->as<std::string>(), "ccc" + std::string(23, 'p') + "d");
  EXPECT_EQ(trials.find("values")->as<Json::Array>()->size(), 4u);
  EXPECT_EQ(*run.find("best")->as<std::int64_t>(), 0);
  EXPECT_EQ(run.find("curves")->find("trials")->as<Json::Array>()->size(), 20u);
}

TEST(ReportPage, SaysWhatWonAndHowSureThatIs) {
  std::string const page = report_html({halving_run()});
  EXPECT_NE(page.find("test accuracy on 100 rows that nothing had looked at (\u00b1 0.04, its "
                      "standard error)"),
            std::string::npos);
  EXPECT_NE(page.find("brood predict &#39;runs/made up&#39; some.csv"), std::string::npos);
}

// Whatever it is called, text stays text.
TEST(ReportPage, NoTextBecomesStructure) {
  std::string const bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
  RunRecord run = halving_run();
  run.directory = bad;
  run.sweep.name = bad;
  run.sweep.data_path = bad;
  run.facts.command_line = bad;
  run.facts.ended = bad;
  run.encoding.inputs.at(0).name = bad;
  run.encoding.targets.at(0) = bad;
  for (std::string& name : run.encoding.classes)
    name += bad;
  std::string const page = report_html({run});
  EXPECT_EQ(count(page, "<script"), 2u);
  EXPECT_EQ(count(page, "</script"), 2u);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(*first_run(embedded(page)).find("name")->as<std::string>(), bad);
}

// All that a page may ask for is in it.
TEST(ReportPage, AsksNothingOfANetwork) {
  std::string const page = without_data(report_html({halving_run()}));
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (char const* const part : {"src=", "url(http", "@import", "fetch(", "XMLHttp", "import("})
    EXPECT_EQ(count(page, part), 0u) << part;
  EXPECT_EQ(count(page, "http"), 2u);  // http-equiv, and the name of SVG's elements
}

TEST(ReportPage, IsTheSameForTheSameRun) {
  EXPECT_EQ(report_html({halving_run()}), report_html({halving_run()}));
}

// With ten thousand trials, and with so many parameters that they do not fit, a sample is shown.
TEST(ReportPage, StaysBelowAMegabyte) {
  RunRecord run = halving_run(10'000);
  std::string page = report_html({run});
  EXPECT_LT(page.size(), 1'000'000u);
  Json document = embedded(page);
  EXPECT_EQ(*first_run(document).find("trials")->find("shown")->as<std::int64_t>(), 10'000);
  for (int i = 1; i <= 8; ++i) {
    std::string const name = "width_" + std::to_string(i);
    run.sweep.study.space.integer(name, 1, 10'000'000);
    for (TrialResult& trial : run.result.trials)
      trial.config.set(name, std::int64_t{1234567 + trial.id});
  }
  page = report_html({run});
  EXPECT_LT(page.size(), 1'000'000u);
  document = embedded(page);
  Json const& trials = *first_run(document).find("trials");
  std::int64_t const shown = *trials.find("shown")->as<std::int64_t>();
  EXPECT_LT(shown, 10'000);
  EXPECT_GT(shown, 2'000);
  EXPECT_EQ(*trials.find("all")->as<std::int64_t>(), 10'000);
  EXPECT_EQ(trials.find("states")->as<std::string>()->size(), static_cast<std::size_t>(shown));
}

TEST(ReportPage, IsThereForASingleTrialAndForNone) {
  RunRecord run = halving_run(1);
  run.facts.rungs.clear();
  run.facts.rows = 0;
  std::string page = report_html({run});
  EXPECT_TRUE(embedded(page).find("runs") != nullptr);
  run.result.trials[0].state = TrialState::diverged;
  run.result.trials[0].score = std::nan("");
  run.result.trials[0].rank = 0;
  run.result.best = -1;
  run.result.valid = run.result.test = std::nan("");
  run.result.test_metrics.clear();
  run.result.curves.clear();
  run.encoding = {};
  page = report_html({run});
  EXPECT_NE(page.find("no trial has a score"), std::string::npos);
  EXPECT_TRUE(embedded(page).find("runs") != nullptr);
}

TEST(ReportPage, OfSeveralRunsSaysWhatDiffers) {
  RunRecord const a = halving_run(), other = halving_run(54);
  std::string const page = report_html({a, other});
  EXPECT_NE(page.find("Settings that differ"), std::string::npos);
  EXPECT_NE(page.find("<td>trials</td><td>27</td><td>54</td>"), std::string::npos);
  Json const document = embedded(page);
  EXPECT_EQ(document.find("runs")->as<Json::Array>()->size(), 2u);
  RunRecord b = halving_run();
  b.result.metric = "auc";
  EXPECT_THROW(report_html({a, b}), UsageError);
  EXPECT_THROW(report_html({}), UsageError);
}

TEST(ReportMarkdown, HasTheAnswerAndTables) {
  RunRecord run = halving_run();
  run.sweep.name = "a|b*c";
  std::string const text = report_markdown({run});
  EXPECT_EQ(text.rfind("# a\\|b\\*c\n\n**0.8000** test accuracy on 100 rows", 0), 0u);
  EXPECT_NE(text.find("| 1 | 3 | 9 | 0 | 0.8423 |"), std::string::npos) << text;
  EXPECT_NE(text.find("## Importance of settings"), std::string::npos);
  EXPECT_NE(text.find("brood predict 'runs/made up' some.csv"), std::string::npos);
  EXPECT_NE(report_markdown({run, run}).find("None: the runs were asked for the same."),
            std::string::npos);
}

TEST(ShortestText, IsReadBackByAnyParserOfNumbers) {
  EXPECT_EQ(shortest_text(0.0125, 4), ".0125");
  EXPECT_EQ(shortest_text(-0.5, 4), "-.5");
  EXPECT_EQ(shortest_text(0.00001, 4), "1e-5");
  EXPECT_EQ(shortest_text(0.0000123456, 4), "1.235e-5");
  EXPECT_EQ(shortest_text(1234567, 15), "1234567");
  EXPECT_EQ(shortest_text(1e22, 4), "1e22");
  EXPECT_EQ(shortest_text(0, 4), "0");
  EXPECT_EQ(shortest_text(100, 6), "100");
  EXPECT_EQ(shortest_text(std::nan(""), 4), "nan");
}

}  // namespace
}  // namespace brood::files
