// SPDX-License-Identifier: Apache-2.0
// A reader, BROOD_READER(bytes, name), on bytes of libFuzzer's.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/model_file.hpp"
#include "brood/files/sweep.hpp"
#include "files/io/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  try {
    brood::files::BROOD_READER(bytes, "file");
  } catch (brood::UsageError const&) {
  }
  return 0;
}
