// SPDX-License-Identifier: Apache-2.0
// brood predict: rows of a data file through the network, or the ensemble, that a run found.
// Columns are found by name; a target column is no input, but is scored on stderr if it is there.
#include <algorithm>
#include <charconv>
#include <optional>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "files/io/text.hpp"
#include "files/io/write_file.hpp"
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

// ---- the data file

// Input columns that the file lacks, as problems; none if it cannot be read at all.
std::vector<std::string> absent_inputs(std::string const& path, Encoding const& encoding) {
  std::vector<Column> columns;
  try {
    columns = files::read_columns(path);
  } catch (UsageError const&) {
    return {};
  }
  std::vector<std::string_view> names;
  for (Column const& column : columns)
    names.push_back(column.name);
  std::vector<std::string> problems;
  for (InputEncoding const& input : encoding.inputs) {
    if (std::find(names.begin(), names.end(), input.name) != names.end()) continue;
    std::string const nearest = nearest_name(input.name, names);
    problems.push_back(path + ": column " + files::quoted(input.name) +
                       " is absent; the model needs it as an input" +
                       (nearest.empty() ? "" : "; the nearest is " + files::quoted(nearest)));
  }
  return problems;
}

// The columns, the inputs of the kind that they had in training. Whether there is a header is
// found as it was then; where that fails, the names of the inputs decide.
std::vector<Column> read_data(std::string const& path, std::string const& labels,
                              Encoding const& encoding) {
  files::ReadOptions options;
  options.labels = labels;
  options.targets = encoding.targets;
  for (InputEncoding const& input : encoding.inputs) {
    options.kinds[input.name] =
        input.categorical ? files::ColumnKind::categorical : files::ColumnKind::numeric;
  }
  std::optional<UsageError> first;
  for (std::optional<bool> const header :
       {std::optional<bool>(), std::optional(true), std::optional(false)}) {
    options.header = header;
    try {
      return files::read_columns(path, options);  // kinds name every input: all are there
    } catch (UsageError const& error) {
      if (!first) first = error;
    }
  }
  auto absent = absent_inputs(path, encoding);
  if (!absent.empty()) throw UsageError(std::move(absent));
  throw UsageError(*first);
}

// The row weights of the training data's column, if it is there.
std::vector<float> weights_of(std::string const& path, std::string const& name,
                              std::span<Column const> columns) {
  auto const found = std::find_if(columns.begin(), columns.end(),
                                  [&](Column const& column) { return column.name == name; });
  if (name.empty() || found == columns.end()) return {};
  auto const is_weight = [](double w) { return w >= 0; };  // false for NaN
  auto const& weights = found->numbers;
  bool const usable = !found->categorical &&
                      std::all_of(weights.begin(), weights.end(), is_weight) &&
                      std::any_of(weights.begin(), weights.end(), [](double w) { return w > 0; });
  if (!usable) {
    throw UsageError(path + ": column " + files::quoted(name) +
                     " weighs the rows; weights must be numbers, 0 or more, in every row, and some "
                     "above 0");
  }
  return {weights.begin(), weights.end()};
}

// ---- predictions

struct Predictions {
  files::SavedPredictor const& saved;
  std::int64_t rows = 0;
  std::vector<float> values;   // (rows, outputs)
  std::vector<float> weights;  // (rows), or empty

  std::span<float const> row(std::int64_t r) const {
    auto const outputs = static_cast<std::size_t>(saved.models.parts.front().model.outputs);
    return std::span(values).subspan(static_cast<std::size_t>(r) * outputs, outputs);
  }
  Encoding const& encoding() const { return saved.encoding; }
  Task task() const { return saved.encoding.task; }
};

// The study's metric; but the training loss of values is in units of their spread, so that what can
// be said of predictions is their squared error.
std::string metric_of(files::SavedPredictor const& saved) {
  bool const values = saved.encoding.task == Task::regression;
  return values && saved.metric == "loss" ? "mse" : saved.metric;
}

// How good the predictions are, where the targets are among the columns.
struct Scores {
  double score = 0;  // by metric_of
  NamedScores all;
};
std::optional<Scores> scores_of(Predictions const& predictions, std::span<Column const> columns) {
  auto const targets = encode_targets(columns, predictions.encoding());
  if (!targets) return std::nullopt;
  return Scores{
      score(metric_of(predictions.saved), predictions.task(), predictions.values, *targets,
            predictions.rows, predictions.weights, predictions.encoding().target_unit()),
      all_scores(predictions.task(), predictions.values, *targets, predictions.rows,
                 predictions.weights, predictions.encoding().target_unit())};
}

bool is_on(float probability) {
  return probability > 0.5f;
}

// What is predicted for a row, in a word: the likeliest class, or the labels that are on.
std::string prediction_text(Predictions const& predictions, std::int64_t r) {
  auto const row = predictions.row(r);
  if (predictions.task() == Task::classification) {
    auto const top = std::max_element(row.begin(), row.end()) - row.begin();
    return predictions.encoding().classes[static_cast<std::size_t>(top)];
  }
  std::string labels;
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (is_on(row[k])) labels += (labels.empty() ? "" : ";") + predictions.encoding().targets[k];
  }
  return labels;
}

