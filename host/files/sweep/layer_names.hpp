// SPDX-License-Identifier: Apache-2.0
// Hyperparameters of one hidden layer, width_3 and dropout_3, and what says the same as they do.
#pragma once

#include <optional>
#include <string_view>

namespace brood::files {

struct OfLayer {
  std::string_view what;  // "width" or "dropout"
  int layer;              // as the name counts: 0 .. 9
};
// Nothing if the name is of no one layer.
std::optional<OfLayer> of_layer(std::string_view name);

// Whether two hyperparameters say the same of a network, its shape or its dropout, so that only one
// of them can be given.
bool say_the_same(std::string_view one, std::string_view other);

}  // namespace brood::files
