// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/session.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/inspection.hpp"
#include "study/ensemble.hpp"
#include "study/memory_budget.hpp"
#include "tools/commands/study_status.hpp"
#include "tools/commands/tune_result.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"
#include "tools/signals.hpp"

namespace brood::tools {

namespace {

std::vector<std::uint64_t> trained_rows(Table const& table, Rows const& trained) {
  auto const all = row_fingerprints(table.x);
  std::vector<std::uint64_t> own;
  for (auto const row : *trained)
    own.push_back(all[static_cast<std::size_t>(row)]);
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  return own;
}

// Of the test rows, or without any of those that validated. Under a time limit without the
// importance of columns: the study has been given the time.
std::optional<Inspection> inspection_of(Prepared const& prepared, Result const& result,
                                        Options const& options) {
  if (result.model.layers.empty()) return std::nullopt;
  return inspect({.predictor = result.ensemble,
                  .winner = result.model,
                  .judged = result.judged,
                  .encoding = prepared.encoding,
                  .metric = result.metric,
                  .maximize = result.maximize,
                  .seed = prepared.sweep.study.seed},
                 prepared.data.table(), result.development,
                 /*with_columns=*/!prepared.sweep.time_limit_seconds && !options.time_limit_seconds,
                 options.engine.threads);
}

// The sweep with what the clock decided, so that it repeats the run without one.
files::Sweep as_it_ran(files::Sweep sweep, Result const& result) {
  sweep.study.trials = result.trials_in_all;
  sweep.study.scheduler = result.scheduler;
  sweep.study.stop = result.stop;
  sweep.time_limit_seconds.reset();
  return sweep;
}

// The study with its callbacks, which tell, save and stop it.
class Session {
 public:
  // `saved` becomes true when something is.
  Session(Prepared& prepared, files::Store& store, StudyState const* from, Options const& options,
          std::optional<Profile> const& profile, bool& saved)
      : prepared_(prepared),
        store_(store),
        options_(options),
        profile_(profile),
        status_(prepared, options, from == nullptr ? 0 : from->events),
        saved_(saved),
        run_(prepared.engine, prepared.data, study(), from) {
    SignalScope::last_words(way_on("interrupted"));
  }

  // Returns the exit code, and puts what belongs on stdout into output().
  int to_the_end() {
    try {
      while (!is_to_end() && run_.advance()) {
      }
      // What comes now is done again if it is interrupted.
      bool const can_save = is_to_end() ? has_room_beside() : has_time_at_the_end();
      if (!cut_ && can_save) save();
      bool const all_is_saved = cut_ ? saved_at_cut_ : can_save;
      if (is_to_end()) return interrupted(all_is_saved);
      SignalScope::last_words(way_on("interrupted after the last rung"));
      SignalScope::nothing_to_save();
      finish(run_.finish());
      return 0;
    } catch (DeviceError const& error) {
      status_.clear();
      device_failed(error);
    } catch (...) {
      status_.clear();
      throw;
    }
  }
  std::string const& output() const { return output_; }

 private:
  Study study() {
    Study study = prepared_.sweep.study;
    study.on_rung = [this](Progress const& progress) { return after(progress); };
    study.on_training = [this](Training const& training) {
      hear();
      training_ = training.trials;
      save_if_due(training_);
      status_.during(training);
    };
    study.stop_requested = [this] { return is_to_end(); };
    study.before_cut = [this] {
      saved_at_cut_ = has_room(training_) && has_time(training_);
      if (saved_at_cut_) save();
      cut_ = true;
    };
    study.finish_by = finish_by(prepared_.sweep, options_);
    return study;
  }

  Go after(Progress const& progress) {
    store_.add({.trials = progress.trials,
                .epoch = progress.epoch,
                .member_epochs = progress.member_epochs,
                .best = progress.best_score,
                .top = progress.top_score,
                .seconds = progress.seconds});
    training_ = static_cast<int>(progress.alive.size());
    bool const goes_on = !cut_ && !progress.last;  // the last save is that of the end
    status_.after(progress, goes_on && save_if_due(static_cast<int>(progress.alive.size())));
    hear();
    if (is_to_end()) return Go::stop;
    by_events_ = !progress.last && options_.events && status_.events() >= *options_.events;
    return by_events_ ? Go::stop : Go::on;
  }

