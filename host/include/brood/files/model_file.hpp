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

// The file's bytes: the same for the same model.
std::string to_safetensors(SavedModel const& saved);
// Throws StorageError `file: byte N: ...` for anything that is not such a file.
SavedModel from_safetensors(std::string_view bytes, std::string const& name);

}  // namespace brood::files
