// SPDX-License-Identifier: Apache-2.0
// NPY, numpy's format (versions 1 to 3): a magic word, a Python dict that tells type, order and
// shape, and the values; and NPZ, a zip file of them.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "files/io/text.hpp"
#include "files/io/zip.hpp"
#include "files/table/numeric_array.hpp"

namespace brood::files {

namespace {

UsageError problem(std::string const& name, std::size_t byte, std::string const& what) {
  return UsageError(at_byte(name, static_cast<std::int64_t>(byte), what));
}

struct Header {
  std::string type;  // as written: "<f4"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t type_at = 0, shape_at = 0;  // bytes of the file
};

// Reads exactly {'descr': '...', 'fortran_order': True or False, 'shape': (n, m)}, the keys in any
// order, and nothing else of Python.
class HeaderParser {
 public:
  // The header is bytes[begin, end).
  HeaderParser(std::string_view bytes, std::size_t begin, std::size_t end, std::string const& name)
      : bytes_(bytes.substr(0, end)), at_(begin), name_(name) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      read_entry();
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (at_ != bytes_.size()) throw wrong("nothing more");
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
      if (!seen_[i]) throw problem(name_, at_, "the header has no '" + std::string(kKeys[i]) + "'");
    }
    return std::move(header_);
  }

 private:
  static constexpr std::array<std::string_view, 3> kKeys{"descr", "fortran_order", "shape"};

  void read_entry() {
    skip_spaces();
    std::size_t const begin = at_;
    std::string const key = read_string("a key in quotes");
    auto const index =
        static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), key) - kKeys.begin());
    if (index == kKeys.size()) {
      throw problem(name_, begin, "the header has the unknown key " + quoted(key));
    }
    if (seen_[index]) throw problem(name_, begin, "the header has " + quoted(key) + " twice");
    seen_[index] = true;
    expect(':');
    skip_spaces();
    if (index == 0) {
      read_type();
    } else if (index == 1) {
      read_order();
    } else {
      read_shape();
    }
  }

  void read_type() {
    header_.type_at = at_;
    if (next_is('[') || next_is('(')) {
      throw problem(name_, at_,
                    "structured arrays (several named fields) are not read; save the fields as "
                    "columns of one array of numbers");
    }
    header_.type = read_string("a type in quotes");
  }

  void read_order() {
    header_.fortran_order = rest().starts_with("True");
    if (!header_.fortran_order && !rest().starts_with("False")) throw wrong("True or False");
    at_ += header_.fortran_order ? 4 : 5;
  }

  void read_shape() {
    header_.shape_at = at_;
    expect('(');
    while (!accept(')')) {
      header_.shape.push_back(read_size());
      if (accept(',')) continue;
      // In Python (5) is a number, not a tuple.
      if (header_.shape.size() == 1) throw wrong("a comma");
      expect(')');
      break;
    }
  }

  std::int64_t read_size() {
    skip_spaces();
    std::int64_t size = 0;
    auto const [end, error] = std::from_chars(rest().data(), rest().data() + rest().size(), size);
    if (error == std::errc::result_out_of_range) throw wrong("a size below 2^63");
    if (error != std::errc() || size < 0) throw wrong("a size");
    at_ += static_cast<std::size_t>(end - rest().data());
    return size;
  }

  std::string read_string(char const* what) {
    skip_spaces();
    char const quote = next_is('"') ? '"' : '\'';
    if (!next_is(quote)) throw wrong(what);
    std::size_t const end = bytes_.find(quote, at_ + 1);
    if (end == std::string_view::npos) throw problem(name_, at_, "quote is never closed");
    std::string text(bytes_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return text;
  }

  std::string_view rest() const { return bytes_.substr(at_); }
  bool next_is(char c) const { return at_ < bytes_.size() && bytes_[at_] == c; }
  void skip_spaces() { at_ = std::min(bytes_.find_first_not_of(" \t\r\n", at_), bytes_.size()); }
  bool accept(char c) {
    skip_spaces();
    bool const is = next_is(c);
    if (is) ++at_;
    return is;
  }
  void expect(char c) {
    if (!accept(c)) throw wrong(std::string("'") + c + "'");
  }
  UsageError wrong(std::string const& expected) const {
    return problem(name_, at_,
                   "the npy header should have " + expected + " here, not " +
                       (rest().empty() ? "its end" : quoted(rest().substr(0, 12))));
  }

  std::string_view bytes_;
  std::size_t at_;
  std::string const& name_;
  Header header_;
  std::array<bool, 3> seen_{};
};

