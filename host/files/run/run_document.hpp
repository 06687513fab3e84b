// SPDX-License-Identifier: Apache-2.0
// The JSON files of a run, read back.
#pragma once

#include <string>

#include "files/io/json.hpp"

namespace brood::files {

// Throws UsageError if there is no such file, StorageError `file:line:column: ...` if it is
// damaged.
Json read_document(std::string const& path);
// What is at a key of a key: {"data": {"path": ...}}; empty if there is no text.
std::string text_at(Json const& document, std::string_view key, std::string_view inner);
// The number at a key; NaN if there is no object or no number there.
double number_at(Json const* object, std::string_view key);

// run.json.
Json read_run_document(std::string const& directory);

}  // namespace brood::files
