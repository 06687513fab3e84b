// SPDX-License-Identifier: Apache-2.0
// Lanes part and meet; warps and blocks wait for each other; what cannot be executed says why.
#include <gtest/gtest.h>

#include "machine/written_code.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;

std::string failure_of(WrittenLines const& lines, Shape const& shape = {}) {
  try {
    execute(lines, shape);
  } catch (Failure const& failure) {
    return failure.what();
  }
  return "";
}

// Each lane counts to its number.
WrittenLines const kCounting = {"S2R R0, SR_TID.X",
                                "MOV R1, RZ",
                                "BSSY B0, `(.L_end)",
                                ".L_loop:",
                                "ISETP.GE.AND P0, PT, R1, R0, PT",
                                "@P0 BRA `(.L_out)",
                                "VIADD R1, R1, 0x1",
                                "BRA `(.L_loop)",
                                ".L_out:",
                                "BSYNC B0",
                                ".L_end:"};

TEST(Control, LanesLeaveALoopOneByOneAndMeet) {
  // The shuffle would be reported if they had not.
  auto const outcome =
      execute(kCounting + WrittenLines{"SHFL.BFLY PT, R4, R1, 0x1, 0x1f"} + store_and_exit("R4"));
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
  for (u32 i = 0; i < 32; ++i)
    EXPECT_EQ(outcome.out[i], i ^ 1);
}

TEST(Control, WhoBreaksIsNotWaitedFor) {
  auto const outcome = execute(
      WrittenLines{"S2R R0, SR_TID.X", "BSSY B0, `(.L_end)", "ISETP.NE.AND P0, PT, R0, 0x3, PT",
                   "@P0 BRA `(.L_stay)", "BREAK B0", "MOV R4, 0x7", "BRA `(.L_store)",
                   ".L_stay:", "BSYNC B0", ".L_end:", "MOV R4, 0x1", ".L_store:"} +
      store_and_exit("R4"));
  for (u32 i = 0; i < 32; ++i)
    EXPECT_EQ(outcome.out[i], i == 3 ? 7u : 1u);
}

TEST(Control, WarpSyncJoinsWhatBranchesParted) {
  WrittenLines const parted = {"S2R R0, SR_TID.X", "ISETP.GT.AND P0, PT, R0, 0x7, PT",
                               "@P0 BRA `(.L_next)", "NOP", ".L_next:"};
  WrittenLines const shuffle = {"SHFL.BFLY PT, R4, R0, 0x10, 0x1f"};
  auto const apart = execute(parted + shuffle + store_and_exit("R0"));
  auto const together =
      execute(parted + WrittenLines{"WARPSYNC.ALL"} + shuffle + store_and_exit("R4"));
  ASSERT_EQ(apart.reports.all().size(), 1u);
  EXPECT_EQ(apart.reports.all()[0].fault, Fault::not_converged);
  EXPECT_TRUE(together.reports.empty()) << together.reports.text();
  EXPECT_EQ(together.out[2], 18u);
}

TEST(Control, CallsReturn) {
  auto const outcome =
      execute(WrittenLines{"MOV R0, 0x5", "MOV R32, 0x30", "CALL.REL.NOINC `(twice)",
                           "VIADD R4, R0, 0x1", "BRA `(.L_store)", "twice:", "IMAD R0, R0, 0x2, RZ",
                           "RET.REL.NODEC R32 `(written)", ".L_store:"} +
              store_and_exit("R4"));
  EXPECT_EQ(outcome.out[9], 11u);
}

// Lanes go to one of two places by a register: 0x40 and 0x60, from behind the branch at 0x30.
TEST(Control, JumpTablesPartLanes) {
  auto const outcome =
      execute(WrittenLines{"S2R R0, SR_TID.X", "LOP3.LUT R1, R0, 0x1, RZ, 0xc0, !PT",
                           "SHF.L.U32 R1, R1, 0x5, RZ", "BRX R1 -0x0", "MOV R4, 0xa",
                           "BRA `(.L_store)", "MOV R4, 0xb", ".L_store:"} +
              store_and_exit("R4"));
  for (u32 i = 0; i < 32; ++i)
    EXPECT_EQ(outcome.out[i], i % 2 == 0 ? 0xau : 0xbu);
}

TEST(Control, ALaneThatExitsIsNotWaitedFor) {
  auto const outcome = execute(WrittenLines{"S2R R0, SR_TID.X", "BSSY B0, `(.L_end)",
                                            "ISETP.EQ.AND P0, PT, R0, 0x5, PT", "@P0 EXIT",
                                            "BSYNC B0", ".L_end:", "MOV R4, 0x2"} +
                               store_and_exit("R4"));
  for (u32 i = 0; i < 32; ++i)
    EXPECT_EQ(outcome.out[i], i == 5 ? 0u : 2u);
}

