// SPDX-License-Identifier: Apache-2.0
// What is predicted rightly and wrongly, in Markdown. Each is empty where there is nothing of it.
#pragma once

#include <string>

#include "brood/data.hpp"
#include "brood/inspection.hpp"

namespace brood::files {

// Of at most 20 classes.
std::string confusion_markdown(Inspection const& inspection, Encoding const& encoding);
// Precision, recall and F1 of each class or label, of at most 100.
std::string class_scores_markdown(Inspection const& inspection, Encoding const& encoding);
std::string reliability_markdown(Inspection const& inspection);
std::string residuals_markdown(Inspection const& inspection, Encoding const& encoding);
// The 20 columns that matter most.
std::string columns_markdown(Inspection const& inspection, std::string const& metric);

}  // namespace brood::files
