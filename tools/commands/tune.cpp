// SPDX-License-Identifier: Apache-2.0
// brood tune: runs a study and leaves a run directory. Everything that can be refused is refused
// before the first member trains, the place for the results included.
#include <optional>

#include "brood/files/run_directory.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/session.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

// Where the results go; checked, not made.
std::string run_directory(files::Sweep const& sweep, Options const& options) {
  std::string directory = options.out.empty() ? files::next_run_directory(sweep.name) : options.out;
  files::check_run_directory(directory, options.overwrite);
  return directory;
}

}  // namespace

int tune(Options const& given) {
  if (given.only) return train_only(given);
  if (given.resume && files::Store::is_in(given.out)) return resume_as_asked(given);
  std::string const started = utc_now();
  Options options = given;
  std::optional<Profile> profile;
  if (options.profile) options.engine.profile = &profile.emplace();
  files::Sweep sweep = read_sweep(options);
  static_cast<void>(run_directory(sweep, options));
  bool const for_people = !options.quiet && !options.json;
  Prepared prepared = prepare(std::move(sweep), options, /*fit_time=*/true, for_people);
  // Another run may have taken the name since.
  files::Store store =
      files::Store::create(run_directory(prepared.sweep, options),
                           origin_of(prepared, options, started), options.overwrite);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say_wrapped(note);
    if (for_people) say(prepared.data_text);
    say_wrapped(plan_text(prepared));
  }
  return run_session(prepared, store, nullptr, options, profile);
}

}  // namespace brood::tools
