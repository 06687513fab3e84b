// SPDX-License-Identifier: Apache-2.0
// The emulator's side of cuda/layered/layer_products.hpp: plain loops over device memory, each
// element summed over its inner dimension in ascending order in fp32.
#include "cuda/layered/layer_products.hpp"

#include <bit>
#include <cstdint>

#include "brood/error.hpp"
#include "emulation/emulation.hpp"
#include "emulation/operations.hpp"

namespace brood::emulation {

std::string products_problem;

namespace {

// A matrix of operands, row by row.
struct Matrix {
  void const* data;
  int columns;
  bool bf16;

  float at(int row, int column) const {
    auto const i = static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                   static_cast<std::size_t>(column);
    if (!bf16) return static_cast<float const*>(data)[i];
    std::uint32_t const pair = static_cast<std::uint32_t const*>(data)[i / 2];
    return std::bit_cast<float>(i % 2 == 0 ? pair << 16 : pair & 0xffff0000u);
  }
};

class EmulatedProducts final : public cuda::LayerProducts {
 public:
  explicit EmulatedProducts(cuda::Precision precision)
      : bf16_(precision == cuda::Precision::bf16) {}

  void multiply(cuda::Product product, cuda::ProductShape const& shape, void const* left,
                void const* right, float* result) override {
    if (call_fails()) throw DeviceError("cublasLtMatmul: the call fails");
    open_devices();
    auto const [rows, inputs, outputs] = shape;
    if (product == cuda::Product::forward) {
      Matrix const x{left, inputs, bf16_}, w{right, inputs, bf16_};
      fill(result, rows, outputs, inputs,
           [&](int r, int n, int k) { return x.at(r, k) * w.at(n, k); });
    } else if (product == cuda::Product::delta) {
      Matrix const d{left, outputs, bf16_}, w{right, inputs, bf16_};
      fill(result, rows, inputs, outputs,
           [&](int r, int k, int n) { return d.at(r, n) * w.at(n, k); });
    } else {
      Matrix const d{left, outputs, bf16_}, x{right, inputs, bf16_};
      fill(result, outputs, inputs, rows,
           [&](int n, int k, int r) { return d.at(r, n) * x.at(r, k); });
    }
    close_devices();
  }

 private:
  template <class Term>
  static void fill(float* result, int rows, int columns, int depth, Term&& term) {
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        float sum = 0.0f;
        for (int i = 0; i < depth; ++i)
          sum += term(row, column, i);
        *result++ = sum;
      }
    }
  }

  bool bf16_;
};

}  // namespace

}  // namespace brood::emulation

namespace brood::cuda {

std::unique_ptr<LayerProducts> LayerProducts::open(Device&, Precision precision) {
  return std::make_unique<emulation::EmulatedProducts>(precision);
}

std::string layer_products_problem() {
  return emulation::products_problem;
}

}  // namespace brood::cuda
