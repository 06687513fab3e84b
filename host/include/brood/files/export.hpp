// SPDX-License-Identifier: Apache-2.0
// What a run found and did in the formats of other programs. The same run gives the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brood/files/model_file.hpp"
#include "brood/files/run_record.hpp"

namespace brood::files {

// ---- what predicts for a run; also to_safetensors() of model_file.hpp

// How a predictor becomes an ONNX model.
struct OnnxOptions {
  // Weights in eight bits, one scale for each output of a layer, computed with in fp32: a quarter
  // of the size, and each row's prediction is its own.
  bool int8 = false;
};

// An ONNX model (IR 8, opset 15, ai.onnx.ml 2) with the encoding inside: each column is an input of
// its name and shape (rows, 1), a double (NaN: missing; dates as days since 1970-01-01 in UTC,
// times as seconds) or a string (one that is no level is missing). Outputs: of classes `prediction`
// (rows), int64 where all classes are whole numbers and else strings, and `probabilities` (rows,
// classes) in fp32; of labels likewise, `prediction` (rows, labels) being 0 or 1; of values
// `prediction` (rows, targets) in double, in the user's units. Where a column is called so, an
// output is `prediction_2`. Agrees with Ensemble::predict to 1e-5 (relative beyond 1) of
// probabilities, under a temperature T to 2e-5 / T, and of values to 1e-5 of their standard
// deviation in training; see the README. Throws UsageError for an activation that ONNX lacks.
std::string to_onnx(SavedPredictor const& saved, OnnxOptions const& options = {});

// The same predictor with weights as they are in eight bits.
SavedPredictor with_int8_weights(SavedPredictor saved);

// One header of C99 without dependencies (but libm) or allocation: `struct NAME_row` with a member
// for each column, and NAME_predict(). `name` begins whatever the header declares, and is an
// identifier (see c_identifier). Agrees with Ensemble::predict as to_onnx does.
std::string to_c_header(SavedPredictor const& saved, std::string const& name);

// A text as an identifier of C: other characters become underscores.
std::string c_identifier(std::string_view text);

// ---- what a run did; also trials_csv() of run_directory.hpp

// A study of Optuna's with every trial, as its SQLite database (that of Optuna 3.2 and later) and
// as its journal, which is lines of JSON. Optuna reads and continues both. Trials that diverged
// have the state FAIL; values by epoch are the means over folds and repeats; of parameters that are
// lists, the choices are texts such as "[64, 64]". Times are in UTC.
std::string to_optuna_database(RunRecord const& run);
std::string to_optuna_journal(RunRecord const& run);

// A file of an export that is a folder.
struct ExportedFile {
  std::string name;  // within the folder, with slashes
  std::string bytes;
};
// The event files of a folder for TensorBoard, with its HParams plugin, of so many of the best
// trials. A trial is a run trial_N, or of several folds and repeats as many,
// trial_N/fold_K_repeat_R, which HParams takes for one group.
std::vector<ExportedFile> to_tensorboard(RunRecord const& run, int most_trials);

// The run, its space and every trial with its curve.
std::string to_trials_json(RunRecord const& run);

}  // namespace brood::files
