// SPDX-License-Identifier: Apache-2.0
// The schema. To change it: a step in kSteps that brings the version before to the new one, never a
// change of a step that was released.
#include "files/store/study_tables.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "brood/error.hpp"

namespace brood::files {

namespace {

constexpr std::int64_t kApplication = 0x62726f64;  // "brod"

// From each version to the next, beginning with an empty database. Numbers that are none are NULL.
constexpr char const* kSteps[] = {
    R"(CREATE TABLE study (
         id INTEGER PRIMARY KEY CHECK (id = 1),
         name TEXT NOT NULL, config TEXT NOT NULL, data_fingerprint TEXT NOT NULL,
         command_line TEXT NOT NULL, started TEXT NOT NULL,
         replaced TEXT NOT NULL,  -- the run that was put aside, or nothing
         ended TEXT NOT NULL,     -- why there are no more rungs, or nothing
         seconds REAL NOT NULL,   -- that it has run for
         state BLOB NOT NULL,     -- StudyState without what other tables and files hold, or nothing
         rows_checksum TEXT NOT NULL,
         members INTEGER NOT NULL, members_checksum TEXT NOT NULL);
       CREATE TABLE outcome (
         number INTEGER PRIMARY KEY,
         trial INTEGER NOT NULL, rung INTEGER NOT NULL,
         epoch INTEGER NOT NULL, until INTEGER NOT NULL, score REAL,
         ended INTEGER NOT NULL, kept INTEGER NOT NULL,
         scores BLOB NOT NULL);   -- float64 by split
       CREATE TABLE curve (
         number INTEGER PRIMARY KEY,
         trial INTEGER NOT NULL, fold INTEGER NOT NULL, repeat INTEGER NOT NULL,
         epoch INTEGER NOT NULL, train_loss REAL, valid_loss REAL, valid_metric REAL))",
    R"(CREATE TABLE rung (
         number INTEGER PRIMARY KEY,
         trials INTEGER NOT NULL, epoch INTEGER NOT NULL, member_epochs INTEGER NOT NULL,
         best REAL, top REAL,
         seconds REAL NOT NULL))",  // since the study began, without the time between sessions
    "ALTER TABLE outcome ADD COLUMN accuracies BLOB NOT NULL DEFAULT x''"};  // as scores, or none
constexpr std::int64_t kVersion = std::size(kSteps);

std::string bytes_of(std::vector<double> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(double)};
}
std::vector<double> values_of(std::string const& bytes) {
  std::vector<double> values(bytes.size() / sizeof(double));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(double));
  return values;
}

void migrate(Database& database, std::int64_t from) {
  for (std::int64_t version = from; version < kVersion; ++version)
    database.run(kSteps[version]);
  database.run("PRAGMA user_version = " + std::to_string(kVersion));
}

// The database knows one number that is none.
std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN()
                                                        : value);
}
}  // namespace

StudyTables::Rows::Rows(RunOrigin const& origin) {
  for (std::string const* const text :
       {&origin.name, &origin.config, &origin.data_fingerprint, &origin.started})
    of_outcomes.add_words(*text);
}

void StudyTables::Rows::add(StudyState::Outcome const& outcome) {
  for (int const x : {outcome.trial, outcome.rung, outcome.epoch, outcome.until})
    of_outcomes.add(static_cast<std::uint64_t>(x));
  of_outcomes.add(bits_of(outcome.score));
  of_outcomes.add(static_cast<std::uint64_t>((outcome.ended ? 1 : 0) + (outcome.kept ? 2 : 0)));
  of_outcomes.add_words(bytes_of(outcome.scores));
  if (!outcome.accuracies.empty()) of_outcomes.add_words(bytes_of(outcome.accuracies));
  ++outcomes;
}

void StudyTables::Rows::add(CurvePoint const& point) {
  for (int const x : {point.trial, point.fold, point.repeat, point.epoch})
    of_curves.add(static_cast<std::uint64_t>(x));
  for (double const x : {point.train_loss, point.valid_loss, point.valid_metric})
    of_curves.add(bits_of(x));
  ++curves;
}

