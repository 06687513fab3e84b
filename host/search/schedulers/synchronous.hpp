// SPDX-License-Identifier: Apache-2.0
// Brackets that go rung by rung. A rung is a list of trials in order of rank; it closes when the
// last of its results counts, and what happens then depends on scores and ids only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "search/schedulers/halving.hpp"
#include "search/schedulers/schedule.hpp"

namespace brood {

class Synchronous : public Schedule {
 public:
  Synchronous(std::vector<std::vector<Rung>> brackets, bool maximize, Ranking ranking)
      : Schedule(std::move(brackets), maximize), ranking_(std::move(ranking)) {}

  void begin(Tuner::State& state, int trial) const override;
  std::vector<int> count(Tuner::State& state, int trial) const override;
  std::vector<int> cut(Tuner::State& state) const override;
  void mark_running(Tuner::State const& state, std::vector<bool>& running) const override;
  std::string problem(Tuner::State const& state, std::vector<bool> const& open) const override;

 protected:
  // Who of a rung that was not the last goes on, in order of rank; here the best, as many as
  // planned. All of the rung are pruned, stopped or diverged.
  virtual std::vector<int> who_goes_on(Tuner::State& state, std::vector<Ranked> ranked,
                                       Rung const& next) const;

  Ranking const ranking_;

 private:
  Tuner::BracketState& bracket(Tuner::State& state, int trial) const;
  int size_of(Tuner::BracketState const& bracket, std::size_t index) const;
  std::vector<int> close(Tuner::State& state, std::size_t index) const;
  std::string problem(Tuner::State const& state, std::size_t index,
                      std::vector<bool> const& open) const;
};

}  // namespace brood
