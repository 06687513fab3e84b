// SPDX-License-Identifier: Apache-2.0
// Which member is in which slot. A slot that is given up is used again, the last one first.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "brood/backend.hpp"
#include "brood/error.hpp"

namespace brood {

template <class Resident>
class Slots {
 public:
  // Throws UsageError for a slot that holds no member.
  Resident& at(Slot slot) const {
    auto const i = static_cast<std::size_t>(slot);
    if (slot < 0 || i >= residents_.size() || residents_[i] == nullptr)
      throw UsageError("slot " + std::to_string(slot) + " holds no member");
    return *residents_[i];
  }

  std::vector<Slot> place(std::vector<std::unique_ptr<Resident>> residents) {
    std::vector<Slot> slots;
    for (auto& resident : residents)
      slots.push_back(place(std::move(resident)));
    return slots;
  }

  void release(std::span<Slot const> slots) {
    for (auto const slot : slots) {
      at(slot);
      residents_[static_cast<std::size_t>(slot)].reset();
      free_.push_back(slot);
    }
  }

 private:
  Slot place(std::unique_ptr<Resident> resident) {
    if (free_.empty()) {
      residents_.push_back(std::move(resident));
      return static_cast<Slot>(residents_.size()) - 1;
    }
    Slot const slot = free_.back();
    free_.pop_back();
    residents_[static_cast<std::size_t>(slot)] = std::move(resident);
    return slot;
  }

  std::vector<std::unique_ptr<Resident>> residents_;
  std::vector<Slot> free_;
};

}  // namespace brood
