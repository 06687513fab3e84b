// SPDX-License-Identifier: Apache-2.0
// What single instructions do, from NVIDIA's descriptions of PTX and of what ptxas makes of it.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "machine/written_code.hpp"

namespace brood::machine {
namespace {

using u32 = std::uint32_t;

struct Case {
  char const* instruction;  // of R0, R1, R2 to R4 (and R5)
  u32 a, b, c, expected;
  char const* result = "R4";
};
void PrintTo(Case const& c, std::ostream* out) {
  *out << c.instruction;
}

std::string hexadecimal(u32 value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", value);
  return text;
}

class Operations : public ::testing::TestWithParam<Case> {};

TEST_P(Operations, AreAsDescribed) {
  Case const& c = GetParam();
  WrittenLines const lines = {"MOV R0, " + hexadecimal(c.a), "MOV R1, " + hexadecimal(c.b),
                              "MOV R2, " + hexadecimal(c.c), "MOV R3, " + hexadecimal(c.c),
                              "MOV R4, 0x0", "MOV R5, 0x0", "R2UR UR0, R0", "R2UR UR1, R1",
                              "R2UR UR2, R2",
                              // P1 holds, P2 does not.
                              "PLOP3.LUT P1, P2, PT, PT, PT, 0x80, 0x0", c.instruction};
  auto const outcome = execute(lines + store_and_exit(c.result));
  EXPECT_EQ(outcome.out[0], c.expected) << hexadecimal(outcome.out[0]);
  EXPECT_EQ(outcome.out[31], c.expected);
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
}

constexpr u32 kNan = 0x7fffffff, kInfinity = 0x7f800000, kOne = 0x3f800000, kTwo = 0x40000000;

INSTANTIATE_TEST_SUITE_P(
    Integers, Operations,
    ::testing::Values(
        Case{"IADD3 R4, R0, -R1, R2", 10, 3, 100, 107},
        Case{"IADD3 R4, R0, -0x1, RZ", 0, 0, 0, ~0u},
        Case{"IADD3.X R4, R0, ~R1, RZ, P1, !PT", 5, 2, 0, 3},
        Case{"IADD3.X R4, R0, R1, RZ, P2, !PT", 5, 2, 0, 7},
        Case{"IMAD R4, R0, R1, R2", 7, 6, 5, 47}, Case{"IMAD.MOV R4, RZ, RZ, -R2", 0, 0, 9, 0u - 9},
        Case{"IMAD.X R4, RZ, RZ, ~R2, P1", 0, 0, 9, ~9u + 1},
        Case{"IMAD.WIDE R4, R0, R1, R2", ~0u, 3, 0, 0u - 3},
        Case{"IMAD.WIDE R4, R0, R1, R2", ~0u, 3, 0, ~0u, "R5"},
        Case{"IMAD.WIDE.U32 R4, R0, R1, R2", ~0u, 3, 0, 2, "R5"},
        Case{"IMAD.HI.U32 R4, R0, R1, RZ", 0x80000000, 6, 0, 3},
        Case{"VIADDMNMX R4, R0, R1, R2, PT", 5, ~0u, 7, 4},
        Case{"VIADDMNMX R4, R0, R1, R2, !PT", 5, ~0u, 7, 7},
        Case{"VIADDMNMX.U32 R4, R0, R1, R2, PT", 0, ~0u, 7, 7},
        Case{"VIMNMX.RELU R4, R0, R1, PT", 0u - 5, 3, 0, 0},
        Case{"LEA R4, R0, R1, 0x2", 3, 100, 0, 112},
        Case{"LEA.HI R4, R0, R1, RZ, 0x2", 0xc0000000, 100, 0, 103},
        Case{"LEA.HI.X R4, R0, R1, R2, 0x4, P1", 0xf0000000, 100, 2, 100 + 32 + 15 + 1},
        Case{"LEA.HI.SX32 R4, R0, R1, 0x1", 0u - 2, 100, 0, 99},
        Case{"LEA.HI.X.SX32 R4, R0, R1, 0x1, P1", 0u - 2, 100, 0, 100},
        Case{"SHF.L.U32 R4, R0, R1, RZ", 3, 4, 0, 48},
        Case{"SHF.L.U32 R4, R0, R1, RZ", 3, 40, 0, 0},
        Case{"SHF.R.U32.HI R4, RZ, R1, R2", 0, 4, 0x80, 8},
        Case{"SHF.R.S32.HI R4, RZ, 0x1f, R2", 0, 0, 0x80000000, ~0u},
        Case{"SHF.L.U64.HI R4, R0, 0x4, R2", 0xf0000000, 0, 1, 0x1f},
        Case{"SHF.R.U64 R4, R0, 0x4, R2", 0x10, 0, 3, 0x30000001},
        Case{"SHF.L.W.U32.HI R4, R0, 0x8, R2", 0x12345678, 0, 0x12345678, 0x34567812},
        Case{"SHF.R.S64 R4, RZ, 0x3d, R2", 0, 0, 0x80000000, 0u - 4},
        Case{"LOP3.LUT R4, R0, R1, RZ, 0xc0, !PT", 12, 10, 0, 8},
        Case{"LOP3.LUT R4, R0, R1, R2, 0x96, !PT", 12, 10, 3, 12 ^ 10 ^ 3},
        Case{"LOP3.LUT R4, R0, R1, R2, 0xca, !PT", 0xff00, 0x1234, 0xabcd, 0x12cd},
        Case{"PRMT R4, R0, 0x5410, R2", 0x11112222, 0, 0x33334444, 0x44442222},
        Case{"PRMT R4, R0, 0xbbb3, R2", 0x81000000, 0, 0, 0xffffff81},
        Case{"SGXT R4, R0, 0x8", 0x180, 0, 0, 0xffffff80}, Case{"IABS R4, R0", 0u - 7, 0, 0, 7},
        Case{"FLO.U32 R4, R0", 0x100, 0, 0, 8}, Case{"FLO.U32.SH R4, R0", 0x100, 0, 0, 23},
        Case{"FLO.U32 R4, R0", 0, 0, 0, ~0u}, Case{"POPC R4, R0", 0xf0f, 0, 0, 8},
        Case{"BREV R4, R0", 1, 0, 0, 0x80000000}, Case{"SEL R4, R0, R1, P2", 1, 2, 0, 2},
        Case{"P2R R4, PR, RZ, 0x6", 0, 0, 0, 2}));

INSTANTIATE_TEST_SUITE_P(
    Uniform, Operations,
    ::testing::Values(Case{"UIADD3 UR4, UR0, -0x3, URZ", 10, 0, 0, 7, "UR4"},
                      Case{"ULEA UR4, UR0, UR1, 0x18", 2, 5, 0, 0x02000005, "UR4"},
                      Case{"ULEA.HI UR4, UR0, UR1, UR2, 0x4", 0xf0000000, 100, 2, 147, "UR4"},
                      Case{"ULEA.HI.X UR4, UR0, UR1, UR2, 0x4, UPT", 0xf0000000, 100, 2, 148,
                           "UR4"},
                      Case{"UIMAD UR4, UR0, UR1, UR2", 7, 6, 5, 47, "UR4"},
                      Case{"UIMAD.WIDE.U32 UR4, UR0, UR1, URZ", ~0u, 3, 0, 2, "UR5"},
                      Case{"ULOP3.LUT UR4, UR0, UR1, UR2, 0x96, !UPT", 12, 10, 3, 5, "UR4"},
                      Case{"USHF.R.S32.HI UR4, URZ, 0x1f, UR0", 0x80000000, 0, 0, ~0u, "UR4"},
                      Case{"UMOV UR4, 0x7", 0, 0, 0, 7, "UR4"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Operations,
    ::testing::Values(Case{"FADD R4, R0, -R1", kTwo, kOne, 0, kOne},
                      Case{"FFMA R4, R0, R1, R2", 0x3f800001, 0x3f800001, 0xbf800002, 0x28800000},
                      Case{"FMUL R4, R0, R1", 1, kTwo, 0, 2},
                      Case{"FMUL.FTZ R4, R0, R1", 1, kTwo, 0, 0},
                      Case{"FFMA.RP R4, R0, R1, R2", kOne, 1, kOne, kOne + 1},
                      Case{"FFMA.RM R4, R0, R1, R2", kOne, 1, kOne, kOne},
                      Case{"FMNMX R4, R0, R1, PT", kNan, kOne, 0, kOne},
                      Case{"FMNMX.NAN R4, R0, R1, PT", kNan, kOne, 0, kNan},
                      Case{"FMNMX R4, R0, R1, !PT", 0x80000000, 0, 0, 0},
                      Case{"FSEL R4, -R0, R1, P1", kOne, kTwo, 0, 0xbf800000},
                      Case{"FSET.BF.GT.AND R4, R0, R1, PT", kTwo, kOne, 0, kOne},
                      Case{"MUFU.RCP R4, R0", kTwo, 0, 0, 0x3f000000},
                      Case{"MUFU.EX2 R4, R0", kTwo, 0, 0, 0x40800000},
                      Case{"MUFU.LG2 R4, R0", kTwo, 0, 0, kOne},
                      Case{"MUFU.RSQ R4, R0", 0x40800000, 0, 0, 0x3f000000},
                      Case{"F2FP.TF32.F32.PACK_B R4, R0", 0x3f801000, 0, 0, 0x3f800000},
                      Case{"F2FP.TF32.F32.PACK_B R4, R0", 0x3f803000, 0, 0, 0x3f804000},
                      Case{"F2FP.TF32.F32.PACK_B R4, R0", 0xffc00000, 0, 0, kNan},
                      Case{"F2FP.BF16.F32.PACK_AB R4, R0, R1", kOne, kTwo, 0, 0x3f804000},
                      Case{"F2I.TRUNC.NTZ R4, R0", 0xc0200000, 0, 0, 0u - 2},
                      Case{"F2I.U32.TRUNC.NTZ R4, R0", 0xc0200000, 0, 0, 0},
                      Case{"F2I.TRUNC.NTZ R4, R0", kInfinity, 0, 0, 0x7fffffff},
                      Case{"F2I.FTZ.U32.TRUNC.NTZ R4, R0", kNan, 0, 0, 0},
                      Case{"I2FP.F32.S32 R4, R0", 0u - 2, 0, 0, 0xc0000000},
                      Case{"I2F.U32.RP R4, R0", 0x1000001, 0, 0, 0x4b800001},
                      Case{"I2F.F64 R4, R0", 0u - 2, 0, 0, 0xc0000000, "R5"},
                      Case{"F2F.F64.F32 R4, R0", kTwo, 0, 0, 0x40000000, "R5"},
                      Case{"DADD R4, R2, -R2", 0, 0, 0x40000000, 0, "R5"},
                      Case{"DFMA R4, R2, R2, RZ", 0, 0, 0x40000000, 0x40100000, "R5"},
                      Case{"MUFU.RCP64H R4, R0", 0x40000000, 0, 0, 0x3fe00000}));

// What a comparison says, as a number: 1 where it holds.
struct Comparison {
  char const* instruction;  // of P0
  u32 a, b;
  bool holds;
};
void PrintTo(Comparison const& c, std::ostream* out) {
  *out << c.instruction;
}
class Comparisons : public ::testing::TestWithParam<Comparison> {};

TEST_P(Comparisons, AreAsDescribed) {
  Comparison const& c = GetParam();
  WrittenLines const lines = {"MOV R0, " + hexadecimal(c.a), "MOV R1, " + hexadecimal(c.b),
                              "PLOP3.LUT P1, P2, PT, PT, PT, 0x80, 0x0", c.instruction,
                              "SEL R4, RZ, 0x1, !P0"};
  EXPECT_EQ(execute(lines + store_and_exit("R4")).out[7], c.holds);
}

INSTANTIATE_TEST_SUITE_P(
    , Comparisons,
    ::testing::Values(Comparison{"ISETP.LT.AND P0, PT, R0, R1, PT", ~0u, 0, true},
                      Comparison{"ISETP.LT.U32.AND P0, PT, R0, R1, PT", ~0u, 0, false},
                      Comparison{"ISETP.EQ.OR P0, PT, R0, R1, P1", 1, 2, true},
                      Comparison{"ISETP.GE.AND.EX P0, PT, R0, R1, PT, P2", 5, 5, false},
                      Comparison{"ISETP.GE.AND.EX P0, PT, R0, R1, PT, P1", 5, 5, true},
                      Comparison{"ISETP.NE.AND.EX P0, PT, R0, R1, PT, P1", 5, 5, true},
                      Comparison{"FSETP.NEU.AND P0, PT, R0, R1, PT", kNan, kOne, true},
                      Comparison{"FSETP.NE.AND P0, PT, R0, R1, PT", kNan, kOne, false},
                      Comparison{"FSETP.GEU.AND P0, PT, |R0|, R1, PT", 0xc0000000, kOne, true},
                      Comparison{"FSETP.NAN.AND P0, PT, R0, R0, PT", kNan, 0, true},
                      Comparison{"FSETP.GT.FTZ.AND P0, PT, R0, RZ, PT", 1, 0, false},
                      Comparison{"DSETP.GTU.AND P0, PT, R0, R0, PT", 0, 0x40000000, false},
                      Comparison{"LOP3.LUT P0, RZ, R0, R1, RZ, 0xc0, !PT", 4, 8, false},
                      Comparison{"VOTE.ANY P0, !P1", 0, 0, false},
                      Comparison{"VOTE.ALL P0, P1", 0, 0, true}));

TEST(Operation, CarriesGoFromSumToSum) {
  auto const outcome = execute(WrittenLines{"MOV R0, 0xffffffff", "IADD3 R4, P0, R0, 0x1, RZ",
                                            "IADD3.X R5, RZ, 0x7, RZ, P0, !PT"} +
                               store_and_exit("R5"));
  EXPECT_EQ(outcome.out[0], 8u);
}

// A 64-bit address: the carry of the low half goes to the high one.
TEST(Operation, CarriesGoFromHalfToHalfOfAUniformAddress) {
  auto const outcome = execute(
      WrittenLines{"MOV R0, 0x8000001", "MOV R1, 0xffffffff", "R2UR UR0, R0", "R2UR UR1, R1",
                   "ULEA UR4, UP0, UR0, UR1, 0x5", "ULEA.HI.X UR5, UR0, UR0, URZ, 0x5, UP0"} +
      store_and_exit("UR5"));
  EXPECT_EQ(outcome.out[0], 0x8000001u + 1 + 1);
}

TEST(Operation, ShufflesMoveValuesBetweenLanes) {
  auto const lines = WrittenLines{"S2R R0, SR_TID.X"};
  auto shuffled = [&](char const* instruction) {
    return execute(lines + WrittenLines{instruction} + store_and_exit("R4")).out;
  };
  auto const butterfly = shuffled("SHFL.BFLY PT, R4, R0, 0x10, 0x1f");
  auto const index = shuffled("SHFL.IDX PT, R4, R0, 0x5, 0x1f");
  auto const up = shuffled("SHFL.UP PT, R4, R0, 0x1, 0x0");
  auto const down = shuffled("SHFL.DOWN PT, R4, R0, 0x2, 0x1f");
  for (u32 i = 0; i < 32; ++i) {
    EXPECT_EQ(butterfly[i], i ^ 16);
    EXPECT_EQ(index[i], 5u);
    EXPECT_EQ(up[i], i == 0 ? 0 : i - 1);
    EXPECT_EQ(down[i], i < 30 ? i + 2 : i);
  }
}

// A (g, k) = g, B (k, n) = 1 for k = 0 alone, C = 100: D (g, n) = g + 100.
TEST(Operation, TensorCoresMultiplyFragments) {
  auto const outcome = execute(
      WrittenLines{"S2R R0, SR_TID.X", "SHF.R.U32.HI R1, RZ, 0x2, R0", "I2FP.F32.S32 R8, R1",
                   "VIADD R2, R1, 0x8", "I2FP.F32.S32 R9, R2", "MOV R10, R8", "MOV R11, R9",
                   // B's first register has k = lane % 4.
                   "LOP3.LUT P0, RZ, R0, 0x3, RZ, 0xc0, !PT", "MOV R12, 0x3f800000",
                   "SEL R12, R12, RZ, !P0", "MOV R13, RZ", "MOV R16, 0x42c80000", "MOV R17, R16",
                   "MOV R18, R16", "MOV R19, R16", "HMMA.1688.F32.TF32 R4, R8, R12, R16",
                   "F2I.TRUNC.NTZ R20, R4", "F2I.TRUNC.NTZ R21, R7", "LEA R4, R21, R20, 0x10"} +
      store_and_exit("R4"));
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
  for (u32 i = 0; i < 32; ++i)
    EXPECT_EQ(outcome.out[i], (i / 4 + 8 + 100) << 16 | (i / 4 + 100));
}

TEST(Operation, AtomicUpdatesComeOneByOne) {
  WrittenLines const begin = {"S2R R0, SR_TID.X", "ISETP.NE.AND P0, PT, R0, RZ, PT",
                              "MOV R2, 0x400", "@!P0 STS [R2], RZ"};
  auto updated = [&](WrittenLines const& lines) {
    auto const outcome = execute(begin + lines + store_and_exit("R4"));
    EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
    return outcome.out;
  };
  auto const sums = updated({"ATOMS.ADD R4, [R2], R0"});
  auto const most =
      updated({"VIADD R1, R0, 0xfffffffe", "ATOMS.MAX.S32 RZ, [R2], R1", "LDS R4, [R2]"});
  auto const taken = updated({"MOV R5, 0x0", "MOV R6, 0x9", "ATOMS.CAS R4, [R2], R5, R6"});
  EXPECT_EQ(sums[31], 30u * 31 / 2);
  EXPECT_EQ(most[3], 29u);
  EXPECT_EQ(taken[0], 0u);
  EXPECT_EQ(taken[1], 9u);
  auto const global =
      execute(WrittenLines{"S2R R0, SR_TID.X", "LDC.64 R10, c[0x0][0x210]",
                           "RED.E.ADD.STRONG.GPU desc[UR4][R10.64+0x4], R0", "EXIT"});
  EXPECT_EQ(global.out[1], 31u * 32 / 2);
}

TEST(Operation, MatricesAreLoadedTransposed) {
  // Row r of the only matrix holds 8 r + c in halves; lane (g, t) gets columns g of rows 2t, 2t
  // + 1.
  WrittenLines lines = {"S2R R0, SR_TID.X",
                        "SHF.R.U32.HI R1, RZ, 0x2, R0",
                        "LOP3.LUT R2, R0, 0x3, RZ, 0xc0, !PT",
                        "SHF.L.U32 R2, R2, 0x1, RZ",
                        "LEA R2, R1, R2, 0x3",
                        "VIADD R3, R2, 0x1",
                        "LEA R3, R3, R2, 0x10",
                        "LEA R4, R0, 0x400, 0x2",
                        "STS [R4], R3",
                        "LOP3.LUT R5, R0, 0x7, RZ, 0xc0, !PT",
                        "LEA R5, R5, 0x400, 0x4",
                        "LDSM.16.MT88 R4, [R5]"};
  auto const outcome = execute(lines + store_and_exit("R4"));
  EXPECT_TRUE(outcome.reports.empty()) << outcome.reports.text();
  for (u32 i = 0; i < 32; ++i) {
    u32 const g = i / 4, t = i % 4;
    EXPECT_EQ(outcome.out[i], (8 * (2 * t + 1) + g) << 16 | (8 * 2 * t + g));
  }
}

}  // namespace
}  // namespace brood::machine
