// SPDX-License-Identifier: Apache-2.0
// The columns of a table as inputs of an ONNX graph, and what encode_inputs() (brood/data.hpp)
// makes of them as its nodes.
#pragma once

#include "brood/data.hpp"
#include "files/export/onnx_graph.hpp"

namespace brood::files {

// A column is an input of its name of shape (rows, 1): a double (NaN: missing; of dates days since
// 1970-01-01 in UTC, of times seconds), or a text (one that is no level is missing). Gives the
// value of shape (rows, encoding.input_count()), in fp32, NaN where it is missing.
OnnxValue add_encoded_inputs(OnnxGraph& graph, Encoding const& encoding);

}  // namespace brood::files
