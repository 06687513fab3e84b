// SPDX-License-Identifier: Apache-2.0
// brood tune: runs a study and leaves a run directory. Everything that can be refused is refused
// before the first member trains, the place for the results included.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <ctime>
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

std::string utc_now() {
  std::time_t const now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::size_t const size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text, size};
}

// Says after each rung how it goes, and whether it goes on.
class Watch {
 public:
  Watch(Prepared const& prepared, Options const& options)
      : prepared_(prepared), options_(options), lines_(options.quiet) {
    if (lines_.live()) show(0, "nothing scored yet");
  }

  Go after(Progress const& progress) {
    events_ = progress.rung + 1;
    std::string const best = best_text(progress);
    std::string const of = progress.rungs > 0 ? "/" + std::to_string(progress.rungs) : "";
    lines_.line("rung " + std::to_string(events_) + of + ": " + counted(progress.trials, "trial") +
                " to epoch " + std::to_string(progress.epoch) + ", " + best);
    if (!progress.last) show(static_cast<std::size_t>(events_), best);
    if (received_signal != 0) return Go::stop;
    if (progress.last) return Go::on;
    if (options_.events && events_ >= *options_.events) return end("events");
    return Go::on;
  }

  // Polled while a rung trains. The first rung is always trained to its end: without it there is no
  // winner.
  bool stop_requested() {
    if (received_signal != 0) return true;
    auto const limit = prepared_.sweep.time_limit_seconds;
    std::chrono::duration<double> const passed = std::chrono::steady_clock::now() - start_;
    if (!limit || events_ == 0 || passed.count() < *limit) return false;
    ended_ = "time limit";
    return true;
  }

  void clear() { lines_.clear(); }
  int events() const { return events_; }
  std::string const& ended() const { return ended_; }

 private:
  Go end(char const* why) {
    ended_ = why;
    return Go::stop;
  }

  std::string best_text(Progress const& progress) const {
    std::string text = "no score yet";
    if (progress.best_trial >= 0) {
      text = "best " + prepared_.sweep.study.metric.name + " " + score_text(progress.best_score) +
             " (trial " + std::to_string(progress.best_trial) + ")";
    }
    if (progress.diverged > 0) text += ", " + std::to_string(progress.diverged) + " diverged";
    text += ", " + counted(progress.member_epochs, "member-epoch");
    if (progress.waves > 1) text += " in " + counted(progress.waves, "wave");
    return text + ", " + duration_text(progress.seconds);
  }

  // The two lines while the rung with this index runs. Which it is can be said beforehand if all
  // trials go in step.
  void show(std::size_t index, std::string const& best) {
    std::string text = "rung " + std::to_string(index + 1);
    if (prepared_.plan.events > 0) {
      Rung const& rung = prepared_.plan.rungs[index];
      text += " of " + std::to_string(prepared_.plan.events) + ": " +
              counted(rung.trials, "trial") + " to epoch " + std::to_string(rung.epoch);
    }
    lines_.status(text, best);
  }

  Prepared const& prepared_;
  Options const& options_;
  StatusLines lines_;
  std::chrono::steady_clock::time_point const start_ = std::chrono::steady_clock::now();
  int events_ = 0;
  std::string ended_ = "complete";
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

}  // namespace

int tune(Options const& given) {
  std::string const started = utc_now();
  Options options = given;
  std::optional<Profile> profile;
  if (options.profile) options.engine.profile = &profile.emplace();
  files::Sweep sweep = read_sweep(options);
  std::string directory = run_directory(sweep, options);
  bool const fit_time = fits_time(sweep, options);
  Prepared prepared = prepare(std::move(sweep), options, fit_time);
  files::check_writable(directory);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say(note);
    say(plan_text(prepared));
  }

  SignalScope const signals;
  Watch watch(prepared, options);
  Study study = prepared.sweep.study;
  study.on_rung = [&](Progress const& progress) { return watch.after(progress); };
  study.stop_requested = [&] { return watch.stop_requested(); };
  StudyRun run(prepared.engine, prepared.data, std::move(study));
  auto const report = [&] { return profile ? std::optional(profile->report()) : std::nullopt; };
  auto const write = [&](Result const& result, std::string const& ended) {
    Profile::Scope const writing(options.engine.profile, Phase::write);
    // Another run may have taken the name since.
    if (options.out.empty()) directory = run_directory(prepared.sweep, options);
    files::write_run_directory(directory, prepared.sweep, result, prepared.encoding,
                               {.command_line = options.command_line,
                                .data_fingerprint = prepared.fingerprint,
                                .backend = prepared.engine.info(),
                                .seconds = result.seconds,
                                .started = started,
                                .events = watch.events(),
                                .ended = ended,
                                .profile = report()},
                               options.overwrite);
  };
  try {
    while (received_signal == 0 && run.advance()) {
    }
    if (received_signal == 0) {
      Result const result = run.finish();
      watch.clear();
      if (received_signal == 0) {
        bool const by_scores =
            result.ended == Ended::target || result.ended == Ended::no_improvement;
        std::string const ended = by_scores ? std::string(name_of(result.ended)) : watch.ended();
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
