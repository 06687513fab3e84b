// SPDX-License-Identifier: Apache-2.0
// A run as a database of Optuna's (SQLite), with the tables of optuna/storages/_rdb/models.py as
// they have been since Optuna 3.2. It is made in memory; its bytes are the file.
#include <sqlite3.h>

#include <memory>
#include <new>

#include "brood/error.hpp"
#include "brood/files/export.hpp"
#include "brood/version.hpp"
#include "files/export/optuna_study.hpp"

namespace brood::files {

namespace {

constexpr char kTables[] = R"(
CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL,
  PRIMARY KEY (study_id));
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER,
  library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
  study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id),
  UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_user_attribute_id),
  UNIQUE (study_id, "key"), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_system_attribute_id),
  UNIQUE (study_id, "key"), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER,
  state VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME,
  PRIMARY KEY (trial_id), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_user_attribute_id),
  UNIQUE (trial_id, "key"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_system_attribute_id),
  UNIQUE (trial_id, "key"), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512),
  param_value FLOAT, distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL,
  PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value FLOAT,
  intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id),
  UNIQUE (trial_id, step), FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO version_info VALUES (1, 12, 'brood )" BROOD_VERSION R"(');
INSERT INTO alembic_version VALUES ('v3.2.0.a');
)";

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  void operator()(unsigned char* bytes) const { sqlite3_free(bytes); }
};

// In memory nothing fails but for want of it, or of a name that comes twice.
void check(int code, sqlite3* database) {
  if (code == SQLITE_NOMEM) throw std::bad_alloc();
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw StorageError(std::string("the database of Optuna cannot be made: ") +
                       sqlite3_errmsg(database));
  }
}

class Database {
 public:
  Database() {
    sqlite3* opened = nullptr;
    int const code = sqlite3_open(":memory:", &opened);
    database_.reset(opened);
    check(code, opened);
  }

  void run(char const* statements) {
    check(sqlite3_exec(database_.get(), statements, nullptr, nullptr, nullptr), database_.get());
  }

  // INSERT INTO table VALUES (NULL, values...): the key is counted from 1.
  template <class... Values>
  void insert(std::string const& table, Values const&... values) {
    std::string text = "INSERT INTO " + table + " VALUES (NULL";
    for (std::size_t i = 0; i < sizeof...(values); ++i)
      text += ", ?";
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v2(database_.get(), (text + ")").c_str(), -1, &made, nullptr),
          database_.get());
    std::unique_ptr<sqlite3_stmt, Close> const statement(made);
    int at = 0;
    (check(bind(made, ++at, values), database_.get()), ...);
    check(sqlite3_step(made), database_.get());
  }

  std::string bytes() const {
    sqlite3_int64 size = 0;
    std::unique_ptr<unsigned char, Close> const bytes(
        sqlite3_serialize(database_.get(), "main", &size, 0));
    if (!bytes) throw std::bad_alloc();
    return {reinterpret_cast<char const*>(bytes.get()), static_cast<std::size_t>(size)};
  }

 private:
  static int bind(sqlite3_stmt* to, int at, int value) { return sqlite3_bind_int(to, at, value); }
  static int bind(sqlite3_stmt* to, int at, double value) {
    return sqlite3_bind_double(to, at, value);
  }
  static int bind(sqlite3_stmt* to, int at, std::string_view text) {
    return sqlite3_bind_text(to, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  static int bind(sqlite3_stmt* to, int at, std::nullptr_t) { return sqlite3_bind_null(to, at); }

  std::unique_ptr<sqlite3, Close> database_;
};

void add_trial(Database& database, OptunaStudy const& study, int id, OptunaTrial const& trial) {
  constexpr int kStudy = 1;
  if (trial.state == OptunaState::waiting) {
    database.insert("trials", id - 1, kStudy, name_of(trial.state), nullptr, nullptr);
  } else if (trial.state == OptunaState::running) {
    database.insert("trials", id - 1, kStudy, name_of(trial.state), study.start, nullptr);
  } else {
    database.insert("trials", id - 1, kStudy, name_of(trial.state), study.start, study.end);
  }
  for (auto const& [name, value] : trial.attributes)
    database.insert("trial_user_attributes", id, name, value.text());
  for (OptunaParameter const& parameter : trial.parameters) {
    database.insert("trial_params", id, parameter.name, parameter.value, parameter.distribution);
  }
  for (std::size_t i = 0; i < trial.values.size(); ++i)
    database.insert("trial_values", id, static_cast<int>(i), trial.values[i], "FINITE");
  for (auto const& [epoch, value] : trial.by_epoch)
    database.insert("trial_intermediate_values", id, epoch, value, "FINITE");
}

}  // namespace

std::string to_optuna_database(RunRecord const& run) {
  OptunaStudy const study = optuna_study(run);
  Database database;
  database.run("BEGIN");
  database.run(kTables);
  database.insert("studies", study.name);
  database.insert("study_directions", study.maximize ? "MAXIMIZE" : "MINIMIZE", 1, 0);
  for (auto const& [name, value] : study.attributes)
    database.insert("study_user_attributes", 1, name, value.text());
  database.insert("study_system_attributes", 1, "study:metric_names",
                  Json(std::vector{study.metric}).text());
  int id = 0;
  for (OptunaTrial const& trial : study.trials)
    add_trial(database, study, ++id, trial);
  database.run("COMMIT");
  return database.bytes();
}

}  // namespace brood::files
