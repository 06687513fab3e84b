// SPDX-License-Identifier: Apache-2.0
// brood predict: rows of a data file through the network, or the ensemble, that a run found.
// Columns are found by name; a target column is no input, but is scored on stderr if it is there.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "data/cells.hpp"
#include "files/io/text.hpp"
#include "files/io/write_file.hpp"
#include "files/run/result_document.hpp"
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

constexpr std::size_t kMaxNames = 200;  // characters of a list of names in a message

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
                              std::string const& id, files::SavedPredictor const& saved,
                              files::TextLayout& layout) {
  Encoding const& encoding = saved.encoding;
  files::ReadOptions options;
  options.labels = labels;
  options.copy = id;
  options.targets = encoding.targets;
  auto const& targets = encoding.targets;
  bool const scores = id == saved.weight || std::count(targets.begin(), targets.end(), id) > 0;
  if (!scores) options.texts = {id};
  options.lenient = true;
  for (InputEncoding const& input : encoding.inputs) {
    options.kinds[input.name] = input.categorical    ? files::ColumnKind::categorical
                                : input.date.empty() ? files::ColumnKind::numeric
                                                     : files::ColumnKind::date;
    if (!input.date.empty()) options.dates[input.name] = input.date;
  }
  std::optional<UsageError> first;
  for (std::optional<bool> const header :
       {std::optional<bool>(), std::optional(true), std::optional(false)}) {
    options.header = header;
    try {
      // Kinds name every input: all are there.
      return files::read_columns(path, options, &layout);
    } catch (UsageError const& error) {
      if (!first) first = error;
    }
  }
  bool const lacks = std::any_of(
      first->problems().begin(), first->problems().end(), [](std::string const& problem) {
        return problem.find("there is no column of this name") != std::string::npos;
      });
  if (auto absent = lacks ? absent_inputs(path, encoding) : std::vector<std::string>();
      !absent.empty()) {
    throw UsageError(std::move(absent));
  }
  throw UsageError(*first);
}

// The cells of --id as they are written, or of a binary file its numbers.
std::vector<std::string> cells_of(std::string const& path, std::string const& id,
                                  std::vector<Column> const& columns, files::TextLayout& layout) {
  if (id.empty() || !layout.copied.empty()) return std::move(layout.copied);
  auto const found = std::find_if(columns.begin(), columns.end(),
                                  [&](Column const& each) { return each.name == id; });
  if (found == columns.end()) {
    std::vector<std::string_view> names;
    std::string all;
    for (Column const& column : columns) {
      names.push_back(column.name);
      all += (all.empty() ? "" : ", ") + column.name;
    }
    throw UsageError("--id: " + path + " has no column " + files::quoted(id) +
                     did_you_mean(id, names) + "; it has " + shortened(all, kMaxNames));
  }
  Column const& column = *found;
  std::vector<std::string> cells;
  for (double const number : column.numbers)
    cells.push_back(std::isnan(number) ? "" : to_text(number));
  for (std::int32_t const code : column.codes)
    cells.push_back(code < 0 ? "" : column.levels[static_cast<std::size_t>(code)]);
  return cells;
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
  std::string id = {};         // a column that goes in front, or empty
  std::vector<std::string> ids = {};

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
  std::int64_t rows = 0;
};
// The same predictions of some rows.
Predictions only_rows(Predictions const& all, std::vector<bool> const& kept) {
  Predictions some{all.saved, 0, {}, {}};
  for (std::size_t r = 0; r < kept.size(); ++r) {
    if (!kept[r]) continue;
    auto const values = all.row(static_cast<std::int64_t>(r));
    some.values.insert(some.values.end(), values.begin(), values.end());
    if (!all.weights.empty()) some.weights.push_back(all.weights[r]);
    ++some.rows;
  }
  return some;
}

