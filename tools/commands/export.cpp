// SPDX-License-Identifier: Apache-2.0
// brood export: what a run found, or what it did, in the format of another program.
#include "brood/files/export.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <variant>

#include "brood/error.hpp"
#include "brood/files/run_directory.hpp"
#include "files/export/write_folder.hpp"
#include "files/io/text.hpp"
#include "files/io/write_file.hpp"
#include "tools/commands/commands.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::ExportedFile;
using files::Json;

constexpr int kBoardTrials = 100;  // for TensorBoard, where nobody says how many

// What is written: a file's bytes, or a folder.
using Exported = std::variant<std::string, std::vector<ExportedFile>>;

struct Format {
  std::string_view name;
  std::string_view ending;  // of names of such files; of a folder none
  std::string_view what;
  bool of_model;  // what predicts, not what was tried
  bool so_far;    // also of a run that is not finished
  // How to go on: "@" stands for the path.
  std::string_view next;
};
constexpr Format kFormats[] = {
    {"onnx", ".onnx", "an ONNX model", true, false,
     "python: onnxruntime.InferenceSession('@'), fed with the columns by name"},
    {"safetensors", ".safetensors", "tensors as PyTorch names them", true, false,
     "python: safetensors.torch.load_file('@')"},
    {"c", ".h", "a header of C99", true, false, "gcc -std=c99 yours.c -lm, with #include \"@\""},
    {"optuna", ".db", "a database of Optuna's", false, true, "optuna-dashboard sqlite:///@"},
    {"journal", ".log", "a journal of Optuna's", false, true, "optuna-dashboard @"},
    {"tensorboard", "", "a folder for TensorBoard", false, true, "tensorboard --logdir @"},
    {"csv", ".csv", "a table of the trials", false, false, ""},
    {"json", ".json", "a document of the run and its trials", false, false, ""},
};

std::string all_formats() {
  std::string text;
  for (Format const& format : kFormats)
    text += (text.empty() ? "" : ", ") + std::string(format.name);
  return text;
}

// As --format says, or as the name of --out ends.
Format const& format_of(Options const& options) {
  std::vector<std::string_view> names;
  for (Format const& format : kFormats) {
    names.push_back(format.name);
    bool const ends = !format.ending.empty() && options.out.ends_with(format.ending);
    if (options.format == format.name || (options.format.empty() && ends)) return format;
  }
  if (options.format.empty()) {
    throw UsageError(
        "--format: is needed" +
        (options.out.empty() ? "" : ", since " + files::quoted(options.out) + " does not tell it") +
        "; the formats are " + all_formats());
  }
  throw UsageError("--format: " + files::quoted(options.format) + " is not known" +
                   did_you_mean(options.format, names) + "; the formats are " + all_formats());
}

void check_options(Format const& format, Options const& options) {
  std::vector<std::string> problems;
  std::string const name(format.name);
  if (options.out.empty()) {
    problems.push_back("--out: is needed; it names what is written, such as wine" +
                       std::string(format.ending));
  }
  bool const picks = options.trial || options.winner || options.ensemble;
  if (picks && !format.of_model) {
    problems.push_back("--trial, --winner, --ensemble: say which network is exported; " + name +
                       " has all trials");
  }
  if (options.int8 && format.name != "onnx")
    problems.push_back("--int8: is for --format onnx, not " + name);
  if (options.top && format.name != "tensorboard")
    problems.push_back("--top: is for --format tensorboard, not " + name);
  if (!problems.empty()) throw UsageError(std::move(problems));
}

// ---- what may be replaced

