// SPDX-License-Identifier: Apache-2.0
// Requests as files: their names, and what the study's side does with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brood/files/requests.hpp"

namespace brood::files {

// Whether a request or an answer has a file of that name.
bool is_request_file(std::string_view name);

// Those in the directory, the one for the whole study first, then by trial. Never throws.
std::vector<Request> open_requests(std::string const& directory);
// The answer is there before the request is gone.
void answer(std::string const& directory, Request const& request, Answer const& answer);

}  // namespace brood::files
