// SPDX-License-Identifier: Apache-2.0
// Json: its text, and reading it with nlohmann's parser. The parser tells us one event at a time,
// so that what is too deep or too wide is refused before it is built.
#include "files/io/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "files/io/utf8.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kMaxDepth = 16;

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    auto const byte = static_cast<unsigned char>(text[at]);
    std::size_t const size = character_size(text.substr(at));
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (byte == '"' || byte == '\\') {
      out += {'\\', static_cast<char>(byte)};
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00" + hex(text[at]);
    } else {
      out += text.substr(at, size);
    }
    at += std::max<std::size_t>(size, 1);
  }
  out += '"';
}

// A real number keeps a point or an exponent, so that it reads back as one.
template <class Real>
void append_real(Real value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  auto const end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  std::string_view const text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace

class JsonWriter {
 public:
  explicit JsonWriter(bool indented) : indented_(indented) {}

  void write(Json const& json) {
    std::visit([&](auto const& value) { append(value); }, json.value_);
  }
  std::string take() { return std::move(out_); }

 private:
  void append(std::monostate) { out_ += "null"; }
  void append(bool value) { out_ += value ? "true" : "false"; }
  void append(std::int64_t value) { out_ += std::to_string(value); }
  void append(float value) { append_real(value, out_); }
  void append(double value) { append_real(value, out_); }
  void append(std::string const& value) { append_quoted(value, out_); }
  void append(Json::Array const& array) {
    bool const on_one_line = std::none_of(array.begin(), array.end(), [](Json const& element) {
      return element.as<Json::Array>() || element.as<Json::Object>();
    });
    append_all('[', array, ']', !on_one_line, [&](Json const& element) { write(element); });
  }
  void append(Json::Object const& object) {
    append_all('{', object, '}', true, [&](auto const& member) {
      append_quoted(member.first, out_);
      out_ += indented_ ? ": " : ":";
      write(member.second);
    });
  }

  template <class Elements, class Append>
  void append_all(char open, Elements const& elements, char close, bool on_lines, Append each) {
    on_lines = on_lines && indented_ && !elements.empty();
    out_ += open;
    ++depth_;
    for (auto const& element : elements) {
      if (&element != &elements.front()) out_ += indented_ && !on_lines ? ", " : ",";
      if (on_lines) new_line();
      each(element);
    }
    --depth_;
    if (on_lines) new_line();
    out_ += close;
  }
  void new_line() { out_.append(1, '\n').append(2 * depth_, ' '); }

  bool indented_;
  std::size_t depth_ = 0;
  std::string out_;
};

// Builds a Json from the parser's events; what is refused is thrown at once.
class JsonBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonBuilder(std::size_t max_keys) : max_keys_(max_keys) {}
  Json take() { return std::move(root_); }

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      throw JsonError(0, "the number " + std::to_string(value) + " does not fit into 64 bits");
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, string_t const&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(std::size_t) override { return open(Json::Object()); }
  bool start_array(std::size_t) override { return open(Json::Array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& object = std::get<Json::Object>(open_.back()->value_);
    if (object.size() == max_keys_) {
      throw JsonError(0, "an object has more than " + std::to_string(max_keys_) + " keys");
    }
    if (!keys_.back().insert(name).second)
      throw JsonError(0, "the key '" + name + "' is there twice");
    object.emplace_back(std::move(name), Json());
    return true;
  }

  bool parse_error(std::size_t position, std::string const& last,
                   nlohmann::detail::exception const&) override {
    throw JsonError(position == 0 ? 0 : static_cast<std::int64_t>(position) - 1,
                    "is not JSON; the text there ends in '" + last + "'");
  }

 private:
  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    if (auto* const array = std::get_if<Json::Array>(&open_.back()->value_)) {
      return array->emplace_back(std::move(value));
    }
    return std::get<Json::Object>(open_.back()->value_).back().second = std::move(value);
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == kMaxDepth) {
      throw JsonError(0, "is nested deeper than " + std::to_string(kMaxDepth));
    }
    // Only the innermost container grows, so the addresses of those around it stay.
    open_.push_back(&place(std::move(container)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::size_t max_keys_;
  Json root_;
  std::vector<Json*> open_;
  std::vector<std::unordered_set<std::string>> keys_;  // of each of these
};

Json::Json(Value const& value) {
  std::visit([&](auto const& held) { *this = Json(held); }, value);
}

Json::Json(Config const& config) {
  value_ = Object();
  for (auto const& [name, value] : config)
    set(name, Json(value));
}

Json& Json::set(std::string_view key, Json value) {
  if (std::holds_alternative<std::monostate>(value_)) value_ = Object();
  std::get<Object>(value_).emplace_back(key, std::move(value));
  return *this;
}

Json const* Json::find(std::string_view key) const {
  auto const* const object = as<Object>();
  if (!object) return nullptr;
  auto const member = std::find_if(object->begin(), object->end(),
                                   [&](auto const& candidate) { return candidate.first == key; });
  return member == object->end() ? nullptr : &member->second;
}

std::string Json::text(bool indented) const {
  JsonWriter writer(indented);
  writer.write(*this);
  return writer.take();
}

Json parse_json(std::string_view text, std::size_t max_keys) {
  JsonBuilder builder(max_keys);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t const size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace brood::files
