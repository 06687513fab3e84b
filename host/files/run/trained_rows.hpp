// SPDX-License-Identifier: Apache-2.0
// best/trained_rows.npy: the fingerprints of the rows that a run trained or validated on, sorted,
// each once, as an array of numpy's format (version 1.0, '<u8').
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brood::files {

inline constexpr std::string_view kTrainedRowsFile = "trained_rows.npy";  // beside the model

std::string to_npy(std::vector<std::uint64_t> const& fingerprints);
// Throws StorageError for bytes that to_npy() did not make. `name`: of the file.
std::vector<std::uint64_t> from_npy(std::string_view bytes, std::string const& name);

}  // namespace brood::files
