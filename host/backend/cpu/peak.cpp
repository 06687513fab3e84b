// SPDX-License-Identifier: Apache-2.0
#include "backend/peak.hpp"

#include <algorithm>

#include "backend/cpu/kernels.hpp"

namespace brood {

double cpu_peak_flops(double seconds) {
  double best = 0;
  for (auto const* kernels : {cpu::avx512_kernels(), cpu::avx2_kernels(), cpu::scalar_kernels()}) {
    if (kernels != nullptr) best = std::max(best, kernels->peak_flops(seconds));
  }
  return best;
}

}  // namespace brood
