// SPDX-License-Identifier: Apache-2.0
// Store: a run directory that a study is recorded in while it runs, so that it can be gone on with
// whatever ended it. In the directory lie study.db (an SQLite database: what was told of each trial
// at each rung, learning curves, how each rung went, the state of the study, and the sweep that it
// began with), the members of the trials that are still in the running (members-1.state or
// members-2.state, as study.db says, with their checksum), config.yaml, and when all is done the
// files of run_directory.hpp.
//
// What save() has returned from survives the end of the process, of power and of space on the disk:
// members are written aside, synced and renamed, and count from the moment at which the one
// transaction commits that names them. A state is the state of a moment, so that whatever is lost
// after it is trained again to the same bits. save_if_due() keeps what that costs below a fiftieth
// of the time.
//
// One process works in a directory at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "brood/files/requests.hpp"
#include "brood/files/run_directory.hpp"
#include "brood/study.hpp"

namespace brood::files {

// What a run began with.
struct RunOrigin {
  std::string name;    // of the study
  std::string config;  // the sweep, resolved: reads back as the study
  std::string data_fingerprint;
  std::string command_line;
  std::string started;  // UTC, as in 2026-01-31T12:00:00Z
};

// An open store: the directory is this process's while it lives.
class Store {
 public:
  // Seconds between two saves by save_if_due(), at least. 0: every time.
  static constexpr double kSaveEvery = 5;

  // Makes the directory and all that leads to it. One that is there is empty, or (`overwrite`)
  // holds a run, which is put aside, and removed by finish(). Throws UsageError as
  // check_run_directory(), DirectoryBusy if another process works in it, StorageError if it cannot
  // be written.
  static Store create(std::string const& directory, RunOrigin const& origin, bool overwrite);
  // Throws UsageError if there is no store in the directory, DirectoryBusy if another process works
  // in it, StorageError if it is damaged, of a newer version of brood, or cannot be written.
  static Store open(std::string const& directory);
  // Whether there is one in the directory. Never throws.
  static bool is_in(std::string const& directory);

  Store(Store&&) noexcept;
  ~Store();

  std::string const& directory() const;
  RunOrigin const& origin() const;
  // Why there are no more rungs (RunFacts::ended); empty while there are.
  std::string const& ended() const;
  // Seconds that the study has run for, in all sessions before this one.
  double seconds_before() const;
  // As it was saved last; nothing if it never was. Throws StorageError if it is damaged.
  std::optional<StudyState> state();
  // The rungs that led to the state which state() gave, of all sessions, and those told since.
  std::vector<RungFacts> const& rungs() const;
  // How a rung went, with the seconds of this session; what of it is on the disk, the next save()
  // decides, together with the state.
  void add(RungFacts rung);

  // The study begins anew with this origin, and keeps of what is here whatever it can use: what was
  // saved stays until the first save().
  void extend(RunOrigin const& origin);
  void save_every(double seconds);
  // Throws StorageError; what was saved before is still there then.
  void save(StudyRun& run);
  // Saves if the last time was long enough ago, seconds and for what a save costs. Returns whether
  // it did.
  bool save_if_due(StudyRun& run);

  // Writes the files of run_directory.hpp, each at once under its name, best/ as one, run.json
  // last. Throws StorageError.
  void write(Sweep const& sweep, Result const& result, Encoding const& encoding,
             RunFacts const& facts);
  // The same at the end of a study: there is nothing to go on with unless it is given more.
  void finish(Sweep const& sweep, Result const& result, Encoding const& encoding,
              RunFacts const& facts);
  // What other processes have asked of this one, until it is answered.
  std::vector<Request> requests() const;
  // What was done must be saved before.
  void answer(Request const& request, Answer const& answer);
  // Leaves everything as it was before create(): removes the directory, and puts the run back that
  // was there.
  void discard();

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace brood::files
