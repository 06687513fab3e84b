// SPDX-License-Identifier: Apache-2.0
// What brood predict writes: predictions as csv or as a JSON document.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brood/files/model_file.hpp"
#include "files/io/json.hpp"

namespace brood::tools {

struct Predictions {
  files::SavedPredictor const& saved;
  std::int64_t rows = 0;
  std::vector<float> values;   // (rows, outputs)
  std::vector<float> weights;  // (rows), or empty
  std::string id = {};         // a column that goes in front, or empty
  std::vector<std::string> ids = {};
  Interval const* interval = nullptr;  // of values: written beside each; null: none is

  std::span<float const> row(std::int64_t r) const {
    auto const outputs = static_cast<std::size_t>(saved.models.parts.front().model.outputs);
    return std::span(values).subspan(static_cast<std::size_t>(r) * outputs, outputs);
  }
  Encoding const& encoding() const { return saved.encoding; }
  Task task() const { return saved.encoding.task; }
  Calibration const& calibration() const { return saved.models.calibration; }
};

// The study's metric; but the training loss of values is in units of their spread, so that what can
// be said of predictions is their squared error.
std::string metric_of(files::SavedPredictor const& saved);

// How good the predictions are, where the targets are among the columns.
struct Scores {
  double score = 0;  // by metric_of
  NamedScores all;
  std::int64_t rows = 0;
};

// Rows that trained or validated the model say nothing of it.
struct Seen {
  std::int64_t rows = 0;
  std::optional<double> score_of_others = {};  // by metric_of
};

std::string csv(Predictions const& predictions);
files::Json document(Predictions const& predictions, std::optional<Scores> const& scores,
                     std::optional<Seen> const& seen);

}  // namespace brood::tools
