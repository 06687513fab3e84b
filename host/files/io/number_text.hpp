// SPDX-License-Identifier: Apache-2.0
// Numbers as a person reads them. None of it depends on the locale.
#pragma once

#include <string>

namespace brood::files {

std::string score_text(double score);       // four digits that count, or "nan"
std::string setting_text(double value);     // "0.001234": four digits that count
std::string duration_text(double seconds);  // "0.35 s", "2 min 5 s"
// So many digits that count, in the fewest characters that a parser of numbers takes: ".0125",
// "1e-5", "nan".
std::string shortest_text(double value, int digits);

}  // namespace brood::files
