// SPDX-License-Identifier: Apache-2.0
#include "files/report/model_card.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backend/describe.hpp"
#include "brood/version.hpp"
#include "data/dates.hpp"
#include "files/io/number_text.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "files/model/network_head.hpp"
#include "files/report/markdown_parts.hpp"
#include "files/report/markdown_predictions.hpp"
#include "files/report/result_words.hpp"

namespace brood::files {

namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kMostListed = 60;  // columns, classes
constexpr std::int64_t kFew = 30;        // rows of a class, of which a network learns little

std::string data_name(ReportedRun const& run) {
  std::string const name = std::filesystem::path(run.sweep.data_path).filename().string();
  return name.empty() || name == "-" ? "the standard input" : name;
}

// What the model is called: by its study, or of a trial that was trained by itself, by its number.
std::string name_of_model(ReportedRun const& run) {
  return run.facts.of_run.empty() ? run.sweep.name : "trial " + std::to_string(run.result.best);
}

std::string more_text(std::size_t all, std::string_view noun) {
  if (all <= kMostListed) return "";
  return "and " + std::to_string(all - kMostListed) + " more " + std::string(noun) + "\n\n";
}

// ---- the front matter

std::string front_matter(ReportedRun const& run) {
  bool const values = run.encoding.task == Task::regression;
  std::string const task = values ? "tabular-regression" : "tabular-classification";
  Result const& result = run.result;
  bool const ensemble = !result.ensemble.empty();
  std::string text = "---\nlibrary_name: brood\npipeline_tag: " + task + "\ntags:\n- " + task +
                     "\n- brood\nmetrics:\n- " + result.metric + "\n";
  bool const out_of_fold = result.out_of_fold.rows > 0;
  double const told = out_of_fold ? result.out_of_fold.score
                      : ensemble  ? result.ensemble_test
                                  : result.test;
  if (!std::isnan(told)) {
    text += "model-index:\n- name: " + yaml_text(name_of_model(run)) +
            "\n  results:\n  - task:\n      type: " + task +
            "\n    dataset:\n      name: " + yaml_text(data_name(run)) +
            "\n      type: tabular\n    metrics:\n    - type: " + result.metric +
            "\n      name: " + yaml_text((out_of_fold ? "out-of-fold " : "test ") + result.metric) +
            "\n      value: " + to_text(told) + "\n";
  }
  return text + "---\n\n";
}

// ---- what it is

std::string names_text(std::vector<std::string> const& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + markdown_plain(names[i]);
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

std::string purpose(ReportedRun const& run) {
  Encoding const& encoding = run.encoding;
  std::string text = "# " + markdown_plain(name_of_model(run)) +
                     ", a model by brood " BROOD_VERSION "\n\nIt predicts ";
  switch (encoding.task) {
    case Task::classification:
      text += "which of " + std::to_string(encoding.classes.size()) + " classes " +
              names_text(encoding.targets, 1) + " is (" + names_text(encoding.classes, 12) + ")";
      break;
    case Task::multi_label:
      text += "which of the labels " + names_text(encoding.targets, 12) + " are on";
      break;
    case Task::regression:
      text += "the value of " + names_text(encoding.targets, 12);
      break;
  }
  return text + ", from " + counted(std::ssize(encoding.inputs), "column") +
         " of a table. What predicts is " + predictor_text(run.result) + ".\n\n";
}

// ---- the data

std::string missing_text(TrainingData const& data) {
  std::int64_t cells = 0, columns = 0;
  for (ColumnExtent const& column : data.columns) {
    cells += column.missing;
    columns += column.missing > 0;
  }
  return cells == 0 ? "none" : counted(cells, "cell") + " in " + counted(columns, "column");
}

std::string class_table(TrainingData const& data, Encoding const& encoding) {
  bool const labels = encoding.task == Task::multi_label;
  auto const& names = labels ? encoding.targets : encoding.classes;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(data.classes.size(), kMostListed); ++i) {
    double const share = static_cast<double>(data.classes[i]) /
                         static_cast<double>(std::max<std::int64_t>(data.rows, 1));
    rows.push_back({names[i], std::to_string(data.classes[i]), percent_text(share)});
  }
  if (rows.empty()) return "";
  return markdown_table({labels ? "label" : "class", "rows that trained or validated", "share"},
                        rows) +
         more_text(data.classes.size(), labels ? "labels" : "classes");
}

std::string data_part(ReportedRun const& run) {
  NamedTexts facts = {{"file", data_name(run)},
                      {"fingerprint of the data", run.facts.data_fingerprint}};
  if (run.facts.rows > 0) {
    facts.emplace_back("rows", std::to_string(run.facts.rows) + ", of which " +
                                   std::to_string(run.facts.development_rows) +
                                   " trained or validated and " + std::to_string(run.test_rows()) +
                                   " tested");
  }
  facts.emplace_back("columns", std::to_string(run.encoding.inputs.size()) + ", which become " +
                                    counted(run.encoding.input_count(), "input"));
  bool const one = run.encoding.targets.size() == 1;
  facts.emplace_back(one ? "target" : "targets", one ? run.encoding.targets.front()
                                                     : std::to_string(run.encoding.targets.size()));
  auto const& data = run.facts.training_data;
  if (data) facts.emplace_back("missing where it trained or validated", missing_text(*data));
  return "## Data\n\n" + markdown_list(facts) + (data ? class_table(*data, run.encoding) : "");
}

// ---- the network

std::int64_t weights_of(Model const& model) {
  std::int64_t count = 0;
  for (LayerWeights const& layer : model.layers)
    count += std::ssize(layer.weights) + std::ssize(layer.bias);
  return count;
}

std::string layers_text(Model const& model) {
  std::string text = model.layers.empty() ? "" : std::to_string(model.layers.front().inputs);
  for (LayerWeights const& layer : model.layers)
    text += " - " + std::to_string(layer.outputs);
  return text;
}

std::string network_part(ReportedRun const& run) {
  Result const& result = run.result;
  NamedTexts facts = {{"the winner's layers", layers_text(result.model)},
                      {"activation", activation_of(result.model)},
                      {"its weights and biases", std::to_string(weights_of(result.model))}};
  if (int const heads = head_count(result.model.config); heads > 1)
    facts.emplace_back("its heads, whose mean predicts", std::to_string(heads));
  if (!result.ensemble.empty()) {
    std::int64_t weights = 0;
    for (Ensemble::Part const& part : result.ensemble.parts)
      weights += weights_of(part.model);
    facts.emplace_back("the ensemble's networks", std::to_string(result.ensemble.parts.size()));
    facts.emplace_back("their weights and biases", std::to_string(weights));
  }
  return "## Networks\n\n" + markdown_list(facts) + "The winner's settings:\n\n" +
         markdown_list(settings_of(run));
}

// ---- how it was chosen

// Whether what was saved has been trained on the test rows, too.
bool is_trained_on_all(ReportedRun const& run) {
  return run.sweep.study.refit == Refit::all && run.test_rows() > 0;
}

// The lines of the resolved sweep that say how, as they stand.
std::string search_lines(Sweep const& sweep) {
  constexpr std::string_view kKeys[] = {
      "validation:", "metric:",   "method:",    "sampler:", "trials:",          "seed:", "refit:",
      "best_of:",    "ensemble:", "calibrate:", "stop:",    "early_terminate:", "train:"};
  std::string const text = resolved_yaml(sweep);
  std::string lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string_view const line = std::string_view(text).substr(at, end - at);
    if (std::any_of(std::begin(kKeys), std::end(kKeys),
                    [&](std::string_view key) { return line.starts_with(key); }))
      lines += (lines.empty() ? "" : "\n") + std::string(line);
    at = end + 1;
  }
  return lines;
}