NumberType type_of(Header const& header, std::string const& name) {
  std::string_view const text = header.type;
  if (text.size() >= 2 && text[1] == 'O') {
    throw problem(name, header.type_at,
                  "the array holds Python objects (pickled), which are not read; save an array of "
                  "numbers, as with astype('float32')");
  }
  if (text.starts_with('>')) {
    throw problem(name, header.type_at,
                  "big-endian type " + quoted(text) +
                      " is not read; save it little-endian, as with "
                      "astype('float32')");
  }
  constexpr std::pair<std::string_view, NumberType> kTypes[] = {
      {"b1", NumberType::boolean}, {"u1", NumberType::u8},  {"i1", NumberType::i8},
      {"u2", NumberType::u16},     {"i2", NumberType::i16}, {"u4", NumberType::u32},
      {"i4", NumberType::i32},     {"u8", NumberType::u64}, {"i8", NumberType::i64},
      {"f4", NumberType::f32},     {"f8", NumberType::f64}};
  // '<' little-endian; '=' as on this machine, which is the same; '|' no order: of single bytes.
  if (text.starts_with('<') || text.starts_with('=') || text.starts_with('|')) {
    for (auto const& [suffix, type] : kTypes) {
      if (text.substr(1) == suffix && (text[0] != '|' || size_of(type) == 1)) return type;
    }
  }
  throw problem(name, header.type_at,
                "type " + quoted(text) +
                    " is not read; the types are |b1, |i1, |u1, and <i, <u "
                    "of 2, 4, 8 and <f of 4, 8 bytes");
}

struct NpyArray {
  NumericArray array;
  int dimensions = 0;
};

NpyArray read_npy(std::string_view bytes, std::string const& name) {
  if (!bytes.starts_with("\x93NUMPY")) {
    throw problem(name, 0, "not a npy file, which begins with 0x93 and NUMPY");
  }
  if (bytes.size() < 8) throw problem(name, bytes.size(), "the file ends inside its version");
  int const version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0) {
    throw problem(name, 6,
                  "npy version " + std::to_string(static_cast<unsigned char>(bytes[6])) + "." +
                      std::to_string(static_cast<unsigned char>(bytes[7])) +
                      " is not known; 1.0, 2.0 and 3.0 are");
  }
  std::size_t const begin = version == 1 ? 10 : 12;
  if (bytes.size() < begin) {
    throw problem(name, bytes.size(), "the file ends inside the size of its header");
  }
  std::size_t size = 0;
  for (std::size_t at = begin; at-- > 8;) {
    size = size * 256 + static_cast<unsigned char>(bytes[at]);
  }
  if (size > bytes.size() - begin) {
    throw problem(name, 8,
                  "the header of " + counted(static_cast<std::int64_t>(size), "byte") +
                      " reaches beyond the file");
  }
  Header const header = HeaderParser(bytes, begin, begin + size, name).parse();

  NpyArray result;
  result.dimensions = static_cast<int>(std::min<std::size_t>(header.shape.size(), 64));
  if (header.shape.size() != 1 && header.shape.size() != 2) {
    throw problem(name, header.shape_at,
                  "the array has " + counted(result.dimensions, "dimension") +
                      "; 1 (a column) and 2 (rows, columns) are read");
  }
  result.array.type = type_of(header, name);
  result.array.column_major = header.fortran_order;
  result.array.rows = header.shape[0];
  result.array.columns = header.shape.size() == 2 ? header.shape[1] : 1;
  for (std::int64_t const length : header.shape) {
    result.array.shape += (result.array.shape.empty() ? "" : " x ") + std::to_string(length);
  }
  result.array.bytes = bytes.substr(begin + size);
  result.array.offset = static_cast<std::int64_t>(begin + size);
  return result;
}

// Null if there is none.
ZipMember const* find_member(std::vector<ZipMember> const& members, std::string_view wanted,
                             std::string const& name) {
  ZipMember const* found = nullptr;
  for (ZipMember const& member : members) {
    if (member.name != wanted) continue;
    if (found) {
      throw problem(name, static_cast<std::size_t>(member.entry),
                    "the file holds two members named " + quoted(wanted));
    }
    found = &member;
  }
  return found;
}

}  // namespace

std::vector<Column> parse_npy(std::string_view bytes, std::string const& name) {
  return to_columns(read_npy(bytes, name).array, name, "c");
}

std::vector<Column> parse_npz(std::string_view bytes, std::string const& name) {
  std::vector<ZipMember> const members = zip_members(bytes, name);
  ZipMember const* const x_member = find_member(members, "x.npy", name);
  ZipMember const* const y_member = find_member(members, "y.npy", name);
  if (!x_member) {
    std::string what = "the file holds no array named x";
    if (!members.empty()) what += ", but " + quoted(members[0].name);
    if (members.size() > 1) what += " and " + std::to_string(members.size() - 1) + " more";
    throw problem(name, members.empty() ? 0 : static_cast<std::size_t>(members[0].entry),
                  what + "; save it with numpy.savez(file, x=inputs, y=targets)");
  }
  std::vector<Column> columns = parse_npy(unzip(bytes, *x_member, name), name + ":x.npy");
  if (!y_member) return columns;

  std::string const y_name = name + ":y.npy";
  std::string const y_bytes = unzip(bytes, *y_member, name);
  NpyArray const y = read_npy(y_bytes, y_name);
  std::vector<Column> targets = to_columns(y.array, y_name, "y");
  if (y.dimensions == 1) targets[0].name = "label";
  if (targets[0].numbers.size() != columns[0].numbers.size()) {
    throw problem(name, static_cast<std::size_t>(y_member->entry),
                  "y has " + counted(y.array.rows, "row") + ", but x has " +
                      std::to_string(columns[0].numbers.size()));
  }
  std::move(targets.begin(), targets.end(), std::back_inserter(columns));
  return columns;
}

}  // namespace brood::files
