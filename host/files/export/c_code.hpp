// SPDX-License-Identifier: Apache-2.0
// The functions of an exported C header that do not depend on the model, as texts in which @ stands
// for the name that everything begins with.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "files/model/network_head.hpp"

namespace brood::files {

// Helpers of the encoding, by name: "number", "pieces", "level", "cycle", "week", "year".
std::string_view c_encoding_function(std::string_view name);
// "static inline double @_relu(double z) ..."; throws UsageError if it is not known.
std::string c_activation(std::string const& name);
// "static inline void @_softmax(...)": logits to what is predicted, in place.
std::string_view c_head(NetworkHead head);
std::string_view c_head_name(NetworkHead head);
// Layers, networks and their forward pass; `listed`: some network's inputs are a list (Transform).
std::string c_types(bool listed);
std::string c_forward(bool listed);

// "static inline void @_calibrate(double *p, double temperature) ...", of classes or of labels.
std::string_view c_calibration(bool of_classes);

// The text with @ replaced.
std::string c_named(std::string_view text, std::string const& name);

}  // namespace brood::files
