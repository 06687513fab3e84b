// SPDX-License-Identifier: Apache-2.0
// Field numbers as in tensorboard/compat/proto/{event,summary,tensor}.proto.
#include "files/export/event_file.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace brood::files {

namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit)
      rest = rest >> 1 ^ ((rest & 1) != 0 ? kPolynomial : 0);
    table[byte] = rest;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

template <class T>
std::string_view bytes_of(T const& value) {
  return {reinterpret_cast<char const*>(&value), sizeof(value)};
}

// Event{wall_time=1, step=2, summary=5{value=1}}
Message summary_event(double wall_time, std::int64_t step, Message const& value) {
  Message event;
  event.real(1, wall_time);
  if (step != 0) event.whole(2, step);
  return event.message(5, Message().message(1, value));
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t rest = ~0u;
  for (char const c : bytes)
    rest = rest >> 8 ^ kTable[(rest ^ static_cast<unsigned char>(c)) & 0xff];
  return ~rest;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  std::uint32_t const crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

EventFile::EventFile(double wall_time) : wall_time_(wall_time) {
  char name[64];
  std::snprintf(name, sizeof(name), "events.out.tfevents.%010lld.brood.0.0",
                static_cast<long long>(std::floor(wall_time)));
  name_ = name;
  add_record(Message().real(1, wall_time_).text(3, "brain.Event:2"));
}

void EventFile::add_record(Message const& event) {
  std::uint64_t const length = event.bytes().size();
  std::uint32_t const of_length = masked_crc32c(bytes_of(length));
  std::uint32_t const of_bytes = masked_crc32c(event.bytes());
  bytes_ += bytes_of(length);
  bytes_ += bytes_of(of_length);
  bytes_ += event.bytes();
  bytes_ += bytes_of(of_bytes);
}

void EventFile::add_scalar(std::string_view tag, std::int64_t step, float value) {
  add_record(summary_event(wall_time_, step, Message().text(1, tag).real(2, value)));
}

void EventFile::add_plugin(std::string_view tag, std::string_view plugin, Message const& content) {
  // A tensor of nothing: DT_FLOAT of shape [0].
  Message const null_tensor = Message().whole(1, 1).message(2, Message().message(2, Message()));
  Message const plugin_data = Message().text(1, plugin).message(2, content);
  Message const metadata = Message().message(1, plugin_data);
  add_record(summary_event(wall_time_, 0,
                           Message().text(1, tag).message(8, null_tensor).message(9, metadata)));
}

}  // namespace brood::files