// Of the rows whose targets are there.
std::optional<Scores> scores_of(Predictions const& predictions, std::span<Column const> columns) {
  auto const kept = rows_with(columns, predictions.encoding().targets);
  auto const rows = std::count(kept.begin(), kept.end(), true);
  if (rows > 0 && rows < predictions.rows) {
    std::vector<Column> some;
    for (Column const& column : columns)
      some.push_back(brood::only_rows(column, kept));
    return scores_of(only_rows(predictions, kept), some);
  }
  auto const targets = encode_targets(columns, predictions.encoding());
  if (!targets) return std::nullopt;
  return Scores{
      score(metric_of(predictions.saved), predictions.task(), predictions.values, *targets,
            predictions.rows, predictions.weights, predictions.encoding().target_unit()),
      all_scores(predictions.task(), predictions.values, *targets, predictions.rows,
                 predictions.weights, predictions.encoding().target_unit()),
      predictions.rows};
}

// Rows that trained or validated the model say nothing of it.
struct Seen {
  std::int64_t rows = 0;
  std::optional<double> score_of_others = {};  // by metric_of
};
// Nothing where the run has kept no record of them.
std::optional<Seen> seen_rows(Predictions const& predictions, std::string const& run,
                              std::vector<float> const& x, std::span<Column const> columns) {
  auto const trained = files::read_trained_rows(run);
  if (!trained) return std::nullopt;
  std::vector<bool> fresh;
  for (auto const fingerprint :
       row_fingerprints({x.data(), predictions.rows, predictions.encoding().input_count()}))
    fresh.push_back(!std::binary_search(trained->begin(), trained->end(), fingerprint));
  Seen seen{std::count(fresh.begin(), fresh.end(), false)};
  if (seen.rows == 0 || seen.rows == predictions.rows) return seen;
  std::vector<Column> others;
  for (Column const& column : columns)
    others.push_back(brood::only_rows(column, fresh));
  auto const scores = scores_of(only_rows(predictions, fresh), others);
  if (scores) seen.score_of_others = scores->score;
  return seen;
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

// Names of all columns; no two are the same, whatever classes and columns of the data are called.
std::vector<std::string> column_names(Predictions const& predictions) {
  std::vector<std::string> names;
  auto const add = [&](std::string name) {
    std::string const wanted = name;
    for (int n = 2; std::find(names.begin(), names.end(), name) != names.end(); ++n)
      name = wanted + '_' + std::to_string(n);
    names.push_back(std::move(name));
  };
  if (predictions.task() != Task::regression) add("prediction");
  if (predictions.task() == Task::multi_label) {
    for (std::string const& label : predictions.encoding().targets)
      add(label);
  }
  for (std::string const& name : output_names(predictions))
    add(name);
  if (predictions.id.empty()) return names;
  std::string id = predictions.id;
  while (std::find(names.begin(), names.end(), id) != names.end())
    id = "id_" + id;
  names.insert(names.begin(), std::move(id));
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
  std::string text;
  for (std::string const& name : column_names(predictions)) {
    if (!text.empty()) text += ',';
    append_cell(name, text);
  }
  text += '\n';
  for (std::int64_t r = 0; r < predictions.rows; ++r) {
    std::string line;
    if (!predictions.id.empty()) {
      append_cell(predictions.ids[static_cast<std::size_t>(r)], line);
      line += ',';
    }
    if (in_words) append_cell(prediction_text(predictions, r), line);
    for (float const value : by_label ? predictions.row(r) : std::span<float const>()) {
      line += is_on(value) ? ",1" : ",0";
    }
    auto const row = predictions.row(r);
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (in_words || k > 0) line += ',';
      append_number(predictions, k, row[k], line);
    }
    text += line + '\n';
  }
  return text;
}

// ---- JSON

// Whose networks predict; null where a folder with nothing but a model does not say.
Json trials_of(Ensemble const& models) {
  Json::Array trials;
  for (Ensemble::Part const& part : models.parts) {
    if (part.trial < 0) return {};
    trials.push_back(part.trial);
  }
  return trials;
}

