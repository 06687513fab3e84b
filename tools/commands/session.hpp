// SPDX-License-Identifier: Apache-2.0
// A study in its run directory from where it stands to the end, or until it is stopped: what `tune`
// and `resume` have in common.
#pragma once

#include <optional>

#include "brood/files/store.hpp"
#include "brood/profile.hpp"
#include "tools/commands/commands.hpp"

namespace brood::tools {

// As what a sweep is recorded.
files::RunOrigin origin_of(Prepared const& prepared, Options const& options,
                           std::string const& started);

// `from`: null at the beginning. `profile` is the engine's. Returns the exit code.
int run_session(Prepared& prepared, files::Store& store, StudyState const* from,
                Options const& options, std::optional<Profile> const& profile);

}  // namespace brood::tools
