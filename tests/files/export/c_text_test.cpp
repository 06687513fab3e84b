// SPDX-License-Identifier: Apache-2.0
// What users' names and texts become in C. That whole headers compile and predict is shown by
// tests/tools/export_test.py.
#include "files/export/c_text.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "brood/files/export.hpp"

namespace brood::files {
namespace {

TEST(CText, ColumnsBecomeIdentifiersNoTwoAlike) {
  EXPECT_EQ(c_members({"a b", "a-b", "a_b_2", "1st", "_x", "while", "NAN", "FLT_MAX", ""}),
            (std::vector<std::string>{"a_b", "a_b_2", "a_b_2_2", "c1st", "c_x", "while_", "NAN_",
                                      "FLT_MAX_", "c"}));
}

TEST(CText, LiteralsEscapeWhatCompilersMayTakeForSomethingElse) {
  EXPECT_EQ(c_string("a\"b\\c"), R"("a\042b\134c")");
  EXPECT_EQ(c_string("what?\?/"), R"("what\077\077/")");
  EXPECT_EQ(c_string("\xc3\xa4\n"
                     "1"),
            R"("\303\244\0121")");
  EXPECT_EQ(c_string("a@b"), R"("a\100b")");
  EXPECT_EQ(c_comment("*/ /*"), R"(\052\057 \057\052)");
}

TEST(CText, NumbersAreFloating) {
  EXPECT_EQ(c_number(1), "1.0");
  EXPECT_EQ(c_number(-2.5), "-2.5");
  EXPECT_EQ(c_number(1e300), "1e+300");
  float const values[] = {1, 0.1f, std::numeric_limits<float>::denorm_min()};
  EXPECT_EQ(c_table("x", values), "static const float x[3] = {\n    1.0f, 0.1f, 1e-45f};\n");
}

}  // namespace
}  // namespace brood::files
