// SPDX-License-Identifier: Apache-2.0
// A study's state as bytes: a magic word with a version, the fields in order, a checksum. Numbers
// are little-endian; nothing is allocated on the word of bytes that are not there. They are written
// and summed in pieces of one size, so that no second copy of all members is made.
#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "data/fnv1a.hpp"

namespace brood {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "brood state 6\n";
constexpr std::size_t kChecksum = 32;  // hex digits
constexpr std::size_t kPiece = 1 << 20;

std::string checksum(std::string_view bytes) {
  Fnv1a128 hash;
  for (; bytes.size() > kPiece; bytes.remove_prefix(kPiece))
    hash.add_words(bytes.substr(0, kPiece));
  hash.add_words(bytes);
  return hash.hex();
}

class Writer {
 public:
  explicit Writer(std::function<void(std::string_view)> const& write) : write_(write) {
    put(kMagic);
  }

  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T const& value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    put({raw, sizeof(T)});
  }
  template <class T>
  void operator()(std::vector<T> const& list) {
    (*this)(static_cast<std::uint64_t>(list.size()));
    if constexpr (std::is_same_v<T, float>) {  // most of what there is
      put({reinterpret_cast<char const*>(list.data()), list.size() * sizeof(float)});
    } else {
      for (auto const& each : list)
        (*this)(static_cast<T const&>(each));
    }
  }
  void operator()(std::string const& text) {
    (*this)(static_cast<std::uint64_t>(text.size()));
    put(text);
  }
  void operator()(Value const& value) {
    (*this)(static_cast<std::uint8_t>(value.index()));
    std::visit([&](auto const& held) { (*this)(held); }, value);
  }
  void operator()(Config const& config) {
    (*this)(static_cast<std::uint64_t>(config.entries().size()));
    for (auto const& [name, value] : config)
      (*this)(name), (*this)(value);
  }
  template <class T>
  requires std::is_class_v<T>
  void operator()(T const& value) { fields(*this, value); }
  // Writes what is left, and the checksum of all.
  std::string finish() {
    pass_on();
    std::string sum = hash_.hex();
    write_(sum);
    return sum;
  }

 private:
  void put(std::string_view bytes) {
    while (!bytes.empty()) {
      if (piece_.size() == kPiece) pass_on();
      std::size_t const count = std::min(bytes.size(), kPiece - piece_.size());
      piece_ += bytes.substr(0, count);
      bytes.remove_prefix(count);
    }
  }
  void pass_on() {
    hash_.add_words(piece_);
    write_(piece_);
    piece_.clear();
  }

  std::function<void(std::string_view)> const& write_;
  std::string piece_;
  Fnv1a128 hash_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T& value) { std::memcpy(&value, take(sizeof(T)).data(), sizeof(T)); }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::uint64_t size = 0;
    (*this)(size);
    if (size > bytes_.size()) damaged();  // every element takes a byte at least
    list.clear();
    if constexpr (std::is_same_v<T, float>) {
      if (size > bytes_.size() / sizeof(float)) damaged();
      list.resize(static_cast<std::size_t>(size));
      std::string_view const raw = take(list.size() * sizeof(float));
      if (!raw.empty()) std::memcpy(list.data(), raw.data(), raw.size());
      return;
    }
    for (std::uint64_t i = 0; i < size; ++i) {
      T each{};
      (*this)(each);
      list.push_back(std::move(each));
    }
  }
  void operator()(std::string& text) {
    std::uint64_t size = 0;
    (*this)(size);
    if (size > bytes_.size()) damaged();
    text = take(static_cast<std::size_t>(size));
  }
  void operator()(Value& value) {
    std::uint8_t index = 0;
    (*this)(index);
    read_alternative(value, index, std::make_index_sequence<std::variant_size_v<Value>>{});
  }
  void operator()(Config& config) {
    std::uint64_t size = 0;
    (*this)(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      std::string name;
      Value value;
      (*this)(name), (*this)(value);
      config.set(name, std::move(value));
    }
  }
  template <class T>
  requires std::is_class_v<T>
  void operator()(T& value) { fields(*this, value); }
  bool done() const { return bytes_.empty(); }

  [[noreturn]] static void damaged() {
    throw StorageError("the saved state is damaged, or was written by another version of brood");
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) damaged();
    std::string_view const taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  // The alternative of `value` with this index, read.
  template <std::size_t... I>
  void read_alternative(Value& value, std::uint8_t index, std::index_sequence<I...>) {
    if (index >= sizeof...(I)) damaged();
    ((index == I ? (*this)(value.emplace<I>()) : void()), ...);
  }

  std::string_view bytes_;
};

