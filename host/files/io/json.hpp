// SPDX-License-Identifier: Apache-2.0
// A JSON document as a value: what model files, run directories and `--json` are made of. Objects
// keep the order in which they were written. The same value always has the same text, whatever the
// locale; numbers have the shortest text that reads back to the same bits.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "brood/value.hpp"

namespace brood::files {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(std::int64_t value) : value_(value) {}
  Json(float value) : value_(value) {}  // NaN and infinities are written as null
  Json(double value) : value_(value) {}
  Json(char const* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  // std::vector<bool> has no elements to take an address of, so it is not for this.
  template <class T>
  explicit Json(std::vector<T> const& values) : value_(Array(values.begin(), values.end())) {}
  explicit Json(Value const& value);
  explicit Json(Config const& config);  // an object

  // Appends to an object; null becomes one.
  Json& set(std::string_view key, Json value);

  // Null if this is not of that type (or has no such key).
  template <class T>
  T const* as() const {
    return std::get_if<T>(&value_);
  }
  Json const* find(std::string_view key) const;

  // On one line, or one line per member and element, indented by two spaces; short arrays of
  // numbers stay on their line. Bytes that are not UTF-8 become U+FFFD.
  std::string text(bool indented = false) const;

 private:
  friend class JsonWriter;
  friend class JsonBuilder;
  std::variant<std::monostate, bool, std::int64_t, float, double, std::string, Array, Object>
      value_;
};

// Why a text is not JSON, or not a document that we read; `byte` counts from 0.
struct JsonError : std::runtime_error {
  JsonError(std::int64_t byte_at, std::string const& what)
      : std::runtime_error(what), byte(byte_at) {}
  std::int64_t byte;
};

// Strict: the whole text is one document; no key twice, none beyond max_keys in an object, no
// nesting beyond 16, whole numbers within 64 bits. Throws JsonError. Never gives a float.
Json parse_json(std::string_view text, std::size_t max_keys = 256);

// Whether the whole text is UTF-8.
bool is_utf8(std::string_view text);

}  // namespace brood::files
