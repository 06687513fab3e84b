// SPDX-License-Identifier: Apache-2.0
// Says how a study goes, after each rung and while it trains.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "brood/study.hpp"
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

class StudyStatus {
 public:
  // `events`: rungs that lie behind.
  StudyStatus(Prepared const& prepared, Options const& options, int events);

  // `saved`: with this rung, the study is on the disk.
  void after(Progress const& progress, bool saved);
  void during(Training const& training);
  void say(std::string const& line) { lines_.line(line); }
  void clear() { lines_.clear(); }

  int events() const { return events_; }
  // "rung 2 of 5": how far it has come.
  std::string position() const;

 private:
  std::string best_text(Progress const& progress) const;
  // `trials`: in training, where others were planned.
  std::string rung_text(std::size_t index, std::optional<int> trials = {}) const;

  Prepared const& prepared_;
  StatusLines lines_;
  std::string best_ = "nothing scored yet";
  int events_;
  bool estimated_ = false;
};

}  // namespace brood::tools
