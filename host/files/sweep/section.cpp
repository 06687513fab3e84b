// SPDX-License-Identifier: Apache-2.0
// Section: typed reading of one map, and the sentences for what does not fit.
#include "files/sweep/section.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "brood/value.hpp"
#include "files/io/text.hpp"
#include "files/sweep/synonyms.hpp"

namespace brood::files {

namespace {

bool is_one_of(std::string_view text, Names const& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string lower(std::string text) {
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// What other dialects would read as something else than text.
std::string hint(Node const& node) {
  if (node.kind == NodeKind::null) return "; a key needs a value";
  if (node.kind != NodeKind::text) return "";
  if (node.quoted) {
    bool const number = read_number<double>(node.text).reading == Reading::number;
    return number ? " (in quotes it is text; leave them out)" : "";
  }
  std::string word = lower(node.text);
  if (is_one_of(word, {"yes", "no", "on", "off", "true", "false", "y", "n"})) {
    return " (write true or false)";
  }
  if (word.starts_with('+') || word.starts_with('-')) word.erase(0, 1);
  if (is_one_of(word, {".inf", ".nan", "inf", "nan", "infinity"})) {
    return " (only finite numbers are read)";
  }
  if (word.starts_with("0x") || word.starts_with("0o") || word.starts_with("0b")) {
    return " (numbers are decimal)";
  }
  bool const begins_as_number = !word.empty() && word[0] >= '0' && word[0] <= '9';
  if (begins_as_number && word.find_first_of(",_") != std::string::npos) {
    return " (numbers are written 1000000 or 0.5)";
  }
  return "";
}

constexpr std::size_t kFew = 10;  // names that may be told again

std::string section_title(std::string_view section) {
  return section.empty() ? "the sweep" : std::string(section);
}

std::string shown_list(Node const& list) {
  constexpr std::size_t kMax = 9;
  std::string text = "[";
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    text += i == 0 ? "" : ", ";
    if (i == kMax) return text + "...]";
    Node const& item = list.items[i];
    text += item.kind == NodeKind::list ? "a list" : shown(item);
  }
  return text + ']';
}

}  // namespace

std::string shown(Node const& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "empty";
    case NodeKind::list:
      return shown_list(node);
    case NodeKind::map:
      return "a map";
    case NodeKind::text:
      return files::quoted(node.text);
    default:
      return node.text;
  }
}

std::string not_allowed(std::string const& name, Node const& node, std::string const& allowed) {
  return name + ": " + shown(node) + " is not allowed; allowed: " + allowed + hint(node);
}

std::string joined(Names const& names) {
  std::string text;
  for (std::string_view const name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::optional<std::int64_t> whole_number(Node const& node) {
  constexpr double kMax = 0x1p53;
  if (!node.is_number() || std::abs(node.real) > kMax) return std::nullopt;
  if (std::floor(node.real) != node.real) return std::nullopt;
  return static_cast<std::int64_t>(node.real);
}

Section::Section(Node const* map, std::string name, Names keys, Problems& problems, Names elsewhere,
                 std::string const& where)
    : name_(std::move(name)), keys_(std::move(keys)), problems_(&problems) {
  absent_ = map == nullptr;
  if (absent_) return;
  place_ = map->place;
  if (map->kind != NodeKind::map) {
    problems.add(map->place,
                 not_allowed(section_title(name_), *map, "a map with the keys " + joined(keys_)));
    return;
  }
  map_ = map;
  Names known = keys_;
  known.insert(known.end(), elsewhere.begin(), elsewhere.end());
  for (Entry const& entry : map->entries) {
    if (is_one_of(entry.key, keys_)) continue;
    std::string advice;
    if (!problems.enough()) {
      std::string const meant = elsewhere.empty() ? "" : hyperparameter_meant(entry.key, false);
      std::string const all = "; the keys of " + section_title(name_) + " are " + joined(keys_);
      advice =
          is_one_of(meant, elsewhere) ? "; it belongs " + where : did_you_mean(entry.key, known);
      if (advice.empty() && (keys_.size() <= kFew || problems.tells_first(all))) advice = all;
    }
    problems.add(entry.place, files::quoted(full(entry.key)) + " is no key here" + advice);
  }
}

Section::Section(Section const& parent, std::string_view key, Names keys)
    : Section(parent.find(key), parent.full(key), std::move(keys), parent.problems()) {
  if (absent_) place_ = parent.place();
}

void Section::add_problem(std::string_view key, std::string const& what) const {
  problems_->add(find(key)->place, full(key) + ": " + what);
}

void Section::add_missing(std::string_view key, std::string const& what) const {
  if (map_ != nullptr || absent_) problems_->add(place_, full(key) + ": is missing; " + what);
}

Node const* Section::find(std::string_view key) const {
  Entry const* entry = map_ == nullptr ? nullptr : map_->find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

std::string Section::full(std::string_view key) const {
  return (name_.empty() ? "" : name_ + '.').append(key);
}

std::optional<std::int64_t> Section::integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  auto const value = whole_number(*node);
  if (value && *value >= min && *value <= max) return value;
  problems_->add(node->place, not_allowed(full(key), *node,
                                          "a whole number, " + std::to_string(min) + " .. " +
                                              std::to_string(max)));
  return std::nullopt;
}

std::optional<double> Section::real(std::string_view key, std::string const& allowed,
                                    std::function<bool(double)> const& fits) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_number() && fits(node->real)) return node->real;
  problems_->add(node->place, not_allowed(full(key), *node, allowed));
  return std::nullopt;
}

std::optional<bool> Section::flag(std::string_view key) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == NodeKind::boolean) return node->boolean;
  problems_->add(node->place, not_allowed(full(key), *node, "true or false"));
  return std::nullopt;
}

std::optional<std::string> Section::text(std::string_view key) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  bool const usable = node->is_scalar() && node->kind != NodeKind::null && !node->text.empty();
  if (usable) return node->text;
  problems_->add(node->place, not_allowed(full(key), *node, "a text"));
  return std::nullopt;
}

std::optional<std::string> Section::choice(std::string_view key, Names const& names) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (std::find(names.begin(), names.end(), node->text) != names.end()) return node->text;
  problems_->add(node->place, not_allowed(full(key), *node, "one of " + joined(names)) +
                                  did_you_mean(node->text, names));
  return std::nullopt;
}

std::optional<std::string> Section::choice(std::string_view key, Names const& names,
                                           Names const& later) const {
  Node const* node = find(key);
  if (node == nullptr || !is_one_of(node->text, later)) return choice(key, names);
  add_problem(key, node->text + " is not available in this version; allowed: " + joined(names));
  return std::nullopt;
}

std::optional<std::vector<std::string>> Section::names(std::string_view key) const {
  Node const* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind != NodeKind::list) {
    auto const one = text(key);
    return one ? std::optional(std::vector{*one}) : std::nullopt;
  }
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (Node const& item : node->items) {
    bool const twice = !seen.insert(item.text).second;
    if (!item.is_scalar() || item.text.empty() || twice) {
      problems_->add(item.place,
                     not_allowed(full(key), item, twice ? "each name once" : "a list of names"));
      return std::nullopt;
    }
    names.push_back(item.text);
  }
  return names;
}

}  // namespace brood::files
