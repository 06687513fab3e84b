// SPDX-License-Identifier: Apache-2.0
// brood bench: how fast networks of a user's own shape train, one line for each population.
#include <cmath>

#include "tools/commands/bench_run.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

constexpr double kGiga = 1e9;

// A figure of a line: its key in JSON and CSV, its heading, and what it is.
struct Figure {
  char const* key;
  char const* heading;
  Json (*value)(BenchRow const&, BenchOptions const&);
  std::string (*text)(BenchRow const&, BenchOptions const&);
};

double samples(BenchRow const& row, BenchOptions const& bench) {
  return row.steps_per_second * bench.batch_size;
}
double flops(BenchRow const& row) {
  return row.steps_per_second * row.step_flops;
}

using Row = BenchRow const&;
using With = BenchOptions const&;

// clang-format off
constexpr Figure kFigures[] = {
  {"members", "members", [](Row r, With) { return Json(r.members); },
   [](Row r, With) { return std::to_string(r.members); }},
  {"steps_per_s", "member-steps/s", [](Row r, With) { return Json(r.steps_per_second); },
   [](Row r, With) { return rate_text(r.steps_per_second); }},
  {"spread", "spread %", [](Row r, With) { return Json(r.spread); },
   [](Row r, With) { return percent_text(r.spread); }},
  {"samples_per_s", "samples/s", [](Row r, With b) { return Json(samples(r, b)); },
   [](Row r, With b) { return rate_text(samples(r, b)); }},
  {"flops_per_s", "GFLOP/s", [](Row r, With) { return Json(flops(r)); },
   [](Row r, With) { return rate_text(flops(r) / kGiga); }},
  {"peak_share", "% of peak", [](Row r, With) { return Json(r.peak_share); },
   [](Row r, With) { return percent_text(r.peak_share); }},
  {"bound", "bound by", [](Row r, With) { return Json(r.bound); },
   [](Row r, With) { return r.bound; }},
  {"bound_share", "% of that", [](Row r, With) { return Json(r.bound_share); },
   [](Row r, With) { return percent_text(r.bound_share); }},
  {"busy", "threads busy %", [](Row r, With) { return Json(r.busy); },
   [](Row r, With) { return std::isnan(r.busy) ? "-" : percent_text(r.busy); }},
  {"bytes_per_member", "bytes/member", [](Row r, With) { return Json(r.bytes_per_member); },
   [](Row r, With) { return std::to_string(r.bytes_per_member); }},
  {"launches", "launches", [](Row r, With) { return Json(r.launches); },
   [](Row r, With) { return std::to_string(r.launches); }},
  {"placement", "placement", [](Row r, With) { return Json(r.placement); },
   [](Row r, With) { return r.placement; }},
};
// clang-format on

std::string network_text(BenchOptions const& bench) {
  std::string text;
  for (int const width : bench.network)
    text += (text.empty() ? "" : "-") + std::to_string(width);
  return text;
}

std::string heading_text(Bench const& result, BenchOptions const& bench) {
  return network_text(bench) + ", batch " + std::to_string(bench.batch_size) + ", " +
         bench.optimizer + ", " + bench.activation + ", " + result.device.precision + ": " +
         rate_text(result.rows.front().step_flops / 1e6) + " MFLOP a step.\nOn " +
         result.device.device + "; peak " + rate_text(result.peak_flops / kGiga) + " GFLOP/s.\n";
}

std::vector<std::vector<std::string>> cells(Bench const& result, BenchOptions const& bench) {
  std::vector<std::vector<std::string>> rows(1);
  for (Figure const& figure : kFigures)
    rows[0].push_back(figure.heading);
  for (BenchRow const& row : result.rows) {
    auto& line = rows.emplace_back();
    for (Figure const& figure : kFigures)
      line.push_back(figure.text(row, bench));
  }
  return rows;
}

std::string markdown(Bench const& result, BenchOptions const& bench) {
  std::string text = heading_text(result, bench) + "\n";
  auto const rows = cells(result, bench);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::string const& cell : rows[i])
      text += "| " + cell + " ";
    text += "|\n";
    if (i > 0) continue;
    for (std::size_t c = 0; c < rows[0].size(); ++c)
      text += "| --- ";
    text += "|\n";
  }
  return text;
}

// What every line says, and its figures.
Json row_document(Bench const& result, BenchRow const& row, BenchOptions const& bench) {
  Json json;
  json.set("network", network_text(bench)).set("batch_size", bench.batch_size);
  json.set("optimizer", bench.optimizer).set("activation", bench.activation);
  json.set("precision", result.device.precision).set("device", result.device.device);
  json.set("peak_flops_per_s", result.peak_flops).set("step_flops", row.step_flops);
  json.set("repeats", row.repeats);
  for (Figure const& figure : kFigures)
    json.set(figure.key, figure.value(row, bench));
  return json;
}

// Of a row document: texts are quoted, as device names hold commas.
std::string csv(std::vector<Json> const& rows) {
  std::string text;
  for (auto const& [key, value] : *rows.front().as<Json::Object>())
    text += (text.empty() ? "" : ",") + key;
  text += "\n";
  for (Json const& row : rows) {
    std::string line;
    for (auto const& [key, value] : *row.as<Json::Object>())
      line += (line.empty() ? "" : ",") + (value.text() == "null" ? "" : value.text());
    text += line + "\n";
  }
  return text;
}

}  // namespace

int bench(Options const& options) {
  Bench const result = run_bench(options);
  std::vector<Json> rows;
  for (BenchRow const& row : result.rows)
    rows.push_back(row_document(result, row, options.bench));
  if (options.json) {
    print_result(Json().set("populations", Json::Array(rows)).text(/*indented=*/true) + "\n");
  } else if (options.bench.csv) {
    print_result(csv(rows));
  } else if (options.bench.markdown) {
    print_result(markdown(result, options.bench));
  } else {
    print_result(heading_text(result, options.bench) + table(cells(result, options.bench)));
  }
  return 0;
}

}  // namespace brood::tools
