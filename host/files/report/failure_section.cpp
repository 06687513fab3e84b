// SPDX-License-Identifier: Apache-2.0
// Trials that diverged, and by which settings they differ from the others.
#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/io/text.hpp"
#include "files/report/sections.hpp"
#include "search/samplers/axis.hpp"

namespace brood::files {

namespace {

// A setting that parts the trials that diverged from the others: the share that diverged on either
// side of a value, or of a category.
struct Divide {
  std::string parameter, where;
  int diverged = 0, of = 0;  // on the side where more did
  int diverged_elsewhere = 0, of_elsewhere = 0;
  double gain = 0;  // of information, in nats: by this the most telling comes first
};

double entropy(double a, double b) {
  double const n = a + b;
  auto const part = [&](double x) { return x > 0 ? -x * std::log(x / n) : 0; };
  return part(a) + part(b);
}

struct Sample {
  double coordinate = 0;
  bool diverged = false;
};

void consider(std::string const& parameter, std::string const& where, int diverged, int of,
              int all_diverged, int all, Divide& best) {
  int const elsewhere = all_diverged - diverged, of_elsewhere = all - of;
  if (of == 0 || of_elsewhere == 0) return;
  double const share = static_cast<double>(diverged) / of;
  if (share <= static_cast<double>(elsewhere) / of_elsewhere) return;
  double const gain = entropy(all_diverged, all - all_diverged) - entropy(diverged, of - diverged) -
                      entropy(elsewhere, of_elsewhere - elsewhere);
  if (gain > best.gain) best = {parameter, where, diverged, of, elsewhere, of_elsewhere, gain};
}

// Cuts between every two samples of a line; of categories, each by itself.
Divide divide_of(Axis const& axis, Parameter const& parameter, std::vector<Sample> samples) {
  auto const all = static_cast<int>(samples.size());
  auto const diverged = static_cast<int>(
      std::count_if(samples.begin(), samples.end(), [](Sample const& s) { return s.diverged; }));
  Divide best;
  std::stable_sort(samples.begin(), samples.end(),
                   [](Sample const& a, Sample const& b) { return a.coordinate < b.coordinate; });
  bool const category = axis.kind == Axis::Kind::category;
  auto const value = [&](double coordinate) {
    bool const listed = category || parameter.distribution == Distribution::ordinal;
    if (listed) return to_text(parameter.values[static_cast<std::size_t>(coordinate)]);
    double const unit = axis.kind == Axis::Kind::steps && parameter.q > 0 ? parameter.q : 1;
    return setting_text((axis.log ? std::exp(coordinate) : coordinate) * unit);
  };
  int below = 0, diverged_below = 0;
  for (std::size_t begin = 0; begin < samples.size();) {
    std::size_t end = begin;
    int here = 0, diverged_here = 0;
    for (; end < samples.size() && samples[end].coordinate == samples[begin].coordinate; ++end) {
      ++here;
      diverged_here += samples[end].diverged;
    }
    if (category) {
      consider(parameter.name, value(samples[begin].coordinate), diverged_here, here, diverged, all,
               best);
    } else {
      consider(parameter.name, "from " + value(samples[begin].coordinate),
               diverged - diverged_below, all - below, diverged, all, best);
      consider(parameter.name, "up to " + value(samples[begin].coordinate),
               diverged_below + diverged_here, below + here, diverged, all, best);
    }
    below += here;
    diverged_below += diverged_here;
    begin = end;
  }
  return best;
}

std::vector<Divide> divides_of(RunAnalysis const& analysis) {
  SearchSpace const& searched = analysis.run.sweep.study.space;
  ModelSpace const space(searched);
  std::vector<Divide> divides;
  for (std::size_t a = 0; a < space.axes().size(); ++a) {
    std::vector<Sample> samples;
    for (TrialResult const& trial : analysis.run.result.trials) {
      auto const point = space.point_of(trial.config);
      if (point && !std::isnan((*point)[a]))
        samples.push_back({(*point)[a], trial.state == TrialState::diverged});
    }
    Divide const divide =
        divide_of(space.axes()[a], *searched.find(space.names()[a]), std::move(samples));
    if (divide.gain > 0) divides.push_back(divide);
  }
  std::stable_sort(divides.begin(), divides.end(),
                   [](Divide const& a, Divide const& b) { return a.gain > b.gain; });
  constexpr std::size_t kMost = 3;
  divides.resize(std::min(divides.size(), kMost));
  return divides;
}

std::string share_text(int diverged, int of) {
  return std::to_string(diverged) + " of " + std::to_string(of);
}

}  // namespace

PageSection failure_section(RunAnalysis const& analysis) {
  auto const trials = std::ssize(analysis.run.result.trials);
  if (analysis.diverged == 0) {
    return {"failures", "Failures", "", element("p", "No trial diverged.", R"(class="soft")")};
  }
  std::vector<std::vector<HtmlCell>> rows;
  for (Divide const& divide : divides_of(analysis)) {
    rows.push_back({text_cell(divide.parameter), text_cell(divide.where),
                    number_cell(share_text(divide.diverged, divide.of)),
                    number_cell(share_text(divide.diverged_elsewhere, divide.of_elsewhere))});
  }
  std::string body =
      element("p", std::to_string(analysis.diverged) + " of " + counted(trials, "trial") +
                       " diverged: a score or loss of theirs was not finite.");
  if (!rows.empty()) {
    body += html_table({text_cell("parameter"), text_cell("where most diverged"),
                        number_cell("diverged there"), number_cell("diverged elsewhere")},
                       rows);
  }
  return {"failures", "Failures", "", body};
}

}  // namespace brood::files
