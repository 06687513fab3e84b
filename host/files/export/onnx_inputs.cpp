// SPDX-License-Identifier: Apache-2.0
// Numbers of all columns are taken through each step at once, a text column by a node of its own.
// What comes out is first in the order of these steps, then put into that of the encoding.
#include "files/export/onnx_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "data/dates.hpp"

namespace brood::files {

namespace {

std::string help_of(InputEncoding const& input) {
  if (input.categorical) return "text; one that is no level is missing";
  if (input.date.empty()) return "number; NaN: missing";
  return is_clock_format(input.date) ? "time of day in seconds; NaN: missing"
                                     : "date in days since 1970-01-01 in UTC; NaN: missing";
}

class EncodedInputs {
 public:
  EncodedInputs(OnnxGraph& graph, Encoding const& encoding) : graph_(graph), encoding_(encoding) {}

  OnnxValue add() {
    add_columns();
    place_outputs();
    if (!numeric_.empty()) {
      add_numbers();
      add_indicators();
      add_pieces();
      add_cycles();
    }
    add_levels();
    OnnxValue all = joined(blocks_);
    if (std::is_sorted(places_.begin(), places_.end())) return all;
    std::vector<std::int64_t> order(places_.size());
    for (std::size_t i = 0; i < places_.size(); ++i)
      order[static_cast<std::size_t>(places_[i])] = static_cast<std::int64_t>(i);
    return picked(all, order);
  }

 private:
  void add_columns() {
    for (InputEncoding const& input : encoding_.inputs) {
      OnnxType const type = input.categorical ? OnnxType::text : OnnxType::real64;
      columns_.push_back(graph_.input(input.name, type, 1, help_of(input)));
    }
  }

  // Where the inputs that a column becomes begin.
  void place_outputs() {
    std::int64_t at = 0;
    for (std::size_t c = 0; c < encoding_.inputs.size(); ++c) {
      InputEncoding const& input = encoding_.inputs[c];
      first_.push_back(at);
      if (!input.categorical) numeric_.push_back(c);
      at += input.categorical ? static_cast<std::int64_t>(input.levels.size())
                              : 1 + (input.missing_indicator ? 1 : 0) + input.pieces() +
                                    2 * static_cast<std::int64_t>(input.cycles.size());
    }
  }

  InputEncoding const& numeric(std::size_t n) const { return encoding_.inputs[numeric_[n]]; }
  std::int64_t first_of(std::size_t n) const { return first_[numeric_[n]]; }

  OnnxValue joined(std::vector<OnnxValue> const& values) {
    return values.size() == 1 ? values.front()
                              : graph_.node("Concat", values, OnnxAttributes().whole("axis", 1));
  }
  OnnxValue picked(OnnxValue const& value, std::vector<std::int64_t> const& columns) {
    return graph_.node("Gather", {value, graph_.constant("columns", columns)},
                       OnnxAttributes().whole("axis", 1));
  }
  OnnxValue cast(OnnxValue const& value, OnnxType type) {
    return graph_.node("Cast", {value},
                       OnnxAttributes().whole("to", static_cast<std::int64_t>(type)));
  }
  OnnxValue or_missing(OnnxValue const& missing, OnnxValue const& value) {
    return graph_.node("Where", {missing, graph_.scalar(std::nanf("")), value});
  }
  template <class T>
  OnnxValue row(std::vector<T> const& values) {
    return graph_.constant("row", {static_cast<std::int64_t>(values.size())},
                           std::span<T const>(values));
  }
  template <class... Values>
  OnnxValue apply(char const* operation, Values const&... values) {
    return graph_.node(operation, {values...});
  }
  void add_block(OnnxValue value, std::vector<std::int64_t> const& places) {
    blocks_.push_back(std::move(value));
    places_.insert(places_.end(), places.begin(), places.end());
  }

  // In their frames, in double; what is beyond fp32 is its largest number.
  void add_numbers() {
    std::vector<OnnxValue> columns;
    std::vector<double> unit, origin;
    std::vector<std::int64_t> places;
    bool plain = true;
    for (std::size_t n = 0; n < numeric_.size(); ++n) {
      Frame const& frame = numeric(n).frame;
      columns.push_back(columns_[numeric_[n]]);
      unit.push_back(frame.unit);
      origin.push_back(frame.origin / frame.unit);
      plain = plain && frame.is_plain();
      places.push_back(first_of(n));
    }
    raw_ = joined(columns);
    missing_ = apply("IsNaN", raw_);
    OnnxValue inside = raw_;
    if (!plain) inside = apply("Sub", apply("Div", raw_, row(unit)), row(origin));
    constexpr double kMost = std::numeric_limits<float>::max();
    OnnxValue const bounded = apply("Clip", inside, graph_.scalar(-kMost), graph_.scalar(kMost));
    number_ = or_missing(missing_, cast(bounded, OnnxType::real));
    add_block(number_, places);
  }

  void add_indicators() {
    std::vector<std::int64_t> from, places;
    for (std::size_t n = 0; n < numeric_.size(); ++n) {
      if (!numeric(n).missing_indicator) continue;
      from.push_back(static_cast<std::int64_t>(n));
      places.push_back(first_of(n) + 1);
    }
    if (!from.empty()) add_block(cast(picked(missing_, from), OnnxType::real), places);
  }

