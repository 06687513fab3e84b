// SPDX-License-Identifier: Apache-2.0
// The machine code of one architecture: cubins with their listings, kernels decoded when asked for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "machine/instruction.hpp"

namespace brood::machine {

class Program {
 public:
  // Of all <name>.<architecture>.cubin in the folder, beside each of which lies its listing,
  // <name>.<architecture>.sass. Throws std::runtime_error if there are none.
  Program(std::string const& folder, std::string const& architecture);
  // Of one kernel.
  explicit Program(Code code);

  std::vector<std::string> kernels() const;  // mangled
  // Throws std::runtime_error where there is no such kernel.
  Code const& kernel(std::string const& mangled);

 private:
  struct File {
    std::string listing;
    std::map<std::string, KernelFacts> kernels;
    std::shared_ptr<ListingFile const> text;  // once it is needed
  };
  std::string architecture_;
  std::vector<File> files_;
  std::map<std::string, std::unique_ptr<Code>> decoded_;
};

}  // namespace brood::machine
