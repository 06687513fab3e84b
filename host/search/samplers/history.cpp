// SPDX-License-Identifier: Apache-2.0
// History: which observations count.
#include "search/samplers/history.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace brood {

History history_of(std::span<Observation const> seen, ModelSpace const& space, bool maximize,
                   int enough, SamplerMemory& memory) {
  for (std::size_t place = memory.points.size(); place < seen.size(); ++place)
    memory.points.push_back(space.point_of(*seen[place].config));
  History history;
  history.records.reserve(seen.size());
  std::vector<int> epochs;
  for (std::size_t place = 0; place < seen.size(); ++place) {
    if (!memory.points[place]) continue;
    Observation const& observation = seen[place];
    bool const scored = std::isfinite(observation.score) && !observation.diverged;
    // An infinite score cannot be anything but a divergence.
    bool const diverged = !scored && (observation.diverged || std::isinf(observation.score));
    history.told += scored || diverged;
    if (scored) epochs.push_back(observation.epoch);
    history.records.push_back({.state = scored     ? Record::State::scored
                                        : diverged ? Record::State::diverged
                                                   : Record::State::pending,
                               .trial = place,
                               .point = *memory.points[place],
                               .loss = maximize ? -observation.score : observation.score,
                               .epoch = observation.epoch});
  }
  if (epochs.empty()) return history;
  auto const rank = std::min(epochs.size(), static_cast<std::size_t>(std::max(enough, 1))) - 1;
  std::nth_element(epochs.begin(), epochs.begin() + static_cast<std::ptrdiff_t>(rank), epochs.end(),
                   std::greater<>());
  history.epoch = epochs[rank];
  std::erase_if(history.records, [&](Record const& record) {
    return record.state == Record::State::scored && record.epoch < history.epoch;
  });
  return history;
}

std::vector<std::size_t> ranking(std::span<Record const> records, int most) {
  struct Key {
    int epoch;  // -1: diverged
    double loss;
    std::size_t place;
    bool operator<(Key const& other) const {
      if (epoch != other.epoch) return epoch > other.epoch;
      if (loss != other.loss) return loss < other.loss;
      return place < other.place;
    }
  };
  std::vector<Key> keys;
  keys.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].state == Record::State::scored) {
      keys.push_back({records[i].epoch, records[i].loss, i});
    } else if (records[i].state == Record::State::diverged) {
      keys.push_back({-1, 0, i});
    }
  }
  auto const count = std::min(static_cast<std::size_t>(most), keys.size());
  auto const end_of_best = keys.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(keys.begin(), end_of_best, keys.end());
  std::vector<std::size_t> places;
  for (auto key = keys.begin(); key != end_of_best; ++key)
    places.push_back(key->place);
  return places;
}

}  // namespace brood
