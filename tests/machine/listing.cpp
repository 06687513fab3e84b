// SPDX-License-Identifier: Apache-2.0
#include "machine/listing.hpp"

#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace brood::machine {
namespace {

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::uint64_t hexadecimal(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

// The digits of "/* 0x... */" at the end of a line; empty if there are none.
std::string_view encoding_of(std::string_view line) {
  auto const begin = line.rfind("/* 0x");
  if (begin == line.npos) return {};
  auto const end = line.find(" */", begin);
  return line.substr(begin + 5, end - begin - 5);
}

}  // namespace

ListingFile ListingFile::read(std::string const& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("there is no listing " + path);
  std::stringstream content;
  content << in.rdbuf();
  return ListingFile(std::move(content).str());
}

ListingFile::ListingFile(std::string content)
    : text_(std::make_unique<std::string const>(std::move(content))) {
  std::string_view const text = *text_;
  constexpr std::string_view kSection = "\t.section\t";
  for (auto at = text.find(kSection); at != text.npos;) {
    auto const next = text.find(kSection, at + 1);
    auto const section = text.substr(at + kSection.size(), next - at - kSection.size());
    auto const name = section.substr(0, section.find(','));
    if (name.starts_with(".text.")) sections_.emplace(name.substr(6), section);
    at = next;
  }
}

std::vector<std::string> ListingFile::kernels() const {
  std::vector<std::string> names;
  for (auto const& [name, section] : sections_)
    names.push_back(name);
  return names;
}

Listing ListingFile::kernel(std::string const& name) const {
  auto const found = sections_.find(name);
  if (found == sections_.end()) throw std::runtime_error("no listing has the kernel " + name);
  Listing listing;
  std::vector<std::string_view> labels;  // of the next line
  std::string_view rest = found->second;
  while (!rest.empty()) {
    auto const end = rest.find('\n');
    std::string_view const line = trimmed(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    if (line.starts_with("/* 0x")) {
      if (!listing.lines.empty()) listing.lines.back().encoding[1] = hexadecimal(encoding_of(line));
    } else if (line.starts_with("/*")) {
      auto const close = line.find("*/");
      auto const address = static_cast<std::uint32_t>(hexadecimal(line.substr(2, close - 2)));
      for (auto const label : labels) {
        listing.labels[label] = address;
        if (!label.starts_with('.')) listing.functions.push_back(label);
      }
      labels.clear();
      auto text = line.substr(close + 2);
      if (auto const comment = text.find("(*"); comment != text.npos) {
        text = text.substr(0, comment);
      } else {
        text = text.substr(0, text.find(';'));
      }
      if (listing.functions.empty()) listing.functions.push_back(found->first);
      listing.lines.push_back({address,
                               trimmed(text),
                               {hexadecimal(encoding_of(line)), 0},
                               static_cast<int>(listing.functions.size()) - 1});
    } else if (line.ends_with(':')) {
      labels.push_back(line.substr(0, line.size() - 1));
    }
  }
  return listing;
}

}  // namespace brood::machine
