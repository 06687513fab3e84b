// SPDX-License-Identifier: Apache-2.0
// inspection.json of a run.
#pragma once

#include "brood/inspection.hpp"
#include "files/io/json.hpp"

namespace brood::files {

Json inspection_document(Inspection const& inspection);

// What it was written of. Throws StorageError, which begins with the path, for a document that is
// none.
Inspection read_inspection(Json const& document, std::string const& path);

}  // namespace brood::files
