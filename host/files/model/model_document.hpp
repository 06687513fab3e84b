// SPDX-License-Identifier: Apache-2.0
// All of a saved model but its weights, as the JSON document in the metadata of model.safetensors:
// version, task, hyperparameters, transform, encoding, metric.
#pragma once

#include <string>
#include <string_view>

#include "brood/files/model_file.hpp"

namespace brood::files {

std::string to_document(SavedModel const& saved);

// A model without layers. Everything in it fits together: hyperparameters are allowed, transform
// and encoding agree on the number of inputs, outputs and targets, levels are sorted, the metric
// fits the task. Throws UsageError (what is wrong, without the file's name) for anything else.
SavedModel from_document(std::string_view text);

}  // namespace brood::files
