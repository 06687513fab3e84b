// SPDX-License-Identifier: Apache-2.0
#include "files/sweep/vocabulary.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "brood/member.hpp"
#include "files/io/text.hpp"
#include "files/sweep/layer_names.hpp"
#include "files/sweep/section.hpp"
#include "files/sweep/synonyms.hpp"

namespace brood::files {

namespace {

Entry* find(Node& map, std::string_view key) {
  return const_cast<Entry*>(std::as_const(map).find(key));
}

bool is_list(Node const& node) {
  return node.kind == NodeKind::list;
}
bool is_list_of_lists(Node const& node) {
  return is_list(node) && !node.items.empty() && is_list(node.items.front());
}

// Of an entry of `parameters`, whether what it takes are lists; of a plain value, whether it is
// one.
bool takes_lists(Node const& value) {
  if (value.kind != NodeKind::map) return is_list(value);
  if (Entry const* one = value.find("value")) return is_list(one->value);
  Entry const* all = value.find("values");
  return all != nullptr && is_list_of_lists(all->value);
}

// The only value that an entry of `parameters` has; null if it has more, or a range.
Node const* only_value(Node const& value) {
  if (value.kind != NodeKind::map) return nullptr;
  if (Entry const* one = value.find("value")) return &one->value;
  Entry const* all = value.find("values");
  return all != nullptr && all->value.items.size() == 1 ? &all->value.items.front() : nullptr;
}

// Entries that have `parameters` of their own, as Weights & Biases nests them, become entries with
// both names: optimizer.lr.
void flatten(std::string const& prefix, std::vector<Entry> entries, std::vector<Entry>& flat) {
  for (Entry& entry : entries) {
    entry.key = prefix + entry.key;
    Node& value = entry.value;
    bool const nests = value.kind == NodeKind::map && value.entries.size() == 1 &&
                       value.entries[0].key == "parameters" &&
                       value.entries[0].value.kind == NodeKind::map;
    if (nests) {
      flatten(entry.key + '.', std::move(value.entries[0].value.entries), flat);
    } else {
      flat.push_back(std::move(entry));
    }
  }
}

// Beside momentum and beta1, beta can only be what is left of the optimizers: rmsprop's.
void tell_beta(std::vector<Entry>& entries) {
  auto const has = [&](std::string_view name) {
    return std::any_of(entries.begin(), entries.end(), [&](Entry const& entry) {
      return hyperparameter_meant(entry.key, false) == name;
    });
  };
  for (Entry& entry : entries) {
    if (letters_of(entry.key) == "beta" && has("momentum") && has("beta1")) entry.key = "rho";
  }
}

bool is_number_or_numbers(Node const& node) {
  return node.is_number() || (is_list(node) && !node.items.empty() && node.items[0].is_number());
}
// Of an entry of `parameters`, or a plain value.
bool takes_numbers(Node const& value) {
  if (value.kind != NodeKind::map) return is_number_or_numbers(value);
  for (std::string_view const key : {"value", "values", "min"}) {
    if (Entry const* entry = value.find(key)) return is_number_or_numbers(entry->value);
  }
  return false;
}

std::vector<std::string_view> parts_of(std::string_view key) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= key.size();) {
    std::size_t const end = std::min(key.find_first_of("./", begin), key.size());
    parts.push_back(key.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// The words that a key may stand for, likeliest first: of a key of several parts all of it, the
// last two, and the last, or the one before it if that only says that it names it.
std::vector<std::string> readings_of(std::string_view key) {
  std::vector<std::string> readings{std::string(key)};
  std::vector<std::string_view> const parts = parts_of(key);
  if (parts.size() < 2) return readings;
  std::string_view const last = parts.back(), before = parts[parts.size() - 2];
  readings.push_back(std::string(before) + '_' + std::string(last));
  std::string const letters = letters_of(last);
  bool const names_it =
      letters == "name" || letters == "type" || letters == "kind" || letters == "target";
  readings.emplace_back(names_it ? before : last);
  return readings;
}

bool is_number(std::string_view hyperparameter) {
  static std::vector<HyperparameterInfo> const infos = hyperparameters();
  auto const info = std::find_if(infos.begin(), infos.end(), [&](HyperparameterInfo const& each) {
    return each.name == hyperparameter;
  });
  return info != infos.end() && info->type != "choice" && info->type != "flag";
}

bool is_one_of(std::string_view word, Names const& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void Vocabulary::rename(Node& root) {
  // Places for anchors, by the convention of other files: x-name, .name.
  std::erase_if(root.entries, [&](Entry const& entry) {
    bool const aside = entry.key.starts_with("x-") || entry.key.starts_with('.');
    if (aside) ignore(entry);
    return aside;
  });
  if (Entry const* network = find(root, "network")) find_counts_from_zero(network->value.entries);
  rename_parameters(root);
  for (std::string_view const section : {"network", "train"}) {
    if (Entry* entry = find(root, section)) rename_keys(entry->value, takes_lists);
  }
  for (std::string_view const key : {"points", "first"}) {
    Entry* points = find(root, key);
    if (points == nullptr) continue;
    for (Node& point : points->value.items)
      rename_keys(point, takes_lists);
  }
}

void Vocabulary::rename_parameters(Node& root) {
  Entry* const section = find(root, "parameters");
  if (section == nullptr || section->value.kind != NodeKind::map) return;
  std::vector<Entry> flat, kept;
  flatten("", std::move(section->value.entries), flat);
  tell_beta(flat);
  find_counts_from_zero(flat);
  for (Entry& entry : flat) {
    std::string_view const last = parts_of(entry.key).back();
    Node const* const only = only_value(entry.value);
    bool const known = !meant(entry.key, takes_lists(entry.value)).empty();
    std::string_view const advice = known ? "" : advice_on(last);
    bool const off = advice.starts_with("networks have no") && only != nullptr &&
                     is_one_of(only->text, {"false", "none", "null", "no", "off", "0"});
    if (off || (!known && only != nullptr && says_nothing(last, only->text))) {
      ignore(entry);
    } else if (!advice.empty()) {
      problems_->add(entry.place, quoted("parameters." + entry.key) +
                                      " is no hyperparameter here; " + std::string(advice));
    } else {
      kept.push_back(std::move(entry));
    }
  }
  section->value.entries = std::move(kept);
  for (Entry& entry : section->value.entries) {
    if (entry.value.kind != NodeKind::map) continue;
    if (Entry* when = find(entry.value, "when")) rename_keys(when->value, is_list_of_lists);
  }
  rename_keys(section->value, takes_lists);
  imply_layers(root, section->value);
}

void Vocabulary::find_counts_from_zero(std::vector<Entry> const& entries) {
  for (Entry const& entry : entries) {
    for (std::string const& word : readings_of(entry.key)) {
      auto const own = of_layer(hyperparameter_meant(word, takes_lists(entry.value)));
      if (own && own->layer == 0) from_zero_.push_back(without_number(word));
    }
  }
}

std::string Vocabulary::meant(std::string_view key, bool is_list) const {
  for (std::string const& word : readings_of(key)) {
    std::string name = hyperparameter_meant(word, is_list);
    if (name.empty()) continue;
    auto const own = of_layer(name);
    if (!own || !counts_from_zero(word, own->layer)) return name;
    return std::string(own->what) + '_' + std::to_string(own->layer + 1);
  }
  return "";
}

bool Vocabulary::counts_from_zero(std::string_view word, int layer) const {
  std::string const like = without_number(word);
  return layer == 0 || std::find(from_zero_.begin(), from_zero_.end(), like) != from_zero_.end();
}

// Widths by layer without a number of layers, as hidden1 and hidden2, say that number, too.
void Vocabulary::imply_layers(Node const& root, Node& parameters) {
  int layers = 0;
  Entry const* last = nullptr;
  for (Entry const& entry : parameters.entries) {
    auto const own = of_layer(entry.key);
    if (!own || own->what != "width") continue;
    bool const is_ours = std::none_of(read_as_.begin(), read_as_.end(),
                                      [&](auto const& pair) { return pair.second == entry.key; });
    if (is_ours) return;
    if (own->layer > layers) last = &entry;
    layers = std::max(layers, own->layer);
  }
  Entry const* const network = root.find("network");
  for (std::string_view const name : {"layers", "hidden", "width"}) {
    if (parameters.find(name) != nullptr) return;
    if (network != nullptr && network->value.find(name) != nullptr) return;
  }
  if (last == nullptr) return;
  Entry entry{"layers", last->place, node_at(last->place, NodeKind::map)};
  Node count = node_at(last->place, NodeKind::integer);
  count.text = std::to_string(layers);
  count.integer = layers;
  count.real = layers;
  entry.value.entries.push_back({"value", last->place, std::move(count)});
  parameters.entries.insert(parameters.entries.begin(), std::move(entry));
}

void Vocabulary::rename_keys(Node& map, bool (*lists)(Node const&)) {
  if (map.kind != NodeKind::map) return;
  struct Word {
    std::string written;
    Place place;
  };
  std::unordered_map<std::string, Word> words;  // by what is meant
  std::vector<Entry*> synonymous;
  for (Entry& entry : map.entries) {
    if (entry.key == "adam_eps" && takes_numbers(entry.value)) entry.key = "epsilon";
    std::string const name = meant(entry.key, lists(entry.value));
    if (name == entry.key) {
      words.emplace(name, Word{entry.key, entry.place});
    } else if (!name.empty()) {
      synonymous.push_back(&entry);
    }
  }
  std::unordered_set<Entry const*> twins;
  for (Entry* const entry : synonymous) {
    std::string const name = meant(entry->key, lists(entry->value));
    auto const [twin, is_new] = words.emplace(name, Word{entry->key, entry->place});
    if (!is_new) {
      auto const& [other, place] = twin->second;
      problems_->add(entry->place,
                     entry->key + " is another word for " + name +
                         (other == name ? ", which is at " : ", as is " + other + " at ") +
                         place.text() + "; keep one of them");
      twins.insert(entry);
      continue;
    }
    remember(entry->key, name, entry->place);
    entry->key = name;
  }
  std::erase_if(map.entries, [&](Entry const& entry) { return twins.contains(&entry); });
}

std::string Vocabulary::renamed(std::string const& key, Node const& value) {
  std::string name = meant(key, takes_lists(value));
  if (name.empty() || name == key) return key;
  remember(key, name, {});
  return name;
}

void Vocabulary::translate(Node& root) {
  for (std::string_view const section : {"network", "train", "parameters"}) {
    if (Entry* entry = find(root, section)) translate_all(entry->value);
  }
  for (std::string_view const key : {"points", "first"}) {
    Entry* points = find(root, key);
    if (points == nullptr) continue;
    for (Node& point : points->value.items)
      translate_all(point);
  }
  if (Entry* method = find(root, "method")) translate_choice("method", method->value);
}

void Vocabulary::translate_all(Node& map) {
  for (Entry& entry : map.entries) {
    Node& value = entry.value;
    translate_choice(entry.key, value);
    if (value.kind != NodeKind::map) continue;
    for (std::string_view const key : {"value", "values"}) {
      if (Entry* inner = find(value, key)) translate_choice(entry.key, inner->value);
    }
    if (Entry* when = find(value, "when")) translate_all(when->value);
  }
}

void Vocabulary::translate_choice(std::string_view hyperparameter, Node& node) {
  for (Node& item : node.items)
    translate_choice(hyperparameter, item);
  if (node.kind != NodeKind::text) return;
  if (node.quoted && is_number(hyperparameter)) {
    // A number in quotes, where nothing but numbers can stand.
    auto const number = read_number<double>(node.text);
    if (number.reading != Reading::number) return;
    node.kind = NodeKind::real;
    node.quoted = false;
    node.real = number.value;
    return;
  }
  std::string const name = choice_meant(hyperparameter, node.text);
  if (name.empty() || name == node.text) return;
  remember(node.text, name, node.place);
  node.text = name;
}

void Vocabulary::ignore(Entry const& entry) {
  ignored_.push_back(entry.key);
  if (first_.name == nullptr) first_ = entry.place;
}

// What differs by more than letters' case and marks.
void Vocabulary::remember(std::string const& written, std::string const& meant,
                          Place const& place) {
  bool const same = letters_of(written) == letters_of(meant);
  if (same || letters_of(written) == "learningrate") return;
  std::pair pair(written, meant);
  if (std::find(read_as_.begin(), read_as_.end(), pair) != read_as_.end()) return;
  read_as_.push_back(std::move(pair));
  if (first_.name == nullptr && place.name != nullptr) first_ = place;
}

void Vocabulary::add_note(std::vector<std::string>& notes) const {
  std::string text;
  for (auto const& [written, meant] : read_as_)
    text += (text.empty() ? "" : ", ") + written + (text.empty() ? " is read as " : " as ") + meant;
  for (std::string const& key : ignored_) {
    bool const first = &key == &ignored_.front();
    text += (text.empty() ? "" : first ? "; " : ", ") + key;
  }
  if (!ignored_.empty()) text += ignored_.size() == 1 ? " is ignored" : " are ignored";
  if (text.empty()) return;
  notes.push_back((first_.name == nullptr ? "" : first_.text() + ": ") + text);
}

}  // namespace brood::files