  // How far a number has come through each piece.
  void add_pieces() {
    std::vector<std::int64_t> from, places;
    std::vector<float> low, width;
    for (std::size_t n = 0; n < numeric_.size(); ++n) {
      InputEncoding const& input = numeric(n);
      std::int64_t at = first_of(n) + (input.missing_indicator ? 2 : 1);
      for (std::size_t piece = 0; piece + 1 < input.edges.size(); ++piece) {
        from.push_back(static_cast<std::int64_t>(n));
        places.push_back(at++);
        low.push_back(input.edges[piece]);
        width.push_back(input.edges[piece + 1] - input.edges[piece]);
      }
    }
    if (from.empty()) return;
    OnnxValue const way = apply("Div", apply("Sub", picked(number_, from), row(low)), row(width));
    add_block(or_missing(picked(missing_, from),
                         apply("Clip", way, graph_.scalar(0.0f), graph_.scalar(1.0f))),
              places);
  }

  void add_cycles() {
    for (std::size_t n = 0; n < numeric_.size(); ++n) {
      InputEncoding const& input = numeric(n);
      std::int64_t at = first_of(n) + 1 + (input.missing_indicator ? 1 : 0) + input.pieces();
      OnnxValue const& value = columns_[numeric_[n]];
      for (Cycle const cycle : input.cycles) {
        OnnxValue const turn = graph_.scalar(2 * std::numbers::pi);
        OnnxValue const angle = cast(apply("Mul", place(cycle, value, input.date), turn),
                                     OnnxType::real);  // NaN where it is missing
        add_block(apply("Sin", angle), {at});
        add_block(apply("Cos", angle), {at + 1});
        at += 2;
      }
    }
  }

  // As place_in() of data/dates.hpp; of a day, without its rounding to microseconds.
  OnnxValue place(Cycle cycle, OnnxValue const& value, std::string const& date) {
    switch (cycle) {
      case Cycle::day:
        return is_clock_format(date) ? apply("Div", value, graph_.scalar(86400.0))
                                     : apply("Sub", value, apply("Floor", value));
      case Cycle::week: {
        OnnxValue const weeks = apply("Div", value, graph_.scalar(7.0));
        return apply("Sub", weeks, apply("Floor", weeks));
      }
      case Cycle::year:
        return place_in_year(value);
    }
    return value;
  }

  // The year is guessed by its mean length, which misses by one at most.
  OnnxValue place_in_year(OnnxValue const& value) {
    OnnxValue const one = graph_.scalar(1.0);
    OnnxValue const day = apply("Floor", value);
    OnnxValue const guess = apply(
        "Floor", apply("Div", apply("Add", day, graph_.scalar(719528.0)), graph_.scalar(365.2425)));
    OnnxValue const later =
        cast(apply("GreaterOrEqual", day, year_begin(apply("Add", guess, one))), OnnxType::real64);
    OnnxValue const earlier = cast(apply("Less", day, year_begin(guess)), OnnxType::real64);
    OnnxValue const year = apply("Sub", apply("Add", guess, later), earlier);
    OnnxValue const begin = year_begin(year);
    OnnxValue const length = apply("Sub", year_begin(apply("Add", year, one)), begin);
    return apply("Div", apply("Sub", value, begin), length);
  }

  // Its first day in the Gregorian calendar, in days since 1970-01-01.
  OnnxValue year_begin(OnnxValue const& year) {
    OnnxValue const before = apply("Sub", year, graph_.scalar(1.0));
    auto const whole = [&](double years) {
      return apply("Floor", apply("Div", before, graph_.scalar(years)));
    };
    OnnxValue const leap_days = apply("Add", apply("Sub", whole(4), whole(100)), whole(400));
    OnnxValue const days = apply("Add", apply("Mul", before, graph_.scalar(365.0)), leap_days);
    return apply("Sub", days, graph_.scalar(719162.0));
  }

  // 1 for the level that a text is; all 0 for others.
  void add_levels() {
    for (std::size_t c = 0; c < encoding_.inputs.size(); ++c) {
      InputEncoding const& input = encoding_.inputs[c];
      if (!input.categorical || input.levels.empty()) continue;
      OnnxValue const hot =
          graph_.ml_node("OneHotEncoder", {columns_[c]},
                         OnnxAttributes().texts("cats_strings", input.levels).whole("zeros", 1));
      std::vector<std::int64_t> places;
      for (std::size_t level = 0; level < input.levels.size(); ++level)
        places.push_back(first_[c] + static_cast<std::int64_t>(level));
      add_block(graph_.node("Flatten", {hot}, OnnxAttributes().whole("axis", 1)), places);
    }
  }

  OnnxGraph& graph_;
  Encoding const& encoding_;
  std::vector<OnnxValue> columns_;         // one of each column
  std::vector<std::int64_t> first_;        // likewise
  std::vector<std::size_t> numeric_;       // columns
  OnnxValue raw_, missing_, number_;       // of numeric columns: (rows, numeric_.size())
  std::vector<OnnxValue> blocks_ = {};     // side by side
  std::vector<std::int64_t> places_ = {};  // in the encoding, of each of their columns
};

}  // namespace

OnnxValue add_encoded_inputs(OnnxGraph& graph, Encoding const& encoding) {
  return EncodedInputs(graph, encoding).add();
}

}  // namespace brood::files
