// SPDX-License-Identifier: Apache-2.0
// The brood command: takes the command line apart (the only file that includes CLI11), runs the
// command and turns errors into exit codes: 0 ok, 1 our bug, 2 usage, configuration or an input
// file, 3 no usable trial, 4 run directory or writing, 5 device, 6 another process
// works in the directory, 129/130/143 interrupted.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "brood/error.hpp"
#include "brood/version.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

struct Command {
  char const* name;
  int (*run)(Options const&);
  char const* summary;
  char const* positionals;
  char const* examples;  // two or more lines, two spaces in front
};

constexpr Command kCommands[] = {
    {"tune", tune, "find the best small network for a table of data", "SWEEP|DATA [key=value ...]",
     "  brood tune digits.yaml --out runs/digits\n"
     "  brood tune wine.csv --target cultivar trials=128 hidden=[32,32]\n"
     "  brood tune --only 12 runs/digits\n"},
    {"resume", resume, "go on with a run that was stopped, or give one that has ended more",
     "DIR [key=value ...]",
     "  brood resume runs/digits-1\n"
     "  brood resume runs/digits-1 trials=2000\n"
     "  brood resume runs/digits-1 --time-limit 10m\n"},
    {"plan", plan, "what tune would train: rungs, members, epochs, bytes; trains nothing",
     "SWEEP|DATA [key=value ...]",
     "  brood plan digits.yaml\n"
     "  brood plan digits.yaml trials=4096 --json\n"},
    {"check", check, "read the sweep and the data and say what is wrong",
     "SWEEP|DATA [key=value ...]",
     "  brood check digits.yaml\n"
     "  brood check digits.yaml lr=0.01\n"},
    {"describe", describe, "what is read from a data file, and what becomes of each column",
     "DATA [key=value ...]",
     "  brood describe wine.csv\n"
     "  brood describe wine.csv --target cultivar --json\n"},
    {"predict", predict, "predict with the network that a run found", "DIR DATA",
     "  brood predict runs/digits-1 new.csv\n"
     "  brood predict runs/digits-1 new.csv --id name --out predictions.csv\n"
     "  brood predict runs/digits-1 new.csv --trial 12\n"},
    {"show", show, "the trials of a run, best first", "DIR",
     "  brood show runs/digits-1\n"
     "  brood show runs/digits-1 --filter 'lr<0.01 & optimizer=adam' --sort lr\n"
     "  brood show runs/digits-1 --columns trial,accuracy,hidden --top 5\n"},
    {"report", report, "the report of a run as a page, or of several over each other", "DIR...",
     "  brood report runs/digits-1\n"
     "  brood report runs/digits-1 --format markdown\n"
     "  brood report runs/digits-1 runs/digits-2 --out both.html\n"},
    {"runs", runs, "finished runs beside each other, and which of their settings differ", "DIR...",
     "  brood runs runs\n"
     "  brood runs runs/digits-1 runs/digits-2 --json\n"},
    {"stop", stop, "end a study that another process runs, or drop a trial from it", "DIR",
     "  brood stop runs/digits-1\n"
     "  brood stop runs/digits-1 --trial 12\n"},
    {"watch", watch, "the report of a run as a page that follows while it trains", "DIR",
     "  brood watch runs/digits-1\n"
     "  brood watch runs/digits-1 --port 8080 --until-done\n"},
    {"export", export_run, "write a run for other programs: ONNX, C, Optuna, TensorBoard, ...",
     "DIR",
     "  brood export runs/digits-1 --format onnx --out digits.onnx\n"
     "  brood export runs/digits-1 --format c --winner --out digits.h\n"
     "  brood export runs/digits-1 --format optuna --out digits.db\n"},
    {"list", list, "the names that a sweep file may use, with ranges and defaults", "[TOPIC]",
     "  brood list\n"
     "  brood list hyperparameters\n"},
    {"devices", devices, "what this build and machine can train on", "",
     "  brood devices\n"
     "  brood devices --json\n"},
    {"bench", bench, "how fast networks of one shape train here; takes about 5 seconds", "",
     "  brood bench --network 784-128-10 --batch 32\n"
     "  brood bench --network 16-32-2 --members 1,64,4096 --md\n"},
};

