// SPDX-License-Identifier: Apache-2.0
// The configurations of a space as a tree: a level for each parameter, a branch for each of its
// values, one branch where its conditions do not hold. What is below a branch depends only on which
// later parameters may still be there, so that it is counted once for each such set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "brood/space.hpp"

namespace brood {

class ConfigTree {
 public:
  // `parameters`, without problems, outlive the tree.
  explicit ConfigTree(std::span<Parameter const> parameters);

  // Number of configurations, at most the largest std::int64_t; 0 if it is not finite.
  std::int64_t size() const { return size_; }
  // Whether any configuration has the parameter.
  bool is_reached(std::size_t parameter) const { return reached_[parameter]; }

  // Of a finite tree with fewer than 2^63 - 1: the place of a configuration, the last parameter
  // fastest, a parameter's values in their order; nothing for one that the space does not give.
  std::optional<std::int64_t> number_of(Config const& config) const;
  // 0 <= number < size().
  Config config(std::int64_t number) const;

  // The place of a value among the parameter's, if it is one of them.
  static std::optional<std::int64_t> digit_of(Parameter const& parameter, Value const& value);

 private:
  // By parameter: whether no condition of it has failed so far.
  using Alive = std::vector<bool>;
  struct Link {
    std::size_t child = 0;
    std::vector<std::int64_t> digits = {};  // of the parent, sorted
  };
  struct Level {
    std::int64_t cardinality = 0;         // 0: not finite
    std::vector<Link> links;              // the conditions that name it
    std::vector<std::int64_t> mentioned;  // digits in any of the links, sorted
  };

  std::int64_t count(std::size_t level, Alive alive);
  std::int64_t below(std::size_t level, Alive const& alive) const;
  // After the level's parameter took a digit; nothing: it is not there, or took a digit that no
  // condition mentions.
  Alive after(std::size_t level, Alive alive, std::optional<std::int64_t> digit) const;

  std::span<Parameter const> parameters_;
  std::vector<Level> levels_;
  std::map<std::pair<std::size_t, Alive>, std::int64_t> counts_;
  std::vector<bool> reached_;
  std::int64_t size_ = 0;
};

}  // namespace brood
