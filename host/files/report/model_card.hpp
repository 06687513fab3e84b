// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "files/report/run_analysis.hpp"

namespace brood::files {

// What best/README.md says of the model before its files: what it predicts from what, how it was
// chosen, its scores and what they are worth, where it does not know its way. Markdown with the
// front matter of a model card of Hugging Face. It holds nothing from clock or machine, nor the
// place of the run or of its data.
std::string model_card(RunAnalysis const& analysis);

}  // namespace brood::files
