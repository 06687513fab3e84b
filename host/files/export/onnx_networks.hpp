// SPDX-License-Identifier: Apache-2.0
// The networks of a predictor as nodes of an ONNX graph.
#pragma once

#include "brood/files/model_file.hpp"
#include "files/export/onnx_graph.hpp"

namespace brood::files {

// From encoded inputs to the mean of the networks' predictions, each as often as it was picked:
// probabilities (rows, outputs) in fp32, or values in the networks' frame in double.
OnnxValue add_networks(OnnxGraph& graph, Ensemble const& models, OnnxValue const& encoded,
                       bool int8);

}  // namespace brood::files
