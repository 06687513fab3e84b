// SPDX-License-Identifier: Apache-2.0
#include "study/predict_rows.hpp"

#include "core/activation.hpp"

// The choice is made while the program is loaded, when g++'s thread sanitizer is not there yet.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_THREAD__)
#define BROOD_FOR_WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BROOD_FOR_WIDE_VECTORS
#endif

// A false alarm where vectors are lowered to narrower ones.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace brood {

namespace {

// Outputs that share their loads of x.
constexpr int kOutputsAtOnce = 4;

// Eight rows: a register where vectors are wide, several elsewhere.
using Rows8 = double __attribute__((vector_size(64)));
using Rows8InMemory = double __attribute__((vector_size(64), aligned(8), may_alias));
constexpr int kVectors = kRowsAtOnce / 8;

template <int Outputs>
inline __attribute__((always_inline)) void apply_outputs(float const* weights, float const* bias,
                                                         int inputs, double const* x, double* y) {
  Rows8 sum[Outputs][kVectors];
  for (int k = 0; k < Outputs; ++k) {
    auto const b = static_cast<double>(bias[k]);
    for (int v = 0; v < kVectors; ++v)
      sum[k][v] = Rows8{b, b, b, b, b, b, b, b};
  }
  auto const* row = reinterpret_cast<Rows8InMemory const*>(x);
  for (int i = 0; i < inputs; ++i, row += kVectors) {
    for (int k = 0; k < Outputs; ++k) {
      auto const weight = static_cast<double>(weights[std::int64_t{k} * inputs + i]);
      for (int v = 0; v < kVectors; ++v)
        sum[k][v] += weight * row[v];
    }
  }
  auto* const to = reinterpret_cast<Rows8InMemory*>(y);
  for (int k = 0; k < Outputs; ++k) {
    for (int v = 0; v < kVectors; ++v)
      to[k * kVectors + v] = sum[k][v];
  }
}

}  // namespace

BROOD_FOR_WIDE_VECTORS
void apply_layer(float const* weights, float const* bias, int inputs, int outputs, double const* x,
                 double* y) {
  int k = 0;
  for (; k + kOutputsAtOnce <= outputs; k += kOutputsAtOnce) {
    apply_outputs<kOutputsAtOnce>(weights + std::int64_t{k} * inputs, bias + k, inputs, x,
                                  y + std::int64_t{k} * kRowsAtOnce);
  }
  for (; k < outputs; ++k) {
    apply_outputs<1>(weights + std::int64_t{k} * inputs, bias + k, inputs, x,
                     y + std::int64_t{k} * kRowsAtOnce);
  }
}

BROOD_FOR_WIDE_VECTORS
void apply_activation(std::int32_t activation, int width, double* values) {
  visit(Activations{}, activation, [&](auto function) BROOD_HD_LAMBDA {
    for (int unit = 0; unit < width; ++unit) {
      double* const row = values + std::int64_t{unit} * kRowsAtOnce;
      for (int r = 0; r < kRowsAtOnce; ++r)
        row[r] = static_cast<double>(function.apply(static_cast<float>(row[r])).value);
    }
  });
}

}  // namespace brood