  bool is_to_end() const { return SignalScope::received() != 0 || asked_to_end_; }

  // What other processes have asked since, of which the last to be done is to end.
  void hear() {
    auto const now = std::chrono::steady_clock::now();
    if (now < hears_again_) return;
    hears_again_ = now + kHearEvery;
    for (files::Request const& request : store_.requests()) {
      if (!request.trial) {
        asked_to_end_ = true;
      } else if (!cut_) {
        drop(*request.trial);
      }
    }
  }

  void drop(int trial) {
    std::string const where = status_.position();
    try {
      run_.drop(trial);
    } catch (UsageError const& error) {
      store_.answer({trial}, {.granted = false, .text = error.what()});
      return;
    }
    save();  // before anything can be seen of it
    std::string const text = "trial " + std::to_string(trial) + " is dropped, after " + where;
    store_.answer({trial}, {.granted = true, .text = text});
    status_.say(text);
  }

  void save() {
    Profile::Scope const writing(options_.engine.profile, Phase::write);
    if (SignalScope::received() != 0) SignalScope::more_time();
    store_.save(run_);
    note_save();
  }
  bool save_if_due(int trials) {
    if (!has_room_and_time(trials)) return false;
    Profile::Scope const writing(options_.engine.profile, Phase::write);
    bool const did = store_.save_if_due(run_);
    if (did) note_save();
    return did;
  }
  // Of the members of so many trials, if all are as large as the largest can be.
  double bytes_of(int trials) const {
    StudyPlan const& plan = prepared_.plan;
    return static_cast<double>(plan.bytes_per_member) * plan.members_per_trial * trials;
  }
  static double seconds_to_write(double bytes) { return bytes / 500e6; }

  bool has_room(int trials) const {
    constexpr double kRoom = 0.25;
    return bytes_of(trials) <= kRoom * static_cast<double>(prepared_.engine.memory_limit());
  }

  // Whether a copy of all that train fits into memory beside them.
  bool has_room_beside() const {
    return 2 * bytes_of(training_) <= static_cast<double>(room_for_members(prepared_.engine));
  }

  // A save copies the members of so many trials and writes them. While they train, it is done where
  // a copy of all has room, and where it is foreseen to take less than a fiftieth of the time since
  // the last; how long one takes, the store knows after the first.
  bool has_room_and_time(int trials) const {
    constexpr double kShare = 0.02;
    double const bytes = bytes_of(trials);
    if (!has_room(trials)) return false;
    std::chrono::duration<double> const since = std::chrono::steady_clock::now() - last_save_;
    return options_.save_every_seconds.has_value() ||
           seconds_to_write(bytes) <= kShare * since.count();
  }
  // Under a time limit members are saved at its end only if a fiftieth of it is enough. Without
  // them, what comes after an interruption or an extension trains again what was not saved before,
  // to the same bits.
  bool has_time(int trials) const {
    constexpr double kShare = 0.02;
    auto const limit = prepared_.sweep.time_limit_seconds;
    return !limit || seconds_to_write(bytes_of(trials)) <= kShare * *limit;
  }
  // Of so many trials as an ensemble may be picked from.
  bool has_time_at_the_end() const {
    bool const picks = prepared_.sweep.study.ensemble > 0;
    return has_time(picks ? std::min(prepared_.plan.trials, kLibrary) : 1);
  }
  void note_save() {
    last_save_ = std::chrono::steady_clock::now();
    saved_ = true;
    SignalScope::last_words(way_on("interrupted"));
  }

  std::string way_on(std::string const& what) const {
    return what + "; what was saved is in " + store_.directory() +
           ", to go on with it: " + shell_word(options_.program) + " resume " +
           shell_word(store_.directory());
  }

  int interrupted(bool all_is_saved) {
    status_.clear();
    bool const by_signal = SignalScope::received() != 0;
    std::string const what = by_signal ? "interrupted" : "stopped, as brood stop asked,";
    std::string const saved =
        all_is_saved ? "all of it is saved"
        : saved_     ? "what was saved before is kept, and the rest will be trained again"
                 : "nothing is saved, since a copy of its networks takes too much memory or time";
    std::string const text = what + " after " + status_.position() + "; " + saved +
                             ", to go on: " + shell_word(options_.program) + " resume " +
                             shell_word(store_.directory());
    if (asked_to_end_) store_.answer({}, {.granted = true, .text = text});
    say_wrapped(text);
    return 128 + (by_signal ? SignalScope::received() : SIGINT);
  }

