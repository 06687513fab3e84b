// SPDX-License-Identifier: Apache-2.0
// The errors that brood throws. The library never prints, exits or aborts; a program maps each
// type to what it does about it (the brood command: to an exit code, given beside each type).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace brood {

// Base of all errors thrown on purpose. what() is a complete sentence for a person:
// what was wrong, the value, what is allowed, what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The caller's input (arguments, configuration, data) cannot be used. Exit code 2.
// Carries every problem that was found, not only the first; what() joins them with newlines.
class UsageError : public Error {
 public:
  explicit UsageError(std::string problem) : UsageError(std::vector{std::move(problem)}) {}
  explicit UsageError(std::vector<std::string> problems)
      : Error(join(problems)), problems_(std::move(problems)) {}

  std::vector<std::string> const& problems() const { return problems_; }

 private:
  static std::string join(std::vector<std::string> const& problems) {
    std::string text;
    for (auto const& problem : problems)
      text += (text.empty() ? "" : "\n") + problem;
    return text;
  }
  std::vector<std::string> problems_;
};

// Every trial diverged, so there is no winner. Exit code 3.
class NoUsableTrial : public Error {
 public:
  using Error::Error;
};

// A run directory or a file cannot be written, or a saved state is damaged. Exit code 4.
class StorageError : public Error {
 public:
  using Error::Error;
};

// Another process works in the run directory. Exit code 6.
class DirectoryBusy : public Error {
 public:
  using Error::Error;
};

// The device failed or has too little memory. Exit code 5.
class DeviceError : public Error {
 public:
  using Error::Error;
};

}  // namespace brood
