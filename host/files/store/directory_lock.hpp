// SPDX-License-Identifier: Apache-2.0
// One process a run directory: DIR/lock is locked while this lives, and gone afterwards. The lock
// is the kernel's (flock), which lets go of it when the process ends, however that ends; so a file
// that a killed process left is no lock, and nobody ever waits.
#pragma once

#include <optional>
#include <string>

namespace brood::files {

class DirectoryLock {
 public:
  // Throws DirectoryBusy if another process has it. Messages say `shown` for the directory.
  DirectoryLock(std::string const& directory, std::string const& shown);
  ~DirectoryLock();
  DirectoryLock(DirectoryLock const&) = delete;
  DirectoryLock& operator=(DirectoryLock const&) = delete;

  // The number of the process that has the lock of a directory, 0 if it is not known; nothing if
  // none has.
  static std::optional<int> owner(std::string const& directory);

  // The directory has another name now.
  void moved_to(std::string const& directory);

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace brood::files
