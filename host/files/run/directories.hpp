// SPDX-License-Identifier: Apache-2.0
// Directories of runs: what is in them, and making, swapping and removing them.
#pragma once

#include <string>
#include <vector>

namespace brood::files {

// The directory itself, without links and a slash at the end.
std::string real_path(std::string const& path);

// Names in `path` and in the folders that a run has there, each folder before what it holds.
std::vector<std::string> names_in(std::string const& path, std::string const& inside = "");
// Whether a run writes a file or a folder of that name.
bool is_ours(std::string const& name);

// Whether a study began there and has not been finished.
bool is_unfinished(std::string const& path);
// UsageError of a directory in which a file is looked for that every finished run has.
[[noreturn]] void refuse_no_run(std::string const& directory, std::string const& file);

// Whether nothing is in it but what a run leaves that was killed before it had begun.
bool has_remains_only(std::string const& path);

// Removes a run directory's own files and nothing else.
void remove_run(std::string const& path);

// Swaps two directories, at once where the file system can. False leaves errno.
bool swap_directories(std::string const& a, std::string const& b);

// Directories that were made on the way to a path.
class MadeDirectories {
 public:
  // Makes what is missing of `path` itself and above it. Messages say `shown`.
  MadeDirectories(std::string const& path, std::string const& shown);
  // Removes those that are still empty.
  void remove();

 private:
  std::vector<std::string> made_;  // innermost last
};

}  // namespace brood::files