std::string choice_part(RunAnalysis const& analysis) {
  Result const& result = analysis.run.result;
  std::string const search =
      "The search, in brood's words:\n\n" + markdown_code(search_lines(analysis.run.sweep), "yaml");
  if (!analysis.run.facts.of_run.empty()) {
    return "## How it was chosen\n\nIt was asked for: it is trial " + std::to_string(result.best) +
           " of a study, trained again by itself. " + search;
  }
  std::string text = "## How it was chosen\n\nOf " + counted(std::ssize(result.trials), "trial") +
                     " (" + std::to_string(analysis.diverged) + " diverged), which took " +
                     counted(result.member_epochs, "epoch") + " of training in all";
  if (result.refit_epochs > 0)
    text += ", and was trained again on all rows but the test rows for " +
            counted(result.refit_epochs / (is_trained_on_all(analysis.run) ? 2 : 1), "epoch");
  if (is_trained_on_all(analysis.run))
    text += ", and once more on every row, the test rows too, after it had been scored on them";
  return text + ". " + search;
}

// ---- scores

std::string score(double value) {
  return std::isnan(value) ? "" : score_text(value);
}

std::string found_in(NamedScores const& scores, std::string const& metric) {
  for (auto const& [name, value] : scores) {
    if (name == metric) return score(value);
  }
  return "";
}

