// SPDX-License-Identifier: Apache-2.0
// Columns that fp32 does not hold as they are: what becomes of their numbers, and that they come
// back.
#include "data/frame.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "columns.hpp"

namespace brood {
namespace {

using test::numbers;
using test::texts;
using Columns = std::vector<Column>;
using Numbers = std::vector<double>;

TEST(Frame, LeavesAloneWhatFp32Holds) {
  for (Numbers const& numbers : {Numbers{}, Numbers{0, 0}, Numbers{1, 2, 3}, Numbers{0.1, 0.2},
                                 Numbers{1e6, 1e6 + 1000}, Numbers{-1e30, 1e30}, Numbers{7, 7, 7},
                                 Numbers{test::kNaN, 1, 2}, Numbers{1600000000, 1700000000}}) {
    EXPECT_TRUE(frame_of(numbers, kInputMagnitudes).is_plain()) << testing::PrintToString(numbers);
  }
}

// Seconds of a day, days as whole numbers, and a frequency with decimals: in fp32 their neighbours
// are one number.
TEST(Frame, TellsNeighboursApart) {
  for (double const origin : {1600000000.0, 20180128.0, 1420405751.768, -1e12, 1e15}) {
    Numbers numbers;
    for (int i = 0; i < 400; ++i)
      numbers.push_back(origin + i * 0.25);
    Frame const frame = frame_of(numbers, kInputMagnitudes);
    ASSERT_FALSE(frame.is_plain()) << origin;
    std::set<float> inside;
    for (double const number : numbers) {
      auto const x = static_cast<float>(frame.inside(number));
      EXPECT_LE(std::fabs(x), 4.0f) << "in deviations";
      inside.insert(x);
      EXPECT_NEAR(frame.outside(static_cast<double>(x)), number, 0.25 / 1000);
    }
    EXPECT_EQ(inside.size(), numbers.size()) << origin;
  }
}

// A unit is a power of two and the origin a multiple of it: what stands between values and inputs
// is exact, so inputs do not depend on which rows are in a file.
TEST(Frame, RoundsNothingButTheDistance) {
  Numbers const numbers{20180128, 20180129, 20180131, 20180201};
  Frame const frame = frame_of(numbers, kInputMagnitudes);
  int exponent = 0;
  EXPECT_EQ(std::frexp(frame.unit, &exponent), 0.5);
  EXPECT_EQ(std::trunc(frame.origin / frame.unit), frame.origin / frame.unit);
  for (double const number : numbers)
    EXPECT_EQ(frame.outside(static_cast<double>(static_cast<float>(frame.inside(number)))), number);
}

TEST(Frame, BringsEveryScaleNearOne) {
  for (double const size : {1e-300, 1e-40, 1e-27, 1e16, 1e24, 1e40, 1e300, 8.9e307}) {
    Numbers const numbers{-size, size, 2 * size, size / 2};
    Frame const frame = frame_of(numbers, kTargetMagnitudes);
    ASSERT_FALSE(frame.is_plain()) << size;
    for (double const number : numbers) {
      double const inside = frame.inside(number);
      EXPECT_LE(std::fabs(inside), 4) << size;
      EXPECT_NEAR(frame.outside(inside), number, size * 1e-9) << size;
    }
  }
  EXPECT_TRUE(frame_of(Numbers{1e14, 2e14}, kTargetMagnitudes).is_plain());
  EXPECT_TRUE(frame_of(Numbers{1e-14, 3e-14}, kTargetMagnitudes).is_plain());
}

TEST(Frame, OfOneHugeNumberIsTheNumber) {
  Frame const frame = frame_of(Numbers{1e300, 1e300}, kInputMagnitudes);
  EXPECT_EQ(frame.inside(1e300), 0);
}

TEST(Framed, InputsAreLearnedFromAndComeOutTheSameInAnyFile) {
  Numbers seconds;
  std::vector<std::string> labels;
  for (int i = 0; i < 200; ++i) {
    seconds.push_back(1600000000.0 + i);
    labels.push_back(i % 2 == 0 ? "even" : "odd");
  }
  Dataset const dataset =
      make_dataset(Columns{numbers("t", seconds), texts("y", labels)}, {.targets = {"y"}});
  std::vector<float> const one =
      encode_inputs(Columns{numbers("t", {seconds[17]})}, dataset.encoding);
  EXPECT_EQ(one[0], dataset.x[17]);
  Transform const transform = fit_transform(dataset.table(), std::vector<std::int32_t>{0, 50, 199});
  EXPECT_GT(transform.scale[0], 0) << "no constant";
}

TEST(Framed, TargetsOfOneStudyShareAUnit) {
  Numbers mass, height, x;
  for (int i = 0; i < 50; ++i) {
    x.push_back(i);
    mass.push_back((i + 0.5) * 1e24);
    height.push_back(1e9 + i);
  }
  Dataset const dataset =
      make_dataset(Columns{numbers("x", x), numbers("mass", mass), numbers("height", height)},
                   {.targets = {"mass", "height"}, .task = Task::regression});
  auto const& frames = dataset.encoding.frames;
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].unit, frames[1].unit);
  EXPECT_EQ(dataset.table().target_unit, frames[0].unit);
  EXPECT_NEAR(dataset.encoding.in_user_units(0, dataset.y[2 * 7]), mass[7], 1e18);
}

TEST(Framed, ANumberBeyondFp32InAnotherFileIsItsLargest) {
  Dataset const dataset = make_dataset(
      Columns{numbers("x", {1, 2, 3, 4}), texts("y", {"a", "b", "a", "b"})}, {.targets = {"y"}});
  std::vector<float> const x = encode_inputs(Columns{numbers("x", {1e300})}, dataset.encoding);
  EXPECT_EQ(x[0], std::numeric_limits<float>::max());
}

TEST(DatasetNotes, NameColumnsThatSayNothingAndNumbersThatRunTogether) {
  Numbers ids;
  for (int i = 0; i < 100; ++i)
    ids.push_back(1e9 * i + i % 2);
  ids[1] = ids[0] + 1;
  Numbers const ones(100, 3.0), none(100, test::kNaN);
  std::vector<std::string> const same(100, "x");
  std::vector<std::string> labels(100, "a");
  labels[5] = labels[6] = "b";
  ids[8] = ids[7] + 1;  // next to each other, far from the origin
  Dataset const dataset =
      make_dataset(Columns{numbers("id", ids), numbers("one", ones), numbers("none", none),
                           texts("same", same), texts("y", labels)},
                   {.targets = {"y"}});
  ASSERT_EQ(dataset.notes.size(), 3u) << testing::PrintToString(dataset.notes);
  EXPECT_NE(dataset.notes[0].find("column 'id'"), std::string::npos) << dataset.notes[0];
  EXPECT_EQ(dataset.notes[1], "without a single value: none");
  EXPECT_EQ(dataset.notes[2], "the same in every row: one, same");
}

}  // namespace
}  // namespace brood
