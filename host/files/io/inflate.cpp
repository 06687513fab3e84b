// SPDX-License-Identifier: Apache-2.0
// The one file that knows zlib. zlib checks gzip's own checksum and length.
#include "files/io/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "brood/error.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kMaxAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits

// Window bits as zlib's manual gives them for inflateInit2.
enum class Wrapping : int { raw = -MAX_WBITS, gzip = MAX_WBITS + 16 };

class Inflater {
 public:
  Inflater(std::string_view packed, std::string const& name, Wrapping wrapping, std::int64_t most,
           std::int64_t offset)
      : packed_(packed), name_(name), most_(static_cast<std::size_t>(most)), offset_(offset) {
    if (inflateInit2(&stream_, static_cast<int>(wrapping)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(Inflater const&) = delete;
  Inflater& operator=(Inflater const&) = delete;

  // Unpacks until the end of a stream.
  void run() {
    for (;;) {
      std::string_view const rest = packed_.substr(used_, kMaxAtOnce);
      make_room();
      std::size_t const room = std::min(unpacked_.size() - made_, kMaxAtOnce);
      // zlib reads its input only, but its interface does not say so.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
      stream_.avail_in = static_cast<uInt>(rest.size());
      stream_.next_out = reinterpret_cast<Bytef*>(unpacked_.data() + made_);
      stream_.avail_out = static_cast<uInt>(room);
      int const result = inflate(&stream_, Z_NO_FLUSH);
      used_ += rest.size() - stream_.avail_in;
      made_ += room - stream_.avail_out;
      if (made_ > most_) {
        throw problem("unpacks to more than " + counted(static_cast<std::int64_t>(most_), "byte"));
      }
      if (result == Z_STREAM_END) return;
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result == Z_BUF_ERROR && used_ == packed_.size()) {
        throw problem("the compressed data is cut short");
      }
      if (result != Z_OK && result != Z_BUF_ERROR) {
        throw problem(std::string("the compressed data is damaged") +
                      (stream_.msg ? std::string(" (") + stream_.msg + ")" : ""));
      }
    }
  }

  void start_next_stream() { inflateReset(&stream_); }

  std::string_view rest() const { return packed_.substr(used_); }
  UsageError problem(std::string const& what) const {
    return UsageError(at_byte(name_, offset_ + static_cast<std::int64_t>(used_), what));
  }
  std::string take() {
    unpacked_.resize(made_);
    return std::move(unpacked_);
  }

 private:
  // Doubles, up to one byte more than is allowed: that one shows that there is too much.
  void make_room() {
    if (made_ < unpacked_.size()) return;
    std::size_t const wanted = std::max({2 * made_, 4 * packed_.size(), std::size_t{4096}});
    unpacked_.resize(std::min(wanted, most_ + 1));
  }

  std::string_view packed_;
  std::string const& name_;
  std::size_t most_;
  std::int64_t offset_;
  z_stream stream_{};
  std::size_t used_ = 0;  // of packed_
  std::size_t made_ = 0;  // of unpacked_
  std::string unpacked_;
};

}  // namespace

bool begins_like_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

std::string gunzip(std::string_view packed, std::string const& name, std::int64_t most) {
  Inflater inflater(packed, name, Wrapping::gzip, most, 0);
  inflater.run();
  while (begins_like_gzip(inflater.rest())) {
    inflater.start_next_stream();
    inflater.run();
  }
  if (!inflater.rest().empty()) {
    throw inflater.problem(counted(static_cast<std::int64_t>(inflater.rest().size()), "byte") +
                           " after the end of the compressed data");
  }
  return inflater.take();
}

std::string inflate_raw(std::string_view packed, std::int64_t size, std::string const& name,
                        std::int64_t offset) {
  Inflater inflater(packed, name, Wrapping::raw, size, offset);
  inflater.run();
  if (!inflater.rest().empty()) throw inflater.problem("the compressed data ends too early");
  std::string unpacked = inflater.take();
  if (static_cast<std::int64_t>(unpacked.size()) != size) {
    throw inflater.problem("unpacks to " +
                           counted(static_cast<std::int64_t>(unpacked.size()), "byte") +
                           ", not to the " + std::to_string(size) + " that the file says");
  }
  return unpacked;
}

std::uint32_t crc32_of(std::string_view bytes) {
  uLong crc = crc32(0, nullptr, 0);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kMaxAtOnce))) {
    crc = crc32(crc, reinterpret_cast<Bytef const*>(bytes.data()),
                static_cast<uInt>(std::min(bytes.size(), kMaxAtOnce)));
  }
  return static_cast<std::uint32_t>(crc);
}

}  // namespace brood::files
