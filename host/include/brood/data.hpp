// SPDX-License-Identifier: Apache-2.0
// From raw columns to a Table, and back from outputs to labels. Pure: no files.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "brood/settings.hpp"
#include "brood/table.hpp"

namespace brood {

// ---- columns as read

// A column of raw cells: numbers, or text by level. Missing: NaN, or code -1.
struct Column {
  std::string name = {};
  bool categorical = false;
  std::vector<double> numbers = {};      // numeric
  std::vector<std::int32_t> codes = {};  // categorical: index into levels
  std::vector<std::string> levels = {};  // categorical: in order of first appearance
  // numeric: how its cells are written if they are dates (the numbers are days since 1970-01-01 in
  // UTC) or times (seconds): "yyyy-mm-dd", "hh:mm" ...; else empty
  std::string date = {};
  // numeric: cells that could not be read and so count as missing, and one of them
  std::int64_t unread = 0;
  std::string unread_text = {};
};

// ---- how columns become inputs and targets; saved with every model

// How a column's numbers lie in fp32: as they are, or as distances from an origin in a unit that is
// a power of two, where fp32 could not tell them apart or not square them.
struct Frame {
  double origin = 0, unit = 1;
  bool is_plain() const { return origin == 0 && unit == 1; }
  double inside(double value) const;   // (value - origin) / unit
  double outside(double value) const;  // and back
  bool operator==(Frame const&) const = default;
};

// What dates come back to: a time of day, of the week, of the year.
enum class Cycle { day, week, year };

// How one column becomes inputs.
struct InputEncoding {
  std::string name = {};
  bool categorical = false;
  std::vector<std::string> levels = {};  // categorical: sorted; one input per level
  bool missing_indicator = false;        // numeric: one more input, 1 where the value was missing
  Frame frame = {};                      // numeric: of the value and the edges
  // Numeric: ends of pieces, ascending, three or more; or none. One more input for each piece: how
  // far the value has come through it, 0 before and 1 behind (piecewise linear encoding: Gorishniy,
  // Rubachev & Babenko, NeurIPS 2022, equation 1). NaN where the value is missing.
  std::vector<float> edges = {};
  int pieces() const { return edges.empty() ? 0 : static_cast<int>(edges.size()) - 1; }
  std::string date = {};  // numeric: as Column::date has it
  // Of dates: two more inputs for each, the sine and cosine of the place in it. NaN where the value
  // is missing.
  std::vector<Cycle> cycles = {};
  bool operator==(InputEncoding const&) const = default;
};

// How all columns become inputs and targets.
struct Encoding {
  Task task = Task::classification;
  std::vector<InputEncoding> inputs = {};  // in file order
  std::vector<std::string> targets = {};   // column names; one for classification
  std::vector<std::string> classes = {};   // classification: numbers in numeric order, text sorted;
                                           // DatasetOptions::positive is second
  std::vector<Frame> frames = {};          // regression: of each target, of one unit; empty: plain
  bool operator==(Encoding const&) const = default;

  int input_count() const;                       // after one-hot
  std::vector<std::string> input_names() const;  // "age", "colour=red", "age missing"
  int output_count() const;                      // classes, or targets
  // What a network's prediction of a target is in the user's units, and the factor between them.
  double in_user_units(std::size_t target, float prediction) const;
  double target_unit() const { return frames.empty() ? 1.0 : frames.front().unit; }
};

// The numbers of a table, with the encoding that they came by.
struct Dataset {
  Encoding encoding;
  std::int64_t rows = 0;
  std::vector<float> x;            // (rows, encoding.input_count()), row-major; NaN: missing
  std::vector<float> y;            // (rows, targets)
  std::vector<float> weights;      // (rows) or empty
  std::vector<std::int32_t> keys;  // (rows) or empty, see Table::keys
  std::vector<std::string> notes;  // sentences: columns that say nothing, numbers that run together

