// SPDX-License-Identifier: Apache-2.0
#include "study/pace.hpp"

#include <set>

#include "backend/describe.hpp"
#include "study/plan.hpp"

namespace brood {

double epoch_work(Config const& config, Study const& study, TableShape const& shape,
                  std::size_t rows) {
  constexpr double kBesideProducts = 40e3;  // about 0.4 us at 100 Gflop/s
  Member const member =
      describe(member_config(config, study), shape, 0, static_cast<std::int64_t>(rows), 0);
  return steps_per_epoch(member) * (step_flops(member) + kBesideProducts);
}

std::vector<Stretch> stretches_of(std::span<std::vector<Rung> const> brackets,
                                  std::int64_t per_trial, std::int64_t per_final_trial) {
  std::set<int> ends;
  for (auto const& bracket : brackets) {
    for (Rung const& rung : bracket)
      ends.insert(rung.epoch);
  }
  std::vector<Stretch> stretches;
  int from = 0;
  for (int const end : ends) {
    Stretch stretch{.from = from, .until = end};
    for (auto const& bracket : brackets) {
      auto const rung = std::find_if(bracket.begin(), bracket.end(),
                                     [&](Rung const& each) { return each.epoch >= end; });
      if (rung == bracket.end()) continue;
      bool const last = rung + 1 == bracket.end(), first = rung == bracket.begin();
      std::int64_t const trials = rung->trials;
      stretch.members += trials * (first && last ? per_final_trial : per_trial);
      if (last && !first && (rung - 1)->epoch == from)
        stretch.late += trials * (per_final_trial - per_trial);
    }
    stretch.members += stretch.late;
    stretches.push_back(stretch);
    from = end;
  }
  return stretches;
}

double seconds_left(Pace const& pace, std::span<Stretch const> stretches, std::int64_t now) {
  double seconds = 0;
  for (Stretch const& stretch : stretches) {
    if (stretch.until <= now) continue;
    std::int64_t const from = std::max<std::int64_t>(stretch.from, now);
    seconds += pace.seconds(static_cast<double>(stretch.members),
                            static_cast<double>(stretch.until - from));
    if (from == 0) seconds += pace.seconds_to_begin(static_cast<double>(stretch.members));
    if (stretch.late > 0 && from == stretch.from) {
      auto const late = static_cast<double>(stretch.late);
      seconds += pace.seconds_to_begin(late) + pace.seconds(late, stretch.from);
    }
  }
  return seconds;
}

}  // namespace brood