// Or a device: it takes the export, and nothing beside it.
bool is_pipe(std::string const& path) {
  std::error_code ignored;
  auto const status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

void check_target(Format const& format, Options const& options) {
  std::error_code ignored;
  auto const status = std::filesystem::status(options.out, ignored);
  if (!std::filesystem::exists(status)) return;
  bool const wants_folder = format.name == "tensorboard";
  bool const is_folder = std::filesystem::is_directory(status);
  if (wants_folder != is_folder) {
    throw UsageError(options.out + (is_folder ? ": is a directory; " : ": is a file; ") +
                     std::string(format.name) +
                     (wants_folder ? " is written as a folder" : " is written as a file") +
                     "; name another with --out");
  }
  if (is_pipe(options.out)) return;
  if (!options.overwrite) {
    throw UsageError(options.out +
                     ": is there already; name another with --out, or replace it with --overwrite");
  }
  if (is_folder) {
    std::string const foreign = files::name_without(options.out, "tfevents");
    if (!foreign.empty()) {
      throw UsageError(options.out + ": holds " + files::quoted(foreign) +
                       ", which is no event file; --overwrite replaces folders of those only");
    }
  }
}

// ---- what was tried

files::RunRecord run_of(Format const& format, std::string const& directory) {
  files::RunRecord run =
      format.so_far ? files::read_run_so_far(directory) : files::read_run(directory);
  if (run.unfinished && run.result.trials.empty()) {
    throw UsageError(directory +
                     ": nothing is saved yet of the study in it; try again in a few seconds");
  }
  return run;
}

// ---- what predicts

files::SavedPredictor predictor_of(Options const& options) {
  std::string const& directory = options.inputs.at(0);
  if (options.winner) return files::read_winner(directory);
  if (options.trial) return files::read_trial(directory, *options.trial);
  files::SavedPredictor saved = files::read_predictor(directory);
  // One network that predicts alone is of trial -1.
  if (options.ensemble && saved.models.parts.front().trial < 0) {
    throw UsageError("--ensemble: " + directory +
                     " has none; its winner predicts alone, and is exported without --ensemble");
  }
  return saved;
}

// "the ensemble of 5 networks", "trial 12", "the winner".
std::string subject(files::SavedPredictor const& saved, Options const& options) {
  std::size_t const networks = saved.models.parts.size();
  if (options.trial) return "trial " + std::to_string(*options.trial);
  if (options.winner || saved.models.parts.front().trial < 0) return "the winner";
  return "the ensemble of " + counted(static_cast<std::int64_t>(networks), "network");
}

// ---- eight bits

// Of predictions by weights in eight bits from those as they are, on the run's own data.
struct Rounding {
  std::int64_t rows = 0;
  double most = 0;
  std::optional<double> score, rounded_score = {};
};

std::optional<Rounding> rounding_of(files::SavedPredictor const& saved, Options const& options) {
  files::Sweep sweep = files::read_run(options.inputs.at(0)).sweep;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(sweep.data_path, ignored)) return std::nullopt;
  std::vector<Column> const columns = files::read_data(sweep);
  std::vector<float> const x = encode_inputs(columns, saved.encoding);
  int const inputs = saved.encoding.input_count();
  Matrix const matrix{x.data(), static_cast<std::int64_t>(x.size()) / inputs, inputs};
  auto const exact = saved.models.predict(matrix, options.engine.threads);
  auto const rounded =
      files::with_int8_weights(saved).models.predict(matrix, options.engine.threads);
  Rounding rounding;
  rounding.rows = matrix.rows;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    rounding.most = std::max(rounding.most, std::fabs(double{exact[i]} - double{rounded[i]}));
  }
  rounding.most *= saved.encoding.target_unit();
  if (saved.metric == "loss") return rounding;
  if (auto const targets = encode_targets(columns, saved.encoding)) {
    auto const scored = [&](std::vector<float> const& predictions) {
      return score(saved.metric, saved.encoding.task, predictions, *targets, matrix.rows, {},
                   saved.encoding.target_unit(), saved.models.calibration.threshold,
                   quantile_of(saved.metric, saved.models.parts.front().model.config));
    };
    rounding.score = scored(exact);
    rounding.rounded_score = scored(rounded);
  }
  return rounding;
}

std::string rounding_text(std::optional<Rounding> const& rounding, std::string const& metric) {
  if (!rounding) {
    return "What eight bits change was not measured: the run's data is no longer there.\n";
  }
  std::string text = "Eight bits change no prediction of the run's " +
                     counted(rounding->rows, "row") + " by more than " +
                     setting_text(rounding->most);
  if (rounding->score) {
    text += "; " + metric + " is " + score_text(*rounding->rounded_score) + ", and " +
            score_text(*rounding->score) + " without";
  }
  return text + ".\n";
}

// ---- writing

std::string c_name(std::string const& path) {
  return files::c_identifier(std::filesystem::path(path).stem().string());
}

