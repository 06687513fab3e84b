// SPDX-License-Identifier: Apache-2.0
// A study in the tables of study.db: what they are, and a StudyState without its members there and
// back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "brood/files/store.hpp"
#include "data/fnv1a.hpp"
#include "files/store/database.hpp"

namespace brood::files {

// Where the members of a state are.
struct MembersFile {
  int slot = 0;          // members-SLOT.state; 0: there are none
  std::string checksum;  // what the file ends with
};

// The one row that says what the run is and how far it has come.
struct StudyRow {
  RunOrigin origin;
  std::string replaced = {};  // the run that was put aside, a path; empty: none
  std::string ended = {};
  double seconds = 0;
  MembersFile members = {};
};

class StudyTables {
 public:
  // Of a new database, and one that is there. Throws StorageError for one that is not ours, or of a
  // newer version.
  static void make(Database& database, StudyRow const& row);
  StudyTables(Database& database, std::string shown);

  StudyRow read_row();
  void write_ended(std::string const& ended);
  // Without members, and the rungs that led to it; nothing if none was saved. Throws StorageError
  // if it is damaged.
  std::optional<StudyState> read_state(RunOrigin const& origin, std::vector<RungFacts>& rungs);

  // Writes the state, whose members are in `row.members`, and the rungs that led to it. Of what
  // only grows, what is new since the last time; `anew`: everything, in place of what there is.
  void write(StudyState state, std::vector<RungFacts> const& rungs, StudyRow const& row, bool anew);

 private:
  // What is in the tables of what only grows: how much, and a checksum over all of it.
  struct Rows {
    std::size_t outcomes = 0, curves = 0, rungs = 0;
    Fnv1a128 of_outcomes = {}, of_curves = {}, of_rungs = {};

    explicit Rows(RunOrigin const& origin);
    void add(StudyState::Outcome const& outcome);
    void add(CurvePoint const& point);
    void add(RungFacts const& rung);
    // Version 1 had no rungs.
    std::string checksum() const {
      return of_outcomes.hex() + of_curves.hex() + (rungs > 0 ? of_rungs.hex() : "");
    }
  };
  // All of them, into the state.
  void read_rows(StudyState& state, Rows& rows);
  std::vector<RungFacts> read_rungs(Rows& rows);
  // What the state has beyond those.
  void insert_rows(StudyState const& state, Rows& rows);
  void insert_rungs(std::vector<RungFacts> const& rungs, Rows& rows);
  [[noreturn]] void refuse() const;

  Database& database_;
  std::string shown_;
  std::optional<Rows> written_;  // as of the last commit; nothing: not read yet
};

}  // namespace brood::files
