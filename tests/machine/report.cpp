// SPDX-License-Identifier: Apache-2.0
#include "machine/report.hpp"

#include <cstdio>

namespace brood::machine {

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::uninitialised:
      return "uninitialised";
    case Fault::out_of_bounds:
      return "out of bounds";
    case Fault::misaligned:
      return "misaligned";
    case Fault::not_converged:
      return "warp not converged";
    case Fault::race:
      return "race";
    case Fault::copy_in_flight:
      return "copy in flight";
  }
  return "";
}

std::string Report::text() const {
  char place[32];
  std::snprintf(place, sizeof place, "0x%x", address);
  std::string result(name_of(fault));
  result += ": " + what + ", at " + place + " of " + kernel + " (" + function + "): " + instruction;
  if (times > 1) result += " [" + std::to_string(times) + " times]";
  return result;
}

void Reports::add(Report report) {
  for (Report& known : list_) {
    if (known.fault != report.fault || known.address != report.address ||
        known.kernel != report.kernel)
      continue;
    ++known.times;
    return;
  }
  list_.push_back(std::move(report));
}

std::string Reports::text() const {
  constexpr std::size_t kMax = 20;
  std::string result;
  for (std::size_t i = 0; i < list_.size() && i < kMax; ++i)
    result += list_[i].text() + "\n";
  if (list_.size() > kMax) result += "and " + std::to_string(list_.size() - kMax) + " more\n";
  return result;
}

}  // namespace brood::machine
