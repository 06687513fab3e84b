// SPDX-License-Identifier: Apache-2.0
// History: which observations count.
#include "search/history.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace brood {

History history_of(std::span<Observation const> seen, ModelSpace const& space, bool maximize,
                   int enough) {
  History history;
  std::vector<int> epochs;
  for (auto const& observation : seen) {
    bool const scored = std::isfinite(observation.score) && !observation.diverged;
    // An infinite score cannot be anything but a divergence.
    bool const diverged = !scored && (observation.diverged || std::isinf(observation.score));
    auto point = space.point_of(*observation.config);
    if (!point) continue;
    history.told += scored || diverged;
    if (scored) epochs.push_back(observation.epoch);
    history.records.push_back({.state = scored     ? Record::State::scored
                                        : diverged ? Record::State::diverged
                                                   : Record::State::pending,
                               .point = std::move(*point),
                               .loss = maximize ? -observation.score : observation.score,
                               .epoch = observation.epoch});
  }
  if (epochs.empty()) return history;
  auto const place = std::min(epochs.size(), static_cast<std::size_t>(std::max(enough, 1))) - 1;
  std::nth_element(epochs.begin(), epochs.begin() + static_cast<std::ptrdiff_t>(place),
                   epochs.end(), std::greater<>());
  history.epoch = epochs[place];
  std::erase_if(history.records, [&](Record const& record) {
    return record.state == Record::State::scored && record.epoch < history.epoch;
  });
  return history;
}

std::vector<std::size_t> ranking(std::span<Record const> records) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].state != Record::State::pending) places.push_back(i);
  }
  std::sort(places.begin(), places.end(), [&](std::size_t i, std::size_t j) {
    Record const &a = records[i], &b = records[j];
    if (a.state != b.state) return a.state == Record::State::scored;
    if (a.state == Record::State::scored) {
      if (a.epoch != b.epoch) return a.epoch > b.epoch;
      if (a.loss != b.loss) return a.loss < b.loss;
    }
    return i < j;
  });
  return places;
}

}  // namespace brood
