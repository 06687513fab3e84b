// SPDX-License-Identifier: Apache-2.0
// brood resume DIR, and brood tune --resume: goes on with the study of a run directory from where
// it was saved, to the bits that it would have had.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/error.hpp"
#include "brood/files/run_directory.hpp"
#include "files/io/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/session.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

// ---- what may change

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A line of a resolved sweep by the key that it sets, which is in a comment where it has no value.
std::string_view key_of(std::string_view line) {
  std::size_t const begin = std::min(line.find_first_not_of("# "), line.size());
  return line.substr(begin, std::min(line.find(':', begin), line.size()) - begin);
}

struct Change {
  std::string stored, asked;  // lines; empty: there is none

  std::string_view key() const { return key_of(stored.empty() ? asked : stored); }
};

// The lines in which two resolved sweeps differ, by key.
std::vector<Change> changes_of(std::string const& stored, std::string const& asked) {
  auto const before = lines_of(stored), after = lines_of(asked);
  auto const lacks = [](auto const& lines, std::string_view line) {
    return std::find(lines.begin(), lines.end(), line) == lines.end();
  };
  std::vector<Change> changes;
  for (std::string_view const line : before) {
    if (lacks(after, line)) changes.push_back({std::string(line), ""});
  }
  for (std::string_view const line : after) {
    if (!lacks(before, line)) continue;
    auto const same = std::find_if(changes.begin(), changes.end(), [&](Change const& each) {
      return each.asked.empty() && each.key() == key_of(line);
    });
    if (same != changes.end()) {
      same->asked = line;
    } else {
      changes.push_back({"", std::string(line)});
    }
  }
  return changes;
}

bool is_any_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Where the data lies, how long it may take and when it is enough.
bool is_free(Change const& change) {
  return change.key().starts_with("The study ") ||
         is_any_of(change.key(), {"file", "labels", "time_limit", "stop"});
}
// What makes it another study, which can use what this one has found.
bool extends(Change const& change) {
  return is_any_of(change.key(), {"trials", "early_terminate", "train"});
}

void refuse_changes(std::string const& directory, std::vector<Change> const& changes) {
  std::vector<std::string> problems;
  for (Change const& change : changes) {
    if (is_free(change) || extends(change)) continue;
    auto const shown = [](std::string const& line) {
      return line.empty() ? "nothing" : line.substr(line.find_first_not_of("# "));
    };
    problems.push_back(directory + ": " + std::string(change.key()) +
                       " cannot change when a run goes on\n  stored: " + shown(change.stored) +
                       "\n  asked:  " + shown(change.asked));
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
}

// ---- what is left to do

// Empty if the study goes on; else why it does not, and how it would.
std::string end_of(files::Store const& store, Options const& options, bool changed) {
  std::string const& ended = store.ended();
  if (ended.empty() || changed || ended == "events") return "";
  std::string const again =
      shell_word(options.program) + " resume " + shell_word(store.directory());
  if (ended == name_of(Ended::time)) {
    if (options.time_limit_seconds) return "";
    return "ended by its time limit; for more: " + again + " --time-limit 60s";
  }
  if (ended == name_of(Ended::complete)) return "is complete; for more: " + again + " trials=N";
  return "ended as its `stop` has it (" + ended + "); for more: " + again + " stop=null";
}

int say_end(files::Store const& store, Options const& options, std::string const& why) {
  if (!options.quiet) say_wrapped(store.directory() + ": " + why);
  if (options.json) {
    files::Json json;
    json.set("directory", store.directory()).set("ended", store.ended());
    print_result(json.text(/*indented=*/true) + "\n");
  }
  return 0;
}

files::Sweep stored_sweep(files::Store const& store, files::Overrides const& overrides) {
  files::Sweep sweep =
      files::parse_sweep(store.origin().config, store.directory() + "/config.yaml", overrides);
  sweep.name = store.origin().name;
  sweep.notes.clear();  // the run has said them
  return sweep;
}

// What is left of a time limit for a study that has run for a while.
void take_off(double seconds_before, files::Sweep& sweep) {
  constexpr double kLeast = 0.05;  // of it, for the end of the study
  if (!sweep.time_limit_seconds) return;
  double const limit = *sweep.time_limit_seconds;
  sweep.time_limit_seconds = std::max(limit - seconds_before, kLeast * limit);
}

int go_on(files::Store& store, files::Sweep sweep, Options options) {
  std::string const& directory = store.directory();
  std::optional<Profile> profile;
  if (options.profile) options.engine.profile = &profile.emplace();
  std::error_code ignored;
  if (sweep.data_path != "-" && !std::filesystem::exists(sweep.data_path, ignored)) {
    throw UsageError(directory + ": its data, " + sweep.data_path +
                     ", is no longer there; if it has moved, say data.file=PATH");
  }
  Prepared prepared = prepare(std::move(sweep), options);
  auto const changes = changes_of(store.origin().config, files::resolved_yaml(prepared.sweep));
  refuse_changes(directory, changes);
  if (prepared.fingerprint != store.origin().data_fingerprint) {
    throw UsageError(directory + ": its study is of other data than " +
                     files::name_in_messages(prepared.sweep.data_path) + " has now\n  stored: " +
                     store.origin().data_fingerprint + "\n  asked:  " + prepared.fingerprint);
  }
  bool const extended = std::any_of(changes.begin(), changes.end(), extends);
  bool const stops_later = std::any_of(changes.begin(), changes.end(),
                                       [](Change const& each) { return each.key() == "stop"; });
  std::string const end = end_of(store, options, extended || stops_later);
  if (!end.empty()) return say_end(store, options, end);
  std::optional<StudyState> const state = store.state();
  if (extended) {
    // The limit was that of the study which is extended.
    if (!options.time_limit_seconds) prepared.sweep.time_limit_seconds.reset();
    store.extend(origin_of(prepared, options, utc_now()));
  } else if (!options.time_limit_seconds) {
    take_off(store.seconds_before(), prepared.sweep);
  }
  if (!options.quiet) {
    say_wrapped((extended ? "extending " : "going on with ") + directory +
                (state ? ", which has " + counted(state->events, "rung") + " behind it" : ""));
    if (!options.json) say_wrapped(plan_text(prepared));
  }
  return run_session(prepared, store, state ? &*state : nullptr, options, profile);
}

}  // namespace

int resume(Options const& options) {
  files::Store store = files::Store::open(options.inputs.at(0));
  files::Overrides overrides = options.overrides;
  if (options.trials) overrides.emplace_back("trials", std::to_string(*options.trials));
  if (options.seed) overrides.emplace_back("seed", std::to_string(*options.seed));
  files::Sweep sweep = stored_sweep(store, overrides);
  if (options.time_limit_seconds) sweep.time_limit_seconds = options.time_limit_seconds;
  return go_on(store, std::move(sweep), options);
}

int resume_as_asked(Options const& options) {
  files::Store store = files::Store::open(options.out);
  files::Sweep sweep = read_sweep(options);
  if (sweep.time_limit_seconds) {
    // What was picked to fit into the time stays.
    files::Sweep const stored = stored_sweep(store, {});
    sweep.study.trials = stored.study.trials;
    sweep.study.scheduler = stored.study.scheduler;
    sweep.study.validation = stored.study.validation;
  }
  return go_on(store, std::move(sweep), options);
}

}  // namespace brood::tools