// One list of fields for each type, for writing (const) and reading alike.
template <class Io, class T>
void fields(Io& io, T& value) {
  using Type = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Type, Evaluation>) {
    io(value.step), io(value.epoch), io(value.train_loss), io(value.loss), io(value.weight);
    io(value.correct), io(value.squared_error), io(value.absolute_error);
  } else if constexpr (std::is_same_v<Type, MemberMetrics>) {
    io(value.state), io(value.step), io(value.epoch), io(value.history), io(value.best);
  } else if constexpr (std::is_same_v<Type, MemberImage>) {
    io(value.seed), io(value.metrics), io(value.loss_sum), io(value.loss_weight);
    io(value.evaluations_since_best);
    io(value.weights), io(value.moments), io(value.average), io(value.best);
  } else if constexpr (std::is_same_v<Type, TunerTrial>) {
    io(value.id), io(value.state), io(value.epoch), io(value.score), io(value.rung);
    io(value.best_score);
  } else if constexpr (std::is_same_v<Type, Exploit>) {
    io(value.trial), io(value.from), io(value.epoch), io(value.before), io(value.after);
  } else if constexpr (std::is_same_v<Type, Tuner::Job>) {
    io(value.trial), io(value.finish), io(value.told), io(value.copy_from);
    io(value.from_epoch);
    io(value.score_before);
  } else if constexpr (std::is_same_v<Type, Tuner::BracketState>) {
    io(value.rung), io(value.alive), io(value.counted);
  } else if constexpr (std::is_same_v<Type, Tuner::RungState::Result>) {
    io(value.trial), io(value.score), io(value.promoted);
  } else if constexpr (std::is_same_v<Type, Tuner::RungState>) {
    io(value.results), io(value.promoted);
  } else if constexpr (std::is_same_v<Type, Tuner::State>) {
    io(value.trials), io(value.configs), io(value.begun), io(value.exhausted), io(value.grown);
    io(value.promoted);
    io(value.now);
    io(value.jobs), io(value.brackets), io(value.rungs), io(value.lineage);
  } else if constexpr (std::is_same_v<Type, CurvePoint>) {
    io(value.trial), io(value.fold), io(value.repeat), io(value.epoch);
    io(value.train_loss), io(value.valid_loss), io(value.valid_metric);
  } else if constexpr (std::is_same_v<Type, StudyState::Outcome>) {
    io(value.trial), io(value.rung), io(value.epoch), io(value.until);
    io(value.score), io(value.ended);
    io(value.kept), io(value.scores), io(value.accuracies);
  } else if constexpr (std::is_same_v<Type, StudyState::Resident>) {
    io(value.trial), io(value.split), io(value.image);
  } else {
    static_assert(std::is_same_v<Type, StudyState>);
    io(value.study), io(value.tuner), io(value.curves), io(value.member_epochs);
    io(value.stop.best), io(value.stop.rungs_since_best), io(value.events);
    io(value.outcomes), io(value.residents);
  }
}

}  // namespace

std::string save(StudyState const& state) {
  std::string bytes;
  save(state, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

std::string save(StudyState const& state, std::function<void(std::string_view)> const& write) {
  Writer writer(write);
  writer(state);
  return writer.finish();
}

StudyState load_state(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + kChecksum || bytes.substr(0, kMagic.size()) != kMagic)
    Reader::damaged();
  std::string_view const body = bytes.substr(0, bytes.size() - kChecksum);
  if (bytes.substr(body.size()) != checksum(body)) Reader::damaged();
  Reader reader(body.substr(kMagic.size()));
  StudyState state;
  reader(state);
  if (!reader.done()) Reader::damaged();
  return state;
}

}  // namespace brood
