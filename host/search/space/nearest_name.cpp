// SPDX-License-Identifier: Apache-2.0
// nearest_name: what a misspelt name was probably meant to be. Distance is the number of letters
// inserted, left out, replaced or swapped with their neighbour (optimal string alignment), case
// aside; the answer depends on nothing but the arguments.
#include <algorithm>
#include <cstddef>

#include "brood/value.hpp"

namespace brood {
namespace {

std::string lower(std::string_view text) {
  std::string folded(text);
  for (char& letter : folded) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return folded;
}

// Three rows of the dynamic programme: row i holds the distances of a's first i letters to every
// beginning of b.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_before(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_before.swap(before);
    before.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, replaced});
      bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, std::vector<std::string_view> const& candidates) {
  std::string const wanted = lower(name);
  // A third of the letters may be wrong, or one; but never all of them.
  std::size_t limit = std::max<std::size_t>(1, wanted.size() / 3);
  if (limit >= wanted.size()) limit = 0;

  std::string_view nearest;
  for (std::string_view const candidate : candidates) {
    std::string const other = lower(candidate);
    std::size_t const longer = std::max(wanted.size(), other.size());
    if (longer - std::min(wanted.size(), other.size()) > limit) continue;
    std::size_t const apart = distance(wanted, other);
    // Strictly nearer than the nearest so far: the first of several equals stays.
    if (apart > limit || (!nearest.empty() && apart == limit)) continue;
    nearest = candidate;
    limit = apart;
  }
  return std::string(nearest);
}

std::string did_you_mean(std::string_view name, std::vector<std::string_view> const& candidates) {
  std::string const nearest = nearest_name(name, candidates);
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

}  // namespace brood
