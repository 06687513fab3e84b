// SPDX-License-Identifier: Apache-2.0
#include "files/table/arrow_table.hpp"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/table/csv_dates.hpp"

namespace brood::files {

namespace {

using arrow::Array;
using Tables = arrow::Result<std::shared_ptr<arrow::Table>>;

Tables read_parquet(std::shared_ptr<arrow::io::RandomAccessFile> const& file) {
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(file));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  ARROW_RETURN_NOT_OK(builder.Build(&reader));
  std::shared_ptr<arrow::Table> table;
  ARROW_RETURN_NOT_OK(reader->ReadTable(&table));
  return table;
}

Tables read_arrow(std::shared_ptr<arrow::io::RandomAccessFile> const& file) {
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto batch, reader->ReadRecordBatch(i));
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    batches.push_back(std::move(batch));
  }
  return arrow::Table::FromRecordBatches(reader->schema(), batches);
}

double units_of_a_second(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1e3;
    case arrow::TimeUnit::MICRO:
      return 1e6;
    case arrow::TimeUnit::NANO:
      return 1e9;
  }
  return 1;
}

template <class Typed>
void append_values(Array const& array, double divisor, std::vector<double>& numbers) {
  auto const& typed = static_cast<Typed const&>(array);
  for (std::int64_t i = 0; i < array.length(); ++i) {
    numbers.push_back(array.IsNull(i) ? std::numeric_limits<double>::quiet_NaN()
                                      : static_cast<double>(typed.Value(i)) / divisor);
  }
}

// Whether the values are numbers, which are appended.
bool append_numbers(Array const& array, std::vector<double>& numbers) {
  constexpr double kSecondsOfDay = 86400;
  arrow::DataType const& type = *array.type();
  switch (type.id()) {
    case arrow::Type::BOOL:
      return append_values<arrow::BooleanArray>(array, 1, numbers), true;
    case arrow::Type::INT8:
      return append_values<arrow::Int8Array>(array, 1, numbers), true;
    case arrow::Type::INT16:
      return append_values<arrow::Int16Array>(array, 1, numbers), true;
    case arrow::Type::INT32:
      return append_values<arrow::Int32Array>(array, 1, numbers), true;
    case arrow::Type::INT64:
      return append_values<arrow::Int64Array>(array, 1, numbers), true;
    case arrow::Type::UINT8:
      return append_values<arrow::UInt8Array>(array, 1, numbers), true;
    case arrow::Type::UINT16:
      return append_values<arrow::UInt16Array>(array, 1, numbers), true;
    case arrow::Type::UINT32:
      return append_values<arrow::UInt32Array>(array, 1, numbers), true;
    case arrow::Type::UINT64:
      return append_values<arrow::UInt64Array>(array, 1, numbers), true;
    case arrow::Type::FLOAT:
      return append_values<arrow::FloatArray>(array, 1, numbers), true;
    case arrow::Type::DOUBLE:
      return append_values<arrow::DoubleArray>(array, 1, numbers), true;
    case arrow::Type::DATE32:
      return append_values<arrow::Date32Array>(array, 1, numbers), true;
    case arrow::Type::DATE64:
      return append_values<arrow::Date64Array>(array, 1e3 * kSecondsOfDay, numbers), true;
    case arrow::Type::TIMESTAMP: {
      auto const unit = static_cast<arrow::TimestampType const&>(type).unit();
      return append_values<arrow::TimestampArray>(array, units_of_a_second(unit) * kSecondsOfDay,
                                                  numbers),
             true;
    }
    case arrow::Type::TIME32: {
      auto const unit = static_cast<arrow::Time32Type const&>(type).unit();
      return append_values<arrow::Time32Array>(array, units_of_a_second(unit), numbers), true;
    }
    case arrow::Type::TIME64: {
      auto const unit = static_cast<arrow::Time64Type const&>(type).unit();
      return append_values<arrow::Time64Array>(array, units_of_a_second(unit), numbers), true;
    }
    case arrow::Type::DECIMAL128: {
      auto const& decimals = static_cast<arrow::Decimal128Array const&>(array);
      std::int32_t const scale = static_cast<arrow::Decimal128Type const&>(type).scale();
      for (std::int64_t i = 0; i < array.length(); ++i) {
        numbers.push_back(array.IsNull(i)
                              ? std::numeric_limits<double>::quiet_NaN()
                              : arrow::Decimal128(decimals.GetValue(i)).ToDouble(scale));
      }
      return true;
    }
    default:
      return false;
  }
}