std::string how_validated(Sweep const& sweep) {
  return std::holds_alternative<Holdout>(sweep.study.validation) ? "rows held out for it"
                                                                 : "rows, each out of fold";
}

std::string score_part(ReportedRun const& run) {
  Result const& result = run.result;
  bool const ensemble = !result.ensemble.empty();
  std::vector<Row> rows;
  auto const add = [&](std::string const& name, std::string const& on, std::string const& winner,
                       std::string const& all) {
    if (winner.empty() && all.empty()) return;
    rows.push_back({name, on, winner});
    if (ensemble) rows.back().push_back(all);
  };
  add("validation " + result.metric, how_validated(run.sweep), score(result.valid),
      score(result.ensemble_valid));
  std::string const on =
      run.test_rows() > 0 ? counted(run.test_rows(), "test row") : std::string("test rows");
  add("test " + result.metric, on, score(result.test), score(result.ensemble_test));
  for (auto const& [metric, value] : result.test_metrics) {
    if (metric != result.metric)
      add("test " + metric, on, score(value), found_in(result.ensemble_test_metrics, metric));
  }
  OutOfFoldScore const& told = result.out_of_fold;
  if (told.rows > 0) {
    auto const add_told = [&](std::string const& name, std::string const& value) {
      add("out-of-fold " + name, counted(told.rows, "row") + ", each out of fold",
          ensemble ? "" : value, ensemble ? value : "");
    };
    add_told(result.metric,
             score(told.score) +
                 (told.draws > 0 ? " [" + score(told.low) + ", " + score(told.high) + "]" : ""));
    for (auto const& [metric, value] : told.metrics) {
      if (metric != result.metric && !std::isnan(value)) add_told(metric, score(value));
    }
  }
  Row names = {"score", "on", "winner"};
  if (ensemble) names.emplace_back("ensemble");
  std::string text = "## Scores\n\n" + markdown_table(names, rows);
  if (!run.facts.of_run.empty()) return text;  // nothing was chosen by them
  text += std::string(ensemble ? "The winner and the ensemble were chosen by their"
                               : "The winner was chosen by its") +
          " validation score" + (ensemble ? "s, which are" : ", which is") +
          " therefore too good. ";
  if (told.rows > 0) {
    return text + "The out-of-fold scores are of what predicts, on rows that no network that " +
           "predicts them was trained on, " + (told.draws > 0 ? "" : "not ") +
           "corrected for the choice. " + out_of_fold_note(result) + "\n\n";
  }
  bool const tested = !std::isnan(result.test) || !std::isnan(result.ensemble_test);
  if (is_trained_on_all(run)) {
    text +=
        "The networks that were saved have been trained on the test rows since; the test scores "
        "are of those before. ";
  }
  text += tested ? "Nothing had looked at the test rows before the end; their scores are what to "
                   "expect of rows like these."
                 : "There are no test rows to say by how much.";
  Headline const headline = headline_of(run);
  if (std::string const error = error_text(headline.standard_error);
      headline.of_test_rows && !error.empty())
    text += " (The test " + result.metric + " of what predicts is " + score_text(headline.score) +
            error + ", its standard error for so many rows.)";
  return text + "\n\n";
}

std::string calibration_part(ReportedRun const& run) {
  Result const& result = run.result;
  bool const ensemble = !result.ensemble.empty();
  Calibration const& calibration =
      ensemble ? result.ensemble.calibration : result.model.calibration;
  bool const validated = result.out_of_fold.rows > 0;
  auto const& coverage = validated  ? result.out_of_fold.coverage
                         : ensemble ? result.ensemble_test_coverage
                                    : result.test_coverage;
  std::string text;
  if (run.encoding.task == Task::regression) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < calibration.intervals.size(); ++i) {
      Interval const& interval = calibration.intervals[i];
      std::string widths;
      for (std::size_t k = 0; k < std::min<std::size_t>(interval.half_widths.size(), 12); ++k)
        widths += (k == 0 ? "" : ", ") +
                  setting_text(interval.half_widths[k] * run.encoding.target_unit());
      rows.push_back({percent_text(interval.coverage), widths,
                      i < coverage.size() ? percent_text(coverage[i]) : ""});
    }
    if (rows.empty()) return "";
    text =
        "How far the truth is from the prediction, fitted on the rows that validated (split "
        "conformal prediction):\n\n" +
        markdown_table(
            {"share of rows within", "this far",
             validated ? "share of rows that it was not fitted on" : "share of the test rows"},
            rows);
  } else {
    NamedTexts facts = {{"temperature of the probabilities",
                         calibration.temperature == 1 ? "1, as the networks say them"
                                                      : score_text(calibration.temperature)}};
    if (calibration.threshold) {
      facts.emplace_back("threshold of the second class, or of labels",
                         score_text(*calibration.threshold));
    }
    text = "Fitted on the rows that validated, by what was not trained on them:\n\n" +
           markdown_list(facts);
  }
  return "## Calibration\n\n" + text;
}

