// SPDX-License-Identifier: Apache-2.0
#include "files/run/trained_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/run_directory.hpp"

namespace brood::files {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they stand");

// With the magic word, version and size in front a multiple of 64 bytes, as numpy has it.
std::string header_of(std::size_t count) {
  std::string text =
      "{'descr': '<u8', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
  constexpr std::size_t kBefore = 10, kAligned = 64;
  text.append(kAligned - (kBefore + text.size() + 1) % kAligned, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

}  // namespace

std::string to_npy(std::vector<std::uint64_t> const& fingerprints) {
  std::string bytes = header_of(fingerprints.size());
  bytes.append(reinterpret_cast<char const*>(fingerprints.data()), fingerprints.size() * 8);
  return bytes;
}

std::vector<std::uint64_t> from_npy(std::string_view bytes, std::string const& name) {
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  std::size_t const most = bytes.size() / kNumber;
  // The header says how many follow it; there is one size of file for each number of them.
  for (std::size_t const header : {std::size_t{64}, std::size_t{128}}) {
    if (bytes.size() < header || (bytes.size() - header) % kNumber != 0) continue;
    std::size_t const count = (bytes.size() - header) / kNumber;
    if (count > most || !bytes.starts_with(header_of(count))) continue;
    std::vector<std::uint64_t> fingerprints(count);
    if (count > 0) std::memcpy(fingerprints.data(), bytes.data() + header, count * kNumber);
    if (std::is_sorted(fingerprints.begin(), fingerprints.end())) return fingerprints;
  }
  throw StorageError(name +
                     ": is damaged, or was not written by brood; without it nothing is known "
                     "of the rows that trained the model");
}

std::optional<std::vector<std::uint64_t>> read_trained_rows(std::string const& directory) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (fs::path const& folder : {fs::path(directory) / "best", fs::path(directory)}) {
    std::string const path = (folder / kTrainedRowsFile).string();
    if (fs::exists(path, ignored)) return from_npy(read_file(path), path);
  }
  return std::nullopt;
}

}  // namespace brood::files
