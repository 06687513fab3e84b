// SPDX-License-Identifier: Apache-2.0
// The training kernels, one for each precision and reach that kernels.cu asks for. They are
// compiled in files of their own, so that two cores are busy alike.
#pragma once

#include "cuda/kernels/reach.hpp"

namespace brood::cuda {

struct MemberTask;

struct RunArguments {
  MemberTask const* tasks;  // one per cluster, longest first
};
using TrainingKernel = void (*)(RunArguments);

// P: a precision of precision.cuh, which is not needed here.
template <class P, Reach R>
TrainingKernel training_kernel();

}  // namespace brood::cuda
