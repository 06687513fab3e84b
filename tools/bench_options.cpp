// SPDX-License-Identifier: Apache-2.0
#include "tools/bench_options.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "brood/member.hpp"
#include "files/io/text.hpp"

namespace brood::tools {

namespace {

constexpr int kMaxHidden = 8;
constexpr int kWidest = 16384;
constexpr int kMaxMembers = 10'000'000;
constexpr int kMaxBatch = 4096;

// Whole numbers 1 .. most with a separator between them; nothing if the text is not that.
std::optional<std::vector<int>> whole_numbers(std::string_view text, char separator, int most) {
  std::vector<int> numbers;
  for (;;) {
    auto const end = std::min(text.find(separator), text.size());
    int number = 0;
    auto const [stop, error] = std::from_chars(text.data(), text.data() + end, number);
    if (error != std::errc() || stop != text.data() + end) return std::nullopt;
    if (number < 1 || number > most) return std::nullopt;
    numbers.push_back(number);
    if (end == text.size()) return numbers;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

BenchOptions read_bench_options(Arguments const& arguments, std::vector<std::string>& problems) {
  BenchOptions bench;
  auto const given = [&](char const* name) {
    auto const found = arguments.values.find(name);
    return found == arguments.values.end() ? nullptr : &found->second;
  };
  auto const refuse = [&](std::string const& name, std::string const& value,
                          std::string const& allowed) {
    problems.push_back(name + ": " + files::quoted(value) + " is not allowed; allowed: " + allowed);
  };

  if (auto const* text = given("--network")) {
    auto const widths = whole_numbers(*text, '-', kWidest);
    if (widths && widths->size() >= 2 && widths->size() <= kMaxHidden + 2) {
      bench.network = *widths;
    } else {
      refuse("--network", *text,
             "widths 1 .. " + std::to_string(kWidest) +
                 " from inputs to outputs, as in 64-64-10, with up to " +
                 std::to_string(kMaxHidden) + " hidden layers");
    }
  }
  if (auto const* text = given("--batch")) {
    auto const size = whole_numbers(*text, ',', kMaxBatch);
    if (size && size->size() == 1) {
      bench.batch_size = size->front();
    } else {
      refuse("--batch", *text, "whole numbers 1 .. " + std::to_string(kMaxBatch));
    }
  }
  if (auto const* text = given("--members")) {
    auto const members = whole_numbers(*text, ',', kMaxMembers);
    if (members) {
      bench.members = *members;
    } else {
      refuse("--members", *text,
             "whole numbers 1 .. " + std::to_string(kMaxMembers) + ", as in 4096 or 1,64,4096");
    }
  }
  auto const choose = [&](std::string const& name, std::string& choice) {
    auto const* text = given(("--" + name).c_str());
    if (text == nullptr) return;
    choice = *text;
    for (std::string const& problem : brood::check(name, Value(choice)))
      problems.push_back("--" + problem);
  };
  choose("optimizer", bench.optimizer);
  choose("activation", bench.activation);

  bench.csv = arguments.flags.count("--csv") > 0;
  bench.markdown = arguments.flags.count("--md") > 0;
  int const formats = bench.csv + bench.markdown + (arguments.flags.count("--json") > 0 ? 1 : 0);
  if (formats > 1) problems.push_back("--json, --csv, --md: choose one of them");
  return bench;
}

}  // namespace brood::tools
