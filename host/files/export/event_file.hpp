// SPDX-License-Identifier: Apache-2.0
// An event file of TensorBoard: records of a length, bytes and their checksums, the first of which
// says the version.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "files/export/protobuf.hpp"

namespace brood::files {

// CRC-32C (Castagnoli), and as records hold it.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t masked_crc32c(std::string_view bytes);

class EventFile {
 public:
  // wall_time: seconds since 1970-01-01 in UTC, of the events that follow, too.
  explicit EventFile(double wall_time);

  void add_scalar(std::string_view tag, std::int64_t step, float value);
  // Of a plugin: `content` is its own message.
  void add_plugin(std::string_view tag, std::string_view plugin, Message const& content);

  // Of the events that follow.
  void set_wall_time(double seconds) { wall_time_ = seconds; }

  std::string const& bytes() const { return bytes_; }
  // What TensorBoard finds such files by.
  std::string const& name() const { return name_; }

 private:
  void add_record(Message const& event);
  double wall_time_;
  std::string name_, bytes_;
};

}  // namespace brood::files
