// SPDX-License-Identifier: Apache-2.0
// Training submissions: one at a time is on the device, and its results are taken over when someone
// asks for them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "brood/backend.hpp"
#include "brood/profile.hpp"
#include "cuda/launcher.hpp"
#include "cuda/memory/residents.hpp"

namespace brood::cuda {

class Training {
 public:
  // profile: null if nothing is measured.
  Training(Device& device, Arena& arena, Launcher& launcher, Residents& residents, Profile* profile)
      : device_(device),
        arena_(arena),
        launcher_(launcher),
        residents_(residents),
        profile_(profile) {}

  // Returns before the work is done. Nothing may be pending.
  void submit(std::span<TrainOrder const> orders);
  // Takes over what the last submission brought, if that has not happened. Waits.
  void collect();

 private:
  struct Ordered {
    TrainOrder order;
    Resident* resident;
    std::size_t first_record;
  };
  struct Pending {
    std::vector<Ordered> members;
    Buffer<MemberProgress> device_progress;
    Buffer<MemberRecord> device_records;
    Launched launched;
    double start = 0;  // by the profile
  };

  void report(Pending const& done, double seconds);

  Device& device_;
  Arena& arena_;
  Launcher& launcher_;
  Residents& residents_;
  Profile* profile_;
  std::optional<Pending> pending_;
};

}  // namespace brood::cuda
