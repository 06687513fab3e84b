// SPDX-License-Identifier: Apache-2.0
// What the rows were like that trained and validated a model: where it knows its way.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "brood/data.hpp"

namespace brood::files {

// Of a column, over the rows.
struct ColumnExtent {
  // Rows without a value; of a column of text, also those with a level that is no input.
  std::int64_t missing = 0;
  // Of numbers, in the units of the file (dates: days since 1970-01-01; times: seconds), to fp32's
  // precision. NaN of text, and where all are missing.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

// Of all of them.
struct TrainingData {
  std::int64_t rows = 0;
  std::vector<ColumnExtent> columns = {};  // as Encoding::inputs
  std::vector<ColumnExtent> targets = {};  // regression: as Encoding::targets
  std::vector<std::int64_t> classes = {};  // rows of each class; multi-label: that have each label
};

// Of these rows of the table.
TrainingData training_data(Table const& table, Encoding const& encoding, Rows const& rows);

}  // namespace brood::files