  // A view for Backend::load; valid while this Dataset lives and is not changed.
  Table table() const;
};

inline constexpr int kMaxBins = 64;

// What make_dataset() makes of columns.
struct DatasetOptions {
  std::vector<std::string> targets = {};  // names; at least one
  std::optional<Task> task = {};       // else classification if the target is text or has at most
                                       // 20 distinct whole numbers; several targets: multi_label
                                       // if all are 0 or 1, else regression
  std::vector<std::string> drop = {};  // columns left out
  bool missing_indicator = false;
  // Pieces of a numeric column, between its quantiles over all rows (targets are not looked at); as
  // many fewer as quantiles agree, and none for a column of two values. 0: none; else 2 to
  // kMaxBins.
  int bins = 0;
  std::string weight = {};  // name of the column of row weights; empty: none
  // Of two classes the one that precision, recall and the like are of: it comes second. Empty: the
  // second as they are ordered.
  std::string positive = {};
  // At most one of these: the column that validation goes by, which is no input. Times are numbers
  // or dates such as 2024-01-31, with a time of day as in 2024-01-31T12:00 or without. Folds are
  // numbered in the order of their labels, numbers by value; -1 and `train` only train, `test` are
  // test rows.
  std::string group = {}, time = {}, fold = {};
};

// A text column of more than 20 rows with more levels than half of them is left out. Inputs are the
// 256 most frequent levels, and up to 1024 that are in 4 rows; Dataset::notes says so. Throws all
// problems as UsageError: unknown or empty target, a target cell missing (its row), a single class,
// classes that differ only in spaces or a full stop at the end, numbers that are not finite, no
// input columns, no rows. Rows in messages count from 1.
Dataset make_dataset(std::span<Column const> columns, DatasetOptions const& options);

// Encodes new columns for a saved encoding: found by name, extra ones are ignored, an unseen
// level counts as missing. Throws UsageError with all columns that are absent or of the wrong kind;
// a column without a single value is of either kind.
std::vector<float> encode_inputs(std::span<Column const> columns, Encoding const& encoding);
// A sentence for each column of which encode_inputs counts cells as missing that are there: texts
// that are no level of the encoding, and what could not be read.
std::vector<std::string> notes_on_unknown(std::span<Column const> columns,
                                          Encoding const& encoding);
// The targets if they are among the columns with any value, else nothing. Labels are compared after
// trimming spaces and one full stop at the end. Throws UsageError for cells that are missing,
// labels that are no class and targets of the wrong kind.
std::optional<std::vector<float>> encode_targets(std::span<Column const> columns,
                                                 Encoding const& encoding);

// ---- splits and transforms

// What decides where a row goes. By chance: rows of each class in proportion. By group: no group is
// on two sides. By time: what trains lies before what validates, and that before what is tested.
// The latter two go by Table::keys, and do not look at classes.
enum class SplitBy { chance, group, time };
inline constexpr setting::OneOf kSplitBy = {"chance", "group", "time"};

// Folds, or repeats; make_splits() says how many members a trial may have of both.
inline constexpr int kMaxFolds = 10'000;

// The same rows validate every trial, and the test rows are scored at the end.
struct Holdout {
  static constexpr std::string_view kName = "holdout";
  double valid = 0.2;
  double test = 0.2;
  int repeats = 1;  // members per trial, from different initial weights
  SplitBy by = SplitBy::chance;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit({"valid", "holdout"}, &Holdout::valid, setting::Real{0, 1, true, true},
          "share of all rows that validates");
    visit("repeats", &Holdout::repeats, setting::Whole{1, kMaxFolds}, "members of a trial");
    visit("test", &Holdout::test, setting::Real{0, 1, false, true},
          "share of all rows that is scored at the end; 0: none");
    visit({"by", ""}, &Holdout::by, kSplitBy, "what decides where a row goes");
  }
};
// By chance and by group, each repeat makes its own folds (by group where groups are of the same
// size) and starts from its own initial weights. By time, windows expand, and repeats differ in
// initial weights only.
struct Folds {
  static constexpr std::string_view kName = "folds";
  int folds = 5;
  int repeats = 1;
  double test = 0.2;
  SplitBy by = SplitBy::chance;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("folds", &Folds::folds, setting::Whole{2, kMaxFolds},
          "parts of the rows that are not test rows, of which each validates once");
    visit("repeats", &Folds::repeats, setting::Whole{1, kMaxFolds}, "how often folds are made");
    visit("test", &Folds::test, setting::Real{0, 1, false, true},
          "share of all rows that is scored at the end; 0: none");
    visit({"by", ""}, &Folds::by, kSplitBy, "what decides where a row goes");
  }
};
// As Table::keys has them: fold k validates the rows with key k and trains on the others, as
// scikit-learn's PredefinedSplit does; one fold is a holdout. Folds are numbered from 0, without
// gaps. Repeats differ in initial weights only.
struct GivenFolds {
  static constexpr std::string_view kName = "given folds";
  int repeats = 1;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("repeats", &GivenFolds::repeats, setting::Whole{1, kMaxFolds},
          "members of a trial and fold");
  }
};
inline constexpr std::int32_t kTrainOnly = -1, kTestRow = -2;  // keys of rows that never validate
using Validation = std::variant<Holdout, Folds, GivenFolds>;

