// SPDX-License-Identifier: Apache-2.0
#include "machine/program.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace brood::machine {

Program::Program(std::string const& folder, std::string const& architecture)
    : architecture_(architecture) {
  std::string const ending = "." + architecture + ".cubin";
  std::error_code none;
  for (auto const& entry : std::filesystem::directory_iterator(folder, none)) {
    std::string const path = entry.path().string();
    if (!path.ends_with(ending)) continue;
    files_.push_back({path.substr(0, path.size() - 5) + "sass", read_cubin(path), nullptr});
  }
  std::sort(files_.begin(), files_.end(),
            [](File const& a, File const& b) { return a.listing < b.listing; });
  if (files_.empty())
    throw std::runtime_error("there is no machine code of " + architecture + " in " + folder +
                             ": the build makes it where nvcc and nvdisasm are found");
}

Program::Program(Code code) {
  std::string const name = code.kernel;
  decoded_[name] = std::make_unique<Code>(std::move(code));
}

std::vector<std::string> Program::kernels() const {
  std::vector<std::string> names;
  for (File const& file : files_) {
    for (auto const& [name, facts] : file.kernels)
      names.push_back(name);
  }
  return names;
}

Code const& Program::kernel(std::string const& mangled) {
  auto& code = decoded_[mangled];
  if (code) return *code;
  for (File& file : files_) {
    auto const found = file.kernels.find(mangled);
    if (found == file.kernels.end()) continue;
    if (!file.text) file.text = std::make_shared<ListingFile>(ListingFile::read(file.listing));
    code = std::make_unique<Code>(decode(mangled, file.text, found->second));
    return *code;
  }
  throw std::runtime_error("no machine code of " + architecture_ + " has the kernel " + mangled);
}

}  // namespace brood::machine
