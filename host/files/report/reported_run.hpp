// SPDX-License-Identifier: Apache-2.0
// What a report is made of: a run that has just ended, or one that was read back.
#pragma once

#include <string>

#include "brood/data.hpp"
#include "brood/files/run_directory.hpp"
#include "brood/files/sweep.hpp"
#include "brood/study.hpp"

namespace brood::files {

// Borrows everything but the name of the directory.
struct ReportedRun {
  std::string directory;
  Sweep const& sweep;
  Result const& result;
  RunFacts const& facts;
  Encoding const& encoding;  // empty of a run without a model
  bool unfinished = false;   // the study trains, or can be gone on with

  // Null without a winner.
  TrialResult const* winner() const;
  // Whether score a is better than b; any number is better than none.
  bool is_better(double a, double b) const;
  // Rows that nothing had looked at; 0: none, or not known.
  std::int64_t test_rows() const {
    return facts.rows > 0 ? facts.rows - facts.development_rows : 0;
  }
};

// Trials from the best on; those without a rank last, by id.
std::vector<TrialResult const*> by_rank(ReportedRun const& run);

}  // namespace brood::files
