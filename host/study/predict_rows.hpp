// SPDX-License-Identifier: Apache-2.0
// The loops in which a saved network's predictions take their time, for a block of rows at once.
// They are compiled for wider vectors too; the machine takes its best. Every row is computed for
// itself, its sums in double in the order of the inputs and without fused operations: the bits are
// those of one row at a time.
#pragma once

#include <cstdint>

namespace brood {

inline constexpr int kRowsAtOnce = 16;

// y = weights x + bias: x is (inputs, kRowsAtOnce), y (outputs, kRowsAtOnce), weights (outputs,
// inputs).
void apply_layer(float const* weights, float const* bias, int inputs, int outputs, double const* x,
                 double* y);

// Each of (width, kRowsAtOnce) by an activation of core/activation.hpp, in fp32.
void apply_activation(std::int32_t activation, int width, double* values);

}  // namespace brood
