// SPDX-License-Identifier: Apache-2.0
// Loops over kernels, for every width of vectors.
#include "search/samplers/kernel_loops.hpp"

#include "core/math.hpp"

// The choice is made while the program is loaded, when g++'s thread sanitizer is not there yet.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define BROOD_FOR_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define BROOD_FOR_WIDE_VECTORS
#endif

namespace brood {
namespace {

[[gnu::always_inline]] inline double exponential(double x) {
  double const magic = 6755399441055744.0;  // 1.5 * 2^52: the last bits of magic + n are n
  double const shifted = x * 1.44269504088896338700 + magic;
  double const n = shifted - magic;
  double const high = x - n * 6.93147180369123816490e-01;
  double const low = n * 1.90821492927058770002e-10;
  double const r = high - low;
  double const t = r * r;
  double const c =
      r - t * (1.66666666666666019037e-01 +
               t * (-2.77777777770155933842e-03 +
                    t * (6.61375632143793436117e-05 +
                         t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  double const y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
  return y * double_of((bits_of(shifted) + 1023) << 52);
}

}  // namespace

BROOD_FOR_WIDE_VECTORS
void subtract_squares(std::span<double> sums, double x, double const* mean,
                      double const* inverse_width) {
  double* const sum = sums.data();
  for (std::size_t k = 0; k < sums.size(); ++k) {
    double const z = (x - mean[k]) * inverse_width[k];
    sum[k] -= z * z;
  }
}

BROOD_FOR_WIDE_VECTORS
void add_by_category(std::span<double> sums, double x, double const* category, double same,
                     double other) {
  double* const sum = sums.data();
  for (std::size_t k = 0; k < sums.size(); ++k)
    sum[k] += category[k] == x ? same : other;
}

BROOD_FOR_WIDE_VECTORS
double weighted_sum_of_exponentials(std::span<double const> logs, double const* weight) {
  constexpr std::size_t kStrands = 8;
  double strands[kStrands] = {};
  std::size_t k = 0;
  for (; k + kStrands <= logs.size(); k += kStrands) {
    for (std::size_t j = 0; j < kStrands; ++j)
      strands[j] += weight[k + j] * exponential(logs[k + j]);
  }
  for (std::size_t j = 0; k + j < logs.size(); ++j)
    strands[j] += weight[k + j] * exponential(logs[k + j]);
  double sum = 0;
  for (double const strand : strands)
    sum += strand;
  return sum;
}

BROOD_FOR_WIDE_VECTORS
void largest_of_groups(std::span<double const> sums, double* largest) {
  for (std::size_t first = 0; first < sums.size(); first += kGroup) {
    double const* const sum = sums.data() + first;
    double strands[4];
    for (std::size_t j = 0; j < 4; ++j)
      strands[j] = sum[j];
    for (std::size_t k = 4; k < kGroup; k += 4) {
      for (std::size_t j = 0; j < 4; ++j)
        strands[j] = sum[k + j] > strands[j] ? sum[k + j] : strands[j];
    }
    double const a = strands[0] > strands[1] ? strands[0] : strands[1];
    double const b = strands[2] > strands[3] ? strands[2] : strands[3];
    largest[first / kGroup] = a > b ? a : b;
  }
}

}  // namespace brood
