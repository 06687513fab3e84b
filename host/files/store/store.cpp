// SPDX-License-Identifier: Apache-2.0
// The order in which things reach the disk is what holds the promise: members aside, synced,
// renamed; then the transaction that names them; then what it no longer names goes. A directory has
// a study.db from the moment on at which that is complete.
#include "brood/files/store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "brood/error.hpp"
#include "files/io/write_file.hpp"
#include "files/report/files_with_report.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"
#include "files/store/directory_lock.hpp"
#include "files/store/request_files.hpp"
#include "files/store/study_tables.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kChecksum = 32;  // hex digits at the end of saved bytes
// A save may cost this share of the time.
constexpr double kShare = 0.02;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// What processes that were killed left unfinished.
void remove_remains(std::string const& directory) {
  std::error_code ignored;
  for (std::string const& name : names_in(directory)) {
    if (name.starts_with('.') && is_ours(name)) fs::remove_all(fs::path(directory) / name, ignored);
  }
}

std::string members_file(int slot) {
  return "members-" + std::to_string(slot) + ".state";
}

}  // namespace

class Store::Impl {
 public:
  // Both take the lock; `real` is the directory, `shown` its name in messages.
  Impl(std::string shown, std::string real, std::unique_ptr<DirectoryLock> lock)
      : shown_(std::move(shown)),
        real_(std::move(real)),
        lock_(std::move(lock)),
        database_(real_ + '/' + kDatabaseFile, shown_ + '/' + kDatabaseFile, Database::Mode::open),
        tables_(database_, shown_ + '/' + kDatabaseFile),
        row_(tables_.read_row()) {}

  std::optional<StudyState> state();
  void save(StudyRun& run);
  bool save_if_due(StudyRun& run);
  void write(std::vector<RunFile> const& files);
  void finish(std::string const& ended);
  void extend(RunOrigin const& origin);
  void add(RungFacts rung);
  void discard();

  std::string shown_, real_;
  std::optional<MadeDirectories> made_;  // on the way to it
  std::unique_ptr<DirectoryLock> lock_;
  Database database_;
  StudyTables tables_;
  StudyRow row_;
  std::vector<RungFacts> rungs_;
  double save_every_ = kSaveEvery;
  bool anew_ = false;  // the next save replaces what there is
  double before_ = row_.seconds;
  Clock::time_point const opened_ = Clock::now();
  Clock::time_point saved_ = opened_;
  double cost_ = 0;  // seconds, of the last save
};

// ---- what was saved

std::optional<StudyState> Store::Impl::state() {
  auto state = tables_.read_state(row_.origin, rungs_);
  if (!state || row_.members.slot == 0) return state;
  std::string const name = members_file(row_.members.slot);
  std::string bytes;
  try {
    bytes = read_file(real_ + '/' + name);
  } catch (UsageError const& error) {
    throw StorageError(std::string(error.what()) + "; " + shown_ +
                       " cannot go on without the networks that are in it");
  }
  bool const is_named =
      bytes.size() > kChecksum && bytes.substr(bytes.size() - kChecksum) == row_.members.checksum;
  try {
    if (!is_named) throw StorageError("");
    state->residents = load_state(bytes).residents;
  } catch (StorageError const&) {
    throw StorageError(shown_ + '/' + name +
                       ": is damaged; put back a copy of it, or tune again with --overwrite");
  }
  return state;
}

// ---- saving

void Store::Impl::save(StudyRun& run) {
  auto const begin = Clock::now();
  StudyState state = run.state();
  StudyRow row = row_;
  row.members = {};
  if (!state.residents.empty()) {
    StudyState members;
    members.residents = std::move(state.residents);
    state.residents = {};
    row.members.slot = row_.members.slot == 1 ? 2 : 1;
    replace_file(real_ + '/' + members_file(row.members.slot), [&](WritePiece const& write) {
      row.members.checksum = brood::save(members, write);
    });
  }
  row.ended = "";
  row.seconds = before_ + seconds_between(opened_, Clock::now());
  tables_.write(std::move(state), rungs_, row, anew_);
  if (row_.members.slot != 0 && row_.members.slot != row.members.slot)
    ::unlink((real_ + '/' + members_file(row_.members.slot)).c_str());
  row_ = std::move(row);
  anew_ = false;
  saved_ = Clock::now();
  cost_ = seconds_between(begin, saved_);
}

bool Store::Impl::save_if_due(StudyRun& run) {
  double const since = seconds_between(saved_, Clock::now());
  if (since < save_every_ || (save_every_ > 0 && since < cost_ / kShare)) return false;
  save(run);
  return true;
}

void Store::Impl::extend(RunOrigin const& origin) {
  row_.origin = origin;
  rungs_.clear();
  anew_ = true;
}

void Store::Impl::add(RungFacts rung) {
  rung.seconds += before_;
  rungs_.push_back(rung);
}

// ---- the end

