// SPDX-License-Identifier: Apache-2.0
// What the command line says, put into the tree of a sweep file before it is read: the reader sees
// one sweep and need not know where a value is from. The command line wins over the file, also
// over what in the file would contradict it.
#pragma once

#include <string>
#include <vector>

#include "brood/files/sweep.hpp"
#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"
#include "files/sweep/vocabulary.hpp"

namespace brood::files {

// run_cap becomes trials; to have both is a problem.
void rename_aliases(Node& root, Problems& problems);

// The root is a map in our words. Later overrides win over earlier ones.
void apply_overrides(Node& root, Overrides const& overrides, Vocabulary& vocabulary,
                     Problems& problems);

// Sets the value at a path of keys, making the maps on the way.
void set_text(Node& root, std::vector<std::string> const& path, std::string const& text,
              Place const& place);

}  // namespace brood::files
