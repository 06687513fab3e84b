// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/session.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/inspection.hpp"
#include "tools/commands/tune_result.hpp"
#include "tools/commands/watch.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"
#include "tools/signals.hpp"

namespace brood::tools {

namespace {

std::vector<std::uint64_t> trained_rows(Table const& table, Rows const& development) {
  auto const all = row_fingerprints(table.x);
  std::vector<std::uint64_t> own;
  for (auto const row : *development)
    own.push_back(all[static_cast<std::size_t>(row)]);
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  return own;
}

// Of the test rows, if there are any. Under a time limit without the importance of columns: the
// study has been given the time.
std::optional<Inspection> inspection_of(Prepared const& prepared, Result const& result,
                                        Options const& options) {
  bool const has_test_rows = std::ssize(*result.development) < prepared.data.rows();
  if (result.model.layers.empty() || !has_test_rows) return std::nullopt;
  return inspect({.predictor = result.ensemble,
                  .winner = result.model,
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
        watch_(prepared, options, from == nullptr ? 0 : from->events),
        saved_(saved),
        run_(prepared.engine, prepared.data, study(), from) {
    SignalScope::last_words(way_on("interrupted"));
  }

  // Returns the exit code, and puts what belongs on stdout into output().
  int to_the_end() {
    try {
      while (SignalScope::received() == 0 && run_.advance()) {
      }
      // What comes now is done again if it is interrupted.
      if (!cut_) save();
      if (SignalScope::received() != 0) return interrupted();
      SignalScope::last_words(way_on("interrupted after the last rung"));
      SignalScope::nothing_to_save();
      finish(run_.finish());
      return 0;
    } catch (DeviceError const& error) {
      watch_.clear();
      device_failed(error);
    } catch (...) {
      watch_.clear();
      throw;
    }
  }
  std::string const& output() const { return output_; }

 private:
  Study study() {
    Study study = prepared_.sweep.study;
    study.on_rung = [this](Progress const& progress) { return after(progress); };
    study.on_training = [this](Training const& training) {
      save_if_due();
      watch_.during(training);
    };
    study.stop_requested = [] { return SignalScope::received() != 0; };
    study.before_cut = [this] {
      save();
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
    watch_.after(progress, !cut_ && save_if_due());
    if (SignalScope::received() != 0) return Go::stop;
    by_events_ = !progress.last && options_.events && watch_.events() >= *options_.events;
    return by_events_ ? Go::stop : Go::on;
  }

  void save() {
    Profile::Scope const writing(options_.engine.profile, Phase::write);
    if (SignalScope::received() != 0) SignalScope::more_time();
    store_.save(run_);
    note_save();
  }
  bool save_if_due() {
    Profile::Scope const writing(options_.engine.profile, Phase::write);
    bool const did = store_.save_if_due(run_);
    if (did) note_save();
    return did;
  }
  void note_save() {
    saved_ = true;
    SignalScope::last_words(way_on("interrupted"));
  }

  std::string way_on(std::string const& what) const {
    return what + "; what was saved is in " + store_.directory() +
           ", to go on with it: " + shell_word(options_.program) + " resume " +
           shell_word(store_.directory());
  }

  int interrupted() {
    watch_.clear();
    say_wrapped("interrupted after " + watch_.position() + "; all of it is saved, to go on: " +
                shell_word(options_.program) + " resume " + shell_word(store_.directory()));
    return 128 + SignalScope::received();
  }

  [[noreturn]] void device_failed(DeviceError const& error) {
    if (watch_.events() == 0 && !saved_) throw error;
    std::string const what = error.what();
    if (watch_.events() > 0) {
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
            .events = watch_.events(),
            .ended = ended,
            .rows = prepared_.data.rows(),
            .development_rows = std::ssize(*result.development),
            .rungs = store_.rungs(),
            .inspection = inspection_of(prepared_, result, options_),
            .profile = report(),
            .training_data = files::training_data(prepared_.data.table(), prepared_.encoding,
                                                  result.development),
            .trained_rows = trained_rows(prepared_.data.table(), result.development)};
  }
  std::optional<ProfileReport> report() const {
    return profile_ ? std::optional(profile_->report()) : std::nullopt;
  }

  void finish(Result const& result) {
    watch_.clear();
    std::string const ended(by_events_ ? "events" : name_of(result.ended));
    {
      Profile::Scope const writing(options_.engine.profile, Phase::write);
      store_.finish(as_it_ran(prepared_.sweep, result), result, prepared_.encoding,
                    facts(result, ended));
    }
    auto const measured = report();
    Tuned const tuned{prepared_, result, store_.directory(), watch_.events(), ended, measured};
    output_ = options_.json ? tuned_document(tuned).text(/*indented=*/true) + "\n"
                            : tuned_text(tuned, options_);
    if (measured) say(profile_text(*measured, prepared_.plan.busy_share));
  }

  Prepared& prepared_;
  files::Store& store_;
  Options const& options_;
  std::optional<Profile> const& profile_;
  Watch watch_;
  bool& saved_;
  std::string output_;
  bool cut_ = false;  // trials end within their rung, and what was before that is saved
  bool by_events_ = false;
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
