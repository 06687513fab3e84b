// SPDX-License-Identifier: Apache-2.0
// Writing files by the system's own calls, because streams cannot sync and hide reasons.
#include "files/io/write_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "brood/error.hpp"

namespace brood::files {

namespace {

class Descriptor {
 public:
  Descriptor(std::string const& path, int flags, std::string const& shown, char const* what)
      : shown_(shown) {
    do {
      descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EINTR);
    if (descriptor_ < 0) refuse_storage(shown, what, errno);
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t const count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) refuse_storage(shown_, "cannot be written", errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  // Some file systems cannot sync directories and pipes never can; that is no failure.
  void sync() {
    if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
      refuse_storage(shown_, "cannot be written", errno);
    }
  }
  // Network file systems report what could not be written only here.
  void close() {
    int const descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0 && errno != EINTR) {
      refuse_storage(shown_, "cannot be written", errno);
    }
  }

 private:
  std::string shown_;
  int descriptor_ = -1;
};

void write_through(std::string const& path, std::function<void(WritePiece const&)> const& fill,
                   int flags, std::string const& shown) {
  Descriptor file(path, flags, shown, "cannot be created");
  fill([&](std::string_view bytes) { file.write(bytes); });
  file.sync();
  file.close();
}

}  // namespace

void refuse_storage(std::string const& path, std::string_view what, int error) {
  std::string text = path + ": ";
  text.append(what) += ": " + std::generic_category().message(error);
  throw StorageError(text);
}

void write_new_file(std::string const& path, std::string_view bytes, std::string const& shown) {
  write_through(
      path, [&](WritePiece const& write) { write(bytes); }, O_WRONLY | O_CREAT | O_EXCL, shown);
}

void replace_file(std::string const& path, std::string_view bytes) {
  replace_file(path, [&](WritePiece const& write) { write(bytes); });
}

void replace_file(std::string const& path, std::function<void(WritePiece const&)> const& fill) {
  std::error_code ignored;
  auto const status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    write_through(path, fill, O_WRONLY, path);
    return;
  }
  // What a link points to is replaced, not the link.
  auto const resolved = std::filesystem::weakly_canonical(path, ignored);
  std::string const target = ignored ? path : resolved.string();
  std::string const unfinished = sibling(target, "new");
  ::unlink(unfinished.c_str());  // of a process with our id that was killed
  try {
    write_through(unfinished, fill, O_WRONLY | O_CREAT | O_EXCL, path);
    if (std::rename(unfinished.c_str(), target.c_str()) != 0) {
      refuse_storage(path, "cannot be replaced", errno);
    }
  } catch (...) {
    ::unlink(unfinished.c_str());
    throw;
  }
  sync_directory(parent_of(target));
}

void sync_directory(std::string const& path) {
  Descriptor(path, O_RDONLY | O_DIRECTORY, path, "cannot be opened").sync();
}

std::string sibling(std::string const& path, std::string_view word) {
  std::filesystem::path const whole(path);
  std::string name = "." + whole.filename().string() + ".";
  name.append(word) += "-" + std::to_string(::getpid());
  return (whole.parent_path() / name).string();
}

std::string parent_of(std::string const& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace brood::files
