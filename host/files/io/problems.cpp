// SPDX-License-Identifier: Apache-2.0
// Problems in the order of the text they are about; overrides, which come after the file, last.
#include "files/io/problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "brood/error.hpp"
#include "files/io/text.hpp"

namespace brood::files {

std::string Place::text() const {
  if (!in_file()) return *name;
  return *name + ':' + std::to_string(line) + ':' + std::to_string(column);
}

void Problems::add(Place const& place, std::string what) {
  ++count_;
  if (!enough()) problems_.push_back({place, std::move(what)});
}

void Problems::throw_if_any() const {
  if (none()) return;
  std::vector<Problem> sorted = problems_;
  auto const key = [](Problem const& problem) {
    Place const& place = problem.place;
    return std::tuple(!place.in_file(), place.line, place.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](Problem const& a, Problem const& b) { return key(a) < key(b); });
  std::vector<std::string> sentences;
  for (Problem const& problem : sorted) {
    if (sentences.size() == kShown) break;
    sentences.push_back(problem.place.text() + ": " + problem.what);
  }
  if (count_ > sentences.size()) {
    auto const more = static_cast<std::int64_t>(count_ - sentences.size());
    sentences.push_back("and " + counted(more, "more problem"));
  }
  throw UsageError(std::move(sentences));
}

}  // namespace brood::files
