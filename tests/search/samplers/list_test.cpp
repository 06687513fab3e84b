// SPDX-License-Identifier: Apache-2.0
// List: the points, in order, and what is wrong with one.
#include <gtest/gtest.h>

#include "search/asking.hpp"

namespace brood {
namespace {

SearchSpace space() {
  SearchSpace made;
  made.uniform("lr", 0, 1).integer("width", 1, 9).constant("epochs", std::int64_t{5});
  return made;
}

TEST(List, GivesItsPointsInOrderAndEnds) {
  List const list{{Config{{"lr", 0.5}, {"width", std::int64_t{3}}},
                   Config{{"width", std::int64_t{1}}, {"lr", std::int64_t{1}}},
                   Config{{"lr", 0.5}, {"width", std::int64_t{3}}}}};
  EXPECT_TRUE(problems(list, space()).empty());
  auto const asked = ask_all({.sampler = list, .space = space(), .trials = 9, .batch = 2});
  ASSERT_EQ(asked.configs.size(), 3u);
  EXPECT_EQ(asked.configs[0],
            (Config{{"lr", 0.5}, {"width", std::int64_t{3}}, {"epochs", std::int64_t{5}}}));
  EXPECT_EQ(asked.configs[1],
            (Config{{"lr", 1.0}, {"width", std::int64_t{1}}, {"epochs", std::int64_t{5}}}));
  EXPECT_EQ(asked.configs[2], asked.configs[0]) << "a point may be picked twice";
}

TEST(List, GivesEveryParameterThatVaries) {
  EXPECT_EQ(problems(List{}, space()).front(), "The list is empty; give at least one point.");
  auto const found = problems(List{{Config{{"lr", 0.5}}}}, space());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(
      found[0],
      "Point 1 of the list: width is missing; each point of a list gives every parameter that "
      "varies.");
}

}  // namespace
}  // namespace brood
