// SPDX-License-Identifier: Apache-2.0
// Members of a workload on the CPU backend, and the clocks that benchmarks of it go by.
#pragma once

#include <time.h>

#include <chrono>
#include <vector>

#include "brood/engine.hpp"
#include "synthetic.hpp"

namespace brood::bench {

inline double process_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Members of a workload, resident; run() trains each by an epoch.
class Trainer {
 public:
  // prepare: a last word on the members before they are admitted.
  template <class Prepare>
  Trainer(Workload const& w, int threads, Prepare&& prepare)
      : engine_({.threads = threads}),
        rows_(synthetic_rows(w)),
        data_(engine_.load(table_of(w, rows_))) {
    auto specs = members_of(w, data_.id(), w.members);
    prepare(specs);
    slots_ = engine_.backend().admit(specs);
  }

  struct Seconds {
    double cpu, wall;  // of all threads; of the clock
  };
  Seconds run() {
    ++epoch_;
    std::vector<TrainOrder> orders;
    for (auto const slot : slots_)
      orders.push_back({slot, epoch_, 0});
    double const cpu = process_seconds();
    double const wall = wall_seconds();
    engine_.backend().train(orders);
    engine_.backend().metrics(slots_);
    return {process_seconds() - cpu, wall_seconds() - wall};
  }

  Backend& backend() { return engine_.backend(); }
  std::vector<Slot> const& slots() const { return slots_; }

 private:
  Engine engine_;
  Synthetic rows_;
  Data data_;
  std::vector<Slot> slots_;
  int epoch_ = 0;
};

}  // namespace brood::bench
