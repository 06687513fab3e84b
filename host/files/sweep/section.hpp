// SPDX-License-Identifier: Apache-2.0
// Reading of one map of a sweep file: its keys against the list of those it may have, and typed
// values. Whatever does not fit is noted with its place, and reading goes on without it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

using Names = std::vector<std::string_view>;

// A node in a message: 'many', 12, "empty", "a list", "a map".
std::string shown(Node const& node);
// "NAME: VALUE is not allowed; allowed: ALLOWED", and a hint if the value is a well-known slip.
std::string not_allowed(std::string const& name, Node const& node, std::string const& allowed);
// "a, b, c".
std::string joined(Names const& names);
// A number without a fraction, however it is written: 32, 32.0, 3.2e1; nothing for others and for
// those beyond 2^53.
std::optional<std::int64_t> whole_number(Node const& node);

class Section {
 public:
  // `name` is empty for the whole file. A `map` that is null is an absent section: it has no keys.
  // Notes every key that is not in `keys`. `elsewhere` are keys that belong to another section,
  // which `where` says.
  Section(Node const* map, std::string name, Names keys, Problems& problems, Names elsewhere = {},
          std::string const& where = "");
  // The section that is the value of a key.
  Section(Section const& parent, std::string_view key, Names keys);

  // The section is there and is a map.
  explicit operator bool() const { return map_ != nullptr; }
  Node const* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  // The key with its section: "validation.folds".
  std::string full(std::string_view key) const;
  Problems& problems() const { return *problems_; }
  // Of the map, or what it would be in.
  Place const& place() const { return place_; }
  // A problem with the value of a key that is there.
  void add_problem(std::string_view key, std::string const& what) const;
  // A key that is needed is not there; unless its section is there but no map, which is noted.
  void add_missing(std::string_view key, std::string const& what) const;

  // Each is empty if the key is absent, or present and not allowed, which is noted.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min,
                                      std::int64_t max) const;
  // `allowed` is what `fits` checks, in words.
  std::optional<double> real(std::string_view key, std::string const& allowed,
                             std::function<bool(double)> const& fits) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::string> choice(std::string_view key, Names const& names) const;
  // `later` are words of the field for what this version does not do.
  std::optional<std::string> choice(std::string_view key, Names const& names,
                                    Names const& later) const;
  // A scalar or a list of scalars, as written: names of columns may look like numbers.
  std::optional<std::vector<std::string>> names(std::string_view key) const;

 private:
  Node const* map_ = nullptr;  // null: absent, or not a map
  bool absent_ = false;
  Place place_;
  std::string name_;
  Names keys_;
  Problems* problems_;
};

}  // namespace brood::files
