// SPDX-License-Identifier: Apache-2.0
// The only file that includes sqlite3.h. Locks are the directory's (directory_lock.hpp), so that
// who finds the database locked has met somebody who reads it, and waits a moment.
#include "files/store/database.hpp"

#include <sqlite3.h>

#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

#include "brood/error.hpp"

namespace brood::files {

namespace {

constexpr int kPatienceMilliseconds = 5000;

}  // namespace

Database::Database(std::string const& path, std::string shown, Mode mode)
    : shown_(std::move(shown)), may_write_(mode != Mode::look) {
  int const flags = mode == Mode::look
                        ? SQLITE_OPEN_READONLY
                        : SQLITE_OPEN_READWRITE | (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
  int const code = ::sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  try {
    if (code != SQLITE_OK) refuse(code);
    ::sqlite3_busy_timeout(handle_, kPatienceMilliseconds);
    if (mode == Mode::look) return;
    // A commit has reached the disk when it returns.
    run("PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE; PRAGMA cell_size_check = ON");
    if (mode == Mode::create) return;
    Statement check(*this, "PRAGMA quick_check(1)");
    if (!check.next() || check.bytes(0) != "ok") refuse(SQLITE_CORRUPT);
  } catch (...) {
    ::sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() {
  ::sqlite3_close_v2(handle_);
}

void Database::run(std::string const& sql) {
  int const code = ::sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) refuse(code);
}

std::int64_t Database::number(std::string const& pragma) {
  Statement statement(*this, "PRAGMA " + pragma);
  return statement.next() ? statement.whole(0) : 0;
}

void Database::refuse(int code) const {
  std::string reason = handle_ == nullptr ? ::sqlite3_errstr(code) : ::sqlite3_errmsg(handle_);
  int const error = handle_ == nullptr ? 0 : ::sqlite3_system_errno(handle_);
  if (error != 0) reason += ": " + std::generic_category().message(error);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw DirectoryBusy(shown_ + ": another process has had it locked for " +
                          std::to_string(kPatienceMilliseconds / 1000) +
                          " seconds; try again when it has ended");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // a table that is not there
    case SQLITE_MISMATCH:
      throw StorageError(shown_ + ": is damaged, or is no study of brood: " + reason +
                         "; put back a copy of it, or tune again with --overwrite");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      throw StorageError(shown_ + ": cannot be opened for writing: " + reason);
    default:
      throw StorageError(shown_ + ": cannot be read or written: " + reason);
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (Error const&) {
    // The error that led here has rolled back already.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  check(::sqlite3_prepare_v2(database.handle_, sql.data(), static_cast<int>(sql.size()), &handle_,
                             nullptr));
}

Statement::~Statement() {
  ::sqlite3_finalize(handle_);
}

Statement& Statement::add(std::int64_t value) {
  check(::sqlite3_bind_int64(handle_, ++added_, value));
  return *this;
}
Statement& Statement::add(double value) {
  check(::sqlite3_bind_double(handle_, ++added_, value));
  return *this;
}
Statement& Statement::add_text(std::string_view value) {
  check(::sqlite3_bind_text64(handle_, ++added_, value.data(), value.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  return *this;
}
Statement& Statement::add_bytes(std::string_view value) {
  check(::sqlite3_bind_blob64(handle_, ++added_, value.data(), value.size(), SQLITE_TRANSIENT));
  return *this;
}

bool Statement::next() {
  int const code = ::sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  added_ = 0;
  ::sqlite3_reset(handle_);
  if (code != SQLITE_DONE) database_.refuse(code);
  return false;
}

std::int64_t Statement::whole(int column) const {
  return ::sqlite3_column_int64(handle_, column);
}

double Statement::real(int column) const {
  if (::sqlite3_column_type(handle_, column) == SQLITE_NULL)
    return std::numeric_limits<double>::quiet_NaN();
  return ::sqlite3_column_double(handle_, column);
}

std::string Statement::bytes(int column) const {
  auto const* const begin = static_cast<char const*>(::sqlite3_column_blob(handle_, column));
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(handle_, column));
  return begin == nullptr ? std::string() : std::string(begin, size);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.refuse(code);
}

}  // namespace brood::files
