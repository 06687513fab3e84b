// SPDX-License-Identifier: Apache-2.0
// brood tune: runs a study and leaves a run directory. Everything that can be refused is refused
// before the first member trains, the place for the results included.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/run_directory.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/tune_result.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr unsigned kGraceSeconds = 4;

volatile std::sig_atomic_t received_signal = 0;

// The first signal ends the study within about a second; where that takes longer (a refit, an epoch
// of very large networks) the alarm ends the program. The second signal ends it at once. There is
// nothing to save: results are written when they are complete.
extern "C" void receive_signal(int signal) {
  if (received_signal != 0) ::_exit(128 + signal);
  received_signal = signal;
  ::alarm(kGraceSeconds);
}
extern "C" void receive_alarm(int) {
  ::_exit(128 + received_signal);
}

// SIGINT and SIGTERM are received while this lives.
class SignalScope {
 public:
  SignalScope() {
    struct sigaction action = {};
    action.sa_handler = receive_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
    action.sa_handler = receive_alarm;
    ::sigaction(SIGALRM, &action, &alarm_);
  }
  ~SignalScope() {
    ::alarm(0);
    ::sigaction(SIGALRM, &alarm_, nullptr);
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
  }
  SignalScope(SignalScope const&) = delete;
  SignalScope& operator=(SignalScope const&) = delete;

 private:
  struct sigaction interrupt_ = {}, terminate_ = {}, alarm_ = {};
};

// Says how it goes, after each rung and while it trains, and whether it goes on.
class Watch {
 public:
  Watch(Prepared const& prepared, Options const& options)
      : prepared_(prepared), options_(options), lines_(options.quiet) {
    if (lines_.live()) lines_.status(rung_text(0), best_);
  }

  Go after(Progress const& progress) {
    events_ = progress.rung + 1;
    rungs_.push_back({.trials = progress.trials,
                      .epoch = progress.epoch,
                      .member_epochs = progress.member_epochs,
                      .best = progress.best_score,
                      .top = progress.top_score,
                      .seconds = progress.seconds});
    best_ = best_text(progress);
    lines_.line("rung " + std::to_string(events_) +
                (progress.rungs > 0 ? "/" + std::to_string(progress.rungs) : "") + ": " +
                counted(progress.trials, "trial") + " to epoch " + std::to_string(progress.epoch) +
                ", " + best_ + ", " + counted(progress.member_epochs, "member-epoch") +
                (progress.waves > 1 ? " in " + counted(progress.waves, "wave") : "") + ", " +
                duration_text(progress.seconds));
    if (received_signal != 0) return Go::stop;
    if (progress.last) return Go::on;
    if (options_.events && events_ >= *options_.events) {
      by_events_ = true;
      return Go::stop;
    }
    return Go::on;
  }

  void during(Training const& training) {
    double const in_all = training.seconds + training.seconds_left;
    if (!estimated_ && training.seconds >= 1) {
      estimated_ = true;
      constexpr double kLong = 10;
      if (in_all >= kLong) lines_.line("about " + duration_text(in_all) + " in all at this rate");
    }
    std::string const time = duration_text(training.seconds) + ", about " +
                             duration_text(std::max(training.seconds_left, 0.0)) + " left";
    lines_.status(rung_text(static_cast<std::size_t>(training.rung)) + ", " +
                      percent_text(training.share) + " %, " + rate_text(training.rate) +
                      " member-epochs/s",
                  time + "; " + best_);
  }

  void clear() { lines_.clear(); }
  int events() const { return events_; }
  std::vector<files::RungFacts> const& rungs() const { return rungs_; }
  bool by_events() const { return by_events_; }

 private:
  // The best of those trained furthest, and the best of all if that is another.
  std::string best_text(Progress const& progress) const {
    std::string text = "no score yet";
    auto const scored = [](double score, int trial) {
      return score_text(score) + " (trial " + std::to_string(trial) + ")";
    };
    if (progress.best_trial >= 0) {
      text = "best " + prepared_.sweep.study.metric.name + " " +
             scored(progress.best_score, progress.best_trial);
      if (progress.top_score != progress.best_score)
        text += ", of any rung " + scored(progress.top_score, progress.top_trial);
    }
    if (progress.diverged > 0) text += ", " + std::to_string(progress.diverged) + " diverged";
    return text;
  }

  // Which the rung with this index is can be said beforehand if all trials go in step.
  std::string rung_text(std::size_t index) const {
    int const rungs = prepared_.plan.events;
    std::string text = "rung " + std::to_string(index + 1);
    if (rungs > 0) text += " of " + std::to_string(rungs);
    if (index < static_cast<std::size_t>(prepared_.plan.events)) {
      Rung const& rung = prepared_.plan.rungs[index];
      text += ": " + counted(rung.trials, "trial") + " to epoch " + std::to_string(rung.epoch);
    }
    return text;
  }

