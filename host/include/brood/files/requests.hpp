// SPDX-License-Identifier: Apache-2.0
// What another process asks of the one that works in a run directory: to end its study, or to drop
// a trial from it. A request is a file in the directory, `.ask-stop` or `.ask-drop-N`, which the
// study looks for while it trains and answers when what was asked is saved, in `.told-stop` or
// `.told-drop-N`. Requests are to the process that works there and to no other: who opens a
// directory (Store) begins without any, so that one that was never heard stops no later run.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace brood::files {

// To end the study, or to drop a trial.
struct Request {
  std::optional<int> trial = {};  // nothing: the whole study
  bool operator==(Request const&) const = default;
};

// What came of a request.
struct Answer {
  bool granted = false;
  std::string text;  // what was done or why not; a sentence
};

// The number of the process that works in a run directory; nothing if none does, 0 if its number is
// not known. Throws UsageError if the directory is not there or holds no run.
std::optional<int> working_process(std::string const& directory);

// Asks; again is as once. Throws StorageError if it cannot be written there.
void ask(std::string const& directory, Request const& request);
// Asks no more: nothing of it is left. Never throws.
void take_back(std::string const& directory, Request const& request);
// Whether it was asked and is not answered yet.
bool is_open(std::string const& directory, Request const& request);
// The answer, which is gone then; nothing if there is none.
std::optional<Answer> take_answer(std::string const& directory, Request const& request);

}  // namespace brood::files
