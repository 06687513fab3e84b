// SPDX-License-Identifier: Apache-2.0
#include "files/run/directories.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "brood/error.hpp"
#include "files/io/write_file.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace fs = std::filesystem;

std::string real_path(std::string const& path) {
  std::error_code error;
  fs::path real = fs::absolute(path, error);
  if (!error) real = fs::weakly_canonical(real, error);
  if (error) refuse_storage(path, "cannot be reached", error.value());
  if (!real.has_filename()) real = real.parent_path();
  return real.string();
}

std::vector<std::string> names_in(std::string const& path, std::string const& inside) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(path) / inside, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string const name = inside + entry->path().filename().string();
    names.push_back(name);
    if (!is_run_folder(name + '/')) continue;
    if (!entry->is_directory(error) || entry->is_symlink(error)) continue;
    names.back() += '/';
    for (std::string& inner : names_in(path, names.back()))
      names.push_back(std::move(inner));
  }
  if (error) refuse_storage(path, "cannot be read", error.value());
  return names;
}

bool is_ours(std::string const& name) {
  return is_run_file(name) || is_run_folder(name);
}

bool is_unfinished(std::string const& path) {
  std::error_code ignored;
  return fs::exists(path + "/" + kDatabaseFile, ignored) &&
         !fs::exists(path + "/run.json", ignored);
}

void refuse_no_run(std::string const& directory, std::string const& file) {
  if (is_unfinished(directory)) {
    throw UsageError(directory + ": its run is not finished; go on with it: brood resume " +
                     directory + ", or look at it: brood watch " + directory);
  }
  throw UsageError(directory + ": is not a run directory; there is no " + file);
}

bool has_remains_only(std::string const& path) {
  auto const names = names_in(path);
  return std::all_of(names.begin(), names.end(), [](std::string const& name) {
    return name == kLockFile || (name.starts_with('.') && is_run_file(name));
  });
}

void remove_run(std::string const& path) {
  std::error_code error;
  auto names = names_in(path);
  std::reverse(names.begin(), names.end());  // what a folder holds before the folder
  for (std::string const& name : names) {
    if (is_ours(name))
      fs::remove(path + '/' + name.substr(0, name.find_last_not_of('/') + 1), error);
  }
  fs::remove(path, error);
  if (error) refuse_storage(path, "the run that was replaced cannot be removed", error.value());
}

bool swap_directories(std::string const& a, std::string const& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  std::string const between = sibling(b, "old");
  if (std::rename(b.c_str(), between.c_str()) != 0) return false;
  if (std::rename(a.c_str(), b.c_str()) == 0) return std::rename(between.c_str(), a.c_str()) == 0;
  int const error = errno;
  std::rename(between.c_str(), b.c_str());
  errno = error;
  return false;
}

MadeDirectories::MadeDirectories(std::string const& path, std::string const& shown) {
  std::error_code ignored;
  std::vector<fs::path> missing;
  for (fs::path each = path; !each.empty() && !fs::exists(each, ignored);
       each = each.parent_path()) {
    missing.push_back(each);
  }
  std::reverse(missing.begin(), missing.end());
  for (fs::path const& each : missing) {
    if (::mkdir(each.c_str(), 0777) == 0) {
      made_.push_back(each.string());
    } else if (errno != EEXIST) {
      int const error = errno;
      remove();
      refuse_storage(shown, "the directory cannot be created", error);
    }
  }
}

void MadeDirectories::remove() {
  std::error_code ignored;
  for (; !made_.empty(); made_.pop_back())
    fs::remove(made_.back(), ignored);
}

}  // namespace brood::files