// The commands that an option is for, as bits.
constexpr unsigned of(std::string_view name) {
  unsigned bit = 1;
  for (Command const& command : kCommands) {
    if (command.name == name) return bit;
    bit *= 2;
  }
  throw "there is no such command";
}
constexpr unsigned kTune = of("tune"), kResume = of("resume"), kPlan = of("plan"),
                   kCheck = of("check"), kDescribe = of("describe"), kPredict = of("predict"),
                   kShow = of("show"), kReport = of("report"), kExport = of("export"),
                   kBench = of("bench"), kStop = of("stop"), kWatch = of("watch"), kAll = ~0u;

struct Option {
  char const* name;
  char const* value;  // what it takes; null: a flag
  unsigned commands;
  char const* help;
};

constexpr Option kOptions[] = {
    {"--target", "COLUMN", kTune | kPlan | kCheck | kDescribe,
     "name of the column to predict; -1 is the last one"},
    {"--positive", "CLASS", kTune | kPlan | kCheck | kDescribe,
     "the class that precision, recall and the like are of; default the second"},
    {"--quality", "NAME", kTune | kPlan | kCheck,
     "of a data file's sweep: fast, good or best; default good"},
    {"--out", "DIR", kTune, "where the results go; default runs/NAME-N"},
    {"--labels", "FILE", kPredict, "the labels of an idx or npy file, to score the predictions by"},
    {"--format", "NAME", kExport,
     "onnx, safetensors, c, optuna, journal, tensorboard, csv or json"},
    {"--out", "PATH", kExport, "where it goes; the format may be told from the name"},
    {"--overwrite", nullptr, kExport, "replace what is at --out"},
    {"--trial", "N", kPredict, "predict with the network of this trial of the run"},
    {"--winner", nullptr, kPredict, "predict with the winner alone, not with the ensemble"},
    {"--trial", "N", kExport, "the network of this trial of the run"},
    {"--winner", nullptr, kExport, "the winner alone, not the ensemble"},
    {"--trial", "N", kStop, "only drop this trial: it trains no further and does not win"},
    {"--port", "N", kWatch, "of 127.0.0.1; default one that is free"},
    {"--until-done", nullptr, kWatch, "end when the study has; default goes on until Ctrl-C"},
    {"--ensemble", nullptr, kExport, "the ensemble (the default); refused where a run has none"},
    {"--int8", nullptr, kExport, "onnx: weights in 8 bits; says what that changes"},
    {"--id", "COLUMN", kPredict, "copy this column of the data in front of the predictions"},
    {"--interval", "SHARE", kPredict,
     "of values, where so many of them lie: 0.5, 0.8, 0.9, 0.95 or 0.99"},
    {"--out", "FILE", kPredict, "write there instead of to stdout"},
    {"--out", "FILE", kReport, "the page; default DIR/report.html, of several runs report.html"},
    {"--format", "NAME", kReport, "html, or markdown: without --out to stdout"},
    {"--overwrite", nullptr, kTune, "replace the run that is at --out"},
    {"--resume", nullptr, kTune, "go on with the run at --out if one is there; else begin it"},
    {"--only", "N", kTune, "train trial N of the run DIR again, alone, into DIR/trials/N"},
    {"--filter", "TEXT", kShow,
     "conditions joined by &; each a column, < <= > >= = or !=, a value"},
    {"--sort", "COLUMN", kShow, "scores best first, all else from the least; default rank"},
    {"--columns", "A,B,C", kShow, "these columns of trials.csv, in this order"},
    {"--top", "N", kShow, "so many trials; default 20, with --json all"},
    {"--top", "N", kExport, "tensorboard: so many of the best trials; default 100"},
    {"--time-limit", "TIME", kTune | kResume | kPlan | kCheck,
     "end after this time (90s, 10m, 1.5h), with all that belongs to it"},
    {"--trials", "N", kTune | kResume | kPlan | kCheck,
     "configurations to try; default 256, or as many as fit into --time-limit"},
    {"--save-every", "TIME", kTune | kResume,
     "seconds between two saves; default 5s. 0s: at every rung"},
    {"--events", "N", kTune | kResume,
     "stop after N rungs; run.json has the N that repeats a run cut short"},
    {"--profile", nullptr, kTune | kResume,
     "say at the end where the time went; changes no result"},
    {"--network", "N-N-N", kBench, "widths from inputs to outputs; default 64-64-64-10"},
    {"--batch", "N", kBench, "rows a step; default 64"},
    {"--members", "N,N", kBench, "a population of each size; default 1,64,4096"},
    {"--optimizer", "NAME", kBench, "default adam; see brood list optimizers"},
    {"--activation", "NAME", kBench, "default relu; see brood list activations"},
    {"--csv", nullptr, kBench, "comma-separated values on stdout"},
    {"--md", nullptr, kBench, "a table in Markdown"},
    {"--device", "NAME", kAll, "cpu, cuda or cuda:N; default auto: a GPU if there is one"},
    {"--device-model", "M", kPlan, "plan for a GPU that is not there: sm_80, sm_90, ..."},
    {"--precision", "P", kAll, "of a GPU's products: tf32 (default), bf16, fp32; the cpu has fp32"},
    {"--max-launch-ms", "N", kTune | kPlan | kBench,
     "longest launch on a GPU; default 200. Changes no result"},
    {"--threads", "N", kAll, "cpu threads; 0, the default, is all cores. Changes no result"},
    {"--seed", "N", kAll, "of all randomness; default 0, or the sweep file's"},
    {"--memory-limit", "SIZE", kAll, "for networks in training (4GiB). Changes no result"},
    {"--json", nullptr, kAll, "one JSON document on stdout and nothing else"},
    {"--quiet", nullptr, kAll, "no progress on stderr"},
    {"--no-color", nullptr, kAll, "as with NO_COLOR in the environment"},
};

