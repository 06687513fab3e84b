// SPDX-License-Identifier: Apache-2.0
// StudyState: going on from bytes saved at any rung gives the result of never having stopped, and
// bytes or states that are not what was saved are refused.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Kind {
  char const* name;
  OwnedTable table;
  Study study;
};
void PrintTo(Kind const& kind, std::ostream* out) {
  *out << kind.name;
}

Study with(Study study, std::function<void(Study&)> const& change) {
  change(study);
  return study;
}

std::vector<Kind> kinds() {
  return {
      {"Folds", small_blobs(), varied_study()},
      {"KeptWeights", small_blobs(),
       with(varied_study(Holdout{.repeats = 2}), [](Study& s) { s.refit = Refit::no; })},
      {"PatienceAndDivergence", with_row_weights(regression(120, 4)),
       with(varied_study(Folds{.folds = 2}),
            [](Study& s) {
              s.space.log_uniform("lr", 1e-3, 1e3).choice("patience", {0, 1, 2});
              s.trials = 16;
            })},
      {"Numbers", small_blobs(), with_numbers(varied_study())},
      {"NumbersThatAreCopied", small_blobs(),
       with(with_numbers(varied_study(Holdout{})),
            [](Study& s) { s.scheduler = PopulationBased{.max_epochs = 7, .interval = 2}; })},
      {"OneRung", small_blobs(),
       with(varied_study(Holdout{}), [](Study& s) { s.scheduler = NoEarlyTermination{3}; })},
      {"AllBrackets", small_blobs(),
       with(varied_study(Holdout{.repeats = 2}),
            [](Study& s) {
              s.scheduler = Hyperband{.eta = 3, .max_epochs = 9};
              s.trials = 20;
            })},
      {"Asynchronous", small_blobs(),
       with(varied_study(Holdout{}),
            [](Study& s) {
              s.scheduler = Asha{.eta = 2, .max_epochs = 8, .workers = 4};
              s.space.choice("patience", {0, 1, 2});
            })},
      {"Median", small_blobs(),
       with(varied_study(Holdout{}),
            [](Study& s) { s.scheduler = MedianStopping{.max_epochs = 6, .interval = 2}; })},
      {"PopulationBased", small_blobs(),
       with(varied_study(Folds{.folds = 2}),
            [](Study& s) { s.scheduler = PopulationBased{.max_epochs = 7, .interval = 2}; })},
      {"PopulationBasedThatDiverges", with_row_weights(regression(120, 4)),
       with(varied_study(Holdout{}),
            [](Study& s) {
              s.scheduler = PopulationBased{.max_epochs = 6, .interval = 2};
              s.space.log_uniform("lr", 1e-3, 1e5);
              s.refit = Refit::no;
            })},
  };
}

class OfEachStudy : public testing::TestWithParam<Kind> {
 protected:
  // A study on an engine of its own, as in a new process.
  struct Session {
    explicit Session(Kind const& kind, StudyState const* from = nullptr,
                     EngineOptions const& options = {.device = "cpu", .threads = 1})
        : engine(options), run(engine, engine.load(kind.table.table()), kind.study, from) {}
    Result to_the_end() {
      while (run.advance()) {
      }
      return run.finish();
    }
    Engine engine;
    StudyRun run;
  };
};

TEST_P(OfEachStudy, GoingOnFromAnyRungIsNeverHavingStopped) {
  Result const whole = Session(GetParam()).to_the_end();
  Session saving(GetParam());
  for (bool more = true; more;) {
    std::string const bytes = save(saving.run.state());
    StudyState const state = load_state(bytes);
    EXPECT_EQ(save(state), bytes);
    SCOPED_TRACE("rung " + std::to_string(state.events));
    expect_same(Session(GetParam(), &state).to_the_end(), whole);
    more = saving.run.advance();
  }
  StudyState const last = load_state(save(saving.run.state()));
  expect_same(Session(GetParam(), &last).to_the_end(), whole);
  expect_same(saving.run.finish(), whole);
}

TEST_P(OfEachStudy, EverySessionMayEndAfterARung) {
  Result const whole = Session(GetParam()).to_the_end();
  std::string bytes = save(Session(GetParam()).run.state());
  for (bool more = true; more;) {
    StudyState const state = load_state(bytes);
    Session session(GetParam(), &state);
    more = session.run.advance();
    bytes = save(session.run.state());
  }
  StudyState const state = load_state(bytes);
  expect_same(Session(GetParam(), &state).run.finish(), whole);
}