// The rows of one member of a trial.
struct Split {
  int fold = 0, repeat = 0;
  Rows train = {}, valid = {};  // ascending
};
// The rows of every member of a trial, and the test rows, which are none of theirs.
struct Splits {
  Rows development = {};                // all that is not test: what a refit trains on
  Rows test = {};                       // ascending; may be empty
  std::vector<Split> splits = {};       // one per member of a trial: repeat by repeat, fold by fold
  std::vector<std::string> notes = {};  // sentences: classes that do not train in every fold
};

// A pure function of (table's targets and keys, validation, seed). By chance, stratified by class
// for classification: shares are rounded to the nearest row; within a class each part is within one
// row of its share of what is dealt out. Test rows do not depend on the validation beside the test
// share and what it goes by. By group and by time, shares are met as nearly as whole groups and
// times allow.
// A class of few rows need not validate, nor train, in every fold: a note says so. Throws
// UsageError if a part would be empty, fewer than two classes train, there are fewer groups or
// times than folds need, shares leave no training rows, or folds times repeats exceed 1000.
// never_test: by row, empty for none; those, and their groups, become no test rows, of which there
// are fewer where too few rows are left.
Splits make_splits(Table const& table, Validation const& validation, std::uint64_t seed,
                   std::vector<bool> const& never_test = {});

// Mean and standard deviation (of the population, by n) over the non-missing values of `rows`,
// in double: shift = mean, scale = 1 / sd; a column that is constant or missing on all of `rows`
// gets scale 0 and so says nothing. Constant: all values equal, or sd <= 2^-23 |mean|, where
// rounding the shift to fp32 could move the values by half a deviation, or sd below the normal fp32
// numbers. Columns marked as_is get shift 0, scale 1. Regression targets likewise (a constant
// target gets scale 1), or by_mean. Throws UsageError for a row outside the table.
Transform fit_transform(Table const& table, std::span<std::int32_t const> rows,
                        TargetScaling targets = TargetScaling::standard);
// The same with inputs for the numbers of a trial (see numbers_of), fitted on `rows`, too. A number
// of two values has no pieces and no cosines. Frequencies and phases of cosines are drawn by
// (seed, column, index) alone: a study has them by its own seed, so that its folds, its refits and
// copies of its members share them.
// robust: quantiles as numpy's "linear" has them; where both quartiles are the same,
// 2 (r - median) / (most - least). Pieces lie between quantiles that are values, each once, and are
// standardised; cosines are of the robust number before its clip.
Transform fit_transform(Table const& table, std::span<std::int32_t const> rows,
                        Numbers const& numbers, std::uint64_t seed,
                        TargetScaling targets = TargetScaling::standard);

// A 128-bit fingerprint (FNV-1a) of shape and contents as 32 hex digits: says whether two runs saw
// the same data; not proof against forgery.
std::string fingerprint(Table const& table);

// A 64-bit fingerprint of each row of inputs, by which rows are known again: the same for the same
// numbers, whichever NaN stands for those that are missing.
std::vector<std::uint64_t> row_fingerprints(Matrix const& x);

}  // namespace brood