// Names of the columns of numbers: p_CLASS, p_LABEL, or predictions of targets.
std::vector<std::string> output_names(Predictions const& predictions) {
  Encoding const& encoding = predictions.encoding();
  if (predictions.task() == Task::regression && encoding.targets.size() == 1) return {"prediction"};
  bool const by_class = predictions.task() == Task::classification;
  std::string const prefix = predictions.task() == Task::regression ? "prediction_" : "p_";
  std::vector<std::string> names;
  for (std::string const& name : by_class ? encoding.classes : encoding.targets) {
    names.push_back(prefix + name);
  }
  return names;
}

// ---- csv

// The k-th number of a row: a probability, or a target in the user's units, which are those of the
// network in a plain frame and may need more digits in another.
void append_number(Predictions const& predictions, std::size_t k, float value, std::string& text) {
  char digits[32];
  bool const plain = predictions.encoding().frames.empty();
  double const number = plain ? 0.0 : predictions.encoding().in_user_units(k, value);
  auto const end = plain ? std::to_chars(digits, digits + sizeof(digits), value).ptr
                         : std::to_chars(digits, digits + sizeof(digits), number).ptr;
  text.append(digits, end);
}

// As RFC 4180 has it. A cell that a reader would take for missing is quoted, too.
void append_cell(std::string const& cell, std::string& text) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) {
    text += cell;
    return;
  }
  text += '"';
  for (char const c : cell)
    text.append(c == '"' ? 2 : 1, c);
  text += '"';
}

std::string csv(Predictions const& predictions) {
  bool const in_words = predictions.task() != Task::regression;
  bool const by_label = predictions.task() == Task::multi_label;
  std::string text = in_words ? "prediction" : "";
  auto const next = [&] {
    if (!text.empty() && text.back() != '\n') text += ',';
  };
  if (by_label) {
    for (std::string const& label : predictions.encoding().targets) {
      next();
      append_cell(label, text);
    }
  }
  for (std::string const& name : output_names(predictions)) {
    next();
    append_cell(name, text);
  }
  text += '\n';
  for (std::int64_t r = 0; r < predictions.rows; ++r) {
    std::string line;
    if (in_words) append_cell(prediction_text(predictions, r), line);
    for (float const value : by_label ? predictions.row(r) : std::span<float const>()) {
      line += is_on(value) ? ",1" : ",0";
    }
    auto const row = predictions.row(r);
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (in_words || !line.empty()) line += ',';
      append_number(predictions, k, row[k], line);
    }
    text += line + '\n';
  }
  return text;
}

// ---- JSON

Json document(Predictions const& predictions, std::optional<Scores> const& scores) {
  Json::Array rows;
  auto const names = output_names(predictions);
  for (std::int64_t r = 0; r < predictions.rows; ++r) {
    Json row;
    if (predictions.task() != Task::regression)
      row.set("prediction", prediction_text(predictions, r));
    auto const values = predictions.row(r);
    for (std::size_t k = 0; k < values.size(); ++k)
      row.set(names[k], predictions.encoding().frames.empty()
                            ? Json(values[k])
                            : Json(predictions.encoding().in_user_units(k, values[k])));
    rows.push_back(std::move(row));
  }
  Json json;
  json.set("task", name_of(predictions.task())).set("rows", predictions.rows);
  json.set("networks", static_cast<std::int64_t>(predictions.saved.models.parts.size()));
  json.set("metric", metric_of(predictions.saved));
  json.set("score", scores ? Json(scores->score) : Json());
  json.set("metrics", scores ? scores_document(scores->all) : Json());
  json.set("predictions", std::move(rows));
  return json;
}

}  // namespace

int predict(Options const& options) {
  Engine const engine(options.engine);  // refuses a device that is not there
  std::string const& path = options.inputs.at(1);
  files::SavedPredictor const saved = files::read_predictor(options.inputs.at(0));
  if (!options.labels.empty() && saved.encoding.targets != std::vector<std::string>{"label"}) {
    throw UsageError(
        "--labels: is for models that were trained with data.labels; the target of this "
        "one is a column of its data, " +
        files::quoted(saved.encoding.targets.front()));
  }
  std::vector<Column> const columns = read_data(path, options.labels, saved.encoding);
  std::vector<float> const x = encode_inputs(columns, saved.encoding);
  int const inputs = saved.encoding.input_count();
  auto const rows = static_cast<std::int64_t>(x.size()) / inputs;

  Predictions const predictions{
      saved, rows, saved.models.predict({x.data(), rows, inputs}, options.engine.threads),
      weights_of(path, saved.weight, columns)};
  auto const scores = scores_of(predictions, columns);
  std::string const text = options.json
                               ? document(predictions, scores).text(/*indented=*/true) + "\n"
                               : csv(predictions);
  if (scores && !options.quiet) {
    say(path + ": " + metric_of(saved) + " " + score_text(scores->score) + " on " +
        counted(rows, "row") +
        (predictions.weights.empty() ? "" : ", weighted by " + files::quoted(saved.weight)));
    std::string const others = scores_list(scores->all, metric_of(saved));
    if (!others.empty()) say(path + ": " + others);
  }
  if (options.out.empty()) {
    print_result(text);
  } else {
    files::replace_file(options.out, text);
  }
  return 0;
}

}  // namespace brood::tools
