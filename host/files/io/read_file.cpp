// SPDX-License-Identifier: Apache-2.0
// A whole file into memory. Only regular files: a pipe or a device could block for ever or not end.
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "files/io/inflate.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::string read_bytes(std::string const& path, std::size_t size) {
  std::unique_ptr<std::FILE, Close> const file(std::fopen(path.c_str(), "rb"));
  if (!file) throw UsageError(path + ": cannot be opened: " + reason(errno));
  std::string bytes(size, '\0');
  std::size_t const count = std::fread(bytes.data(), 1, size, file.get());
  if (std::ferror(file.get())) throw UsageError(path + ": cannot be read: " + reason(errno));
  if (count != size || std::fgetc(file.get()) != EOF) {
    throw UsageError(path + ": the file changed while it was read; try again");
  }
  return bytes;
}

// All of the standard input, or what is one byte too many.
std::string read_standard_input(std::int64_t most) {
  std::string bytes;
  char block[1 << 16];
  while (std::size_t const count = std::fread(block, 1, sizeof block, stdin)) {
    bytes.append(block, count);
    if (static_cast<std::int64_t>(bytes.size()) > most) {
      throw UsageError("standard input: has more than " + std::to_string(most) +
                       " bytes; at most as many are read");
    }
  }
  if (std::ferror(stdin)) throw UsageError("standard input: cannot be read: " + reason(errno));
  return bytes;
}

}  // namespace

std::string name_in_messages(std::string const& path) {
  return path == "-" ? "standard input" : path;
}

std::string read_file(std::string const& path, std::int64_t most) {
  if (path == "-") {
    std::string bytes = read_standard_input(most);
    return begins_like_gzip(bytes) ? gunzip(bytes, "standard input", most) : bytes;
  }
  std::error_code error;
  auto const status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw UsageError(path + ": there is no such file");
  }
  if (error) throw UsageError(path + ": cannot be opened: " + error.message());
  if (std::filesystem::is_directory(status)) {
    throw UsageError(path + ": is a directory; a file is expected");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw UsageError(path + ": is a pipe or a device; a regular file is expected");
  }
  auto const size = std::filesystem::file_size(path, error);
  if (error) throw UsageError(path + ": cannot be read: " + error.message());
  if (size > static_cast<std::uintmax_t>(most)) {
    throw UsageError(path + ": has " + std::to_string(size) + " bytes; at most " +
                     std::to_string(most) + " are read");
  }
  std::string bytes = read_bytes(path, static_cast<std::size_t>(size));
  return begins_like_gzip(bytes) ? gunzip(bytes, path, most) : bytes;
}

}  // namespace brood::files
