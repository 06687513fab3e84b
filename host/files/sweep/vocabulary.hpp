// SPDX-License-Identifier: Apache-2.0
// A sweep's words in ours, before it is read: hyperparameters by their synonyms, nested parameters
// by the last of their names, choices of other tools. The reader knows one word for each thing.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

class Vocabulary {
 public:
  explicit Vocabulary(Problems& problems) : problems_(&problems) {}

  // The keys of a file. Two words for one thing are a problem; what means nothing here stays.
  void rename(Node& root);
  // A hyperparameter of the command line, which has such a value.
  std::string renamed(std::string const& key, Node const& value);
  // The choices of file and command line.
  void translate(Node& root);
  // Adds what was read as what, in one line, if anything was.
  void add_note(std::vector<std::string>& notes) const;

 private:
  void rename_parameters(Node& root);
  // `lists`: whether a value of the map is one of lists.
  void rename_keys(Node& map, bool (*lists)(Node const&));
  void imply_layers(Node const& root, Node& parameters);
  // Remembers which words for layers begin at layer 0.
  void find_counts_from_zero(std::vector<Entry> const& entries);
  bool counts_from_zero(std::string_view word, int layer) const;
  std::string meant(std::string_view key, bool is_list) const;
  void translate_all(Node& map);
  void translate_choice(std::string_view hyperparameter, Node& node);
  void ignore(Entry const& entry);
  void remember(std::string const& written, std::string const& meant, Place const& place);

  Problems* problems_;
  std::vector<std::pair<std::string, std::string>> read_as_;
  std::vector<std::string> ignored_;
  std::vector<std::string> from_zero_;  // words for layers, without the number
  Place first_;
};

}  // namespace brood::files
