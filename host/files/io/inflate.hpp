// SPDX-License-Identifier: Apache-2.0
// Unpacking of gzip files and of the members of zip files. Memory grows with what is really
// unpacked, never with what a file says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace brood::files {

bool begins_like_gzip(std::string_view bytes);

// A gzip file of one or more members, whole. Throws UsageError `name: byte N: ...` (N counts packed
// bytes) if it is damaged, cut short, followed by something else, or unpacks to more than `most`
// bytes.
std::string gunzip(std::string_view packed, std::string const& name, std::int64_t most);

// A raw deflate stream that unpacks to exactly `size` bytes; `offset` is where it lies in `name`.
std::string inflate_raw(std::string_view packed, std::int64_t size, std::string const& name,
                        std::int64_t offset);

std::uint32_t crc32_of(std::string_view bytes);

}  // namespace brood::files
