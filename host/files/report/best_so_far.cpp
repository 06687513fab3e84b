// SPDX-License-Identifier: Apache-2.0
#include "files/report/best_so_far.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace brood::files {

namespace {

// An evaluation of a trial, and what was trained for it.
struct Event {
  int epoch = 0, trial = 0;
  std::int64_t member_epochs = 0;
  double score = 0;
};

std::vector<Event> events_of(std::vector<MeanPoint> const& curves) {
  std::vector<Event> events;
  events.reserve(curves.size());
  for (std::size_t i = 0; i < curves.size(); ++i) {
    bool const goes_on = i > 0 && curves[i - 1].trial == curves[i].trial;
    int const before = goes_on ? curves[i - 1].epoch : 0;
    events.push_back({curves[i].epoch, curves[i].trial,
                      std::int64_t{curves[i].members} * (curves[i].epoch - before),
                      curves[i].metric});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](Event const& a, Event const& b) { return a.epoch < b.epoch; });
  return events;
}

// Between the ends of two rungs, in proportion to the epochs trained.
double seconds_at(std::vector<RungFacts> const& rungs, std::int64_t member_epochs) {
  double seconds = 0;
  std::int64_t trained = 0;
  for (RungFacts const& rung : rungs) {
    if (member_epochs <= rung.member_epochs && rung.member_epochs > trained) {
      double const share = static_cast<double>(member_epochs - trained) /
                           static_cast<double>(rung.member_epochs - trained);
      return seconds + share * (rung.seconds - seconds);
    }
    seconds = rung.seconds;
    trained = rung.member_epochs;
  }
  return rungs.empty() ? std::numeric_limits<double>::quiet_NaN() : seconds;
}

}  // namespace

std::vector<BestSoFar> best_so_far(ReportedRun const& run, std::vector<MeanPoint> const& curves) {
  std::vector<BestSoFar> history;
  std::int64_t trained = 0;
  for (Event const& event : events_of(curves)) {
    trained += event.member_epochs;
    if (!std::isfinite(event.score)) continue;
    if (!history.empty() && !run.is_better(event.score, history.back().score)) continue;
    history.push_back({trained, seconds_at(run.facts.rungs, trained), event.trial, event.score});
  }
  if (history.empty()) return history;
  history.push_back(history.back());
  history.back().member_epochs = trained;
  history.back().seconds = seconds_at(run.facts.rungs, trained);
  return history;
}

}  // namespace brood::files
