// SPDX-License-Identifier: Apache-2.0
// Puts the machine in place of the emulator's fibers: the CUDA backend on the emulated device then
// runs the machine code of the kernels that it launches.
#pragma once

#include <string>
#include <vector>

#include "machine/machine.hpp"

namespace brood::machine {

// The machine code that the build made; of "sm_90" or "sm_80". Until the process ends, or until it
// is called again. A launch with reports throws Failure with their text.
Machine& execute_launches(std::string const& architecture);

// Of the installed machine: the kernels in its machine code that no launch has executed.
std::vector<std::string> kernels_not_executed();

// Makes the emulated device one that plans are made for as for an A100.
void limit_to_ampere();

}  // namespace brood::machine
