// SPDX-License-Identifier: Apache-2.0
// A trained model on disk: `model.safetensors`, tensors as torch names them (0.weight, 0.bias,
// ...), and in its metadata everything that prediction needs: hyperparameters, transform, encoders.
#pragma once

#include <string>
#include <string_view>

#include "brood/data.hpp"
#include "brood/model.hpp"

namespace brood::files {

// A model with the encoding of the columns that it takes.
struct SavedModel {
  Model model;
  Encoding encoding;
  std::string metric;       // the study's, scored by predict where targets are given
  std::string weight = {};  // the column of row weights, which weigh in that; empty: none
};

// What predicts for a run: the networks of an ensemble, or one (then a part of trial -1).
struct SavedPredictor {
  Ensemble models;
  Encoding encoding;  // the same for all
  std::string metric;
  std::string weight = {};  // see SavedModel
};

// The file's bytes: the same for the same model.
std::string to_safetensors(SavedModel const& saved);
// All networks of an ensemble in one file: the tensors of part p (from 0) are named p.0.weight,
// p.0.bias, p.2.weight and so on, as torch has them of a ModuleList of Sequentials.
std::string to_safetensors(SavedPredictor const& saved);
// Throw StorageError `file: byte N: ...` for anything that is not such a file.
SavedModel from_safetensors(std::string_view bytes, std::string const& name);
SavedPredictor ensemble_from_safetensors(std::string_view bytes, std::string const& name);

}  // namespace brood::files
