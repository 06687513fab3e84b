// SPDX-License-Identifier: Apache-2.0
#include "files/store/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "brood/error.hpp"
#include "files/io/write_file.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

// Whether the file that is open is still the one of that name: its last owner may have removed it.
bool is_named(int descriptor, std::string const& path) {
  struct stat open = {}, named = {};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

// 0: not known.
int owner_of(int descriptor) {
  char text[32] = {};
  ssize_t const size = ::pread(descriptor, text, sizeof text - 1, 0);
  std::string const owner(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  bool const is_number =
      !owner.empty() && owner.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::atoi(owner.c_str()) : 0;
}

// Who looks whether somebody has the lock has it himself for that moment.
bool lock(int descriptor) {
  constexpr int kTries = 10, kMicroseconds = 5000;
  for (int i = 1;; ++i) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK || i == kTries) return false;
    ::usleep(kMicroseconds);
  }
}

}  // namespace

DirectoryLock::DirectoryLock(std::string const& directory, std::string const& shown)
    : path_(directory + "/" + kLockFile) {
  for (;;) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) refuse_storage(shown + "/" + kLockFile, "cannot be created", errno);
    if (!lock(descriptor_)) {
      int const error = errno;
      int const number = owner_of(descriptor_);
      std::string const owner = number > 0 ? ", number " + std::to_string(number) + "," : "";
      ::close(descriptor_);
      if (error == EINTR) continue;
      if (error != EWOULDBLOCK) refuse_storage(shown + "/" + kLockFile, "cannot be locked", error);
      throw DirectoryBusy(shown + ": another process" + owner +
                          " works in this directory; wait until it has ended, or stop it");
    }
    if (is_named(descriptor_, path_)) break;
    ::close(descriptor_);
  }
  // For the message to others; without it the lock holds just as well.
  std::string const own = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) == 0)
    static_cast<void>(::pwrite(descriptor_, own.data(), own.size(), 0) == 0);
}

DirectoryLock::~DirectoryLock() {
  if (is_named(descriptor_, path_)) ::unlink(path_.c_str());
  ::close(descriptor_);
}

std::optional<int> DirectoryLock::owner(std::string const& directory) {
  int const descriptor = ::open((directory + '/' + kLockFile).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  bool const is_held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  int const number = owner_of(descriptor);
  ::close(descriptor);
  return is_held ? std::optional(number) : std::nullopt;
}

void DirectoryLock::moved_to(std::string const& directory) {
  path_ = directory + "/" + kLockFile;
}

}  // namespace brood::files
