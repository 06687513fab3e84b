// SPDX-License-Identifier: Apache-2.0
// brood predict: rows of a data file through the network, or the ensemble, that a run found.
// Columns are found by name; a target column is no input, but is scored on stderr if it is there.
#include <algorithm>
#include <cmath>
#include <optional>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"
#include "data/cells.hpp"
#include "files/io/text.hpp"
#include "files/io/write_file.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/predictions.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

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
  double const unit = predictions.encoding().target_unit();
  auto const threshold = predictions.calibration().threshold;
  std::string const metric = metric_of(predictions.saved);
  auto const quantile = quantile_of(metric, predictions.saved.models.parts.front().model.config);
  return Scores{score(metric, predictions.task(), predictions.values, *targets, predictions.rows,
                      predictions.weights, unit, threshold, quantile),
                all_scores(predictions.task(), predictions.values, *targets, predictions.rows,
                           predictions.weights, unit, threshold, quantile),
                predictions.rows};
}

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

// The saved interval of a coverage; null if none is asked for.
Interval const* interval_of(files::SavedPredictor const& saved, std::optional<double> coverage) {
  if (!coverage) return nullptr;
  std::string allowed;
  for (Interval const& interval : saved.models.calibration.intervals) {
    if (interval.coverage == *coverage) return &interval;
    allowed += (allowed.empty() ? "" : ", ") + to_text(interval.coverage);
  }
  throw UsageError("--interval: " + to_text(*coverage) +
                   (allowed.empty() ? " is not there: this model has no intervals, which are "
                                      "fitted for values (calibrate.intervals)"
                                    : " is not there; the model has intervals of " + allowed));
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
  Interval const* const interval = interval_of(saved, options.interval);
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
      cells_of(path, options.id, columns, layout),
      interval};
  auto const scores = scores_of(predictions, columns);
  auto const seen = seen_rows(predictions, options.inputs.at(0), x, columns);
  if (!options.quiet) {
    for (std::string const& note : notes_on_unknown(columns, saved.encoding))
      say_wrapped(path + ": " + note);
  }
  std::string const text = options.json
                               ? document(predictions, scores, seen).text(/*indented=*/true) + "\n"
                               : csv(predictions);
  if (scores && !options.quiet) {
    say_wrapped(
        path + ": " + metric_of(saved) + " " + score_text(scores->score) + " on " +
        counted(scores->rows, "row") + (scores->rows < rows ? " with a target" : "") +
        (predictions.weights.empty() ? "" : ", weighted by " + files::quoted(saved.weight)));
    std::string const others = scores_list(scores->all, metric_of(saved));
    if (!others.empty()) say_wrapped(path + ": " + others);
  }
  if (seen && seen->rows > 0 && !options.quiet)
    say_wrapped(path + ": " + seen_text(*seen, rows, scores.has_value(), metric_of(saved)));
  if (options.out.empty()) {
    print_result(text);
  } else {
    files::replace_file(options.out, text);
  }
  return 0;
}

}  // namespace brood::tools
