// SPDX-License-Identifier: Apache-2.0
// A strict reader of the part of YAML that sweep files need; JSON is read by the same function.
// Plain scalars are null, true, false, decimal numbers or else text: no octal, hex, yes, no, on,
// off, inf or nan. Quoted scalars are text. Keys are scalars, each once in its map. An alias
// (*name) is a copy of what its anchor (&name) stands at, and the key << merges maps. Tags of one's
// own, a second document and anything after the end are errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "files/io/problems.hpp"

namespace brood::files {

enum class NodeKind { null, boolean, integer, real, text, list, map };

struct Entry;

struct Node {
  NodeKind kind = NodeKind::null;
  Place place;
  std::string text;     // of a scalar, as written (without quotes and escapes)
  bool quoted = false;  // text in quotes, or a block of text
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;             // of an integer too
  std::vector<Node> items;     // of a list
  std::vector<Entry> entries;  // of a map, in the order written

  bool is_number() const { return kind == NodeKind::integer || kind == NodeKind::real; }
  bool is_scalar() const { return kind != NodeKind::list && kind != NodeKind::map; }
  // Of a map: null if the key is absent.
  Entry const* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;
  Node value;
};

// A node without contents.
Node node_at(Place place, NodeKind kind = NodeKind::null);

constexpr std::int64_t kMaxYamlBytes = std::int64_t{1} << 24;
constexpr int kMaxYamlDepth = 64;
// Values that anchors and aliases may copy in all: a few lines of aliases to lists of aliases would
// else fill the memory.
constexpr std::int64_t kMaxYamlCopies = 100'000;

// Throws UsageError with every problem, each `name:line:col: ...` with lines and columns from 1.
// An empty text is null.
Node parse_yaml(std::string_view bytes, std::string const& name);

// The value of an override. Its problems and places are all `name: ...`, without a line.
Node parse_yaml_value(std::string_view bytes, std::string const& name);

// How the text is written so that it is read back as the same text: plain where that is possible,
// else in double quotes.
std::string yaml_text(std::string_view text);

}  // namespace brood::files
