// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/predictions.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "files/run/result_document.hpp"

namespace brood::tools {

std::string metric_of(files::SavedPredictor const& saved) {
  bool const values = saved.encoding.task == Task::regression;
  return values && saved.metric == "loss" ? "mse" : saved.metric;
}

namespace {

using files::Json;

// What is predicted for a row, in a word: the class, or the labels that are on.
std::string prediction_text(Predictions const& predictions, std::int64_t r) {
  auto const row = predictions.row(r);
  if (predictions.task() == Task::classification) {
    return predictions.encoding().classes[predictions.calibration().decide(row)];
  }
  std::string labels;
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (!predictions.calibration().is_on(row[k])) continue;
    labels += (labels.empty() ? "" : ";") + predictions.encoding().targets[k];
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

// The ends of the interval around the k-th value of a row, in the user's units.
std::pair<double, double> ends(Predictions const& predictions, std::size_t k, float value) {
  double const half = predictions.interval->half_widths[k];
  auto const& frames = predictions.encoding().frames;
  auto const in_user_units = [&](double inside) {
    return frames.empty() ? inside : frames[k].outside(inside);
  };
  return {in_user_units(static_cast<double>(value) - half),
          in_user_units(static_cast<double>(value) + half)};
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
  for (std::string const& name : output_names(predictions)) {
    add(name);
    if (predictions.interval == nullptr) continue;
    add(name + "_low");
    add(name + "_high");
  }
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

}  // namespace

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
      line += predictions.calibration().is_on(value) ? ",1" : ",0";
    }
    auto const row = predictions.row(r);
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (in_words || k > 0) line += ',';
      append_number(predictions, k, row[k], line);
      if (predictions.interval == nullptr) continue;
      auto const [low, high] = ends(predictions, k, row[k]);
      line += "," + to_text(low) + "," + to_text(high);
    }
    text += line + '\n';
  }
  return text;
}

namespace {

// Whose networks predict; null where a folder with nothing but a model does not say.
Json trials_of(Ensemble const& models) {
  Json::Array trials;
  for (Ensemble::Part const& part : models.parts) {
    if (part.trial < 0) return {};
    trials.push_back(part.trial);
  }
  return trials;
}

}  // namespace

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
    for (std::size_t k = 0; k < values.size(); ++k) {
      row.set(*name++, predictions.encoding().frames.empty()
                           ? Json(values[k])
                           : Json(predictions.encoding().in_user_units(k, values[k])));
      if (predictions.interval == nullptr) continue;
      auto const [low, high] = ends(predictions, k, values[k]);
      row.set(*name++, low).set(*name++, high);
    }
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

}  // namespace brood::tools
