// SPDX-License-Identifier: Apache-2.0
// The CPU backend: members wholly on one thread each, kernels chosen when the program starts.
#pragma once

#include <memory>
#include <string>

#include "brood/backend.hpp"
#include "brood/profile.hpp"

namespace brood::cpu {

// threads 0: all cores. instruction_set "": the best there is. Throws UsageError for a set that
// does not exist or that this machine lacks. profile: null: nothing is measured.
std::unique_ptr<Backend> make_backend(int threads, std::string const& instruction_set,
                                      Profile* profile);

}  // namespace brood::cpu
