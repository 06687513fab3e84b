// SPDX-License-Identifier: Apache-2.0
// best/README.md: what the files beside it hold, for people and for other programs.
#pragma once

#include <string>

#include "brood/files/model_file.hpp"

namespace brood::files {

// Of best/model.safetensors, and of an ensemble's file beside it. Markdown; holds a program in
// Python that predicts by numpy alone.
std::string model_page(SavedModel const& saved, bool has_ensemble);

}  // namespace brood::files
