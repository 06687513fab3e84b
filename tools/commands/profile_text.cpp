// SPDX-License-Identifier: Apache-2.0
// Where the time of a run went, as a table; see tune_result.hpp.
#include "tools/commands/tune_result.hpp"
#include "tools/output.hpp"

namespace brood::tools {

std::string profile_text(ProfileReport const& report, double predicted_busy) {
  std::vector<std::vector<std::string>> rows = {{"phase", "seconds", "share %"}};
  auto const add = [&](std::string const& name, double seconds) {
    rows.push_back({name, fixed_text(seconds), percent_text(seconds / report.seconds)});
  };
  for (int i = 1; i <= kPhases; ++i) {
    auto const phase = static_cast<Phase>(i % kPhases);  // what is left comes last
    add(std::string(name_of(phase)), report.phases[static_cast<std::size_t>(phase)]);
    if (phase != Phase::train) continue;
    for (int part = 0; part < kTrainParts; ++part) {
      double const seconds = report.train[static_cast<std::size_t>(part)];
      if (seconds > 0) add("  " + std::string(name_of(static_cast<TrainPart>(part))), seconds);
    }
    add("  idle", report.train_idle);
  }
  add("all", report.seconds);
  return table(rows) + "While networks trained, the device was busy for " +
         percent_text(report.busy_share) +
         " % of the time (predicted: " + percent_text(predicted_busy) +
         " %); of all the time, for " + percent_text(report.busy_share_of_all) + " %.";
}

}  // namespace brood::tools