std::string prediction_part(ReportedRun const& run) {
  if (!run.facts.inspection || run.facts.inspection->rows == 0) return "";
  Inspection const& inspection = *run.facts.inspection;
  std::string const parts = class_scores_markdown(inspection, run.encoding) +
                            reliability_markdown(inspection) +
                            residuals_markdown(inspection, run.encoding);
  std::string const title = inspection.validated ? "## Out of fold\n\n" : "## On the test rows\n\n";
  return parts.empty() ? "" : title + inspected_rows_text(run) + "\n\n" + parts;
}

// ---- limits

std::string value_of(double value, InputEncoding const& input) {
  if (std::isnan(value)) return "";
  return input.date.empty() ? setting_text(value) : date_text(value, input.date);
}

std::string extent_table(TrainingData const& data, Encoding const& encoding) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < std::min(data.columns.size(), kMostListed); ++i) {
    InputEncoding const& input = encoding.inputs[i];
    ColumnExtent const& extent = data.columns[i];
    rows.push_back({input.name,
                    input.categorical ? counted(std::ssize(input.levels), "level")
                                      : value_of(extent.low, input),
                    value_of(extent.high, input), std::to_string(extent.missing)});
  }
  for (std::size_t i = 0; i < data.targets.size() && i < kMostListed; ++i) {
    rows.push_back({encoding.targets[i] + " (target)", setting_text(data.targets[i].low),
                    setting_text(data.targets[i].high), ""});
  }
  return markdown_table({"column", "from", "to", "missing"}, rows) +
         more_text(data.columns.size(), "columns");
}

std::string few_rows_text(TrainingData const& data, Encoding const& encoding) {
  auto const& names = encoding.task == Task::multi_label ? encoding.targets : encoding.classes;
  std::vector<std::string> few;
  for (std::size_t i = 0; i < data.classes.size(); ++i) {
    if (data.classes[i] < kFew)
      few.push_back(names[i] + " (" + std::to_string(data.classes[i]) + ")");
  }
  if (few.empty()) return "";
  return "- Fewer than " + std::to_string(kFew) +
         " rows trained or validated of: " + names_text(few, 12) + ".\n";
}

std::string limit_part(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  Encoding const& encoding = run.encoding;
  auto const& data = run.facts.training_data;
  std::string text = "## Limits\n\n";
  if (data) {
    text += "- " + counted(data->rows, "row") +
            " trained or validated; outside what they hold, in the table below, it has never been "
            "shown a value, and what it says there is a guess.\n" +
            few_rows_text(*data, encoding);
  }
  bool const has_texts = std::any_of(encoding.inputs.begin(), encoding.inputs.end(),
                                     [](InputEncoding const& each) { return each.categorical; });
  bool const has_numbers = std::any_of(encoding.inputs.begin(), encoding.inputs.end(),
                                       [](InputEncoding const& each) { return !each.categorical; });
  if (has_texts)
    text += "- A text that is missing, or none of its column's levels, counts as none of them.\n";
  if (has_numbers) text += "- A number that is missing counts as the mean of its column.\n";
  for (std::string const& sentence : cautions(analysis))
    text += "- " + markdown_plain(sentence) + "\n";
  return text + "\n" + (data ? extent_table(*data, encoding) : "");
}

std::string repeat_part(ReportedRun const& run) {
  std::string const name = std::filesystem::path(run.sweep.data_path).filename().string();
  bool const alone = !run.facts.of_run.empty();
  return std::string("## To repeat it\n\nWith ") +
         (alone ? "RUN, the directory of the study" : "the run's config.yaml") +
         ", brood " BROOD_VERSION " and the same data, to the bit on the same kind of device (" +
         run.facts.backend.name + ", " + run.facts.backend.precision + "):\n\n" +
         markdown_code("brood tune " +
                       (alone ? "--only " + std::to_string(run.result.best) + " RUN"
                              : std::string("config.yaml")) +
                       " data.file=" + shell_word(name.empty() ? "-" : name));
}

}  // namespace

std::string model_card(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  return front_matter(run) + purpose(run) + data_part(run) + network_part(run) +
         choice_part(analysis) + score_part(run) + calibration_part(run) + prediction_part(run) +
         limit_part(analysis) + repeat_part(run);
}

}  // namespace brood::files
