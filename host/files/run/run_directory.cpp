// SPDX-License-Identifier: Apache-2.0
// Run directories: which name is free, whether it may be replaced, and putting a complete one in
// place. What is in the files is run_files.cpp's.
#include "brood/files/run_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/io/write_file.hpp"
#include "files/report/page.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

// The directory itself, without links and a slash at the end.
std::string real_path(std::string const& path) {
  std::error_code error;
  fs::path real = fs::absolute(path, error);
  if (!error) real = fs::weakly_canonical(real, error);
  if (error) refuse_storage(path, "cannot be reached", error.value());
  if (!real.has_filename()) real = real.parent_path();
  return real.string();
}

// Names in `path` and in the folders that a run has there, each folder before what it holds.
std::vector<std::string> names_in(std::string const& path, std::string const& inside = "") {
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

// Removes a run directory's own files and nothing else.
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

// Directories that were made on the way to a path, innermost last.
class MadeDirectories {
 public:
  // Makes what is missing of `path` itself and above it. Messages say `shown`.
  MadeDirectories(std::string const& path, std::string const& shown) {
    std::error_code ignored;
    std::vector<fs::path> missing;
    for (fs::path each = path; !each.empty() && !fs::exists(each, ignored);
         each = each.parent_path()) {
      missing.push_back(each);
    }
    std::reverse(missing.begin(), missing.end());
    for (fs::path const& each : missing) {
      if (::mkdir(each.c_str(), 0777) == 0) {
        made_.push_back(each);
      } else if (errno != EEXIST) {
        int const error = errno;
        remove();
        refuse_storage(shown, "the directory cannot be created", error);
      }
    }
  }
  // Those that are still empty.
  void remove() {
    std::error_code ignored;
    for (; !made_.empty(); made_.pop_back())
      fs::remove(made_.back(), ignored);
  }

 private:
  std::vector<fs::path> made_;
};

void write_files(std::string const& directory, std::vector<RunFile> const& files,
                 std::string const& shown) {
  bool const with_best = std::any_of(files.begin(), files.end(), [](RunFile const& file) {
    return file.name.rfind("best/", 0) == 0;
  });
  std::vector<std::string> directories = {directory};
  if (with_best) directories.push_back(directory + "/best");
  for (std::string const& each : directories) {
    if (::mkdir(each.c_str(), 0777) != 0) {
      refuse_storage(shown, "the directory cannot be created", errno);
    }
  }
  for (RunFile const& file : files) {
    write_new_file(directory + "/" + file.name, file.bytes, shown + "/" + file.name);
  }
  if (with_best) sync_directory(directory + "/best");
  sync_directory(directory);
}

// Swaps two directories, at once where the file system can. False leaves errno.
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

// As `brood report` makes it of the directory.
std::string report_of(std::string const& path, Sweep const& sweep, Result const& result,
                      Encoding const& encoding, RunFacts const& facts) {
  Encoding const none;
  bool const has_model = !result.model.layers.empty();
  RunAnalysis const analysis =
      analysis_of({path, sweep, result, facts, has_model ? encoding : none});
  return page_html({&analysis, 1});
}

// Gives a complete directory its name; what it replaces is removed last.
void put_in_place(std::string const& complete, std::string const& path, std::string const& shown,
                  bool overwrite) {
  // Over nothing, or over an empty directory.
  bool placed = std::rename(complete.c_str(), path.c_str()) == 0;
  bool const replaces = !placed && overwrite && (errno == ENOTEMPTY || errno == EEXIST);
  if (replaces) placed = swap_directories(complete, path);
  if (!placed) {
    refuse_storage(shown, "the results are complete, but in " + complete + "; not renamed", errno);
  }
  sync_directory(parent_of(path));
  if (replaces) remove_run(complete);
}

}  // namespace

std::string next_run_directory(std::string const& name) {
  std::string stem = fs::path(name).filename().string();
  if (stem.empty() || stem == "." || stem == "..") stem = "run";
  for (int n = 1;; ++n) {
    std::string path = "runs/" + stem + "-" + std::to_string(n);
    std::error_code error;
    // A link to nowhere is taken, too; a runs/ that cannot be read is check_writable's to report.
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found || error) return path;
  }
}

void check_run_directory(std::string const& path, bool overwrite) {
  if (path.empty()) throw UsageError("--out: is empty; it names the directory of the run");
  std::error_code error;
  auto const status = fs::status(path, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    throw UsageError(path + ": is not a directory; a run needs a directory of its own");
  }
  if (fs::equivalent(path, fs::current_path(error), error)) {
    throw UsageError(path + ": is the current directory; name one inside it");
  }
  std::vector<std::string> const names = names_in(path);
  if (names.empty()) return;
  if (!overwrite) {
    throw UsageError(path +
                     ": is not empty; name another directory with --out, or replace this run with "
                     "--overwrite");
  }
  auto const foreign =
      std::find_if(names.begin(), names.end(), [](auto const& name) { return !is_ours(name); });
  if (foreign != names.end()) {
    throw UsageError(path + ": holds " + files::quoted(*foreign) +
                     ", which brood did not write; --overwrite replaces runs only: move the file "
                     "away or name another directory with --out");
  }
}

void check_writable(std::string const& path) {
  std::string const real = real_path(path);
  MadeDirectories made(parent_of(real), path);
  std::string const trial = sibling(real, "trial");
  try {
    MadeDirectories inner(trial, path);
    try {
      write_new_file(trial + "/file", "can this be written?\n", path);
    } catch (...) {
      ::unlink((trial + "/file").c_str());
      inner.remove();
      throw;
    }
    ::unlink((trial + "/file").c_str());
    inner.remove();
  } catch (...) {
    made.remove();
    throw;
  }
  made.remove();
}

void write_run_directory(std::string const& path, Sweep const& sweep, Result const& result,
                         Encoding const& encoding, RunFacts const& facts, bool overwrite) {
  std::vector<RunFile> files = run_files(sweep, result, encoding, facts);
  files.push_back({std::string(kReportFile), report_of(path, sweep, result, encoding, facts)});
  std::string const real = real_path(path);
  MadeDirectories made(parent_of(real), path);
  std::string const unfinished = sibling(real, "new");
  std::error_code ignored;
  fs::remove_all(unfinished, ignored);  // of a process with our id that was killed
  try {
    write_files(unfinished, files, path);
  } catch (...) {
    fs::remove_all(unfinished, ignored);
    made.remove();
    throw;
  }
  put_in_place(unfinished, real, path, overwrite);
}

std::string trial_directory(std::string const& directory, int trial) {
  return (fs::path(directory) / "trials" / std::to_string(trial)).string();
}

SavedModel read_best(std::string const& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) {
    throw UsageError(directory + ": there is no such directory");
  }
  std::string const path = (fs::path(directory) / "best" / "model.safetensors").string();
  if (!fs::exists(path, ignored)) {
    throw UsageError(directory + ": is not a run directory; there is no best/model.safetensors");
  }
  return from_safetensors(read_file(path), path);
}

}  // namespace brood::files
