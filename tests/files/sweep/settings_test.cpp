// SPDX-License-Identifier: Apache-2.0
// What holds of every setting of every struct that lists its settings: it reads back as it was
// written, it is checked at its bounds by the library and refused in files at its place, and a
// study in which it differs is another study.
#include "brood/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "brood/brood.hpp"
#include "files/sweep/settings.hpp"
#include "files/sweeps.hpp"
#include "search/space/settings_check.hpp"
#include "study/identity.hpp"
#include "support/fixtures.hpp"

namespace brood::files {
namespace {

// ---- values of a setting: another one than `value`, and the first beyond each bound

template <class T>
struct Beyond {
  std::vector<T> allowed, refused;  // at the bounds, and next to them
};

template <class S>
class Values {
 public:
  explicit Values(S const& s) : s_(s) {}

  template <std::integral T>
  Beyond<T> of(T, setting::Whole const& allowed) const {
    return {{static_cast<T>(allowed.min)}, {static_cast<T>(allowed.min - 1)}};
  }
  Beyond<int> of(int, setting::WholeUpTo<S> const& allowed) const {
    int const max = s_.*allowed.max;
    return {{static_cast<int>(allowed.min), max}, {static_cast<int>(allowed.min - 1), max + 1}};
  }
  Beyond<std::vector<int>> of(std::vector<int> const&, setting::Descending const& allowed) const {
    auto const min = static_cast<int>(allowed.min);
    return {{{min}, {min + 2, min + 1, min + 1}}, {{min - 1}, {min + 1, min + 2}}};
  }
  Beyond<double> of(double, setting::Real const& allowed) const {
    Beyond<double> values;
    (allowed.min_is_open ? values.refused : values.allowed).push_back(allowed.min);
    values.refused.push_back(allowed.min - 0.5);
    if (std::isinf(allowed.max)) return values;
    (allowed.max_is_open ? values.refused : values.allowed).push_back(allowed.max);
    values.refused.push_back(allowed.max + 0.5);
    return values;
  }
  Beyond<double> of(double, setting::Score) const {
    return {{-1e300, 0, 1e300}, {std::numeric_limits<double>::infinity()}};
  }
  template <std::integral T>
  Beyond<T> of(T, setting::Bytes) const {
    return {{1}, {0}};
  }
  template <class T, class Allowed>
  Beyond<T> of(std::optional<T> const&, Allowed const& allowed) const {
    return of(T(), allowed);
  }
  // Nothing is beyond a choice.
  Beyond<bool> of(bool, setting::YesOrNo) const { return {{false, true}, {}}; }
  template <class E, std::size_t N>
  Beyond<E> of(E, setting::OneOf<N>) const {
    Beyond<E> values;
    for (std::size_t i = 0; i < N; ++i)
      values.allowed.push_back(static_cast<E>(i));
    return values;
  }

