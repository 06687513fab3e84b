// SPDX-License-Identifier: Apache-2.0
// Text files of other encodings as UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace brood::files {

struct Recoded {
  std::string text;  // UTF-8, without a byte order mark
  std::string note;  // a sentence: what it was read as
};

// UTF-16 by its byte order mark; else bytes that are no UTF-8 as Windows-1252 has them, which is
// Latin-1 and more. Nothing if the bytes are UTF-8, or no text at all.
std::optional<Recoded> to_utf8(std::string_view bytes);

}  // namespace brood::files
