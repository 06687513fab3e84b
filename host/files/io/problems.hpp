// SPDX-License-Identifier: Apache-2.0
// Places in a text that a person wrote, and the list of everything that is wrong with it. Used by
// the YAML reader and the sweep reader, which go on after a problem so as to report all at once.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace brood::files {

// Where something was written: a line and column (1-based, in characters) of a file, or an
// override of the command line as a whole, which has line 0.
struct Place {
  std::shared_ptr<std::string const> name;  // the file's, or "key=value"
  int line = 0, column = 0;

  bool in_file() const { return line > 0; }
  std::string text() const;  // "sweep.yaml:3:7", "lr=0.01x"
};

class Problems {
 public:
  // `what` is a sentence: what is wrong, the value, what is allowed.
  void add(Place const& place, std::string what);

  bool none() const { return count_ == 0; }
  // So many already that no more of them will be shown: spare the work of wording them.
  bool enough() const { return problems_.size() >= kKept; }

  // True the first time: what is long (all names that are allowed) is told once.
  bool tells_first(std::string const& what) { return told_.insert(what).second; }

  // Throws UsageError if there are any: the first 20 in the order of the text, and how many more.
  void throw_if_any() const;

 private:
  static constexpr std::size_t kShown = 20, kKept = 1000;
  struct Problem {
    Place place;
    std::string what;
  };
  std::vector<Problem> problems_;  // at most kKept
  std::size_t count_ = 0;
  std::set<std::string> told_;
};

}  // namespace brood::files
