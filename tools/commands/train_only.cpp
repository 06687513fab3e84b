// SPDX-License-Identifier: Apache-2.0
// brood tune --only N RUN: a trial of a run is trained again by itself, as the run trained it, and
// left in RUN/trials/N, where `predict --trial N` finds it.
#include <cmath>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/run_directory.hpp"
#include "brood/files/trials.hpp"
#include "files/run/result_document.hpp"
#include "files/run/run_document.hpp"
#include "tools/commands/commands.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

TrialResult former_trial(std::string const& run, int id) {
  files::TrialTable const table = files::read_trials(run);
  auto const line = table.line_of(id);
  if (!line) {
    throw UsageError("--only: " + std::to_string(id) + " is none of the " +
                     counted(static_cast<std::int64_t>(table.lines.size()), "trial") + " of " +
                     run + "; brood show lists them");
  }
  TrialResult trial = files::trial_of(table, *line);
  if (trial.state == TrialState::diverged) {
    throw UsageError("--only: trial " + std::to_string(id) + " of " + run +
                     " diverged, and has no network to train again");
  }
  return trial;
}

files::Sweep sweep_of(std::string const& run, Options const& options) {
  files::Sweep sweep = files::read_sweep(run + "/config.yaml", options.overrides);
  sweep.notes.clear();  // the run has said them
  std::error_code ignored;
  if (sweep.data_path != "-" && !std::filesystem::exists(sweep.data_path, ignored)) {
    throw UsageError(run + ": its data, " + sweep.data_path +
                     ", is no longer there; if it has moved, say data.file=PATH");
  }
  return sweep;
}

// Where the bits may differ: what trained the run.
std::string trained_by(std::string const& run) {
  Json const document = files::read_run_document(run);
  auto const* const version = document.find("brood")->as<std::string>();
  return files::text_at(document, "device", "device") + ", " +
         files::text_at(document, "device", "precision") + ", by brood " +
         (version ? *version : "of another version");
}

struct Retrained {
  std::string run, directory, data_path;
  TrialResult const& former;
  Result const& result;

  bool is_same() const { return result.valid == former.score; }
};

std::string text(Retrained const& retrained, Options const& options) {
  Result const& result = retrained.result;
  std::string const id = std::to_string(retrained.former.id);
  std::string text = "Trial " + id + " of " + retrained.run + ", " +
                     counted(retrained.former.epochs, "epoch") + ": valid " + result.metric + " " +
                     score_text(result.valid);
  text += retrained.is_same()
              ? ", as in the run to the last digit.\n"
              : "; in the run it was " + to_text(retrained.former.score) + " and is " +
                    to_text(result.valid) + " now. (The run was trained on " +
                    trained_by(retrained.run) + ".)\n";
  if (!std::isnan(result.test)) {
    bool const of_many =
        result.refit_epochs == 0 && result.curves.back().fold + result.curves.back().repeat > 0;
    text += std::string("Its network") + (of_many ? ", of the first fold and repeat," : "") +
            " has test " + result.metric + " " + score_text(result.test) +
            (result.refit_epochs > 0 && !result.refit_diverged
                 ? ", after a refit on train + validation rows for " +
                       counted(result.refit_epochs, "epoch")
                 : "") +
            ".\n";
  }
  bool const beside = options.out.empty();
  return text + "It is in " + retrained.directory + ". To predict with it:\n  " +
         shell_word(options.program) + " predict " +
         (beside ? "--trial " + id + " " + shell_word(retrained.run)
                 : shell_word(retrained.directory)) +
         " " + shell_word(retrained.data_path) + "\n";
}

Json document(Retrained const& retrained) {
  Json json;
  json.set("run", retrained.run).set("trial", retrained.former.id);
  json.set("directory", retrained.directory).set("metric", retrained.result.metric);
  json.set("valid_in_run", retrained.former.score).set("same", retrained.is_same());
  json.set("winner", files::winner_document(retrained.result));
  return json;
}

}  // namespace

int train_only(Options const& options) {
  std::string const started = utc_now();
  std::string const& run = options.inputs.at(0);
  TrialResult const former = former_trial(run, *options.only);
  std::string const directory =
      options.out.empty() ? files::trial_directory(run, former.id) : options.out;
  files::check_run_directory(directory, options.overwrite);
  Prepared prepared = prepare(sweep_of(run, options), options);
  files::check_same_run(run, prepared.sweep, prepared.fingerprint);
  files::check_writable(directory);
  if (!options.quiet) {
    say("training trial " + std::to_string(former.id) + " of " + run + " for " +
        counted(former.epochs, "epoch"));
  }
  Result const result = train_alone(prepared.engine, prepared.data, prepared.sweep.study, former);
  files::write_run_directory(directory, prepared.sweep, result, prepared.encoding,
                             {.command_line = options.command_line,
                              .data_fingerprint = prepared.fingerprint,
                              .backend = prepared.engine.info(),
                              .seconds = result.seconds,
                              .started = started,
                              .events = 1,
                              .ended = "complete",
                              .of_run = run},
                             options.overwrite);
  Retrained const retrained{run, directory, prepared.sweep.data_path, former, result};
  print_result(options.json ? document(retrained).text(/*indented=*/true) + "\n"
                            : text(retrained, options));
  return 0;
}

}  // namespace brood::tools
