// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: what changes files is counted, and call number BROOD_TEST_FAULT_AT goes wrong as
// BROOD_TEST_FAULT says: "kill" ends the process before the call, "torn" after half of what it
// would write; "full" is a disk that is full from then on, "broken" one that fails this one call.
// With BROOD_TEST_FAULT_COUNT the number of calls is written to that file at the end.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

template <class F>
F real(char const* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

long calls = 0;

long fault_at() {
  static long const at = [] {
    char const* const text = std::getenv("BROOD_TEST_FAULT_AT");
    return text == nullptr ? 0L : std::atol(text);
  }();
  return at;
}

bool is_fault(char const* name) {
  static std::string const fault = [] {
    char const* const text = std::getenv("BROOD_TEST_FAULT");
    return std::string(text == nullptr ? "" : text);
  }();
  return fault == name;
}

struct Count {
  ~Count() {
    char const* const path = std::getenv("BROOD_TEST_FAULT_COUNT");
    if (path == nullptr) return;
    if (std::FILE* const file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld", calls);
      std::fclose(file);
    }
  }
} const count;

// Counts a call. True if it fails, with errno.
bool fails() {
  ++calls;
  if (fault_at() == 0 || calls < fault_at()) return false;
  if (calls == fault_at() && is_fault("kill")) ::kill(::getpid(), SIGKILL);
  if (is_fault("full")) {
    errno = ENOSPC;
    return true;
  }
  if (calls == fault_at() && is_fault("broken")) {
    errno = EIO;
    return true;
  }
  return false;
}

bool is_torn() {
  return calls == fault_at() && is_fault("torn");
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT ssize_t write(int descriptor, void const* bytes, size_t size) {
  static auto const call = real<ssize_t (*)(int, void const*, size_t)>("write");
  if (descriptor <= STDERR_FILENO) return call(descriptor, bytes, size);
  if (fails()) return -1;
  if (is_torn()) {
    static_cast<void>(call(descriptor, bytes, size / 2) == 0);
    ::kill(::getpid(), SIGKILL);
  }
  return call(descriptor, bytes, size);
}
EXPORT ssize_t pwrite64(int descriptor, void const* bytes, size_t size, off64_t at) {
  static auto const call = real<ssize_t (*)(int, void const*, size_t, off64_t)>("pwrite64");
  if (fails()) return -1;
  if (is_torn()) {
    static_cast<void>(call(descriptor, bytes, size / 2, at) == 0);
    ::kill(::getpid(), SIGKILL);
  }
  return call(descriptor, bytes, size, at);
}
EXPORT ssize_t pwrite(int descriptor, void const* bytes, size_t size, off_t at) {
  return pwrite64(descriptor, bytes, size, at);
}
EXPORT int fsync(int descriptor) {
  static auto const call = real<int (*)(int)>("fsync");
  return fails() ? -1 : call(descriptor);
}
EXPORT int fdatasync(int descriptor) {
  static auto const call = real<int (*)(int)>("fdatasync");
  return fails() ? -1 : call(descriptor);
}
EXPORT int rename(char const* from, char const* to) noexcept {
  static auto const call = real<int (*)(char const*, char const*)>("rename");
  return fails() ? -1 : call(from, to);
}
EXPORT int unlink(char const* path) noexcept {
  static auto const call = real<int (*)(char const*)>("unlink");
  // A disk that is full can be cleared.
  if (is_fault("full")) return call(path);
  return fails() ? -1 : call(path);
}
EXPORT int ftruncate64(int descriptor, off64_t size) noexcept {
  static auto const call = real<int (*)(int, off64_t)>("ftruncate64");
  return fails() ? -1 : call(descriptor, size);
}
EXPORT int ftruncate(int descriptor, off_t size) noexcept {
  return ftruncate64(descriptor, size);
}
EXPORT int mkdir(char const* path, mode_t mode) noexcept {
  static auto const call = real<int (*)(char const*, mode_t)>("mkdir");
  return fails() ? -1 : call(path, mode);
}
