// SPDX-License-Identifier: Apache-2.0
#include "files/model/network_head.hpp"

#include "backend/describe.hpp"
#include "brood/member.hpp"

namespace brood::files {

NetworkHead head_of(Model const& model) {
  if (model.task == Task::regression)
    return has_log_link(model.config) ? NetworkHead::means : NetworkHead::values;
  if (model.task == Task::multi_label) return NetworkHead::labels;
  bool const bce = *with_defaults(model.config, model.task).find("loss") == Value("bce");
  if (!bce) return NetworkHead::softmax;
  return model.layers.back().outputs == head_count(model.config) ? NetworkHead::one_logit
                                                                 : NetworkHead::shares;
}

std::string activation_of(Model const& model) {
  return to_text(*with_defaults(model.config, model.task).find("activation"));
}

}  // namespace brood::files
