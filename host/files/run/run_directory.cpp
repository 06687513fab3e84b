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
#include "files/report/files_with_report.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

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
  if (names.empty() || has_remains_only(path)) return;
  if (!overwrite && is_unfinished(path)) {
    throw UsageError(path + ": holds a run that is not finished; go on with it: brood resume " +
                     path +
                     " (or name another directory with --out, or begin anew with "
                     "--overwrite)");
  }
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
  std::vector<RunFile> const files = files_with_report(path, sweep, result, encoding, facts);
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
    refuse_no_run(directory, "best/model.safetensors");
  }
  return from_safetensors(read_file(path), path);
}

}  // namespace brood::files
