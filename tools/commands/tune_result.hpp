// SPDX-License-Identifier: Apache-2.0
// What `brood tune` prints at its end, for a person and as JSON.
#pragma once

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
};

std::string tuned_text(Tuned const& tuned, Options const& options);
files::Json tuned_document(Tuned const& tuned);

}  // namespace brood::tools
