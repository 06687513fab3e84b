// SPDX-License-Identifier: Apache-2.0
// What a saved network does, in the words that its exports share.
#pragma once

#include <string>

#include "brood/model.hpp"

namespace brood::files {

// From logits to what is predicted.
enum class NetworkHead {
  values,     // regression: logit / target_scale + target_shift
  means,      // regression with a log link: e^logit / target_scale + target_shift
  softmax,    // classes
  one_logit,  // two classes: 1 - sigmoid and sigmoid of one logit
  shares,     // classes under bce: each sigmoid over their sum
  labels,     // multi-label: sigmoid
};
NetworkHead head_of(Model const& model);

// Between layers, by its name.
std::string activation_of(Model const& model);

}  // namespace brood::files
