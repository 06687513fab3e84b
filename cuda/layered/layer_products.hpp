// SPDX-License-Identifier: Apache-2.0
// The three matrix products of a layer for networks that are trained layer by layer: cublasLt's,
// which is opened when the first such network is met, so that a program starts without it. One
// algorithm per shape, without splitting the inner dimension: the same bits every time.
// The tests bring a second implementation (tests/emulation/).
#pragma once

#include <memory>
#include <string>

#include "cuda/device.hpp"
#include "cuda/plan/plan.hpp"

namespace brood::cuda {

// X: (rows, inputs), W: (outputs, inputs), D and Z: (rows, outputs), all row by row.
enum class Product {
  forward,  // Z = X W^T      left X, right W
  delta,    // dX = D W       left D, right W
  weight,   // dW = D^T X     left D, right X
};

struct ProductShape {
  int rows, inputs, outputs;  // multiples of 16
  auto operator<=>(ProductShape const&) const = default;
};

class LayerProducts {
 public:
  // Throws DeviceError if the library is not there, with the reason.
  static std::unique_ptr<LayerProducts> open(Device& device, Precision precision);
  virtual ~LayerProducts() = default;

  // On the device's stream. Operands are fp32 (rounded to tf32 by the caller in that precision) or,
  // in bf16, two to a word; the result is fp32.
  virtual void multiply(Product product, ProductShape const& shape, void const* left,
                        void const* right, float* result) = 0;
};

// Empty, or why there are none on this machine.
std::string layer_products_problem();

}  // namespace brood::cuda
