// SPDX-License-Identifier: Apache-2.0
// Reads zip files. Sizes and places come from the central directory: numpy writes zip64 marks into
// the local headers whether or not they are needed.
#include "files/io/zip.hpp"

#include "brood/error.hpp"
#include "files/io/inflate.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

// Byte counts of the fixed parts.
constexpr std::int64_t kLocalHeader = 30, kEntry = 46, kEndRecord = 22;
constexpr std::int64_t kZip64Mark = 0xffffffff;

std::int64_t little_endian(std::string_view bytes, std::int64_t at, int size) {
  std::int64_t value = 0;
  for (int i = size - 1; i >= 0; --i) {
    value = value * 256 + static_cast<unsigned char>(bytes[static_cast<std::size_t>(at + i)]);
  }
  return value;
}
std::int64_t u16(std::string_view bytes, std::int64_t at) {
  return little_endian(bytes, at, 2);
}
std::int64_t u32(std::string_view bytes, std::int64_t at) {
  return little_endian(bytes, at, 4);
}

std::string_view part(std::string_view bytes, std::int64_t at, std::int64_t size) {
  return bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
}

bool begins_with(std::string_view bytes, std::int64_t at, std::string_view signature) {
  return at < static_cast<std::int64_t>(bytes.size()) &&
         bytes.substr(static_cast<std::size_t>(at)).starts_with(signature);
}

UsageError problem(std::string const& name, std::int64_t byte, std::string const& what) {
  return UsageError(at_byte(name, byte, what));
}

// The last record of the file, before its comment of at most 65535 bytes.
std::int64_t find_end_record(std::string_view bytes, std::string const& name) {
  auto const size = static_cast<std::int64_t>(bytes.size());
  for (std::int64_t comment = 0; comment <= 65535 && kEndRecord + comment <= size; ++comment) {
    std::int64_t const at = size - kEndRecord - comment;
    if (begins_with(bytes, at, "PK\5\6") && u16(bytes, at + 20) == comment) return at;
  }
  throw problem(name, size, "the file is not a zip file or is cut short: its directory is missing");
}

ZipMember read_entry(std::string_view bytes, std::int64_t at, std::int64_t end,
                     std::string const& name) {
  if (at + kEntry > end || !begins_with(bytes, at, "PK\1\2")) {
    throw problem(name, at, "no entry of the zip directory is here");
  }
  std::int64_t const name_size = u16(bytes, at + 28);
  if (at + kEntry + name_size > end) {
    throw problem(name, at + 28, "entry reaches beyond the zip directory");
  }
  ZipMember member;
  member.name = part(bytes, at + kEntry, name_size);
  member.entry = at;
  member.encrypted = (u16(bytes, at + 8) & 1) != 0;
  member.method = static_cast<int>(u16(bytes, at + 10));
  member.crc = static_cast<std::uint32_t>(u32(bytes, at + 16));
  member.packed_size = u32(bytes, at + 20);
  member.size = u32(bytes, at + 24);
  member.local_header = u32(bytes, at + 42);
  return member;
}

// Where the packed bytes of a member begin.
std::int64_t find_data(std::string_view bytes, ZipMember const& member, std::string const& name) {
  auto const size = static_cast<std::int64_t>(bytes.size());
  std::int64_t const header = member.local_header;
  if (header + kLocalHeader > size || !begins_with(bytes, header, "PK\3\4")) {
    throw problem(
        name, member.entry + 42,
        quoted(member.name) + " should begin at byte " + std::to_string(header) + ", but does not");
  }
  std::int64_t const name_size = u16(bytes, header + 26);
  std::int64_t const data = header + kLocalHeader + name_size + u16(bytes, header + 28);
  if (data + member.packed_size > size) {
    throw problem(name, member.entry + 20, quoted(member.name) + " reaches beyond the file");
  }
  if (part(bytes, header + kLocalHeader, name_size) != member.name) {
    throw problem(
        name, header + kLocalHeader,
        "this member is named otherwise than " + quoted(member.name) + " in the zip directory");
  }
  return data;
}

}  // namespace

std::vector<ZipMember> zip_members(std::string_view bytes, std::string const& name) {
  std::int64_t const end = find_end_record(bytes, name);
  std::int64_t const count = u16(bytes, end + 10);
  std::int64_t const size = u32(bytes, end + 12);
  std::int64_t at = u32(bytes, end + 16);
  if (count == 0xffff || size == kZip64Mark || at == kZip64Mark) {
    throw problem(name, end, "zip64 files are not read; save each array as a npy file");
  }
  if (u16(bytes, end + 4) != 0 || u16(bytes, end + 6) != 0 || u16(bytes, end + 8) != count) {
    throw problem(name, end + 4, "zip files of several parts are not read");
  }
  if (at + size > end) throw problem(name, end + 12, "the zip directory reaches beyond the file");

  std::int64_t const directory_end = at + size;
  std::vector<ZipMember> members;
  for (std::int64_t i = 0; i < count; ++i) {
    members.push_back(read_entry(bytes, at, directory_end, name));
    at += kEntry + u16(bytes, at + 28) + u16(bytes, at + 30) + u16(bytes, at + 32);
  }
  if (at != directory_end) {
    throw problem(name, end + 12,
                  "the zip directory is longer than its entries, " + std::to_string(count));
  }
  return members;
}

std::string unzip(std::string_view bytes, ZipMember const& member, std::string const& name) {
  if (member.encrypted) {
    throw problem(name, member.entry + 8, quoted(member.name) + " is encrypted");
  }
  if (member.packed_size == kZip64Mark || member.size == kZip64Mark ||
      member.local_header == kZip64Mark) {
    throw problem(name, member.entry + 20,
                  quoted(member.name) + " is in zip64, which is not read; save it as a npy file");
  }
  if (member.method != 0 && member.method != 8) {
    throw problem(name, member.entry + 10,
                  quoted(member.name) + " is packed by method " + std::to_string(member.method) +
                      "; 0 (stored) and 8 (deflated) are read");
  }
  std::int64_t const data = find_data(bytes, member, name);
  std::string_view const packed = part(bytes, data, member.packed_size);
  if (member.method == 0 && member.size != member.packed_size) {
    throw problem(name, member.entry + 20,
                  quoted(member.name) + " is stored, but its two sizes differ");
  }
  std::string contents =
      member.method == 0 ? std::string(packed) : inflate_raw(packed, member.size, name, data);
  if (crc32_of(contents) != member.crc) {
    throw problem(name, data, quoted(member.name) + " is damaged: its checksum differs");
  }
  return contents;
}

}  // namespace brood::files