// What is reported is the same too, so that the number of a rung means the same in every session.
TEST_P(OfEachStudy, GoingOnReportsTheSameRungs) {
  std::vector<Progress> seen;
  Kind kind = GetParam();
  kind.study.on_rung = [&](Progress const& progress) {
    seen.push_back(progress);
    return Go::on;
  };
  Session whole(kind);
  std::vector<StudyState> states = {whole.run.state()};
  while (whole.run.advance())
    states.push_back(whole.run.state());
  std::vector<Progress> const all = std::move(seen);
  ASSERT_EQ(all.size() + 1, states.size());
  EXPECT_TRUE(all.back().last);
  for (std::size_t i = 0; i < states.size(); ++i) {
    seen.clear();
    Session session(kind, &states[i]);
    while (session.run.advance()) {
    }
    ASSERT_EQ(seen.size(), all.size() - i);
    for (std::size_t k = 0; k < seen.size(); ++k) {
      EXPECT_EQ(seen[k].rung, all[i + k].rung);
      EXPECT_EQ(seen[k].trials, all[i + k].trials);
      EXPECT_EQ(seen[k].epoch, all[i + k].epoch);
      EXPECT_EQ(seen[k].member_epochs, all[i + k].member_epochs);
      EXPECT_EQ(seen[k].best_trial, all[i + k].best_trial);
      EXPECT_EQ(seen[k].last, all[i + k].last);
    }
  }
}

TEST_P(OfEachStudy, MemoryAndThreadsMayDifferAfterwards) {
  Session saving(GetParam());
  saving.run.advance();
  StudyState const state = saving.run.state();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(GetParam().table.table());
  std::int64_t const each = plan(engine, data, GetParam().study).bytes_per_member;
  Session narrow(GetParam(), &state, {.device = "cpu", .threads = 1, .memory_limit = 2 * each});
  expect_same(narrow.to_the_end(), Session(GetParam()).to_the_end());
}

// Saved after a stop within a rung: its members are ahead of what was told, and that is not lost.
TEST_P(OfEachStudy, GoingOnFromADroppedRungIsNeverHavingStopped) {
  Result const whole = Session(GetParam()).to_the_end();
  for (int stop_at = 1; stop_at < 6; ++stop_at) {
    SCOPED_TRACE("poll " + std::to_string(stop_at));
    Kind stopping = GetParam();
    int polls = 0;
    stopping.study.stop_requested = [&] { return ++polls == stop_at; };
    Session stopped(stopping);
    while (stopped.run.advance()) {
    }
    StudyState const state = load_state(save(stopped.run.state()));
    expect_same(Session(GetParam(), &state).to_the_end(), whole);
  }
}

INSTANTIATE_TEST_SUITE_P(State, OfEachStudy, testing::ValuesIn(kinds()),
                         [](auto const& param) { return std::string(param.param.name); });

// ---- refusals

class StateTest : public testing::Test {
 protected:
  StateTest()
      : table_(small_blobs()),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())),
        study_(varied_study(Folds{.folds = 2})) {
    study_.trials = 3;
    study_.space.constant("hidden", Widths{}).constant("optimizer", "momentum");
    StudyRun run(engine_, data_, study_);
    run.advance();
    state_ = run.state();
  }

  // Goes on with bytes as a program would. True if nothing was refused.
  bool goes_on(std::string const& bytes) {
    try {
      StudyState const state = load_state(bytes);
      StudyRun run(engine_, data_, study_, &state);
      while (run.advance()) {
      }
      run.finish();
      return true;
    } catch (StorageError const&) {
    } catch (UsageError const&) {
    }
    return false;
  }
  bool refused(StudyState const& state) { return !goes_on(save(state)); }

  OwnedTable table_;
  Engine engine_;
  Data data_;
  Study study_;
  StudyState state_;
};

TEST_F(StateTest, DamagedBytesAreRefused) {
  std::string const bytes = save(state_);
  ASSERT_TRUE(goes_on(bytes));
  // A stride that is prime, so that all places within a field are met.
  for (std::size_t at = 0; at < bytes.size(); at += 13) {
    for (char const flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      EXPECT_THROW(load_state(damaged), StorageError) << "byte " << at;
    }
  }
  for (std::size_t size = 0; size < bytes.size(); size += 11)
    EXPECT_THROW(load_state(bytes.substr(0, size)), StorageError) << "cut to " << size;
  EXPECT_THROW(load_state(bytes + "x"), StorageError);
  EXPECT_THROW(load_state(bytes + bytes), StorageError);
  EXPECT_THROW(load_state(""), StorageError);
  EXPECT_THROW(load_state("brood state 1\n" + bytes.substr(14)), StorageError);
}

