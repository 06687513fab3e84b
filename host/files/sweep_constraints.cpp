// SPDX-License-Identifier: Apache-2.0
// The places of the bounds are kept: that none is kept by any network is known with the data only.
#include "files/sweep_constraints.hpp"

#include <cmath>

#include "files/text.hpp"

namespace brood::files {

namespace {

constexpr char const* kKeys[] = {"max_parameters", "max_bytes", "max_flops"};
constexpr std::int64_t kMost = std::int64_t{1} << 53;

}  // namespace

void read_constraints(Section const& top, Sweep& sweep) {
  Section const section(top, "constraints", {std::begin(kKeys), std::end(kKeys)});
  if (!section) return;
  Constraints& constraints = sweep.study.constraints;
  constraints.max_parameters = section.integer("max_parameters", 1, kMost);
  constraints.max_flops = section.real("max_flops", "a number above 0",
                                       [](double x) { return x > 0 && std::isfinite(x); });
  if (Node const* node = section.find("max_bytes")) {
    auto const bytes = node->is_scalar() ? bytes_of(node->text) : std::nullopt;
    if (bytes && *bytes >= 1 && *bytes <= static_cast<double>(kMost)) {
      constraints.max_bytes = static_cast<std::int64_t>(*bytes);
    } else {
      section.problems().add(node->place, not_allowed(section.full("max_bytes"), *node,
                                                      "a size such as 20000, 64KiB or 1MiB"));
    }
  }
  sweep.places["constraints"] = section.place().text();
  for (char const* key : kKeys) {
    if (Node const* node = section.find(key)) sweep.places[section.full(key)] = node->place.text();
  }
}

}  // namespace brood::files
