// SPDX-License-Identifier: Apache-2.0
// Dotted keys into the tree. A bare hyperparameter goes to its group, which fixes it, or with a
// distribution to those that are searched.
#include "files/sweep/overrides.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include "brood/error.hpp"
#include "brood/member.hpp"
#include "files/io/text.hpp"
#include "files/sweep/layer_names.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

namespace {

using Path = std::vector<std::string>;

constexpr std::string_view kWritten = "run_cap", kMeant = "trials";
constexpr std::string_view kSearched = "parameters";
constexpr std::string_view kFixed[] = {"network", "train"};

bool holds_hyperparameters(std::string_view section) {
  return section == kSearched || section == kFixed[0] || section == kFixed[1];
}

Entry* find(Node& map, std::string_view key) {
  return const_cast<Entry*>(std::as_const(map).find(key));
}

// The group of a hyperparameter, or nothing.
std::string group_of(std::string_view name) {
  for (HyperparameterInfo const& info : hyperparameters()) {
    if (info.name == name) return std::string(info.group);
  }
  return "";
}

// Empty parts are kept, for a message.
Path path_of(std::string_view key, Node const& value, Vocabulary& vocabulary) {
  // A column's name may hold dots.
  constexpr std::string_view kColumns = "data.columns.";
  if (key.starts_with(kColumns)) {
    return {"data", "columns", std::string(key.substr(kColumns.size()))};
  }
  Path path;
  for (std::size_t begin = 0; begin <= key.size();) {
    std::size_t const dot = std::min(key.find('.', begin), key.size());
    path.emplace_back(key.substr(begin, dot - begin));
    begin = dot + 1;
  }
  if (path[0] == kWritten) path[0] = kMeant;
  // As in a file, a word stands for the section that it names.
  if (path == Path{"metric"} && value.kind == NodeKind::text) path.emplace_back("name");
  if (path == Path{"early_terminate"} && value.kind == NodeKind::text) path.emplace_back("type");
  if (path == Path{"max_iter"} || path == Path{"min_iter"}) {
    path.insert(path.begin(), "early_terminate");
  } else if (path.size() == 1 && path[0] != "seed") {
    std::string const name = vocabulary.renamed(path[0], value);
    std::string const group = group_of(name);
    bool const searched = value.kind == NodeKind::map;  // {min: 0.1, max: 0.5}
    if (!group.empty()) path = {searched ? std::string(kSearched) : group, name};
  } else if (path.size() > 1 && holds_hyperparameters(path[0])) {
    Node entry = value;
    if (path.size() > 2) {  // parameters.units.values=[32, 64]
      entry = node_at(value.place, NodeKind::map);
      entry.entries.push_back({path[2], value.place, value});
    }
    path[1] = vocabulary.renamed(path[1], entry);
  }
  return path;
}

// Removes what the file has at a path of two keys; what the command line has stays.
void erase_from_file(Node& root, std::string_view section, std::string_view key) {
  Entry* const map = find(root, section);
  if (map == nullptr) return;
  auto& entries = map->value.entries;
  auto const gone = [&](Entry const& entry) { return entry.key == key && entry.place.in_file(); };
  entries.erase(std::remove_if(entries.begin(), entries.end(), gone), entries.end());
}

// Takes out of the file what an override would contradict.
void make_way(Node& root, Path const& path, Node const& value) {
  if (path.size() < 2) return;
  std::string const& section = path[0];
  std::string const& key = path[1];
  if (section == kSearched) {
    for (std::string_view const fixed : kFixed)
      erase_from_file(root, fixed, key);
  } else if (holds_hyperparameters(section)) {
    erase_from_file(root, kSearched, key);
  }
  if (holds_hyperparameters(section)) {
    for (HyperparameterInfo const& info : hyperparameters()) {
      if (!say_the_same(key, info.name)) continue;
      erase_from_file(root, kSearched, info.name);
      erase_from_file(root, "network", info.name);
    }
  }
  constexpr std::string_view kInsteadOf[][3] = {
      {"validation", "folds", "holdout"},   {"validation", "holdout", "folds"},
      {"validation", "folds", "fold"},      {"validation", "holdout", "fold"},
      {"validation", "test", "fold"},       {"validation", "fold", "folds"},
      {"validation", "fold", "holdout"},    {"validation", "fold", "test"},
      {"validation", "fold", "group"},      {"validation", "fold", "time"},
      {"validation", "group", "time"},      {"validation", "group", "fold"},
      {"validation", "time", "group"},      {"validation", "time", "fold"},
      {"metric", "name", "goal"},           {"metric", "name", "target"},
      {"early_terminate", "s", "min_iter"}, {"early_terminate", "min_iter", "s"}};
  for (auto const& [of, given, displaced] : kInsteadOf) {
    if (section == of && key == given) erase_from_file(root, of, displaced);
  }
  if (section == "early_terminate" && key == "max_iter") {
    for (std::string_view const given : {kSearched, kFixed[1]})
      erase_from_file(root, given, "epochs");
  }
  if (key == "epochs") {
    // Bands are shares of max_iter still.
    Entry const* const scheduler = std::as_const(root).find("early_terminate");
    bool const bands = scheduler != nullptr && scheduler->value.find("s") != nullptr;
    if (!bands) erase_from_file(root, "early_terminate", "max_iter");
  }
  if (section == "early_terminate" && key == "type") {
    // Another type has other settings.
    Entry* const map = find(root, section);
    Entry* const type = map == nullptr ? nullptr : find(map->value, key);
    if (type == nullptr || type->value.text == value.text) return;
    Path others;
    for (Entry const& entry : map->value.entries)
      others.push_back(entry.key);
    for (std::string const& other : others)
      erase_from_file(root, section, other);
  }
}

// False if there is a value on the way that is no map.
bool set(Node& root, Path const& path, Node value, Place const& place) {
  Node* map = &root;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (map->kind != NodeKind::map) return false;
    Entry* entry = find(*map, path[i]);
    if (entry == nullptr) {
      map->entries.push_back({path[i], place, node_at(place, NodeKind::map)});
      entry = &map->entries.back();
    }
    // From now on the command line's: a later override does not take it for the file's.
    if (i > 0) entry->place = place;
    map = &entry->value;
  }
  *map = std::move(value);
  return true;
}

