// SPDX-License-Identifier: Apache-2.0
// The part of the zip format that npz files use (PKWARE's APPNOTE 6.3, sections 4.3 and 4.4):
// stored and deflated members, found through the central directory. No zip64, no encryption.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brood::files {

struct ZipMember {
  std::string name;
  std::int64_t entry = 0;  // where its entry of the central directory begins
  bool encrypted = false;
  int method = 0;  // 0 stored, 8 deflated
  std::uint32_t crc = 0;
  std::int64_t packed_size = 0, size = 0;
  std::int64_t local_header = 0;  // where it begins
};

// The central directory. Throws UsageError `name: byte N: ...`.
std::vector<ZipMember> zip_members(std::string_view bytes, std::string const& name);

// The contents of a member, its size and checksum verified. Throws UsageError `name: byte N: ...`.
std::string unzip(std::string_view bytes, ZipMember const& member, std::string const& name);

}  // namespace brood::files
