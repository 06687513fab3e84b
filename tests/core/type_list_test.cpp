// SPDX-License-Identifier: Apache-2.0
#include "core/type_list.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/activation.hpp"
#include "core/init.hpp"
#include "core/loss.hpp"
#include "core/lr_schedule.hpp"
#include "core/optimizer.hpp"

namespace brood {
namespace {

struct First {
  static constexpr char const* name = "first";
};
struct Second {
  static constexpr char const* name = "second";
};
struct Stranger {};
using Two = TypeList<First, Second>;

static_assert(Two::size == 2);
static_assert(index_of<First>(Two{}) == 0 && index_of<Second>(Two{}) == 1);
static_assert(index_of<Stranger>(Two{}) == -1);

std::string visited(int index) {
  std::string name = "none";
  visit(Two{}, index, [&](auto type) { name = decltype(type)::name; });
  return name;
}

TEST(TypeList, VisitCallsTheTypeAtTheIndexOnly) {
  EXPECT_EQ(visited(0), "first");
  EXPECT_EQ(visited(1), "second");
  EXPECT_EQ(visited(2), "none");
  EXPECT_EQ(visited(-1), "none");
}

template <class List>
void expect_distinct_names() {
  std::set<std::string> const names(std::begin(List::names), std::end(List::names));
  EXPECT_EQ(static_cast<int>(names.size()), List::size);
}

TEST(TypeList, NamesWithinAListAreDistinct) {
  expect_distinct_names<Activations>();
  expect_distinct_names<Inits>();
  expect_distinct_names<Losses>();
  expect_distinct_names<LrSchedules>();
  expect_distinct_names<Optimizers>();
}

}  // namespace
}  // namespace brood
