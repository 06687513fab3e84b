// SPDX-License-Identifier: Apache-2.0
// Store: what was saved is there again, whole, whoever asks; damage is told and never read; one
// process at a time; what cannot be made leaves nothing behind.
#include "brood/files/store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "files/io/write_file.hpp"
#include "files/store/database.hpp"
#include "files/temporary_folder.hpp"
#include "study/study_testing.hpp"

namespace brood::files {
namespace {

namespace fs = std::filesystem;
using namespace study_testing;

RunOrigin origin() {
  return {.name = "blobs",
          .config = "trials: 10\n",
          .data_fingerprint = "00ff",
          .command_line = "brood tune blobs.yaml",
          .started = "2026-01-31T12:00:00Z"};
}

Study study_by(SchedulerChoice const& scheduler, SamplerChoice const& sampler = Random{}) {
  Study study = varied_study(Folds{.folds = 2});
  study.scheduler = scheduler;
  study.sampler = sampler;
  return study;
}

struct Session {
  explicit Session(Study const& study, StudyState const* from = nullptr)
      : engine({.device = "cpu", .threads = 1}),
        table(small_blobs()),
        run(engine, engine.load(table.table()), study, from) {}
  Result to_the_end() {
    while (run.advance()) {
    }
    return run.finish();
  }
  Engine engine;
  fixtures::OwnedTable table;
  StudyRun run;
};

void expect_same_files(Result const& a, Result const& b, SearchSpace const& space) {
  EXPECT_EQ(trials_csv(a, space), trials_csv(b, space));
  EXPECT_EQ(curves_csv(a), curves_csv(b));
  EXPECT_TRUE(same_bits(a.model.layers, b.model.layers));
  EXPECT_TRUE(same_bits(a.test, b.test));
}

class StoreTest : public testing::Test {
 protected:
  std::string directory(std::string const& name = "run") const { return folder_.path(name); }
  // A store with a study that has a rung behind it.
  // `told`: the store was told how it went.
  void save_a_rung(bool told = false) const {
    Store store = Store::create(directory(), origin(), false);
    Session session(study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}));
    session.run.advance();
    if (told) store.add({.trials = 9, .epoch = 1});
    store.save(session.run);
  }
  TemporaryFolder folder_;
};

TEST_F(StoreTest, GivesBackWhatItWasGiven) {
  {
    Store store = Store::create(directory(), origin(), false);
    EXPECT_FALSE(store.state());
    EXPECT_EQ(store.ended(), "");
  }
  EXPECT_TRUE(Store::is_in(directory()));
  EXPECT_FALSE(fs::exists(directory() + "/lock"));
  Store store = Store::open(directory());
  EXPECT_EQ(store.origin().name, "blobs");
  EXPECT_EQ(store.origin().config, "trials: 10\n");
  EXPECT_EQ(store.origin().data_fingerprint, "00ff");
  EXPECT_EQ(store.origin().command_line, "brood tune blobs.yaml");
  EXPECT_EQ(store.origin().started, "2026-01-31T12:00:00Z");
  EXPECT_EQ(read_file(directory() + "/config.yaml"), "trials: 10\n");
  EXPECT_FALSE(store.state());
}

// Saved at every rung, in a directory that a new process opens each time.
TEST_F(StoreTest, GoingOnFromItIsNeverHavingStopped) {
  std::vector<Study> const studies = {
      study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}),
      study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}, Sobol{}),
      study_by(NoEarlyTermination{2}, Tpe{.startup = 3}),
      study_by(NoEarlyTermination{2}, Bayes{.startup = 3}),
      study_by(Hyperband{.eta = 3, .max_epochs = 9}),
      study_by(Asha{.eta = 2, .max_epochs = 8, .workers = 4}),
      study_by(MedianStopping{.max_epochs = 6, .interval = 2}),
      study_by(PopulationBased{.max_epochs = 7, .interval = 2})};
  for (std::size_t i = 0; i < studies.size(); ++i) {
    SCOPED_TRACE(i);
    Study const& study = studies[i];
    std::string const path = directory(std::to_string(i));
    Store::create(path, origin(), false);
    int sessions = 0;
    for (bool more = true; more; ++sessions) {
      Store store = Store::open(path);
      auto const state = store.state();
      EXPECT_EQ(state.has_value(), sessions > 0);
      Session session(study, state ? &*state : nullptr);
      more = session.run.advance();
      store.save(session.run);
    }
    EXPECT_GT(sessions, 1);
    auto const last = Store::open(path).state();
    expect_same_files(Session(study, &*last).to_the_end(), Session(study).to_the_end(),
                      study.space);
  }
}

