// SPDX-License-Identifier: Apache-2.0
// Event files to the byte: checksums as RFC 3720 (B.4) has them, records as TensorBoard's own
// writer makes them.
#include "files/export/event_file.hpp"

#include <gtest/gtest.h>

#include "files/export/hex.hpp"

namespace brood::files {
namespace {

std::string counted_bytes(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

TEST(Crc32c, HasTheValuesOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(counted_bytes(32)), 0x46dd794eu);
}

TEST(Crc32c, IsMaskedInRecords) {
  EXPECT_EQ(masked_crc32c("123456789"), 0xc78ab0e5u);
  EXPECT_EQ(masked_crc32c(""), 0xa282ead8u);
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), 0x0fd7fffau);
  EXPECT_EQ(masked_crc32c(std::string(32, '\xff')), 0xf909b029u);
  EXPECT_EQ(masked_crc32c(counted_bytes(32)), 0x951f7892u);
}

TEST(EventFile, BeginsWithItsVersion) {
  EventFile const events(1.7e9);
  EXPECT_EQ(hex(events.bytes()),
            "1800000000000000a37f4b22"
            "0900000040fc54d9411a0d627261696e2e4576656e743a32"
            "eced8f9d");
  EXPECT_EQ(events.name(), "events.out.tfevents.1700000000.brood.0.0");
}

TEST(EventFile, HasScalarsByStep) {
  EventFile events(1.7e9);
  std::size_t const before = events.bytes().size();
  events.set_wall_time(1.7e9 + 1);
  events.add_scalar("val/loss", 7, 0.5f);
  EXPECT_EQ(hex(events.bytes().substr(before)),
            "1e00000000000000d9dc1232"
            "0900004040fc54d94110072a110a0f0a0876616c2f6c6f7373150000003f"
            "a356450e");
}

}  // namespace
}  // namespace brood::files
