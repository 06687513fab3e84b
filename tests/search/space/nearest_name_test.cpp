// SPDX-License-Identifier: Apache-2.0
// Which misspelt names get a suggestion, and which.
#include <gtest/gtest.h>

#include "brood/value.hpp"

namespace brood {
namespace {

std::vector<std::string_view> const kNames = {
    "hidden",      "activation", "dropout", "input_dropout", "optimizer",
    "lr",          "l1",         "l2",      "batch_size",    "weight_decay",
    "lr_schedule", "momentum",   "epochs",  "patience",      "label_smoothing"};

TEST(NearestName, FindsOneWrongLetterOfEachKind) {
  EXPECT_EQ(nearest_name("hiden", kNames), "hidden");       // left out
  EXPECT_EQ(nearest_name("epoochs", kNames), "epochs");     // inserted
  EXPECT_EQ(nearest_name("momentun", kNames), "momentum");  // replaced
  EXPECT_EQ(nearest_name("rl", kNames), "lr");              // swapped: one step, not two
}

TEST(NearestName, FindsSeveralWrongLettersInALongName) {
  EXPECT_EQ(nearest_name("wieght_deccay", kNames), "weight_decay");
  EXPECT_EQ(nearest_name("label-smoothin", kNames), "label_smoothing");
}

TEST(NearestName, IgnoresCase) {
  EXPECT_EQ(nearest_name("LR", kNames), "lr");
  EXPECT_EQ(nearest_name("Batch_Size", kNames), "batch_size");
}

TEST(NearestName, GivesTheNearestAndOfEqualsTheFirst) {
  EXPECT_EQ(nearest_name("input_droput", kNames), "input_dropout");
  EXPECT_EQ(nearest_name("l3", kNames), "lr");
  EXPECT_EQ(nearest_name("l3", {"l2", "l1", "lr"}), "l2");
  EXPECT_EQ(nearest_name("lr", {"l2", "lr"}), "lr");
}

TEST(NearestName, GivesNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("colour", kNames), "");
  EXPECT_EQ(nearest_name("x", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("hidden", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'h'), kNames), "");
}

TEST(NearestName, NeverReplacesAWholeName) {
  EXPECT_EQ(nearest_name("q", {"p"}), "");
}

TEST(NearestName, CountsAThirdOfTheLettersAtMost) {
  EXPECT_EQ(nearest_name("abcdef", {"abcdxy"}), "abcdxy");
  EXPECT_EQ(nearest_name("abcdef", {"abcxyz"}), "");
}

}  // namespace
}  // namespace brood
