// SPDX-License-Identifier: Apache-2.0
#include "cuda/memory/residents.hpp"

#include "brood/error.hpp"

namespace brood::cuda {

TableId Residents::load(Table const& table) {
  tables_.emplace(next_table_, DeviceTable(arena_, device_, table));
  return next_table_++;
}

void Residents::unload(TableId table) {
  rows_.forget_unused();  // which tables share
  transforms_.forget(table);
  tables_.erase(table);
}

DeviceTable const& Residents::table(TableId id) const {
  auto const found = tables_.find(id);
  if (found == tables_.end()) throw UsageError("table " + std::to_string(id) + " is not loaded");
  return found->second;
}

std::unique_ptr<Resident> Residents::make(Admission const& admission, MemberPlan const& plan) {
  DeviceTable const& own = table(admission.table);
  auto transform = transforms_.get(admission.transform, admission.table, [&] {
    return DeviceTransform(arena_, device_, admission.transform.get(), own.shape);
  });
  return std::make_unique<Resident>(arena_, device_, admission, own, plan,
                                    device_rows(admission.train_rows),
                                    device_rows(admission.eval_rows), std::move(transform));
}

std::vector<Slot> Residents::place(std::vector<std::unique_ptr<Resident>> members) {
  return slots_.place(std::move(members));
}

void Residents::release(std::span<Slot const> slots) {
  slots_.release(slots);
  rows_.forget_unused();
  transforms_.forget_unused();
}

std::shared_ptr<Buffer<std::int32_t>> Residents::device_rows(Rows const& rows) {
  if (size_of(rows) == 0) return nullptr;
  return rows_.get(rows, 0, [&] { return Buffer<std::int32_t>(arena_, device_, *rows); });
}

}  // namespace brood::cuda
