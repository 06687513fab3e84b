// SPDX-License-Identifier: Apache-2.0
#include "machine/cubin.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string_view>

namespace brood::machine {
namespace {

using Bytes = std::span<std::uint8_t const>;

template <class T>
T read(Bytes bytes, std::size_t at) {
  T value;
  if (at + sizeof value > bytes.size()) throw std::runtime_error("a cubin ends too soon");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct Section {
  std::string name;
  Bytes bytes;  // empty if the file has none of it
  std::uint64_t size;
};

// ELF64, little-endian.
std::vector<Section> sections_of(Bytes file) {
  auto const table = read<std::uint64_t>(file, 0x28);
  auto const entry = read<std::uint16_t>(file, 0x3a);
  auto const count = read<std::uint16_t>(file, 0x3c);
  auto const names = read<std::uint16_t>(file, 0x3e);
  auto field = [&](int i, std::size_t at) {
    return read<std::uint64_t>(file, table + static_cast<std::size_t>(i) * entry + at);
  };
  auto bytes_of = [&](int i) {
    auto const type = read<std::uint32_t>(file, table + static_cast<std::size_t>(i) * entry + 4);
    constexpr std::uint32_t kNoBits = 8;
    return type == kNoBits ? Bytes{} : file.subspan(field(i, 0x18), field(i, 0x20));
  };
  Bytes const strings = bytes_of(names);
  std::vector<Section> sections;
  for (int i = 0; i < count; ++i) {
    auto const name = read<std::uint32_t>(file, table + static_cast<std::size_t>(i) * entry);
    sections.push_back(
        {reinterpret_cast<char const*>(strings.data() + name), bytes_of(i), field(i, 0x20)});
  }
  return sections;
}

std::vector<std::string> symbols_of(std::vector<Section> const& sections) {
  Bytes symbols, strings;
  for (Section const& section : sections) {
    if (section.name == ".symtab") symbols = section.bytes;
    if (section.name == ".strtab") strings = section.bytes;
  }
  std::vector<std::string> names;
  for (std::size_t at = 0; at + 24 <= symbols.size(); at += 24)
    names.push_back(
        reinterpret_cast<char const*>(strings.data() + read<std::uint32_t>(symbols, at)));
  return names;
}

// Attributes of .nv.info: calls visit(attribute, value).
template <class Visit>
void for_each_attribute(Bytes info, Visit visit) {
  for (std::size_t at = 0; at + 4 <= info.size();) {
    auto const format = info[at];
    auto const attribute = info[at + 1];
    auto const size = read<std::uint16_t>(info, at + 2);
    constexpr std::uint8_t kSized = 4;
    if (format == kSized) visit(attribute, info.subspan(at + 4, size));
    at += 4 + (format == kSized ? size : 0u);
  }
}

constexpr std::uint8_t kParameterBank = 0x0a, kFrameSize = 0x11, kRegisterCount = 0x2f;

std::string after(std::string const& text, std::string_view prefix) {
  return text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : "";
}

}  // namespace

std::map<std::string, KernelFacts> read_cubin(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::uint8_t> const file{std::istreambuf_iterator<char>(in), {}};
  if (file.size() < 64 || std::memcmp(file.data(),
                                      "\x7f"
                                      "ELF",
                                      4) != 0)
    throw std::runtime_error(path + " is no cubin: it is to be made by nvcc -cubin");
  auto const flags = read<std::uint32_t>(file, 0x30);
  auto const sections = sections_of(file);
  auto const symbols = symbols_of(sections);
  std::map<std::string, KernelFacts> kernels;
  for (Section const& section : sections) {
    std::string const name = after(section.name, ".text.");
    if (name.empty()) continue;
    // The flags' lowest byte, or in later versions the second.
    int const low = static_cast<int>(flags & 0xff), high = static_cast<int>(flags >> 8 & 0xff);
    kernels[name].architecture = low == 80 || low == 90 ? low : high;
  }
  for (Section const& section : sections) {
    if (auto const found = kernels.find(after(section.name, ".nv.shared.")); found != kernels.end())
      found->second.shared_bytes = static_cast<int>(section.size);
    if (auto const found = kernels.find(after(section.name, ".nv.info.")); found != kernels.end()) {
      for_each_attribute(section.bytes, [&](std::uint8_t attribute, Bytes value) {
        if (attribute != kParameterBank) return;
        found->second.parameter_offset = read<std::uint16_t>(value, 4);
        found->second.parameter_bytes = read<std::uint16_t>(value, 6);
      });
    }
    if (section.name == ".nv.info") {
      for_each_attribute(section.bytes, [&](std::uint8_t attribute, Bytes value) {
        if (value.size() < 8) return;
        auto const symbol = read<std::uint32_t>(value, 0);
        auto const number = static_cast<int>(read<std::uint32_t>(value, 4));
        if (symbol >= symbols.size()) return;
        auto const found = kernels.find(symbols[symbol]);
        if (found == kernels.end()) return;
        if (attribute == kRegisterCount) found->second.registers = number;
        if (attribute == kFrameSize) found->second.stack_bytes = number;
      });
    }
    for (int bank = 2; bank < 5; ++bank) {
      auto const name = after(section.name, ".nv.constant" + std::to_string(bank) + ".");
      if (auto const found = kernels.find(name); found != kernels.end())
        found->second.constants[bank].assign(section.bytes.begin(), section.bytes.end());
    }
  }
  return kernels;
}

}  // namespace brood::machine
