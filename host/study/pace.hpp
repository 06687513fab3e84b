// SPDX-License-Identifier: Apache-2.0
// How fast members train, as measured, and how long what is still to come takes at that speed. Only
// a study with a time limit, and what is said of the time that is left, go by it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brood/study.hpp"

namespace brood {

class Pace {
 public:
  // `parallel`: members that train side by side.
  explicit Pace(int parallel) : parallel_(std::max(parallel, 1)) {}

  // Members trained together, of so much work in all and the largest of so much, in seconds of the
  // wall. As a unit of work will do whatever takes as long everywhere: an epoch of like members,
  // or what epoch_work() has.
  void note(double work, double largest, double seconds) {
    if (work > 0) each_ = seconds / std::max(work / parallel_, largest);
  }
  // Members that began together: their weights were drawn, and memory was found for them.
  void note_begin(double members, double seconds) {
    if (members > 0) begin_each_ = seconds / members;
  }
  double seconds_to_begin(double members) const { return begin_each_ * members; }

  // Of members whose epoch is so much work, where `note` had another unit of it.
  Pace slower(double times) const {
    Pace pace = *this;
    pace.each_ *= times;
    return pace;
  }
  bool known() const { return each_ > 0; }
  // Of so much work in all, shared among so many members.
  double seconds_of_work(double work, double members) const {
    return each_ * work / std::clamp(members, 1.0, parallel_);
  }
  // Of members that train for so many epochs each; the last to be taken up ends alone.
  double seconds(double members, double epochs) const {
    if (members <= 0) return 0;
    return each_ * epochs * std::max(members / parallel_, 1.0);
  }

 private:
  double parallel_;
  double each_ = 0;        // seconds of a unit of work on a worker
  double begin_each_ = 0;  // seconds until a member can train
};

// The work of an epoch of a study's network on so many rows: the multiplications and additions of
// its products, and what a step costs beside them, in as many of these.
double epoch_work(Config const& config, Study const& study, TableShape const& shape,
                  std::size_t rows);

// A stretch of virtual time in which as many members train.
struct Stretch {
  std::int64_t members = 0;
  std::int64_t late =
      0;  // of these, those that join at its begin and train from the first epoch on
  int from = 0, until = 0;  // epochs
};
// The brackets train side by side, each rung from where the one before ended.
std::vector<Stretch> stretches_of(std::span<std::vector<Rung> const> brackets,
                                  std::int64_t per_trial, std::int64_t per_final_trial);
// From virtual time `now` to the end; at 0 the members are still to begin.
double seconds_left(Pace const& pace, std::span<Stretch const> stretches, std::int64_t now);

}  // namespace brood
