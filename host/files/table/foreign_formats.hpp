// SPDX-License-Identifier: Apache-2.0
// Files of data that are not read: what they are, and how to get a csv file from them.
#pragma once

#include <string>
#include <string_view>

namespace brood::files {

// By the ending of the name, with .gz behind it or not, or else by the first bytes (Parquet, Arrow,
// Excel, SQLite, HDF5): a sentence for a message; empty if it is none of these.
std::string foreign_format(std::string_view name);
std::string foreign_format(std::string_view name, std::string_view bytes);
// Whether the first bytes are those of a Parquet or an Arrow file.
bool is_arrow(std::string_view bytes);

}  // namespace brood::files
