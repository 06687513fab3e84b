// SPDX-License-Identifier: Apache-2.0
// The switches' first values, from the environment.
#include "emulation/emulation.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace brood::emulation {
namespace {

char const* setting(char const* name, char const* otherwise) {
  char const* const text = std::getenv(name);
  return text ? text : otherwise;
}
std::uint64_t number_setting(char const* name, char const* otherwise) {
  return std::strtoull(setting(name, otherwise), nullptr, 10);
}
Order order_setting() {
  std::string const text = setting("BROOD_EMULATION_ORDER", "skew");
  if (text == "skew") return Order::skew;
  if (text == "random") return Order::random;
  if (text == "forward") return Order::forward;
  if (text == "backward") return Order::backward;
  std::fprintf(stderr, "BROOD_EMULATION_ORDER is '%s'; it may be skew, random, forward, backward\n",
               text.c_str());
  std::abort();
}

}  // namespace

Order order = order_setting();
std::uint64_t seed = number_setting("BROOD_EMULATION_SEED", "1");
int threads = static_cast<int>(number_setting("BROOD_EMULATION_THREADS", "1"));
bool exact_mma = number_setting("BROOD_EXACT_MMA", "0") != 0;
bool coarse_mma = false;
int shared_limit = 227 * 1024;
Counters counters;
void (*executor)(cuda::LaunchShape const& shape, KernelCall const& call) = nullptr;

}  // namespace brood::emulation
