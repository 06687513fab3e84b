// SPDX-License-Identifier: Apache-2.0
// What the doors of sweep.hpp share: from a tree to a Sweep, and the metrics by name.
#pragma once

#include <string>
#include <string_view>

#include "brood/files/sweep.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

// Relative paths in the tree are relative to `directory`; those of overrides are as they are.
// Throws UsageError with every problem.
Sweep read_tree(Node root, Overrides const& overrides, std::string const& study_name,
                std::string const& directory);

// A relative path in the file is meant from the file's folder.
std::string opened(std::string const& path, Node const& node, std::string const& directory);

// The file's name without folders and ending.
std::string study_name_of(std::string const& path);

// "maximize" or "minimize", which follows from the metric; empty if there is no such metric.
std::string_view goal_of(std::string_view metric);

}  // namespace brood::files