// How Column::date has it.
std::string date_of(arrow::Type::type type) {
  switch (type) {
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
      return "yyyy-mm-dd";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return "hh:mm";
    default:
      return "";
  }
}

std::optional<std::string_view> text_at(Array const& array, std::int64_t i) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return static_cast<arrow::StringArray const&>(array).GetView(i);
    case arrow::Type::LARGE_STRING:
      return static_cast<arrow::LargeStringArray const&>(array).GetView(i);
    default:
      return std::nullopt;
  }
}

// Texts by level, over all chunks.
class Levels {
 public:
  explicit Levels(Column& column) : column_(column) { column.categorical = true; }

  // Whether the values are texts, or a dictionary of texts; they are appended.
  bool append(Array const& array) {
    auto const* dictionary = array.type_id() == arrow::Type::DICTIONARY
                                 ? static_cast<arrow::DictionaryArray const*>(&array)
                                 : nullptr;
    Array const& texts = dictionary ? *dictionary->dictionary() : array;
    for (std::int64_t i = 0; i < array.length(); ++i) {
      std::int64_t const at = dictionary && !array.IsNull(i) ? dictionary->GetValueIndex(i) : i;
      if (array.IsNull(i) || texts.IsNull(at)) {
        column_.codes.push_back(-1);
        continue;
      }
      auto const text = text_at(texts, at);
      if (!text) return false;
      column_.codes.push_back(text->empty() ? -1 : code_of(*text));
    }
    auto const type = texts.type_id();
    return type == arrow::Type::STRING || type == arrow::Type::LARGE_STRING ||
           type == arrow::Type::NA;
  }

 private:
  std::int32_t code_of(std::string_view text) {
    auto const next = static_cast<std::int32_t>(column_.levels.size());
    auto const [entry, is_new] = codes_.emplace(text, next);
    if (is_new) column_.levels.emplace_back(text);
    return entry->second;
  }

  Column& column_;
  std::unordered_map<std::string, std::int32_t> codes_;
};

// Nothing if the type is none that is read.
std::optional<Column> column_of(std::string const& name, arrow::ChunkedArray const& chunks,
                                std::vector<std::string>& notes) {
  Column column;
  column.name = name;
  auto const& arrays = chunks.chunks();
  bool const numeric = std::all_of(arrays.begin(), arrays.end(), [&](auto const& array) {
    return append_numbers(*array, column.numbers);
  });
  if (numeric) {
    column.date = date_of(chunks.type()->id());
    return column;
  }
  column.numbers.clear();
  Levels levels(column);
  for (auto const& array : arrays) {
    if (!levels.append(*array)) return std::nullopt;
  }
  find_dates(std::vector<bool>(column.levels.size(), false), /*day_first=*/false, column, notes);
  return column;
}

}  // namespace

std::vector<Column> parse_arrow(std::string_view bytes, std::string const& name,
                                std::vector<std::string>& notes) {
  auto const buffer = std::make_shared<arrow::Buffer>(
      reinterpret_cast<std::uint8_t const*>(bytes.data()), static_cast<std::int64_t>(bytes.size()));
  auto const file = std::make_shared<arrow::io::BufferReader>(buffer);
  Tables const table = bytes.starts_with("PAR1") ? read_parquet(file) : read_arrow(file);
  if (!table.ok()) throw UsageError(name + ": cannot be read: " + table.status().message());
  std::vector<Column> columns;
  for (int i = 0; i < (*table)->num_columns(); ++i) {
    auto const& field = *(*table)->field(i);
    auto column = column_of(field.name(), *(*table)->column(i), notes);
    if (column) {
      columns.push_back(std::move(*column));
    } else {
      notes.push_back("column " + quoted(field.name()) + " is left out: it is of type " +
                      field.type()->ToString() + ", which is no number, text or date");
    }
  }
  if (columns.empty()) throw UsageError(name + ": has no column of numbers, texts or dates");
  return columns;
}

}  // namespace brood::files