  [[noreturn]] void device_failed(DeviceError const& error) {
    if (status_.events() == 0 && !saved_) throw error;
    std::string const what = error.what();
    if (status_.events() > 0) {
      Result const found = run_.found();
      store_.write(as_it_ran(prepared_.sweep, found), found, prepared_.encoding,
                   facts(found, "device error"));
    }
    throw DeviceError(what + "; what the rungs before had found is in " + store_.directory() +
                      ", without a model" +
                      (saved_ ? "; to go on: " + shell_word(options_.program) + " resume " +
                                    shell_word(store_.directory())
                              : ""));
  }

  files::RunFacts facts(Result const& result, std::string const& ended) const {
    return {.command_line = store_.origin().command_line,
            .data_fingerprint = prepared_.fingerprint,
            .backend = prepared_.engine.info(),
            .seconds = store_.seconds_before() + result.seconds,
            .started = store_.origin().started,
            .events = status_.events(),
            .ended = ended,
            .rows = prepared_.data.rows(),
            .development_rows = std::ssize(*result.development),
            .rungs = store_.rungs(),
            .inspection = inspection_of(prepared_, result, options_),
            .profile = report(),
            .training_data =
                files::training_data(prepared_.data.table(), prepared_.encoding, result.trained),
            .trained_rows = trained_rows(prepared_.data.table(), result.trained)};
  }
  std::optional<ProfileReport> report() const {
    return profile_ ? std::optional(profile_->report()) : std::nullopt;
  }

  void finish(Result const& result) {
    status_.clear();
    std::string const ended(by_events_ ? "events" : name_of(result.ended));
    {
      Profile::Scope const writing(options_.engine.profile, Phase::write);
      store_.finish(as_it_ran(prepared_.sweep, result), result, prepared_.encoding,
                    facts(result, ended));
    }
    auto const measured = report();
    Tuned const tuned{prepared_, result, store_.directory(), status_.events(), ended, measured};
    output_ = options_.json ? tuned_document(tuned).text(/*indented=*/true) + "\n"
                            : tuned_text(tuned, options_);
    if (measured) say(profile_text(*measured, prepared_.plan.busy_share));
  }

  Prepared& prepared_;
  files::Store& store_;
  Options const& options_;
  std::optional<Profile> const& profile_;
  StudyStatus status_;
  bool& saved_;
  std::string output_;
  bool cut_ = false;  // trials end within their rung: the study goes on from before that
  bool saved_at_cut_ = false;
  bool by_events_ = false;
  int training_ = 0;  // trials in the launch before
  static constexpr std::chrono::milliseconds kHearEvery{200};
  std::chrono::steady_clock::time_point hears_again_ = {};
  std::chrono::steady_clock::time_point last_save_ = std::chrono::steady_clock::now();
  bool asked_to_end_ = false;  // by another process
  StudyRun run_;
};

}  // namespace

files::RunOrigin origin_of(Prepared const& prepared, Options const& options,
                           std::string const& started) {
  return {.name = prepared.sweep.name,
          .config = files::resolved_yaml(prepared.sweep),
          .data_fingerprint = prepared.fingerprint,
          .command_line = options.command_line,
          .started = started};
}

int run_session(Prepared& prepared, files::Store& store, StudyState const* from,
                Options const& options, std::optional<Profile> const& profile) {
  if (options.save_every_seconds) store.save_every(*options.save_every_seconds);
  bool saved = from != nullptr;
  std::string output;
  int code = 0;
  try {
    SignalScope const signals;
    Session session(prepared, store, from, options, profile, saved);
    code = session.to_the_end();
    output = session.output();
  } catch (NoUsableTrial const&) {
    if (from == nullptr) store.discard();
    throw;
  } catch (...) {
    if (!saved) store.discard();
    throw;
  }
  if (code == 0) print_result(options.json ? output : wrapped_for_output(output));
  return code;
}

}  // namespace brood::tools
