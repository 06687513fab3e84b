// SPDX-License-Identifier: Apache-2.0
#include "under_test.hpp"

namespace brood {

EngineOptions backend_under_test() {
  return {.device = "cpu", .threads = 1};
}

}  // namespace brood