Command const* find_command(std::string_view name) {
  auto const found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](Command const& command) { return command.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

bool belongs_to(Option const& option, Command const& command) {
  return (option.commands >> (&command - kCommands) & 1) != 0;
}

std::string general_help() {
  std::string text =
      "Examples:\n"
      "  brood tune wine.csv --target cultivar\n"
      "  brood predict runs/wine-1 wine.csv\n"
      "\n"
      "brood trains thousands of small neural networks at once and finds the best one for a table\n"
      "of data: how wide and deep, which optimizer, how fast it should learn, and so on.\n"
      "\n"
      "Commands (brood COMMAND --help tells more):\n";
  std::vector<std::vector<std::string>> rows;
  for (Command const& command : kCommands)
    rows.push_back({command.name, command.summary});
  text += left_table(rows, 2);
  text +=
      "\n"
      "Options of every command:\n";
  rows.clear();
  for (Option const& option : kOptions) {
    if (option.commands != kAll) continue;
    rows.push_back(
        {std::string(option.name) + (option.value ? " " + std::string(option.value) : ""),
         option.help});
  }
  rows.push_back({"--help, --version", "this text; the version of brood"});
  text += left_table(rows, 2);
  text +=
      "\n"
      "A sweep file (.yaml, .yml, .json) says what to search; everything else is a data file: "
      "csv,\n"
      "idx, npy, npz, also .gz. key=value sets a key of the sweep file, or fixes a "
      "hyperparameter.\n"
      "\n"
      "Exit codes: 0 ok, 1 a bug of ours, 2 usage, configuration or an input file, 3 no usable\n"
      "trial, 4 writing failed or a saved file is damaged, 5 device, 6 another process\n"
      "works in the directory, 129/130/143 interrupted: brood resume DIR goes on.\n";
  return text;
}

std::string command_help(Command const& command) {
  std::string text = std::string("Examples:\n") + command.examples + "\nUsage: brood " +
                     command.name + (*command.positionals ? " " : "") + command.positionals +
                     " [options]\n  " + command.summary + "\n\nOptions:\n";
  std::vector<std::vector<std::string>> rows;
  for (Option const& option : kOptions) {
    if (!belongs_to(option, command)) continue;
    rows.push_back(
        {std::string(option.name) + (option.value ? " " + std::string(option.value) : ""),
         option.help});
  }
  rows.push_back({"--help", "this text"});
  return text + left_table(rows, 2);
}

// Where the name of the command is among the arguments: the first word that is no option and no
// option's value; -1 if there is none.
int command_at(std::vector<std::string> const& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].rfind('-', 0) != 0) return static_cast<int>(i);
    auto const takes_value = [&](Option const& option) {
      return option.value != nullptr && arguments[i] == option.name;
    };
    if (std::any_of(std::begin(kOptions), std::end(kOptions), takes_value)) ++i;
  }
  return -1;
}

