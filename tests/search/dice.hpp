// SPDX-License-Identifier: Apache-2.0
// A stream of random numbers that is a function of its seed, and what tests of tuners do by it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "brood/search.hpp"
#include "core/philox.hpp"

namespace brood {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : key_(philox_key(seed)) {}
  int below(int n) {
    return static_cast<int>(philox({{count_++, 0, 0, 77}}, key_).word[0] %
                            static_cast<std::uint32_t>(n));
  }

 private:
  PhiloxKey key_;
  std::uint32_t count_ = 0;
};

// Asks for random numbers of trials, tells them in random order with others in flight, and one time
// in `restore_one_in` (0: never) moves to a new Tuner of the same options by its state. `tell`
// tells the tuner of an ask.
template <class Tell>
void finish_in_disorder(Tuner& tuner, TunerOptions const& options, int restore_one_in, Dice& dice,
                        Tell const& tell) {
  std::vector<Ask> flying;
  while (!tuner.finished()) {
    if (restore_one_in > 0 && dice.below(restore_one_in) == 0) {
      Tuner next(options);
      next.restore(tuner.state());
      tuner = std::move(next);
      flying.clear();
    }
    for (auto& ask : tuner.ask(dice.below(6)))
      flying.push_back(std::move(ask));
    if (flying.empty()) continue;
    auto const chosen = flying.begin() + dice.below(static_cast<int>(flying.size()));
    Ask const ask = std::move(*chosen);
    flying.erase(chosen);
    tell(tuner, ask);
  }
}

}  // namespace brood
