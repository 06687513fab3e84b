// SPDX-License-Identifier: Apache-2.0
// The examples of https://protobuf.dev/programming-guides/encoding.
#include "files/export/protobuf.hpp"

#include <gtest/gtest.h>

#include "files/export/hex.hpp"

namespace brood::files {
namespace {

TEST(Protobuf, HasTheBytesOfTheGuide) {
  EXPECT_EQ(hex(Message().whole(1, 150).bytes()), "089601");
  EXPECT_EQ(hex(Message().whole(1, -2).bytes()), "08feffffffffffffffff01");
  EXPECT_EQ(hex(Message().text(2, "testing").bytes()), "120774657374696e67");
  EXPECT_EQ(hex(Message().message(3, Message().whole(1, 150)).bytes()), "1a03089601");
  std::int64_t const packed[] = {3, 270, 86942};
  EXPECT_EQ(hex(Message().wholes(6, packed).bytes()), "3206038e029ea705");
}

TEST(Protobuf, HasRealsAsTheyLieInMemory) {
  EXPECT_EQ(hex(Message().real(2, 0.5f).bytes()), "150000003f");
  EXPECT_EQ(hex(Message().real(1, 0.01).bytes()), "097b14ae47e17a843f");
}

TEST(Protobuf, FieldsBeyondFifteenHaveTwoBytes) {
  EXPECT_EQ(hex(Message().whole(20, 7).bytes()), "a00107");
}

}  // namespace
}  // namespace brood::files