// Warp 0 produces, warp 1 consumes; warp 2 has nothing to do with it.
WrittenLines handed_over(char const* consumer_waits) {
  return WrittenLines{"S2R R0, SR_TID.X",
                      "SHF.R.U32.HI R1, RZ, 0x5, R0",
                      "LOP3.LUT R2, R0, 0x1f, RZ, 0xc0, !PT",
                      "LEA R2, R2, 0x400, 0x2",
                      "MOV R4, RZ",
                      "ISETP.NE.AND P0, PT, R1, 0x1, PT",
                      "ISETP.NE.AND P1, PT, R1, RZ, PT",
                      "@!P0 BRA `(.L_consumer)",
                      "@P1 BRA `(.L_end)",
                      "STS [R2], R0",
                      "BAR.ARV 0x3, 0x40",
                      "BRA `(.L_end)",
                      ".L_consumer:",
                      consumer_waits,
                      "LDS R4, [R2]",
                      ".L_end:"} +
         store_and_exit("R4");
}

TEST(Control, NamedBarriersAreForSomeWarps) {
  auto const outcome = execute(handed_over("BAR.SYNC.DEFER_BLOCKING 0x3, 0x40"), {.threads = 96});
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
  EXPECT_EQ(outcome.out[32 + 7], 7u);
  EXPECT_NE(execute(handed_over("NOP"), {.threads = 96}).reports.text().find("race"),
            std::string::npos);
}

// Block 1 of a cluster writes its number into block 0's memory, which that one then stores.
WrittenLines written_to_neighbour(bool awaited) {
  WrittenLines lines = {"S2R R1, SR_CgaCtaId",
                        "S2R R0, SR_TID.X",
                        "LEA R2, R0, 0x400, 0x2",
                        "S2R R3, SR_SWINHI",
                        "ISETP.NE.AND P0, PT, R1, RZ, PT",
                        "@P0 ST.E desc[UR60][R2.64], R1"};
  if (awaited) lines = lines + WrittenLines{"UCGABAR_ARV", "UCGABAR_WAIT"};
  return lines + WrittenLines{"MOV R4, RZ", "LEA R5, R1, R2, 0x18", "@!P0 LDS R4, [R5]"} +
         store_and_exit("R4");
}

TEST(Control, BlocksOfAClusterReachEachOthersMemory) {
  auto const outcome = execute(written_to_neighbour(true), {.blocks = 2, .cluster = 2});
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
  EXPECT_EQ(outcome.out[0], 1u);
  EXPECT_EQ(outcome.out[32], 0u);
}

TEST(Control, ClustersRaceWithoutTheirBarrier) {
  auto const outcome = execute(written_to_neighbour(false), {.blocks = 2, .cluster = 2});
  EXPECT_NE(outcome.reports.text().find("race: a write of shared address"), std::string::npos)
      << outcome.reports.text();
}

TEST(Control, ADeadlockSaysWhoWaitsWhere) {
  auto const text = failure_of(
      {"S2R R0, SR_TID.X", "ISETP.GT.AND P0, PT, R0, 0x1f, PT", "@P0 BRA `(.L_other)",
       "BAR.SYNC.DEFER_BLOCKING 0x0", "EXIT", ".L_other:", "UCGABAR_ARV", "UCGABAR_WAIT", "EXIT"},
      {.threads = 64});
  EXPECT_NE(text.find("deadlock"), text.npos);
  EXPECT_NE(text.find("warp 0, all lanes at 0x30: BAR.SYNC"), text.npos) << text;
  EXPECT_NE(text.find("warp 1, all lanes at 0x60: UCGABAR_WAIT"), text.npos) << text;
  EXPECT_NE(failure_of({"UCGABAR_WAIT", "EXIT"}).find("has not arrived"), std::string::npos);
}

TEST(Control, AnUnknownInstructionIsNamed) {
  EXPECT_NE(failure_of({"FROB.X R0, R1", "EXIT"}).find("unknown instruction: FROB.X R0, R1"),
            std::string::npos);
  EXPECT_NE(failure_of({"IADD3.FOO R0, R1, R2, R3", "EXIT"}).find("IADD3.FOO"), std::string::npos);
  EXPECT_EQ(failure_of({"BRA `(.L_end)", "FROB R0", ".L_end:", "EXIT"}), "");
}

}  // namespace
}  // namespace brood::machine
