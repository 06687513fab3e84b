// SPDX-License-Identifier: Apache-2.0
// Every kind of misuse is reported where it is, and nothing is where there is none.
#include <gtest/gtest.h>

#include "machine/written_code.hpp"

namespace brood::machine {
namespace {

struct Planted {
  char const* name;
  WrittenLines wrong, right;  // the same, but for the bug
  Fault fault;
  std::uint32_t address;
  Shape shape = {};
};
void PrintTo(Planted const& planted, std::ostream* out) {
  *out << planted.name;
}

WrittenLines const kSelf = {"S2R R0, SR_TID.X", "LEA R2, R0, 0x400, 0x2"};

WrittenLines barrier(bool there) {
  return there ? WrittenLines{"BAR.SYNC.DEFER_BLOCKING 0x0"} : WrittenLines{"NOP"};
}

// What the other of two warps wrote.
WrittenLines reads_neighbour(bool waits) {
  return kSelf + WrittenLines{"STS [R2], R0"} + barrier(waits) +
         WrittenLines{"LOP3.LUT R3, R2, 0x80, RZ, 0x3c, !PT", "LDS R4, [R3]"} +
         store_and_exit("R0");
}
// ... and overwrites what the other one reads.
WrittenLines overwrites(bool waits) {
  return kSelf +
         WrittenLines{"STS [R2], R0", "BAR.SYNC.DEFER_BLOCKING 0x0",
                      "LOP3.LUT R3, R2, 0x80, RZ, 0x3c, !PT", "LDS R4, [R3]"} +
         barrier(waits) + WrittenLines{"STS [R2], R4"} + store_and_exit("R0");
}
// All read a word in turn behind barriers; then its writer changes it.
WrittenLines many_readers(bool waits) {
  return WrittenLines{"S2R R0, SR_TID.X", "ISETP.GT.AND P0, PT, R0, 0x1f, PT",
                      "@!P0 STS [0x400], R0", "BAR.SYNC.DEFER_BLOCKING 0x0", "LDS R4, [0x400]"} +
         barrier(waits) + WrittenLines{"@!P0 STS [0x400], R4"} + store_and_exit("R0");
}
WrittenLines copies(bool awaits, bool commits = true) {
  WrittenLines lines =
      kSelf + WrittenLines{"LDC.64 R10, c[0x0][0x210]", "LDGSTS.E [R2], desc[UR60][R10.64]"};
  if (commits) lines = lines + WrittenLines{"LDGDEPBAR"};
  if (awaits) lines = lines + WrittenLines{"DEPBAR.LE SB0, 0x0"};
  lines = lines + WrittenLines{"LDS R4, [R2]"};
  if (!awaits) lines = lines + WrittenLines{"LDGDEPBAR", "DEPBAR.LE SB0, 0x0"};
  return lines + store_and_exit("R0");
}
WrittenLines shared_access(char const* address) {
  return kSelf + WrittenLines{std::string("STS ") + address + ", R0"} + store_and_exit("R0");
}
WrittenLines wide_access(char const* address) {
  return kSelf +
         WrittenLines{"LEA R2, R0, 0x400, 0x3", "MOV R4, R0", "MOV R5, R0",
                      std::string("STS.64 ") + address + ", R4"} +
         store_and_exit("R0");
}
WrittenLines global_access(char const* address) {
  return WrittenLines{"LDC.64 R10, c[0x0][0x210]", "MOV R4, RZ",
                      std::string("LDG.E R4, desc[UR60]") + address} +
         store_and_exit("R4");
}

std::vector<Planted> planted() {
  return {
      {"register_never_written", store_and_exit("R4"),
       WrittenLines{"MOV R4, RZ"} + store_and_exit("R4"), Fault::uninitialised, 0x60},
      {"register_of_some_lanes",
       WrittenLines{"S2R R0, SR_TID.X", "ISETP.GT.AND P0, PT, R0, 0x3, PT", "@P0 MOV R4, R0"} +
           store_and_exit("R4"),
       WrittenLines{"S2R R0, SR_TID.X", "MOV R4, RZ"} + store_and_exit("R4"), Fault::uninitialised,
       0x90},
      {"branch_by_nothing",
       WrittenLines{"@P3 BRA `(.L_next)", ".L_next:", "MOV R4, RZ"} + store_and_exit("R4"),
       WrittenLines{"MOV R4, RZ"} + store_and_exit("R4"), Fault::uninitialised, 0x0},
      {"shared_never_written", kSelf + WrittenLines{"LDS R4, [R2]"} + store_and_exit("R4"),
       kSelf + WrittenLines{"STS [R2], R0", "LDS R4, [R2]"} + store_and_exit("R4"),
       Fault::uninitialised, 0x90},
      {"shared_of_a_register_never_written",
       kSelf + WrittenLines{"STS [R2], R9", "LDS R4, [R2]"} + store_and_exit("R4"),
       kSelf + WrittenLines{"STS [R2], R0", "LDS R4, [R2]"} + store_and_exit("R4"),
       Fault::uninitialised, 0xa0},
      {"read_without_barrier",
       reads_neighbour(false),
       reads_neighbour(true),
       Fault::race,
       0x20,
       {.threads = 64}},
      {"write_without_barrier",
       overwrites(false),
       overwrites(true),
       Fault::race,
       0x50,
       {.threads = 64}},
      {"write_while_all_read",
       many_readers(false),
       many_readers(true),
       Fault::race,
       0x40,
       {.threads = 128}},
      {"copy_not_awaited", copies(false), copies(true), Fault::copy_in_flight, 0x50},
      {"copy_not_committed", copies(true, false), copies(true), Fault::copy_in_flight, 0x50},
      {"shared_beyond_its_end", shared_access("[R2+0xf84]"), shared_access("[R2+0xf80]"),
       Fault::out_of_bounds, 0x20},
      {"shared_of_the_system", shared_access("[R2+-0x4]"), shared_access("[R2]"),
       Fault::out_of_bounds, 0x20},
      {"shared_misaligned", shared_access("[R2+0x2]"), shared_access("[R2+0x4]"), Fault::misaligned,
       0x20},
      {"shared_pair_misaligned", wide_access("[R2+0x4]"), wide_access("[R2+0x8]"),
       Fault::misaligned, 0x50},
      {"global_beyond_its_end", global_access("[R10.64+0x80]"), global_access("[R10.64+0x7c]"),
       Fault::out_of_bounds, 0x20},
      {"global_misaligned", global_access("[R10.64+0x1]"), global_access("[R10.64+0x4]"),
       Fault::misaligned, 0x20},
  };
}

class PlantedBugs : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedBugs, AreReportedWhereTheyAre) {
  Planted const& c = GetParam();
  auto const& reports = execute(c.wrong, c.shape).reports;
  ASSERT_FALSE(reports.empty());
  Report const& first = reports.all()[0];
  EXPECT_EQ(first.fault, c.fault) << reports.text();
  EXPECT_EQ(first.address, c.address) << reports.text();
  EXPECT_EQ(first.kernel, "written");
}

TEST_P(PlantedBugs, AndNotWhereTheyAreNot) {
  Planted const& c = GetParam();
  auto const& reports = execute(c.right, c.shape).reports;
  EXPECT_TRUE(reports.empty()) << reports.text();
}

INSTANTIATE_TEST_SUITE_P(, PlantedBugs, ::testing::ValuesIn(planted()),
                         [](auto const& info) { return std::string(info.param.name); });

// A compiler compares what it has loaded only in some lanes, and joins it with what says where.
TEST(Reports, AConditionThatDecidesAloneNeedsNoOther) {
  auto const& reports =
      execute(WrittenLines{"PLOP3.LUT P1, P2, PT, PT, PT, 0x80, 0x0",
                           "ISETP.NE.AND P0, PT, R9, RZ, P2", "@P0 NOP",
                           "ISETP.NE.OR P0, PT, R9, RZ, P1", "@P0 NOP",
                           "PLOP3.LUT P0, PT, P2, P4, PT, 0x80, 0x0", "@P0 NOP", "EXIT"})
          .reports;
  EXPECT_TRUE(reports.empty()) << reports.text();
  EXPECT_FALSE(execute({"PLOP3.LUT P1, P2, PT, PT, PT, 0x80, 0x0",
                        "ISETP.NE.AND P0, PT, R9, RZ, P1", "@P0 NOP", "EXIT"})
                   .reports.empty());
  EXPECT_FALSE(execute({"PLOP3.LUT P1, P2, PT, PT, PT, 0x80, 0x0",
                        "PLOP3.LUT P0, PT, P1, P4, PT, 0x80, 0x0", "@P0 NOP", "EXIT"})
                   .reports.empty());
}

TEST(Reports, TellAPlaceOnce) {
  auto const& reports = execute(store_and_exit("R4"), {.blocks = 3}).reports;
  ASSERT_EQ(reports.all().size(), 1u);
  EXPECT_EQ(reports.all()[0].times, 3 * 32);
  EXPECT_NE(reports.text().find("uninitialised: as what is stored"), std::string::npos);
  EXPECT_NE(reports.text().find("0x60 of written (kernel): STG.E"), std::string::npos);
}

}  // namespace
}  // namespace brood::machine