void Store::Impl::write(std::vector<RunFile> const& files) {
  std::string const best = sibling(real_ + "/best", "new");
  std::error_code ignored;
  fs::remove_all(best, ignored);
  bool with_best = false;
  for (RunFile const& file : files) {
    if (!file.name.starts_with("best/")) continue;
    if (!with_best && ::mkdir(best.c_str(), 0777) != 0)
      refuse_storage(shown_ + "/best", "the directory cannot be created", errno);
    with_best = true;
    write_new_file(best + file.name.substr(4), file.bytes, shown_ + '/' + file.name);
  }
  std::string const placed = real_ + "/best";
  if (with_best) {
    sync_directory(best);
    bool const is_there = fs::exists(placed, ignored);
    bool const done =
        is_there ? swap_directories(best, placed) : std::rename(best.c_str(), placed.c_str()) == 0;
    if (!done) refuse_storage(shown_ + "/best", "cannot be replaced", errno);
    if (is_there) fs::remove_all(best, ignored);
  }
  auto const replace = [&](RunFile const& file) {
    replace_file(real_ + '/' + file.name, file.bytes);
  };
  for (RunFile const& file : files) {
    if (!file.name.starts_with("best/") && file.name != "run.json") replace(file);
  }
  for (RunFile const& file : files) {
    if (file.name == "run.json") replace(file);
  }
}

void Store::Impl::finish(std::string const& ended) {
  std::error_code ignored;
  if (!row_.replaced.empty() && fs::exists(row_.replaced, ignored)) remove_run(row_.replaced);
  tables_.write_ended(ended);
  row_.replaced = "";
  row_.ended = ended;
}

void Store::Impl::discard() {
  std::string const replaced = row_.replaced;
  remove_run(real_);
  if (!replaced.empty()) std::rename(replaced.c_str(), real_.c_str());
  if (made_) made_->remove();
}

// ---- the class itself

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::create(std::string const& directory, RunOrigin const& origin, bool overwrite) {
  check_run_directory(directory, overwrite);
  std::string const real = real_path(directory);
  MadeDirectories made(parent_of(real), directory);
  std::string replaced;
  std::error_code ignored;
  try {
    if (fs::exists(real, ignored) && !has_remains_only(real)) {
      DirectoryLock in_use(real, directory);
      std::string const aside = sibling(real, "old");
      if (std::rename(real.c_str(), aside.c_str()) != 0)
        refuse_storage(directory, "the run that is there cannot be put aside", errno);
      in_use.moved_to(replaced = aside);
    }
    MadeDirectories own(real, directory);
    try {
      auto lock = std::make_unique<DirectoryLock>(real, directory);
      remove_remains(real);
      std::string const path = real + '/' + kDatabaseFile;
      std::string const unfinished = sibling(path, "new");
      ::unlink(unfinished.c_str());  // of a process with our id that was killed
      {
        Database database(unfinished, directory + '/' + kDatabaseFile, Database::Mode::create);
        StudyTables::make(database, {.origin = origin, .replaced = replaced});
      }
      if (std::rename(unfinished.c_str(), path.c_str()) != 0)
        refuse_storage(directory + '/' + kDatabaseFile, "cannot be created", errno);
      replace_file(real + "/config.yaml", origin.config);
      auto impl = std::make_unique<Impl>(directory, real, std::move(lock));
      impl->made_.emplace(std::move(made));
      return Store(std::move(impl));
    } catch (DirectoryBusy const&) {
      throw;
    } catch (...) {
      remove_run(real);
      throw;
    }
  } catch (...) {
    if (!replaced.empty()) std::rename(replaced.c_str(), real.c_str());
    made.remove();
    throw;
  }
}

Store Store::open(std::string const& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) throw UsageError(directory + ": there is no such directory");
  if (!is_in(directory)) {
    throw UsageError(directory + ": has no " + kDatabaseFile +
                     ", so that there is no study to go on with; brood tune begins one");
  }
  std::string const real = real_path(directory);
  auto lock = std::make_unique<DirectoryLock>(real, directory);
  remove_remains(real);
  return Store(std::make_unique<Impl>(directory, real, std::move(lock)));
}

bool Store::is_in(std::string const& directory) {
  std::error_code ignored;
  return fs::is_regular_file(fs::path(directory) / kDatabaseFile, ignored);
}

std::string const& Store::directory() const {
  return impl_->shown_;
}
RunOrigin const& Store::origin() const {
  return impl_->row_.origin;
}
std::string const& Store::ended() const {
  return impl_->row_.ended;
}
double Store::seconds_before() const {
  return impl_->before_;
}
std::optional<StudyState> Store::state() {
  return impl_->state();
}
std::vector<RungFacts> const& Store::rungs() const {
  return impl_->rungs_;
}
void Store::add(RungFacts rung) {
  impl_->add(rung);
}
void Store::extend(RunOrigin const& origin) {
  impl_->extend(origin);
}
void Store::save_every(double seconds) {
  impl_->save_every_ = seconds;
}
void Store::save(StudyRun& run) {
  impl_->save(run);
}
bool Store::save_if_due(StudyRun& run) {
  return impl_->save_if_due(run);
}
void Store::write(Sweep const& sweep, Result const& result, Encoding const& encoding,
                  RunFacts const& facts) {
  impl_->write(files_with_report(directory(), sweep, result, encoding, facts));
}
void Store::finish(Sweep const& sweep, Result const& result, Encoding const& encoding,
                   RunFacts const& facts) {
  write(sweep, result, encoding, facts);
  impl_->finish(facts.ended);
}
std::vector<Request> Store::requests() const {
  return open_requests(impl_->real_);
}
void Store::answer(Request const& request, Answer const& answer) {
  files::answer(impl_->real_, request, answer);
}
void Store::discard() {
  impl_->discard();
}

}  // namespace brood::files
