// SPDX-License-Identifier: Apache-2.0
#include "files/export/write_folder.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "files/io/write_file.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

// Without a slash at the end.
std::string plain(std::string const& path) {
  fs::path const whole(path);
  return whole.has_filename() ? path : whole.parent_path().string();
}

}  // namespace

void replace_folder(std::string const& path, std::vector<ExportedFile> const& files) {
  std::string const target = plain(path);
  std::string const unfinished = sibling(target, "new"), former = sibling(target, "old");
  std::error_code ignored;
  fs::remove_all(unfinished, ignored);  // of a process with our id that was killed
  try {
    for (ExportedFile const& file : files) {
      fs::path const whole = fs::path(unfinished) / file.name;
      std::error_code error;
      fs::create_directories(whole.parent_path(), error);
      if (error) refuse_storage(path, "the directory cannot be created", error.value());
      write_new_file(whole.string(), file.bytes, path + "/" + file.name);
    }
    bool const replaces = fs::exists(target, ignored);
    if (replaces && std::rename(target.c_str(), former.c_str()) != 0)
      refuse_storage(path, "cannot be replaced", errno);
    if (std::rename(unfinished.c_str(), target.c_str()) != 0) {
      int const error = errno;
      if (replaces) std::rename(former.c_str(), target.c_str());
      refuse_storage(path, "cannot be replaced", error);
    }
  } catch (...) {
    fs::remove_all(unfinished, ignored);
    throw;
  }
  sync_directory(parent_of(target));
  fs::remove_all(former, ignored);
}

std::string name_without(std::string const& path, std::string_view word) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!entry->is_directory(error) && name.find(word) == std::string::npos) return name;
  }
  return "";
}

}  // namespace brood::files