void StudyTables::Rows::add(RungFacts const& rung) {
  for (std::int64_t const x :
       {std::int64_t{rung.trials}, std::int64_t{rung.epoch}, rung.member_epochs})
    of_rungs.add(static_cast<std::uint64_t>(x));
  for (double const x : {rung.best, rung.top, rung.seconds})
    of_rungs.add(bits_of(x));
  ++rungs;
}

void StudyTables::make(Database& database, StudyRow const& row) {
  database.run("PRAGMA application_id = " + std::to_string(kApplication));
  Transaction transaction(database);
  migrate(database, 0);
  Statement insert(database,
                   "INSERT INTO study VALUES (1, ?, ?, ?, ?, ?, ?, '', 0, x'', '', 0, '')");
  insert.add_text(row.origin.name).add_text(row.origin.config);
  insert.add_text(row.origin.data_fingerprint).add_text(row.origin.command_line);
  insert.add_text(row.origin.started).add_text(row.replaced).next();
  transaction.commit();
}

StudyTables::StudyTables(Database& database, std::string shown)
    : database_(database), shown_(std::move(shown)) {
  std::int64_t const version = database_.number("user_version");
  if (database_.number("application_id") != kApplication || version < 1) refuse();
  if (version > kVersion) {
    throw StorageError(shown_ + ": is of version " + std::to_string(version) +
                       ", by a newer brood; this one reads versions up to " +
                       std::to_string(kVersion) + ": go on with the newer one");
  }
  if (version == kVersion || !database_.may_write()) return;
  Transaction transaction(database_);
  migrate(database_, version);
  transaction.commit();
}

StudyRow StudyTables::read_row() {
  Statement select(database_,
                   "SELECT name, config, data_fingerprint, command_line, started, replaced, ended, "
                   "seconds, members, members_checksum FROM study WHERE id = 1");
  if (!select.next()) refuse();
  StudyRow row;
  row.origin = {.name = select.bytes(0),
                .config = select.bytes(1),
                .data_fingerprint = select.bytes(2),
                .command_line = select.bytes(3),
                .started = select.bytes(4)};
  row.replaced = select.bytes(5);
  row.ended = select.bytes(6);
  row.seconds = select.real(7);
  row.members = {static_cast<int>(select.whole(8)), select.bytes(9)};
  if (row.members.slot < 0 || row.members.slot > 2) refuse();
  return row;
}

void StudyTables::write_ended(std::string const& ended) {
  Statement update(database_, "UPDATE study SET ended = ?, replaced = '' WHERE id = 1");
  update.add_text(ended).next();
}

std::optional<StudyState> StudyTables::read_state(RunOrigin const& origin,
                                                  std::vector<RungFacts>& rungs) {
  Statement study(database_, "SELECT state, rows_checksum FROM study WHERE id = 1");
  if (!study.next()) refuse();
  std::string const bytes = study.bytes(0);
  if (bytes.empty()) return std::nullopt;
  StudyState state;
  try {
    state = load_state(bytes);
  } catch (StorageError const&) {
    refuse();
  }
  Rows rows(origin);
  read_rows(state, rows);
  auto told = read_rungs(rows);
  if (rows.checksum() != study.bytes(1)) refuse();
  written_ = rows;
  rungs = std::move(told);
  return state;
}

void StudyTables::read_rows(StudyState& state, Rows& rows) {
  // Who only looks brings nothing forward.
  std::string const accuracies = database_.number("user_version") < 3 ? "x''" : "accuracies";
  Statement outcomes(database_, "SELECT trial, rung, epoch, until, score, ended, kept, scores, " +
                                    accuracies + " FROM outcome ORDER BY number");
  while (outcomes.next()) {
    auto const whole = [&](int column) { return static_cast<int>(outcomes.whole(column)); };
    state.outcomes.push_back({.trial = whole(0),
                              .rung = whole(1),
                              .epoch = whole(2),
                              .until = whole(3),
                              .score = outcomes.real(4),
                              .ended = whole(5) != 0,
                              .kept = whole(6) != 0,
                              .scores = values_of(outcomes.bytes(7)),
                              .accuracies = values_of(outcomes.bytes(8))});
    rows.add(state.outcomes.back());
  }
  Statement curves(database_,
                   "SELECT trial, fold, repeat, epoch, train_loss, valid_loss, valid_metric FROM "
                   "curve ORDER BY number");
  while (curves.next()) {
    auto const whole = [&](int column) { return static_cast<int>(curves.whole(column)); };
    state.curves.push_back(
        {whole(0), whole(1), whole(2), whole(3), curves.real(4), curves.real(5), curves.real(6)});
    rows.add(state.curves.back());
  }
}