Json document(Predictions const& predictions, std::optional<Scores> const& scores,
              std::optional<Seen> const& seen) {
  Json::Array rows;
  auto const names = column_names(predictions);
  for (std::int64_t r = 0; r < predictions.rows; ++r) {
    Json row;
    auto name = names.begin();
    if (!predictions.id.empty()) row.set(*name++, predictions.ids[static_cast<std::size_t>(r)]);
    if (predictions.task() != Task::regression) row.set(*name++, prediction_text(predictions, r));
    auto const values = predictions.row(r);
    if (predictions.task() == Task::multi_label)
      name += static_cast<std::ptrdiff_t>(values.size());  // which are in the prediction, too
    for (std::size_t k = 0; k < values.size(); ++k)
      row.set(*name++, predictions.encoding().frames.empty()
                           ? Json(values[k])
                           : Json(predictions.encoding().in_user_units(k, values[k])));
    rows.push_back(std::move(row));
  }
  Json json;
  json.set("task", name_of(predictions.task())).set("rows", predictions.rows);
  json.set("networks", static_cast<std::int64_t>(predictions.saved.models.parts.size()));
  json.set("trials", trials_of(predictions.saved.models));
  json.set("metric", metric_of(predictions.saved));
  json.set("score", scores ? Json(scores->score) : Json());
  json.set("metrics", scores ? files::scores_document(scores->all) : Json());
  json.set("trained_rows", seen ? Json(seen->rows) : Json());
  bool const known = seen && seen->score_of_others;
  json.set("score_of_other_rows", known ? Json(*seen->score_of_others) : Json());
  json.set("predictions", std::move(rows));
  return json;
}

files::SavedPredictor read_predictor(Options const& options) {
  std::string const& directory = options.inputs.at(0);
  if (options.winner) return files::read_winner(directory);
  if (options.trial) return files::read_trial(directory, *options.trial);
  return files::read_predictor(directory);
}

std::string seen_text(Seen const& seen, std::int64_t rows, bool scored, std::string const& metric) {
  std::string text = (seen.rows == rows ? "all" : std::to_string(seen.rows)) +
                     std::string(" of these rows") + (seen.rows == 1 ? " has" : " have") +
                     " trained the model";
  if (!scored) return text;
  if (!seen.score_of_others) return text + ", so that the score says nothing of others";
  return text + "; on the other " + std::to_string(rows - seen.rows) + ": " + metric + " " +
         score_text(*seen.score_of_others);
}

}  // namespace

int predict(Options const& options) {
  Engine const engine(options.engine);  // refuses a device that is not there
  std::string const& path = options.inputs.at(1);
  files::SavedPredictor const saved = read_predictor(options);
  if (!options.labels.empty() && saved.encoding.targets != std::vector<std::string>{"label"}) {
    throw UsageError(
        "--labels: is for models that were trained with data.labels; the target of this "
        "one is a column of its data, " +
        files::quoted(saved.encoding.targets.front()));
  }
  files::TextLayout layout;
  std::vector<Column> const columns = read_data(path, options.labels, options.id, saved, layout);
  std::vector<float> const x = encode_inputs(columns, saved.encoding);
  int const inputs = saved.encoding.input_count();
  auto const rows = static_cast<std::int64_t>(x.size()) / inputs;

  Predictions const predictions{
      saved,
      rows,
      saved.models.predict({x.data(), rows, inputs}, options.engine.threads),
      weights_of(path, saved.weight, columns),
      options.id,
      cells_of(path, options.id, columns, layout)};
  auto const scores = scores_of(predictions, columns);
  auto const seen = seen_rows(predictions, options.inputs.at(0), x, columns);
  if (!options.quiet) {
    for (std::string const& note : notes_on_unknown(columns, saved.encoding))
      say(path + ": " + note);
  }
  std::string const text = options.json
                               ? document(predictions, scores, seen).text(/*indented=*/true) + "\n"
                               : csv(predictions);
  if (scores && !options.quiet) {
    say(path + ": " + metric_of(saved) + " " + score_text(scores->score) + " on " +
        counted(scores->rows, "row") + (scores->rows < rows ? " with a target" : "") +
        (predictions.weights.empty() ? "" : ", weighted by " + files::quoted(saved.weight)));
    std::string const others = scores_list(scores->all, metric_of(saved));
    if (!others.empty()) say(path + ": " + others);
  }
  if (seen && seen->rows > 0 && !options.quiet)
    say(path + ": " + seen_text(*seen, rows, scores.has_value(), metric_of(saved)));
  if (options.out.empty()) {
    print_result(text);
  } else {
    files::replace_file(options.out, text);
  }
  return 0;
}

}  // namespace brood::tools
