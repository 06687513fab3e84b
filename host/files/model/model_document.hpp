// SPDX-License-Identifier: Apache-2.0
// All of a saved model but its weights, as the JSON document in the metadata of model.safetensors:
// version, task, hyperparameters, transform, encoding, metric.
#pragma once

#include "brood/files/model_file.hpp"
#include "files/io/json.hpp"

namespace brood::files {

// Throws UsageError for names that are not UTF-8.
Json to_document(SavedModel const& saved);

// A model without layers. Everything in it fits together: hyperparameters are allowed, transform
// and encoding agree on the number of inputs, outputs and targets, levels are sorted, the metric
// fits the task. Throws UsageError (what is wrong, without the file's name) for anything else.
SavedModel from_document(Json const& document);

// All of an ensemble but the weights of its parts: what they share once, and of each its trial, its
// picks, and the rest of its document. Read as the above, with one part at least.
Json to_ensemble_document(SavedPredictor const& saved);
SavedPredictor from_ensemble_document(Json const& document);

}  // namespace brood::files
