// SPDX-License-Identifier: Apache-2.0
// All that is on the device for a while: tables, members, and what members share (row numbers,
// transforms).
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backend/admission.hpp"
#include "backend/shared_copies.hpp"
#include "backend/slots.hpp"
#include "cuda/memory/resident.hpp"

namespace brood::cuda {

class Residents {
 public:
  Residents(Device& device, Arena& arena) : device_(device), arena_(arena) {}

  TableId load(Table const& table);
  void unload(TableId table);
  // Throws UsageError if it is not loaded.
  DeviceTable const& table(TableId id) const;

  // Takes memory for a member; its initial weights are drawn by whoever places it.
  std::unique_ptr<Resident> make(Admission const& admission, MemberPlan const& plan);
  std::vector<Slot> place(std::vector<std::unique_ptr<Resident>> members);
  void release(std::span<Slot const> slots);

  // Throws UsageError for a slot that holds no member.
  Resident& at(Slot slot) const { return slots_.at(slot); }
  DeviceTable const& table_of(Resident const& member) const { return table(member.table()); }

 private:
  std::shared_ptr<Buffer<std::int32_t>> device_rows(Rows const& rows);

  Device& device_;
  Arena& arena_;
  SharedCopies<std::vector<std::int32_t>, Buffer<std::int32_t>> rows_;
  SharedCopies<Transform, DeviceTransform> transforms_;
  std::map<TableId, DeviceTable> tables_;
  TableId next_table_ = 0;
  Slots<Resident> slots_;
};

}  // namespace brood::cuda
