// SPDX-License-Identifier: Apache-2.0
// The commands of the brood program. Each does one thing, prints its result on stdout and all else
// on stderr, and throws the errors of brood/error.hpp, which brood.cpp turns into exit codes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brood/engine.hpp"
#include "brood/files/sweep.hpp"
#include "brood/study.hpp"
#include "files/io/json.hpp"

namespace brood::tools {

// What `brood bench` is to measure.
struct BenchOptions {
  std::vector<int> network = {64, 64, 64, 10};  // widths, from inputs to outputs
  int batch_size = 64;
  std::vector<int> members = {1, 64, 4096};  // a population of each size
  std::string optimizer = "adam", activation = "relu";
  bool csv = false, markdown = false;
};

// The command line, checked. What was not given is empty.
struct Options {
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::string program;              // as it was invoked
  std::string command_line;         // the whole of it, quoted for a shell
  std::vector<std::string> inputs;  // sweep or data file, directories, topics
  files::Overrides overrides;       // key=value
  std::string target;
  std::string positive;  // a class
  files::Quality quality = files::Quality::good;
  std::string labels;
  std::string out;
  std::string format;  // of a report or an export
  bool overwrite = false, resume = false;
  std::optional<int> port;  // to watch on
  bool until_done = false;
  std::optional<double> time_limit_seconds, save_every_seconds;
  std::optional<int> trials, events;
  std::optional<int> only, trial;  // a trial to train, and to predict with or to drop
  bool winner = false;             // to predict with, or to export
  bool ensemble = false;           // to export
  bool int8 = false;
  std::optional<double> interval;  // the share of values that it holds
  std::string id;                  // column that predictions take along
  std::string filter, sort;        // of trials, see files::filtered and files::sorted
  std::vector<std::string> columns;
  std::optional<int> top;
  std::optional<std::uint64_t> seed;
  EngineOptions engine;
  BenchOptions bench;
  bool profile = false;
  bool json = false, quiet = false, no_color = false;
};

// Each returns the exit code.
int tune(Options const& options);
int resume(Options const& options);
int plan(Options const& options);
int check(Options const& options);
int describe(Options const& options);
int predict(Options const& options);
int show(Options const& options);
int report(Options const& options);
int runs(Options const& options);
int export_run(Options const& options);
int stop(Options const& options);
int watch(Options const& options);
int list(Options const& options);
int devices(Options const& options);
int bench(Options const& options);

// `brood tune --only N RUN`: a trial of a run by itself.
int train_only(Options const& options);

// `brood tune --resume`: goes on with the run at --out, which must be what is asked for.
int resume_as_asked(Options const& options);

// ---- what several commands need

// By its name: anything but a data file.
bool is_sweep_file(std::string const& path);

// The sweep that the command line asks for: of a sweep file, or the default one of a data file.
files::Sweep read_sweep(Options const& options);

// By when the program is to end; nothing without a time limit.
std::optional<std::chrono::steady_clock::time_point> finish_by(files::Sweep const& sweep,
                                                               Options const& options);

// A sweep with its data on a device: everything is checked.
struct Prepared {
  files::Sweep sweep;
  Encoding encoding;
  std::string fingerprint;
  Engine engine;
  Data data;
  StudyPlan plan;
  std::string data_text = {};                   // what was read, for people
  std::optional<double> expected_seconds = {};  // of the whole study, measured; for people
};
// With fit_time, the study is first made to fit the sweep's time limit, if there is one, by
// training a few networks for an epoch (not on a device that is not there); else nothing is
// trained. for_people: data_text and expected_seconds are wanted, for which a few networks train,
// too.
Prepared prepare(files::Sweep sweep, Options const& options, bool fit_time = false,
                 bool for_people = false);

// The plan as a person reads it and as `--json` has it.
std::string plan_text(Prepared const& prepared);
files::Json plan_document(StudyPlan const& plan);

}  // namespace brood::tools
