// SPDX-License-Identifier: Apache-2.0
// Says how a study goes, after each rung and while it trains.
#pragma once

#include <string>
#include <vector>

#include "brood/files/run_directory.hpp"
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
  // Those that this has been told of.
  std::vector<files::RungFacts> const& rungs() const { return rungs_; }
  // "rung 2 of 5": how far it has come.
  std::string position() const;

 private:
  std::string best_text(Progress const& progress) const;
  std::string rung_text(std::size_t index) const;

  Prepared const& prepared_;
  StatusLines lines_;
  std::string best_ = "nothing scored yet";
  int events_;
  std::vector<files::RungFacts> rungs_ = {};
  bool estimated_ = false;
};

}  // namespace brood::tools