std::vector<RungFacts> StudyTables::read_rungs(Rows& rows) {
  std::vector<RungFacts> rungs;
  if (database_.number("user_version") < 2) return rungs;  // who only looks brings nothing forward
  Statement select(database_,
                   "SELECT trials, epoch, member_epochs, best, top, seconds FROM rung "
                   "ORDER BY number");
  while (select.next()) {
    rungs.push_back({.trials = static_cast<int>(select.whole(0)),
                     .epoch = static_cast<int>(select.whole(1)),
                     .member_epochs = select.whole(2),
                     .best = select.real(3),
                     .top = select.real(4),
                     .seconds = select.real(5)});
    rows.add(rungs.back());
  }
  return rungs;
}

void StudyTables::write(StudyState state, std::vector<RungFacts> const& rungs, StudyRow const& row,
                        bool anew) {
  if (anew || !written_) written_.emplace(row.origin);
  Rows rows = *written_;
  Transaction transaction(database_);
  if (rows.outcomes == 0 && rows.curves == 0 && rows.rungs == 0)
    database_.run("DELETE FROM outcome; DELETE FROM curve; DELETE FROM rung");
  insert_rows(state, rows);
  insert_rungs(rungs, rows);
  state.outcomes.clear();
  state.curves.clear();
  Statement update(database_,
                   "UPDATE study SET config = ?, command_line = ?, started = ?, ended = ?, "
                   "seconds = ?, state = ?, rows_checksum = ?, members = ?, members_checksum = ? "
                   "WHERE id = 1");
  update.add_text(row.origin.config).add_text(row.origin.command_line);
  update.add_text(row.origin.started).add_text(row.ended).add(row.seconds);
  update.add_bytes(brood::save(state)).add_text(rows.checksum());
  update.add(std::int64_t{row.members.slot}).add_text(row.members.checksum).next();
  transaction.commit();
  written_ = rows;
}

void StudyTables::insert_rows(StudyState const& state, Rows& rows) {
  Statement outcome(database_, "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  while (rows.outcomes < state.outcomes.size()) {
    auto const& each = state.outcomes[rows.outcomes];
    outcome.add(static_cast<std::int64_t>(rows.outcomes));
    for (int const x : {each.trial, each.rung, each.epoch, each.until})
      outcome.add(std::int64_t{x});
    outcome.add(each.score).add(std::int64_t{each.ended}).add(std::int64_t{each.kept});
    outcome.add_bytes(bytes_of(each.scores)).add_bytes(bytes_of(each.accuracies)).next();
    rows.add(each);
  }
  Statement curve(database_, "INSERT INTO curve VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  while (rows.curves < state.curves.size()) {
    auto const& each = state.curves[rows.curves];
    curve.add(static_cast<std::int64_t>(rows.curves));
    for (int const x : {each.trial, each.fold, each.repeat, each.epoch})
      curve.add(std::int64_t{x});
    curve.add(each.train_loss).add(each.valid_loss).add(each.valid_metric).next();
    rows.add(each);
  }
}

void StudyTables::insert_rungs(std::vector<RungFacts> const& rungs, Rows& rows) {
  Statement insert(database_, "INSERT INTO rung VALUES (?, ?, ?, ?, ?, ?, ?)");
  while (rows.rungs < rungs.size()) {
    RungFacts const& rung = rungs[rows.rungs];
    insert.add(static_cast<std::int64_t>(rows.rungs));
    insert.add(std::int64_t{rung.trials}).add(std::int64_t{rung.epoch}).add(rung.member_epochs);
    insert.add(rung.best).add(rung.top).add(rung.seconds).next();
    rows.add(rung);
  }
}

void StudyTables::refuse() const {
  throw StorageError(shown_ +
                     ": is damaged, or is no study of brood; put back a copy of it, or "
                     "tune again with --overwrite");
}

}  // namespace brood::files
