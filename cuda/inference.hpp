// SPDX-License-Identifier: Apache-2.0
// What members predict, with the weights that predict: as numbers, as the sums of an evaluation, or
// as pairs for areas under ROC curves. Every call waits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "brood/backend.hpp"
#include "cuda/launcher.hpp"
#include "cuda/memory/residents.hpp"

namespace brood::cuda {

class Inference {
 public:
  Inference(Device& device, Arena& arena, Launcher& launcher, Residents& residents)
      : device_(device), arena_(arena), launcher_(launcher), residents_(residents) {}

  // As Backend::forward, of rows that are known to be there and columns that fit.
  void predict(std::span<Slot const> slots, std::span<std::int32_t const> rows,
               std::span<float> out);
  void predict(std::span<Slot const> slots, Matrix x, std::span<float> out);
  // As Backend::evaluate.
  std::vector<Evaluation> evaluate(std::span<Slot const> slots, std::span<std::int32_t const> rows);
  // As Backend::ordered_pairs: empty where the host counts as fast.
  std::vector<OrderedPairs> ordered_pairs(std::span<Slot const> slots,
                                          std::span<std::int32_t const> rows);

 private:
  void run(std::span<Slot const> slots, DeviceTable const* table,
           std::span<std::int32_t const> rows, MemberRecord* records, float* const* out);
  void predict(std::span<Slot const> slots, DeviceTable const* table,
               std::span<std::int32_t const> rows, std::span<float> out);
  DeviceTable const& table_of(Slot slot) const { return residents_.table_of(residents_.at(slot)); }

  Device& device_;
  Arena& arena_;
  Launcher& launcher_;
  Residents& residents_;
};

}  // namespace brood::cuda
