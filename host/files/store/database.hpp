// SPDX-License-Identifier: Apache-2.0
// An SQLite database of our own, as far as the store needs one. What fails is thrown: DirectoryBusy
// if another process writes, else StorageError, with the path, the reason and what can be done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace brood::files {

// A statement that is prepared once and run many times.
class Statement;

class Database {
 public:
  // look: to read, beside a process that writes.
  enum class Mode { create, open, look };

  // `shown`: its path in messages. A new one is empty; one that is opened is checked for damage.
  Database(std::string const& path, std::string shown, Mode mode);
  ~Database();
  Database(Database const&) = delete;
  Database& operator=(Database const&) = delete;

  // Statements without parameters and results, separated by semicolons.
  void run(std::string const& sql);
  // A number that the file carries for who made it: "application_id", "user_version".
  std::int64_t number(std::string const& pragma);

  bool may_write() const { return may_write_; }

  [[noreturn]] void refuse(int code) const;

 private:
  friend class Statement;

  std::string shown_;
  bool may_write_ = true;
  sqlite3* handle_ = nullptr;
};

// Between its construction and commit() everything is written or nothing is.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;

  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement const&) = delete;
  Statement& operator=(Statement const&) = delete;

  // Parameters count from 1, in the order in which they are added. A number that is none is NULL.
  Statement& add(std::int64_t value);
  Statement& add(double value);
  Statement& add_text(std::string_view value);
  Statement& add_bytes(std::string_view value);

  // The next row of the result; false after the last, when it is ready for other parameters.
  bool next();

  // Columns of the row count from 0.
  std::int64_t whole(int column) const;
  double real(int column) const;  // NULL: not a number
  std::string bytes(int column) const;

 private:
  void check(int code) const;

  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int added_ = 0;
};

}  // namespace brood::files