// A state is written in pieces of a mebibyte; this one takes several, and once whole ones.
TEST_F(StateTest, BytesInPiecesAreThoseOfOneString) {
  constexpr std::size_t kPiece = 1 << 20;
  StudyState state = state_;
  std::vector<float>& weights = state.residents[0].image.weights;
  weights.resize(2 * kPiece / sizeof(float) + 77);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(i);
  // Two pieces and some, and then three exactly, the checksum of 32 digits aside.
  std::size_t const over = (save(state).size() - 32) % kPiece;
  for (std::size_t const more : {std::size_t{0}, kPiece - over}) {
    SCOPED_TRACE(more);
    state.study.append(more, 'x');
    std::string const bytes = save(state);
    std::string pieces;
    std::string const checksum = save(state, [&](std::string_view piece) { pieces += piece; });
    EXPECT_TRUE(pieces == bytes);
    EXPECT_EQ(checksum, bytes.substr(bytes.size() - 32));
    EXPECT_EQ(load_state(bytes).residents[0].image.weights, weights);
    for (std::size_t const at : {kPiece - 1, kPiece, 2 * kPiece + 5, bytes.size() - 33}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      EXPECT_THROW(load_state(damaged), StorageError) << "byte " << at;
    }
  }
}

// What a program might hand over that took a state apart.
TEST_F(StateTest, StatesThatDoNotHangTogetherAreRefused) {
  ASSERT_FALSE(refused(state_));
  ASSERT_EQ(state_.residents.size(), 2u);
  auto const changed = [&](std::function<void(StudyState&)> const& change) {
    StudyState state = state_;
    change(state);
    return state;
  };
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents.clear(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents.pop_back(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents.push_back(s.residents[0]); })));
  EXPECT_TRUE(refused(changed([](auto& s) { std::swap(s.residents[0], s.residents[1]); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[1].split = 0; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[1].split = 2; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[1].split = -1; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[0].trial = 3; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[0].trial = -1; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[0].image.weights.pop_back(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.residents[0].image.moments.clear(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.brackets[0].rung = 7; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.brackets[0].alive.clear(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.jobs.clear(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.configs.pop_back(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.configs[0] = {}; })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.tuner.trials.pop_back(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.outcomes.clear(); })));
  EXPECT_TRUE(refused(changed([](auto& s) { s.outcomes[0].scores.push_back(1); })));
  EXPECT_TRUE(refused(StudyState{}));
}

TEST_F(StateTest, AnotherStudyIsRefused) {
  auto const refuses = [&](OwnedTable const& table, Study const& study) {
    Data const data = engine_.load(table.table());
    try {
      StudyRun run(engine_, data, study, &state_);
    } catch (UsageError const&) {
      return true;
    }
    return false;
  };
  auto const other = [&](std::function<void(Study&)> const& change) {
    return with(study_, change);
  };
  EXPECT_FALSE(refuses(table_, study_));
  EXPECT_FALSE(
      refuses(table_, other([](Study& s) { s.refit = Refit::no; })));  // changes no training
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.seed = 12; })));
  EXPECT_FALSE(refuses(table_, other([](Study& s) { s.trials = 4; })));  // see extension_test.cpp
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.metric.name = "loss"; })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.validation = Folds{.folds = 3}; })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.validation = Holdout{.repeats = 2}; })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) {
                        s.validation = Folds{.folds = 2, .repeats = 1, .test = 0.1};
                      })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) {
                        s.scheduler = SuccessiveHalving{.eta = 3, .max_epochs = 27};
                      })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.space.log_uniform("lr", 1e-3, 0.2); })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.space.constant("l2", 1e-6); })));
  EXPECT_TRUE(refuses(table_, other([](Study& s) { s.space.choice("ema", {0.0, 0.99}); })));
  OwnedTable table = table_;
  table.x[17] += 1;
  EXPECT_TRUE(refuses(table, study_));
  table = table_;
  table.weights.assign(static_cast<std::size_t>(table.rows), 2.0f);
  EXPECT_TRUE(refuses(table, study_));
}

}  // namespace
}  // namespace brood