std::vector<std::string_view> option_names(Command const& command) {
  std::vector<std::string_view> names = {"--help", "--version"};
  for (Option const& option : kOptions) {
    if (belongs_to(option, command)) names.push_back(option.name);
  }
  return names;
}

[[noreturn]] void refuse_unknown(std::vector<std::string> const& unknown, Command const& command) {
  std::vector<std::string> problems;
  for (std::string const& word : unknown) {
    std::string const name = word.substr(0, word.find('='));
    problems.push_back(name + ": brood " + command.name + " has no such option" +
                       did_you_mean(name, option_names(command)));
  }
  throw UsageError(std::move(problems));
}

// Takes the arguments of a command apart. Texts stay texts: what they mean is checked together.
Arguments parsed(Command const& command, std::vector<std::string> arguments) {
  Arguments result;
  result.command = command.name;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_option("words", result.words);
  std::vector<std::pair<char const*, CLI::Option*>> added;
  std::map<std::string, std::string> values;
  for (Option const& option : kOptions) {
    if (!belongs_to(option, command)) continue;
    CLI::Option* const made =
        option.value ? app.add_option(option.name, values[option.name]) : app.add_flag(option.name);
    added.emplace_back(option.name, made);
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (CLI::ParseError const& error) {
    throw UsageError(error.what());
  }
  if (app.remaining_size() > 0) refuse_unknown(app.remaining(), command);
  for (auto const& [name, option] : added) {
    if (option->count() == 0) continue;
    if (auto const value = values.find(name); value != values.end()) {
      result.values.insert(*value);
    } else {
      result.flags.insert(name);
    }
  }
  return result;
}

int run(std::vector<std::string> arguments, std::string const& program) {
  auto const has = [&](char const* a, char const* b) {
    auto const end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find(arguments.begin(), end, a) != end ||
           std::find(arguments.begin(), end, b) != end;
  };
  int const at = command_at(arguments);
  std::string const name = at < 0 ? "" : arguments[static_cast<std::size_t>(at)];
  Command const* const command = find_command(name);
  if (at >= 0 && !command) {
    std::vector<std::string_view> names;
    std::string all;
    for (Command const& each : kCommands) {
      names.push_back(each.name);
      all += (all.empty() ? "" : ", ") + std::string(each.name);
    }
    throw UsageError(name + ": brood has no such command" + did_you_mean(name, names) +
                     "; the commands are " + all);
  }
  if (has("--help", "-h")) {
    print_result(command ? command_help(*command) : general_help());
    return 0;
  }
  if (has("--version", "--version")) {
    print_result("brood " BROOD_VERSION "\n");
    return 0;
  }
  if (!command) {
    if (!arguments.empty()) throw UsageError("brood: a command is needed; see brood --help");
    say(general_help());
    return 2;
  }

  std::string command_line = shell_word(program);
  for (std::string const& argument : arguments)
    command_line += " " + shell_word(argument);
  arguments.erase(arguments.begin() + at);
  Options options = checked_options(parsed(*command, std::move(arguments)));
  options.program = program;
  options.command_line = command_line;
  return command->run(options);
}

// Runs and reports; nothing gets past it.
int guarded_run(int count, char** arguments) {
  try {
    std::string const program = count > 0 ? arguments[0] : "brood";
    return run({arguments + std::min(count, 1), arguments + count}, program);
  } catch (UsageError const& error) {
    for (std::string const& problem : error.problems())
      say(problem);
    return 2;
  } catch (NoUsableTrial const& error) {
    say(error.what());
    return 3;
  } catch (StorageError const& error) {
    say(error.what());
    return 4;
  } catch (DeviceError const& error) {
    say(error.what());
    return 5;
  } catch (DirectoryBusy const& error) {
    say(error.what());
    return 6;
  } catch (std::bad_alloc const&) {
    say("brood: there is not enough memory; give networks less with --memory-limit, or use less "
        "data");
    return 5;
  } catch (std::exception const& error) {
    say(std::string(
            "brood: a bug of ours, please report it with the command line and the files: ") +
        error.what());
    return 1;
  }
}

}  // namespace

}  // namespace brood::tools

int main(int count, char** arguments) {
  // A limit on file sizes is then an error of writing, with its reason, and not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  // What is said to nobody is not the end either; results are (print_result).
  std::signal(SIGPIPE, SIG_IGN);
  return brood::tools::guarded_run(count, arguments);
}