TEST_F(StoreTest, KeepsOneFileOfMembers) {
  Store store = Store::create(directory(), origin(), false);
  Session session(study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}));
  for (int saves = 1; session.run.advance(); ++saves) {
    store.save(session.run);
    EXPECT_TRUE(fs::exists(directory() + "/members-" + std::to_string(2 - saves % 2) + ".state"));
    EXPECT_FALSE(fs::exists(directory() + "/members-" + std::to_string(1 + saves % 2) + ".state"));
  }
}

// Those of a session that were not saved are told again by the next one.
TEST_F(StoreTest, RungsAreThoseThatLedToTheState) {
  auto const rung = [](int number) {
    return RungFacts{.trials = number,
                     .epoch = 3 * number,
                     .member_epochs = 10 * number,
                     .best = 0.5,
                     .seconds = 100.0 * number};
  };
  {
    Store store = Store::create(directory(), origin(), false);
    EXPECT_TRUE(store.rungs().empty());
    Session session(study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}));
    for (int number : {1, 2}) {
      session.run.advance();
      store.add(rung(number));
      store.save(session.run);
    }
    store.add(rung(3));
    EXPECT_EQ(store.rungs().size(), 3u);
  }
  Store store = Store::open(directory());
  store.state();
  ASSERT_EQ(store.rungs().size(), 2u);
  EXPECT_EQ(store.rungs()[1].trials, 2);
  EXPECT_EQ(store.rungs()[1].epoch, 6);
  EXPECT_EQ(store.rungs()[1].member_epochs, 20);
  EXPECT_EQ(store.rungs()[1].best, 0.5);
  EXPECT_TRUE(std::isnan(store.rungs()[1].top));
  EXPECT_EQ(store.rungs()[1].seconds, 200);
  store.add(rung(3));
  EXPECT_EQ(store.rungs().back().seconds, store.seconds_before() + 300);
  store.extend(origin());
  EXPECT_TRUE(store.rungs().empty());
}

// As version 1 had it, which knew no accuracies either; there are none by this metric.
TEST_F(StoreTest, AStoreWithoutRungsIsReadAndGetsThem) {
  Study study = study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9});
  study.metric.name = "accuracy";
  {
    Store store = Store::create(directory(), origin(), false);
    Session session(study);
    session.run.advance();
    store.save(session.run);
  }
  std::string const database = directory() + "/study.db";
  Database(database, database, Database::Mode::open)
      .run("DROP TABLE rung; ALTER TABLE outcome DROP COLUMN accuracies; PRAGMA user_version = 1");
  {
    Store store = Store::open(directory());
    auto const state = store.state();
    ASSERT_TRUE(state);
    EXPECT_TRUE(store.rungs().empty());
    Session session(study, &*state);
    session.run.advance();
    store.add({.trials = 3, .epoch = 3});
    store.save(session.run);
  }
  Store store = Store::open(directory());
  EXPECT_TRUE(store.state());
  EXPECT_EQ(store.rungs().size(), 1u);
}

TEST_F(StoreTest, SavesWhenItIsDue) {
  Store store = Store::create(directory(), origin(), false);
  Session session(study_by(SuccessiveHalving{.eta = 3, .max_epochs = 9}));
  session.run.advance();
  store.save_every(1e6);
  EXPECT_FALSE(store.save_if_due(session.run));
  EXPECT_FALSE(store.state());
  store.save_every(0);
  EXPECT_TRUE(store.save_if_due(session.run));
  EXPECT_TRUE(store.save_if_due(session.run));
  EXPECT_TRUE(store.state());
}

// ---- one process at a time

TEST_F(StoreTest, IsOpenOnce) {
  Store const store = Store::create(directory(), origin(), false);
  try {
    Store::open(directory());
    FAIL();
  } catch (DirectoryBusy const& error) {
    EXPECT_NE(std::string(error.what()).find("number " + std::to_string(::getpid())),
              std::string::npos)
        << error.what();
  }
}

TEST_F(StoreTest, IsNotReplacedWhileAnotherProcessHasIt) {
  Store const store = Store::create(directory(), origin(), false);
  EXPECT_THROW(Store::create(directory(), origin(), true), DirectoryBusy);
  EXPECT_TRUE(Store::is_in(directory()));
}