std::string bytes_of(Format const& format, files::SavedPredictor const& saved,
                     Options const& options) {
  if (format.name == "onnx") return files::to_onnx(saved, {.int8 = options.int8});
  if (format.name == "c") return files::to_c_header(saved, c_name(options.out));
  bool const alone = saved.models.parts.size() == 1 && saved.models.parts.front().count == 1;
  if (!alone) return files::to_safetensors(saved);
  Model model = saved.models.parts.front().model;
  model.calibration = saved.models.calibration;
  return files::to_safetensors(
      files::SavedModel{std::move(model), saved.encoding, saved.metric, saved.weight});
}

Exported exported(Format const& format, files::RunRecord const& run, Options const& options) {
  if (format.name == "optuna") return files::to_optuna_database(run);
  if (format.name == "journal") return files::to_optuna_journal(run);
  if (format.name == "json") return files::to_trials_json(run);
  if (format.name == "csv") return files::trials_csv(run.result, run.sweep.study.space);
  return files::to_tensorboard(run, options.top.value_or(kBoardTrials));
}

std::int64_t write(std::string const& path, Exported const& exported) {
  if (auto const* const bytes = std::get_if<std::string>(&exported)) {
    files::replace_file(path, *bytes);
    return static_cast<std::int64_t>(bytes->size());
  }
  std::int64_t size = 0;
  auto const& folder = std::get<std::vector<ExportedFile>>(exported);
  files::replace_folder(path, folder);
  for (ExportedFile const& file : folder)
    size += static_cast<std::int64_t>(file.bytes.size());
  return size;
}

std::string next_text(Format const& format, std::string const& path) {
  if (format.next.empty()) return "";
  std::string next(format.next);
  std::size_t const at = next.find('@');
  bool const quoted = next[at - 1] == '\'' || next[at - 1] == '"';
  next.replace(at, 1, quoted ? path : shell_word(path));
  return "  " + next + "\n";
}

struct Written {
  Format const& format;
  std::string of;  // what was exported
  std::int64_t bytes = 0;
  std::optional<Rounding> rounding = {};
};

Json document(Written const& written, Options const& options) {
  Json json;
  json.set("run", options.inputs.at(0)).set("format", written.format.name);
  json.set("path", options.out).set("of", written.of).set("bytes", written.bytes);
  if (!options.int8) return json;
  Json change;
  if (auto const& rounding = written.rounding) {
    change.set("rows", rounding->rows).set("greatest_difference", rounding->most);
    change.set("score", rounding->score ? Json(*rounding->score) : Json());
    change.set("int8_score", rounding->rounded_score ? Json(*rounding->rounded_score) : Json());
  }
  return json.set("int8", std::move(change));
}

std::string text(Written const& written, std::string const& metric, Options const& options) {
  std::string text = options.out + ": " + std::string(written.format.what) + ", of " + written.of +
                     ", " + bytes_text(written.bytes) + "\n";
  if (options.int8) text += rounding_text(written.rounding, metric);
  return text + next_text(written.format, options.out);
}

}  // namespace

int export_run(Options const& options) {
  Format const& format = format_of(options);
  check_options(format, options);
  Written written{format, "", 0, std::nullopt};
  std::string metric;
  if (format.of_model) {
    files::SavedPredictor const saved = predictor_of(options);
    check_target(format, options);
    written.of = subject(saved, options);
    metric = saved.metric;
    if (options.int8) written.rounding = rounding_of(saved, options);
    written.bytes = write(options.out, bytes_of(format, saved, options));
  } else {
    files::RunRecord const run = run_of(format, options.inputs.at(0));
    check_target(format, options);
    auto const trials = static_cast<std::int64_t>(run.result.trials.size());
    std::int64_t const most = options.top.value_or(kBoardTrials);
    bool const some = format.name == "tensorboard" && most < trials;
    written.of = some ? "the best " + std::to_string(most) + " of " + counted(trials, "trial")
                      : counted(trials, "trial");
    if (run.unfinished) written.of += ", so far";
    written.bytes = write(options.out, exported(format, run, options));
  }
  if (options.quiet || is_pipe(options.out)) return 0;
  print_result(options.json ? document(written, options).text(/*indented=*/true) + "\n"
                            : text(written, metric, options));
  return 0;
}

}  // namespace brood::tools