 private:
  S const& s_;
};

double other(double value, setting::Real const& allowed) {
  return std::isinf(allowed.max) ? value + 1 : (value + allowed.max) / 2;
}
double other(double value, setting::Score) {
  return value + 1;
}
std::vector<int> other(std::vector<int> values, setting::Descending const& allowed) {
  values.push_back(static_cast<int>(allowed.min));
  return values;
}
template <std::integral T>
T other(T value, setting::Whole const&) {
  return value + 1;
}
template <class S>
int other(int value, setting::WholeUpTo<S> const&) {
  return value + 1;
}
template <std::integral T>
T other(T value, setting::Bytes) {
  return value + 1;
}
bool other(bool value, setting::YesOrNo) {
  return !value;
}
template <class E, std::size_t N>
E other(E value, setting::OneOf<N>) {
  return static_cast<E>((static_cast<std::size_t>(value) + 1) % N);
}
std::vector<Config> other(std::vector<Config> points, setting::Points) {
  points.push_back({{"lr", 0.125}});
  return points;
}
template <class T, class Allowed>
std::optional<T> other(std::optional<T> const& value, Allowed const& allowed) {
  return other(value.value_or(T(1)), allowed);
}

// ---- the structs, with how a sweep has them

template <class S>
std::string in_sweep(std::string const& settings) {
  if constexpr (std::is_same_v<S, NoEarlyTermination>) return "train: {" + settings + "}\n";
  std::string const more = settings.empty() ? "" : ", " + settings;
  if constexpr (std::is_constructible_v<SchedulerChoice, S>) {
    return "early_terminate: {type: " + std::string(S::kName) + more + "}\n";
  } else if constexpr (std::is_constructible_v<SamplerChoice, S>) {
    return "sampler: {" + settings + "}\nmethod: " + std::string(S::kName) + "\n";
  } else if constexpr (std::is_same_v<S, Constraints>) {
    return "constraints: {" + settings + "}\n";
  } else if constexpr (std::is_same_v<S, Stop>) {
    return "stop: {" + settings + "}\n";
  } else if constexpr (std::is_same_v<S, Study>) {
    return settings + '\n';
  } else {
    return "validation: {" + settings + "}\n";
  }
}

template <class S>
void set(Study& study, S const& s) {
  if constexpr (std::is_constructible_v<SchedulerChoice, S>) {
    study.scheduler = s;
  } else if constexpr (std::is_constructible_v<SamplerChoice, S>) {
    study.sampler = s;
  } else if constexpr (std::is_same_v<S, Constraints>) {
    study.constraints = s;
  } else {
    study.validation = s;
  }
}

// f(s) of every struct that decides what trials there are.
template <class F>
void for_structs_of_trials(F&& f) {
  for_alternatives<SamplerChoice>(f);
  for_alternatives<SchedulerChoice>(f);
  for_alternatives<Validation>(f);
  f(Constraints());
}
// And of those that decide when the study ends and what becomes of them.
template <class F>
void for_structs(F&& f) {
  for_structs_of_trials(f);
  f(Stop());
  f(Study());
}

Node node_of(std::string const& settings) {
  return parse_yaml("{" + settings + "}", "file");
}

TEST(Settings, ReadBackAsTheyWereWritten) {
  for_structs([]<class S>(S const& defaults) {
    S changed = defaults;
    S::settings([&](setting::Name name, auto S::*field, auto const& allowed, std::string_view) {
      bool const in_files = !name.key.empty();
      if constexpr (!std::is_same_v<decltype(allowed), setting::Points const&>) {
        if (in_files) changed.*field = other(changed.*field, allowed);
      }
    });
    std::string const text = settings_text(changed);
    Node const node = node_of(text);
    Problems problems;
    Section const section(&node, "", settings_keys<S>(), problems);
    S read = defaults;
    read_settings(section, read);
    EXPECT_TRUE(problems.none()) << text;
    expect_same_settings(read, changed);
    EXPECT_EQ(settings_text(read), text);
  });
}

// The problems that name a setting; another that goes up to it may have one of its own.
template <class S>
std::size_t problems_of(S const& s, setting::Name name) {
  auto const found = settings_problems(s);
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [&](std::string const& problem) {
        return problem.starts_with(std::string(name.field) + " is ");
      }));
}

TEST(Settings, AreCheckedAtTheirBounds) {
  for_structs([]<class S>(S const& defaults) {
    S::settings([&](setting::Name name, auto S::*field, auto const& allowed, std::string_view) {
      if constexpr (!std::is_same_v<decltype(allowed), setting::Points const&>) {
        auto const values = Values<S>(defaults).of(defaults.*field, allowed);
        for (auto const& value : values.allowed) {
          S s = defaults;
          s.*field = value;
          EXPECT_EQ(problems_of(s, name), 0u) << name.field;
        }
        for (auto const& value : values.refused) {
          S s = defaults;
          s.*field = value;
          EXPECT_EQ(problems_of(s, name), 1u) << name.field;
        }
      }
    });
  });
}

TEST(Settings, AreRefusedAtTheirPlaceInAFile) {
  int refused = 0;
  for_structs([&]<class S>(S const& defaults) {
    for_keys<S>([&](setting::Name name, auto field, auto const& allowed, std::string_view) {
      for (auto const& value : Values<S>(defaults).of(defaults.*field, allowed).refused) {
        std::string const entry = std::string(name.key) + ": " + setting_text(value, allowed);
        std::string const text = in_sweep<S>(entry);
        std::size_t const column = text.find(entry) + name.key.size() + 2;
        std::string const place = "file:2:" + std::to_string(column + 1) + ": ";
        try {
          sweep_of(text);
          ADD_FAILURE() << text << " is read";
        } catch (UsageError const& error) {
          EXPECT_EQ(error.problems().at(0).find(place), 0u) << text << error.problems().at(0);
          ++refused;
        }
      }
    });
  });
  EXPECT_GE(refused, 30);
}

TEST(Settings, OfTrialsEachMakeAnotherStudy) {
  Engine engine({.device = "cpu", .threads = 1});
  fixtures::OwnedTable const table = fixtures::blobs(40, 3, 2);
  Data const data = engine.load(table.table());
  int settings = 0;
  for_structs_of_trials([&]<class S>(S const& defaults) {
    Study study;
    set(study, defaults);
    std::string const before = identity(data, study);
    S::settings([&](setting::Name name, auto S::*field, auto const& allowed, std::string_view) {
      S s = defaults;
      s.*field = other(s.*field, allowed);
      set(study, s);
      EXPECT_NE(identity(data, study), before) << name.field;
      ++settings;
    });
    set(study, defaults);
    EXPECT_EQ(identity(data, study), before);
  });
  EXPECT_GE(settings, 40);
}

}  // namespace
}  // namespace brood::files
