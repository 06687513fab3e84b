// SPDX-License-Identifier: Apache-2.0
#include "backend/host_memory.hpp"

#include <unistd.h>

namespace brood {

std::int64_t host_memory() {
  return static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace brood