  Prepared const& prepared_;
  Options const& options_;
  StatusLines lines_;
  std::string best_ = "nothing scored yet";
  int events_ = 0;
  std::vector<files::RungFacts> rungs_;
  bool by_events_ = false, estimated_ = false;
};

int report_interrupt(Watch const& watch, int rungs) {
  int const signal = received_signal;
  say("interrupted after rung " + std::to_string(watch.events()) +
      (rungs > 0 ? " of " + std::to_string(rungs) : "") + "; nothing was written");
  return 128 + signal;
}

void print_tuned(Tuned const& tuned, Options const& options) {
  print_result(options.json ? tuned_document(tuned).text(/*indented=*/true) + "\n"
                            : tuned_text(tuned, options));
}

// Where the results go; checked, not made.
std::string run_directory(files::Sweep const& sweep, Options const& options) {
  std::string directory = options.out.empty() ? files::next_run_directory(sweep.name) : options.out;
  files::check_run_directory(directory, options.overwrite);
  return directory;
}

std::vector<std::uint64_t> trained_rows(Table const& table, Rows const& development) {
  auto const all = row_fingerprints(table.x);
  std::vector<std::uint64_t> own;
  for (auto const row : *development)
    own.push_back(all[static_cast<std::size_t>(row)]);
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  return own;
}

// The sweep with what the clock decided, so that it repeats the run without one.
files::Sweep as_it_ran(files::Sweep sweep, Result const& result) {
  sweep.study.scheduler = result.scheduler;
  sweep.study.stop = result.stop;
  sweep.time_limit_seconds.reset();
  return sweep;
}

}  // namespace

int tune(Options const& given) {
  if (given.only) return train_only(given);
  std::string const started = utc_now();
  Options options = given;
  std::optional<Profile> profile;
  if (options.profile) options.engine.profile = &profile.emplace();
  files::Sweep sweep = read_sweep(options);
  std::string directory = run_directory(sweep, options);
  bool const for_people = !options.quiet && !options.json;
  Prepared prepared = prepare(std::move(sweep), options, /*fit_time=*/true, for_people);
  files::check_writable(directory);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say(note);
    if (for_people) say(prepared.data_text);
    say(plan_text(prepared));
  }

  SignalScope const signals;
  Watch watch(prepared, options);
  Study study = prepared.sweep.study;
  study.on_rung = [&](Progress const& progress) { return watch.after(progress); };
  study.on_training = [&](Training const& training) { watch.during(training); };
  study.stop_requested = [] { return received_signal != 0; };
  study.finish_by = finish_by(prepared.sweep, options);
  StudyRun run(prepared.engine, prepared.data, std::move(study));
  auto const report = [&] { return profile ? std::optional(profile->report()) : std::nullopt; };
  auto const write = [&](Result const& result, std::string const& ended) {
    Profile::Scope const writing(options.engine.profile, Phase::write);
    // Another run may have taken the name since.
    if (options.out.empty()) directory = run_directory(prepared.sweep, options);
    files::write_run_directory(
        directory, as_it_ran(prepared.sweep, result), result, prepared.encoding,
        {.command_line = options.command_line,
         .data_fingerprint = prepared.fingerprint,
         .backend = prepared.engine.info(),
         .seconds = result.seconds,
         .started = started,
         .events = watch.events(),
         .ended = ended,
         .rows = prepared.data.rows(),
         .development_rows = std::ssize(*result.development),
         .rungs = watch.rungs(),
         .profile = report(),
         .trained_rows = trained_rows(prepared.data.table(), result.development)},
        options.overwrite);
  };
  try {
    while (received_signal == 0 && run.advance()) {
    }
    if (received_signal == 0) {
      Result const result = run.finish();
      watch.clear();
      if (received_signal == 0) {
        std::string const ended(watch.by_events() ? "events" : name_of(result.ended));
        write(result, ended);
        auto const measured = report();
        print_tuned({prepared, result, directory, watch.events(), ended, measured}, options);
        if (measured) say(profile_text(*measured, prepared.plan.busy_share));
        return 0;
      }
    }
  } catch (DeviceError const& error) {
    watch.clear();
    if (watch.events() == 0) throw;
    write(run.found(), "device error");
    throw DeviceError(std::string(error.what()) + "; what the rungs before had found is in " +
                      directory + ", without a model");
  }
  watch.clear();
  return report_interrupt(watch, prepared.plan.events);
}

}  // namespace brood::tools
