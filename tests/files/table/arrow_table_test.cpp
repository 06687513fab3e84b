// SPDX-License-Identifier: Apache-2.0
// Parquet and Arrow files that libarrow itself has written, in builds that have it.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <cmath>
#include <optional>

#include "brood/files/columns.hpp"
#include "files/reading.hpp"
#include "files/table/arrow_table.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

template <class Value, class Builder>
std::shared_ptr<arrow::Array> array_of(std::vector<std::optional<Value>> const& values,
                                       Builder&& builder) {
  for (auto const& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Table> table() {
  auto* const pool = arrow::default_memory_pool();
  auto const stamps = arrow::timestamp(arrow::TimeUnit::MILLI);
  auto const times = arrow::time32(arrow::TimeUnit::SECOND);
  arrow::ListBuilder lists(pool, std::make_shared<arrow::Int32Builder>());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(lists.Append().ok());
  using Texts = std::vector<std::optional<std::string>>;
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> const columns = {
      {"whole", array_of<std::int64_t>({1, std::nullopt, 3}, arrow::Int64Builder())},
      {"real", array_of<float>({0.5f, 1.5f, std::nullopt}, arrow::FloatBuilder())},
      {"truth", array_of<bool>({true, false, std::nullopt}, arrow::BooleanBuilder())},
      {"text", array_of<std::string>(Texts{"b", std::nullopt, "a"}, arrow::StringBuilder())},
      {"written",
       array_of<std::string>(Texts{"2020-01-31", "2020-02-01", ""}, arrow::StringBuilder())},
      {"kind", array_of<std::string>(Texts{"x", "y", "x"}, arrow::StringDictionaryBuilder())},
      {"day", array_of<std::int32_t>({18292, std::nullopt, 0}, arrow::Date32Builder())},
      {"stamp", array_of<std::int64_t>({86400000, 43200000, std::nullopt},
                                       arrow::TimestampBuilder(stamps, pool))},
      {"time", array_of<std::int32_t>({3600, 60, std::nullopt}, arrow::Time32Builder(times, pool))},
      {"list", lists.Finish().ValueOrDie()}};
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (auto const& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

std::string arrow_bytes() {
  auto const sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto const written = table();
  auto const writer = arrow::ipc::MakeFileWriter(sink, written->schema()).ValueOrDie();
  EXPECT_TRUE(writer->WriteTable(*written, 2).ok() && writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

std::string parquet_bytes() {
  auto const sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table(), arrow::default_memory_pool(), sink, 2).ok());
  return sink->Finish().ValueOrDie()->ToString();
}

void expect_table(std::vector<Column> const& columns, std::vector<std::string> const& notes) {
  ASSERT_EQ(columns.size(), 9u);
  auto const numbers = [&](std::size_t column) {
    std::vector<double> values;
    for (double const value : columns[column].numbers)
      values.push_back(std::isnan(value) ? -9 : value);
    return values;
  };
  using Numbers = std::vector<double>;
  EXPECT_EQ(columns[0].name, "whole");
  EXPECT_EQ(numbers(0), (Numbers{1, -9, 3}));
  EXPECT_EQ(numbers(1), (Numbers{0.5, 1.5, -9}));
  EXPECT_EQ(numbers(2), (Numbers{1, 0, -9}));
  EXPECT_EQ(columns[3].levels, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(columns[3].codes, (std::vector<std::int32_t>{0, -1, 1}));
  EXPECT_EQ(columns[4].date, "yyyy-mm-dd");
  EXPECT_EQ(numbers(4), (Numbers{18292, 18293, -9}));
  EXPECT_EQ(columns[5].levels, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(columns[5].codes, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(columns[6].date, "yyyy-mm-dd");
  EXPECT_EQ(numbers(6), (Numbers{18292, -9, 0}));
  EXPECT_EQ(columns[7].date, "yyyy-mm-dd");
  EXPECT_EQ(numbers(7), (Numbers{1, 0.5, -9}));
  EXPECT_EQ(columns[8].date, "hh:mm");
  EXPECT_EQ(numbers(8), (Numbers{3600, 60, -9}));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].substr(0, 41), "column 'list' is left out: it is of type ");
}

TEST(ArrowTable, ArrowFilesAreRead) {
  std::vector<std::string> notes;
  auto const columns = parse_arrow(arrow_bytes(), "file", notes);
  expect_table(columns, notes);
}

TEST(ArrowTable, ParquetFilesAreReadByNameAndByTheirFirstBytes) {
  for (char const* name : {"t.parquet", "t.csv"}) {
    TemporaryFolder const folder;
    TextLayout found;
    expect_table(read_columns(folder.write(name, parquet_bytes()), {}, &found), found.notes);
    EXPECT_EQ(found.separator, "");
  }
}

TEST(ArrowTable, DatesCanBeTexts) {
  TemporaryFolder const folder;
  ReadOptions options;
  options.kinds["day"] = ColumnKind::categorical;
  auto const columns = read_columns(folder.write("t.feather", arrow_bytes()), options);
  EXPECT_EQ(columns[6].levels, (std::vector<std::string>{"2020-01-31", "1970-01-01"}));
  EXPECT_EQ(columns[6].date, "");
}

TEST(ArrowTable, DamagedFilesAreRefused) {
  for (std::string const& whole : {arrow_bytes(), parquet_bytes()}) {
    for (std::size_t const size : {std::size_t{6}, whole.size() / 2, whole.size() - 1}) {
      std::vector<std::string> notes;
      auto const message = message_of([&] { parse_arrow(whole.substr(0, size), "file", notes); });
      EXPECT_EQ(message.substr(0, 21), "file: cannot be read:") << size;
    }
  }
}

}  // namespace
}  // namespace brood::files
