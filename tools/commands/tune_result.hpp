// SPDX-License-Identifier: Apache-2.0
// What `brood tune` prints at its end, for a person and as JSON.
#pragma once

#include <optional>
#include <string>

#include "brood/study.hpp"
#include "tools/commands/commands.hpp"

namespace brood::tools {

struct Tuned {
  Prepared const& prepared;
  Result const& result;
  std::string directory;
  int events = 0;     // rungs trained
  std::string ended;  // why there were no more
  std::optional<ProfileReport> profile = {};
};

std::string tuned_text(Tuned const& tuned, Options const& options);
files::Json tuned_document(Tuned const& tuned);
// With --profile: where the time went, as a table. predicted_busy: as the plan had it.
std::string profile_text(ProfileReport const& report, double predicted_busy);

}  // namespace brood::tools
