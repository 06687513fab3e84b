// SPDX-License-Identifier: Apache-2.0
// A folder of files that is whole or not there: written beside its name and renamed. Throws
// StorageError as write_file.hpp does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brood/files/export.hpp"

namespace brood::files {

// Makes a folder of these files; one that is there is replaced with all that it holds.
void replace_folder(std::string const& path, std::vector<ExportedFile> const& files);

// The first file in a folder, or in one inside it, whose name does not have the word; else nothing.
std::string name_without(std::string const& path, std::string_view word);

}  // namespace brood::files
