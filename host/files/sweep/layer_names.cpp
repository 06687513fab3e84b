// SPDX-License-Identifier: Apache-2.0
#include "files/sweep/layer_names.hpp"

namespace brood::files {

namespace {

// One of all layers in place of the other's one for each.
bool is_of_all_of(std::string_view one, std::string_view other) {
  auto const own = of_layer(other);
  return own && own->what == one;
}

bool is_instead_of(std::string_view one, std::string_view other) {
  bool const of_layers = other == "layers" || other == "width" || is_of_all_of("width", other);
  if (one == "hidden" && of_layers) return true;
  if (one == "layer_dropout" && (other == "dropout" || is_of_all_of("dropout", other))) return true;
  return is_of_all_of(one, other);
}

}  // namespace

std::optional<OfLayer> of_layer(std::string_view name) {
  for (std::string_view const what : {"width", "dropout"}) {
    bool const has_number = name.size() == what.size() + 2 && name.starts_with(what) &&
                            name[what.size()] == '_' && name.back() >= '0' && name.back() <= '9';
    if (has_number) return OfLayer{what, name.back() - '0'};
  }
  return std::nullopt;
}

bool say_the_same(std::string_view one, std::string_view other) {
  return is_instead_of(one, other) || is_instead_of(other, one);
}

}  // namespace brood::files
