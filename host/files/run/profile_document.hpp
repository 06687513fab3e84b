// SPDX-License-Identifier: Apache-2.0
// A profile as JSON: what run.json and `--json` have of it.
#pragma once

#include "brood/profile.hpp"
#include "files/io/json.hpp"

namespace brood::files {

Json profile_document(ProfileReport const& report);

}  // namespace brood::files
