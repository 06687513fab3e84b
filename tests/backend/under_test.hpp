// SPDX-License-Identifier: Apache-2.0
// Which backend a test program is about: the tests of this folder are compiled once for each.
#pragma once

#include "brood/engine.hpp"

namespace brood {

EngineOptions backend_under_test();

}  // namespace brood