std::optional<Node> value_of(std::string const& text, std::string const& name, Place const& place,
                             Problems& problems) {
  Node value;
  // A mark of one character, such as a separator, is itself, whatever it would be in a file; but ~,
  // which is null.
  if (text.size() == 1 && std::ispunct(static_cast<unsigned char>(text[0])) != 0 && text != "~") {
    value = node_at({std::make_shared<std::string const>(name), 0, 0}, NodeKind::text);
    value.text = text;
    value.quoted = true;
    return value;
  }
  try {
    value = parse_yaml_value(text, name);
  } catch (UsageError const& error) {
    for (std::string const& problem : error.problems())
      problems.add(place, problem.substr(std::min(problem.size(), name.size() + 2)));
    return std::nullopt;
  }
  bool const plain = value.is_scalar() && value.kind != NodeKind::null && !value.quoted;
  if (plain && value.text != trimmed(text)) {
    problems.add(place, "the value is read as " + files::quoted(value.text) +
                            "; put it in quotes within the quotes of the shell");
    return std::nullopt;
  }
  return value;
}

}  // namespace

void rename_aliases(Node& root, Problems& problems) {
  Entry* written = find(root, kWritten);
  if (written == nullptr) return;
  if (Entry const* meant = find(root, kMeant)) {
    problems.add(written->place, std::string(kWritten) + " is another word for " +
                                     std::string(kMeant) + ", which is at " + meant->place.text() +
                                     "; keep one of them");
  }
  written->key = kMeant;
}

void apply_overrides(Node& root, Overrides const& overrides, Vocabulary& vocabulary,
                     Problems& problems) {
  for (auto const& [key, text] : overrides) {
    std::string const name = key + '=' + text;
    Place const place{std::make_shared<std::string const>(name), 0, 0};
    auto value = value_of(text, name, place, problems);
    if (!value) continue;
    if (key == "eta") {
      problems.add(place, "eta may mean early_terminate.eta or lr; write which");
      continue;
    }
    Path const path = path_of(key, *value, vocabulary);
    if (std::find(path.begin(), path.end(), "") != path.end()) {
      problems.add(place, "the key " + files::quoted(key) +
                              " has an empty part; allowed: trials, validation.folds, ...");
      continue;
    }
    make_way(root, path, *value);
    if (!set(root, path, std::move(*value), place)) {
      problems.add(place, "the key " + files::quoted(key) + " goes through a value that is no map");
    }
  }
}

void set_text(Node& root, Path const& path, std::string const& text, Place const& place) {
  Node node = node_at(place, NodeKind::text);
  node.text = text;
  node.quoted = true;
  set(root, path, std::move(node), place);
}

}  // namespace brood::files