TEST_F(StoreTest, ALockOfAProcessThatWasKilledIsNone) {
  pid_t const child = ::fork();
  if (child == 0) {
    Store const store = Store::create(directory(), origin(), false);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(fs::exists(directory() + "/lock"));
  EXPECT_NO_THROW(Store::open(directory()));
}

// ---- replacing

TEST_F(StoreTest, WhatItReplacesComesBackWhereItIsDiscarded) {
  save_a_rung();
  std::string const before = read_file(directory() + "/study.db");
  {
    RunOrigin other = origin();
    other.name = "other";
    EXPECT_THROW(Store::create(directory(), other, false), UsageError);
    Store store = Store::create(directory(), other, true);
    EXPECT_EQ(Store(std::move(store)).origin().name, "other");
  }
  Store store = Store::open(directory());
  store.discard();
  EXPECT_EQ(read_file(directory() + "/study.db"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.root()), {}), 1);
}

TEST_F(StoreTest, WhatIsDiscardedLeavesNothing) {
  Store store = Store::create(directory("a/b/run"), origin(), false);
  store.discard();
  EXPECT_TRUE(fs::is_empty(folder_.root()));
}

// ---- damage

std::string what_is_wrong(std::string const& directory) {
  try {
    Store store = Store::open(directory);
    return store.state() ? "nothing" : "nothing saved";
  } catch (StorageError const& error) {
    return error.what();
  } catch (UsageError const& error) {
    return "usage: " + std::string(error.what());
  }
}

TEST_F(StoreTest, DamageIsToldWithThePath) {
  save_a_rung(/*told=*/true);  // the last page of the database is no empty one
  std::string const database = directory() + "/study.db";
  std::string const members = directory() + "/members-1.state";
  ASSERT_EQ(what_is_wrong(directory()), "nothing");
  std::string const whole = read_file(database), networks = read_file(members);
  auto const overwrite = [](std::string const& path, std::string const& bytes) {
    fs::remove(path);
    write_new_file(path, bytes, path);
  };
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{99}, std::size_t{4096},
                           whole.size() / 2, whole.size() - 1}) {
    overwrite(database, whole.substr(0, size));
    EXPECT_EQ(what_is_wrong(directory()).find(database + ": "), 0u)
        << size << ": " << what_is_wrong(directory());
  }
  overwrite(database, "not a database");
  EXPECT_EQ(what_is_wrong(directory()).find(database + ": is damaged, or is no study of brood"), 0u)
      << what_is_wrong(directory());
  overwrite(database, whole);
  for (std::size_t size : {std::size_t{0}, std::size_t{40}, networks.size() - 1}) {
    overwrite(members, networks.substr(0, size));
    EXPECT_EQ(what_is_wrong(directory()).find(members + ": is damaged"), 0u);
  }
  fs::remove(members);
  EXPECT_EQ(what_is_wrong(directory()).find(members + ": there is no such file"), 0u);
  overwrite(members, networks);
  EXPECT_EQ(what_is_wrong(directory()), "nothing");
}

// Whatever byte changes: what is read is what was written, or it is told.
TEST_F(StoreTest, NoChangedByteIsReadAsIfItWereRight) {
  save_a_rung();
  std::string const database = directory() + "/study.db";
  std::string const whole = read_file(database);
  StudyState const saved = *Store::open(directory()).state();
  std::string const right = save(saved);
  int told = 0, read = 0;
  for (std::size_t at = 0; at < whole.size(); at += 37) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    fs::remove(database);
    write_new_file(database, damaged, database);
    try {
      Store store = Store::open(directory());
      auto const state = store.state();
      bool const as_it_was = state && save(*state) == right;
      EXPECT_TRUE(as_it_was) << "byte " << at;
      ++read;
    } catch (Error const&) {
      ++told;
    }
  }
  EXPECT_GT(told, read / 4);
}

TEST_F(StoreTest, NewerAndForeignDatabasesAreRefused) {
  save_a_rung();
  std::string const database = directory() + "/study.db";
  Database(database, database, Database::Mode::open).run("PRAGMA user_version = 4");
  EXPECT_NE(what_is_wrong(directory()).find("is of version 4, by a newer brood"),
            std::string::npos);
  Database(database, database, Database::Mode::open)
      .run("PRAGMA user_version = 1; PRAGMA application_id = 7");
  EXPECT_NE(what_is_wrong(directory()).find("is no study of brood"), std::string::npos);
  EXPECT_EQ(what_is_wrong(directory("nowhere")).find("usage: "), 0u);
  fs::create_directory(directory("empty"));
  EXPECT_NE(what_is_wrong(directory("empty")).find("has no study.db"), std::string::npos);
}

}  // namespace
}  // namespace brood::files
