// SPDX-License-Identifier: Apache-2.0
// Writing files so that what is there under a name is always whole: written beside the name, synced
// to the disk, and renamed. Everything throws StorageError `path: what: the system's reason`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace brood::files {

[[noreturn]] void refuse_storage(std::string const& path, std::string_view what, int error);

// A new file with these bytes, synced; the directory entry is not (sync_directory). Messages say
// `shown`, the name that the file will have.
void write_new_file(std::string const& path, std::string_view bytes, std::string const& shown);
// Replaces a regular file at once or makes a new one; a pipe or device is simply written to.
void replace_file(std::string const& path, std::string_view bytes);
// The same for bytes that come in pieces: `fill` gives them to what it is called with.
using WritePiece = std::function<void(std::string_view bytes)>;
void replace_file(std::string const& path, std::function<void(WritePiece const&)> const& fill);
void sync_directory(std::string const& path);

// A name for something unfinished, in the same directory: `.NAME.WORD-PID`.
std::string sibling(std::string const& path, std::string_view word);
// The directory that holds it: "." for a bare name.
std::string parent_of(std::string const& path);

}  // namespace brood::files
