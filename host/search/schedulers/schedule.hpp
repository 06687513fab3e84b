// SPDX-License-Identifier: Apache-2.0
// What a scheduler decides, result by result. A Schedule is the plan and its rules; what has
// happened is in Tuner::State. It is told of results in the order of virtual time.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "brood/search.hpp"

namespace brood {

class Schedule {
 public:
  Schedule(std::vector<std::vector<Rung>> brackets, bool maximize);
  virtual ~Schedule() = default;
  Schedule(Schedule const&) = delete;
  Schedule& operator=(Schedule const&) = delete;

  std::vector<std::vector<Rung>> const& brackets() const { return brackets_; }
  // Brackets are filled in their order.
  int bracket_of(int trial) const;
  // At which a rung of the trial's bracket ends; 0 before the first.
  int epoch(int trial, int rung) const;

  // Trials that train at the same time.
  virtual int workers() const { return std::numeric_limits<int>::max(); }
  // Whether new trials are proposed only when each of those before has a result.
  virtual bool waits_for_results() const { return true; }

  // A new trial begins.
  virtual void begin(Tuner::State&, int /*trial*/) const {}
  // The result of a trial counts from now on. Returns those that go on.
  virtual std::vector<int> count(Tuner::State& state, int trial) const = 0;
  // A trial that waits or trains was dropped: it does not go on, and what is told of it counts for
  // nothing.
  virtual void drop(Tuner::State&, int /*trial*/) const {}
  // There will be no more trials than there are. Returns those that go on.
  virtual std::vector<int> cut(Tuner::State&) const { return {}; }
  // A trial that goes on because a worker is free.
  virtual std::optional<int> promote(Tuner::State&) const { return std::nullopt; }
  // A trial that goes on because otherwise nothing is in flight and nothing begins.
  virtual std::optional<int> go_on_alone(Tuner::State&) const { return std::nullopt; }
  // Nothing is in flight and nothing begins.
  virtual void end(Tuner::State&) const {}

  // Marks those that are not yet out of the running.
  virtual void mark_running(Tuner::State const& state, std::vector<bool>& running) const = 0;
  // Empty, or why the state's brackets or results cannot be. `open`: by trial, whether its result
  // does not count yet. The rest of the state is in order.
  virtual std::string problem(Tuner::State const& state, std::vector<bool> const& open) const = 0;

 protected:
  std::vector<std::vector<Rung>> const brackets_;
  bool const maximize_;

 private:
  std::vector<int> ends_;  // by bracket: one after its last trial
};

std::shared_ptr<Schedule const> make_schedule(TunerOptions const& options);
std::shared_ptr<Schedule const> make_synchronous(std::vector<std::vector<Rung>> brackets,
                                                 bool maximize, Ranking ranking);
std::shared_ptr<Schedule const> make_asha(Asha const& asha, std::vector<std::vector<Rung>> brackets,
                                          bool maximize);
std::shared_ptr<Schedule const> make_median(MedianStopping const& median,
                                            std::vector<std::vector<Rung>> brackets, bool maximize,
                                            Ranking ranking);
// Of the scheduler PopulationBased.
std::shared_ptr<Schedule const> make_population_based(TunerOptions const& options,
                                                      std::vector<std::vector<Rung>> brackets);

}  // namespace brood
