// SPDX-License-Identifier: Apache-2.0
// The places of the bounds are kept: that none is kept by any network is known with the data only.
#include "files/sweep/constraints.hpp"

#include "files/sweep/settings.hpp"

namespace brood::files {

void read_constraints(Section const& top, Sweep& sweep) {
  Names const keys = settings_keys<Constraints>();
  Section const section(top, "constraints", keys);
  if (!section) return;
  read_settings(section, sweep.study.constraints);
  sweep.places["constraints"] = section.place().text();
  for (std::string_view const key : keys) {
    if (Node const* node = section.find(key)) sweep.places[section.full(key)] = node->place.text();
  }
}

}  // namespace brood::files
