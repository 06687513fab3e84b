// SPDX-License-Identifier: Apache-2.0
// Loads, stores and asynchronous copies: of shared, global, local and generic addresses.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "machine/block.hpp"
#include "machine/families.hpp"
#include "machine/wavefronts.hpp"

namespace brood::machine {
namespace {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr u32 kOffset = 0xffffff;  // of a shared address; above it stands the block's rank

// ---- addresses

void addresses(Warp& warp, Operand const& o, u32 lanes, Words& out) {
  u32 const base =
      static_cast<u32>(o.value) + (o.uniform == kZeroUniform ? 0 : warp.uniform[o.uniform]);
  if (o.reg == kZeroRegister) {
    out = Words::all(base);
    return;
  }
  warp.need(lanes, warp.valid[o.reg], "an address");
  Words const& reg = warp.registers[o.reg];
  u32 const scale = o.scale;
  for (int i = 0; i < kLanes; ++i)
    out[i] = reg[i] * scale + base;
}

void long_addresses(Warp& warp, Operand const& o, u32 lanes, Longs& out) {
  if (!o.wide || o.scale != 1) warp.fail("an address of 32 bits: " + std::string(o.text));
  u64 base = static_cast<u64>(o.value);
  if (o.uniform != kZeroUniform)
    base += warp.uniform[o.uniform] | u64{warp.uniform[o.uniform + 1]} << 32;
  if (o.reg == kZeroRegister) {
    out = Longs::all(base);
    return;
  }
  warp.need(lanes, warp.valid[o.reg] & warp.valid[o.reg + 1], "an address");
  for (int i = 0; i < kLanes; ++i)
    out[i] = (warp.registers[o.reg][i] | u64{warp.registers[o.reg + 1][i]} << 32) + base;
}

std::string text_of(u64 address) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
  return text;
}

// ---- shared memory

void complain(Warp& warp, unsigned found, u32 address, char const* how) {
  std::string const where = std::string(how) + " of shared address " + text_of(address);
  if (found & Shadow::race) {
    warp.report(Fault::race,
                where + ", which another warp uses since the last barrier between them");
  }
  if (found & Shadow::in_flight) warp.report(Fault::copy_in_flight, where);
}

// The block whose memory the address is in; null, and a report, where it is in none's.
Block* block_of(Warp& warp, u32 address, unsigned bytes) {
  u32 const offset = address & kOffset, rank = address >> 24;
  Block& own = *warp.block;
  if (static_cast<int>(rank) >= own.cluster().size() || offset < own.shared_begin ||
      offset + bytes > own.shared.size()) {
    warp.report(Fault::out_of_bounds, "shared address " + text_of(address) + ", of " +
                                          std::to_string(own.shared.size()) + " bytes");
    return nullptr;
  }
  if (offset % bytes != 0) {
    warp.report(Fault::misaligned,
                "shared address " + text_of(address) + " of " + std::to_string(bytes) + " bytes");
    return nullptr;
  }
  return static_cast<int>(rank) == own.rank() ? &own : &own.cluster().block(static_cast<int>(rank));
}

// Of one lane. The words that it read; what nobody has written is not valid in them, as compilers
// load more than is used.
void read_shared(Warp& warp, u32 address, unsigned bytes, int lane, u32* words, u32* valid) {
  Block* const block = block_of(warp, address, bytes);
  if (block == nullptr) return;
  u32 const offset = address & kOffset;
  if (warp.checked) {
    unsigned found = 0;
    for (unsigned k = 0; k < bytes; k += 4) {
      unsigned const of_word = block->shadow.read(warp.clock, offset + k, std::min(bytes, 4u));
      if (of_word & Shadow::uninitialised) {
        valid[k / 4] &= ~(1u << lane);
        warp.note_unwritten(address + k);
      }
      found |= of_word;
    }
    if (found & ~Shadow::uninitialised) complain(warp, found, address, "a read");
  }
  std::memcpy(words, block->shared.data() + offset, bytes);
}
void write_shared(Warp& warp, u32 address, unsigned bytes, u32 const* words, bool initialised) {
  Block* const block = block_of(warp, address, bytes);
  if (block == nullptr) return;
  u32 const offset = address & kOffset;
  if (warp.checked) {
    unsigned found = 0;
    for (unsigned k = 0; k < bytes; k += 4)
      found |= block->shadow.write(warp.clock, offset + k, std::min(bytes, 4u), initialised);
    if (found) complain(warp, found, address, "a write");
  }
  std::memcpy(block->shared.data() + offset, words, bytes);
}

// ---- global memory

bool is_global(Warp& warp, u64 address, unsigned bytes) {
  if (!warp.block->launch().memory->has(address, address + bytes)) {
    warp.report(Fault::out_of_bounds,
                "global address " + text_of(address) + " of " + std::to_string(bytes) + " bytes");
    return false;
  }
  if (address % bytes != 0) {
    warp.report(Fault::misaligned,
                "global address " + text_of(address) + " of " + std::to_string(bytes) + " bytes");
    return false;
  }
  return true;
}

// ---- local memory: word by word, of all lanes

bool local_word(Warp& warp, u32 address, unsigned bytes, std::size_t& word) {
  constexpr u32 kMargin = 1024;  // of functions that the kernel's facts do not count
  u32 const size = static_cast<u32>(warp.block->launch().code->facts.stack_bytes) + kMargin;
  if (warp.local.empty()) {
    warp.local.assign(size / 4 * kLanes, 0xffffffffu);
    warp.local_valid.assign(size / 4, 0);
  }
  u32 const offset = address - (kStackTop - size);
  if (offset >= size || offset + bytes > size) {
    warp.report(Fault::out_of_bounds, "local address " + text_of(address));
    return false;
  }
  if (offset % bytes != 0) {
    warp.report(Fault::misaligned, "local address " + text_of(address));
    return false;
  }
  word = offset / 4;
  return true;
}

// Less than a word has a word of its own, as ptxas spills it.
void read_local(Warp& warp, u32 address, unsigned bytes, int lane, u32* words, u32* valid) {
  std::size_t word = 0;
  if (!local_word(warp, address, bytes, word)) return;
  for (unsigned k = 0; k < (bytes + 3) / 4; ++k) {
    words[k] = warp.local[(word + k) * kLanes + static_cast<std::size_t>(lane)];
    valid[k] = (valid[k] & ~(1u << lane)) | (warp.local_valid[word + k] & 1u << lane);
  }
}
void write_local(Warp& warp, u32 address, unsigned bytes, int lane, u32 const* words,
                 u32 const* valid) {
  std::size_t word = 0;
  if (!local_word(warp, address, bytes, word)) return;
  for (unsigned k = 0; k < (bytes + 3) / 4; ++k) {
    warp.local[(word + k) * kLanes + static_cast<std::size_t>(lane)] = words[k];
    warp.local_valid[word + k] =
        (warp.local_valid[word + k] & ~(1u << lane)) | (valid[k] & 1u << lane);
  }
}

// ---- loads and stores of a warp. detail: bits of Narrow.

enum Narrow : u8 { kSigned = 1 };
enum class Space : u8 { shared, global, generic, local };

constexpr int kMaxWords = 4;
int words_of(Instruction const& in) {
  return in.bytes < 4 ? 1 : in.bytes / 4;
}

// What is loaded of less than a word fills it.
u32 widened(Instruction const& in, u32 word) {
  int const unused = 32 - 8 * in.bytes;
  if (unused <= 0) return word;
  u32 const high = word << unused;
  return in.detail & kSigned ? static_cast<u32>(static_cast<std::int32_t>(high) >> unused)
                             : high >> unused;
}

// What the timing model is told.
void note_shared(Warp& warp, Words const& at, u32 lanes, unsigned bytes, Step::Kind kind) {
  if (warp.trace == nullptr) return;
  warp.step.kind = lanes == 0 ? Step::Kind::nothing : kind;
  warp.step.wavefronts = static_cast<std::uint16_t>(wavefronts(at, lanes, bytes));
}
void note_generic(Warp& warp, Longs const& at, u32 lanes, unsigned bytes) {
  if (warp.trace == nullptr) return;
  if (lanes == 0) {
    warp.step.kind = Step::Kind::nothing;
    return;
  }
  u64 const first = at[std::countr_zero(lanes)];
  if (first >> 32 != kSharedWindow) {
    warp.step.kind = Step::Kind::global;
    warp.step.sectors = static_cast<u8>(sectors(at, lanes, bytes));
    return;
  }
  Words low;
  for (int i = 0; i < kLanes; ++i)
    low[i] = static_cast<u32>(at[i]);
  bool const own = static_cast<int>(first >> 24 & 0xff) == warp.block->rank();
  note_shared(warp, low, lanes, bytes, own ? Step::Kind::generic_shared : Step::Kind::far_shared);
}

void read_one(Warp& warp, Space space, u64 address, unsigned bytes, int lane, u32* words,
              u32* valid) {
  if (space == Space::shared) {
    read_shared(warp, static_cast<u32>(address), bytes, lane, words, valid);
  } else if (space == Space::local) {
    read_local(warp, static_cast<u32>(address), bytes, lane, words, valid);
  } else if (space == Space::generic && address >> 32 == kSharedWindow) {
    read_shared(warp, static_cast<u32>(address), bytes, lane, words, valid);
  } else if (space == Space::generic && address >> 32 == kLocalWindow) {
    read_local(warp, static_cast<u32>(address), bytes, lane, words, valid);
  } else if (is_global(warp, address, bytes)) {
    std::memcpy(words, reinterpret_cast<void const*>(address), bytes);
  }
}
void write_one(Warp& warp, Space space, u64 address, unsigned bytes, int lane, u32 const* words,
               u32 const* valid) {
  u32 all_valid = kAllLanes;
  for (unsigned k = 0; k < std::max(bytes / 4, 1u); ++k)
    all_valid &= valid[k];
  bool const initialised = (all_valid >> lane & 1) != 0;
  if (space == Space::shared || (space == Space::generic && address >> 32 == kSharedWindow)) {
    write_shared(warp, static_cast<u32>(address), bytes, words, initialised);
  } else if (space == Space::local || (space == Space::generic && address >> 32 == kLocalWindow)) {
    write_local(warp, static_cast<u32>(address), bytes, lane, words, valid);
  } else if (is_global(warp, address, bytes)) {
    warp.need(1u << lane, all_valid, "what is stored");
    std::memcpy(reinterpret_cast<void*>(address), words, bytes);
  }
}

template <Space Of>
void addresses_of(Warp& warp, Instruction const& in, Operand const& o, u32 lanes, Longs& at) {
  if constexpr (Of == Space::shared || Of == Space::local) {
    Words low;
    addresses(warp, o, lanes, low);
    for (int i = 0; i < kLanes; ++i)
      at[i] = low[i];
    note_shared(warp, low, lanes, in.bytes, Step::Kind::shared);
    if (Of == Space::local && lanes != 0)
      warp.step.wavefronts = static_cast<std::uint16_t>(words_of(in));
  } else {
    long_addresses(warp, o, lanes, at);
    note_generic(warp, at, lanes, in.bytes);
  }
}

bool all_alike(Longs const& at) {
  u64 differences = 0;
  for (int i = 1; i < kLanes; ++i)
    differences |= at[i] ^ at[0];
  return differences == 0;
}

template <Space Of>
void load(Warp& warp, Instruction const& in, u32 lanes) {
  Longs at;
  if (lanes == 0) {
    if (warp.trace) warp.step.kind = Step::Kind::nothing;
    return;
  }
  addresses_of<Of>(warp, in, in.source[0], lanes, at);
  int const count = words_of(in);
  Words out[kMaxWords];
  u32 valid[kMaxWords] = {kAllLanes, kAllLanes, kAllLanes, kAllLanes};
  if (Of != Space::local && lanes == kAllLanes && all_alike(at)) {
    u32 words[kMaxWords] = {};
    read_one(warp, Of, at[0], in.bytes, 0, words, valid);
    for (int k = 0; k < count; ++k) {
      out[k] = Words::all(widened(in, words[k]));
      valid[k] = valid[k] & 1 ? kAllLanes : 0;
    }
  } else {
    for_each_lane(lanes, [&](int i) {
      u32 words[kMaxWords] = {};
      read_one(warp, Of, at[i], in.bytes, i, words, valid);
      for (int k = 0; k < count; ++k)
        out[k][i] = widened(in, words[k]);
    });
  }
  if (in.result.reg == kZeroRegister) return;
  for (int k = 0; k < count; ++k)
    warp.set_register(in.result.reg + k, out[k], lanes, valid[k]);
}

template <Space Of>
void store(Warp& warp, Instruction const& in, u32 lanes) {
  Longs at;
  if (lanes == 0) {
    if (warp.trace) warp.step.kind = Step::Kind::nothing;
    return;
  }
  addresses_of<Of>(warp, in, in.source[0], lanes, at);
  int const count = words_of(in);
  Operand const& data = in.source[1];
  Words const* from[kMaxWords];
  u32 valid[kMaxWords] = {kAllLanes, kAllLanes, kAllLanes, kAllLanes};
  Words scratch;
  for (int k = 0; k < count; ++k) {
    if (data.kind == Operand::Kind::reg) {
      int const index = data.reg == kZeroRegister ? data.reg : data.reg + k;
      from[k] = &warp.registers[index];
      valid[k] = warp.valid[index];
    } else {
      from[k] = &warp.words(data, scratch, valid[k]);
    }
  }
  for_each_lane(lanes, [&](int i) {
    u32 words[kMaxWords];
    for (int k = 0; k < count; ++k)
      words[k] = (*from[k])[i];
    write_one(warp, Of, at[i], in.bytes, i, words, valid);
  });
}

// The size of an access, and hints that change nothing here.
bool sized(Modifiers& modifiers, Instruction& in) {
  static constexpr u8 kBytes[] = {8, 16, 1, 1, 2, 2};
  int const size = modifiers.one_of({"64", "128", "U8", "S8", "U16", "S16"});
  in.bytes = size < 0 ? 4 : kBytes[size];
  in.detail = size == 3 || size == 5 ? kSigned : 0;
  modifiers.take("E");
  modifiers.take("LU");
  modifiers.take("CONSTANT");
  modifiers.take("STRONG");
  modifiers.one_of({"GPU", "SM", "SYS", "CTA"});
  modifiers.one_of({"LTC128B", "LTC256B", "LTC64B"});
  modifiers.one_of({"EF", "EL", "EU", "NA"});
  return in.source[0].kind == Operand::Kind::address;
}

template <Space Of>
Operation* load_family(Modifiers& modifiers, Instruction& in) {
  return sized(modifiers, in) ? load<Of> : nullptr;
}
template <Space Of>
Operation* store_family(Modifiers& modifiers, Instruction& in) {
  return sized(modifiers, in) ? store<Of> : nullptr;
}

// ---- atomic operations, lane by lane

enum Atomic : u8 { kAdd, kMin, kMax, kAnd, kOr, kXor, kExchange, kCompare };
enum AtomicType : u8 { kUnsigned, kSignedWord, kFloat };

template <class T>
u64 updated(Atomic what, u64 old, u64 value, u64 other) {
  T const a = static_cast<T>(old), b = static_cast<T>(value);
  switch (what) {
    case kAdd:
      return static_cast<T>(a + b);
    case kMin:
      return a < b ? a : b;
    case kMax:
      return a > b ? a : b;
    case kAnd:
      return a & b;
    case kOr:
      return a | b;
    case kXor:
      return a ^ b;
    case kExchange:
      return b;
    case kCompare:
      return a == b ? static_cast<T>(other) : a;
  }
  return old;
}

u64 updated(Instruction const& in, u64 old, u64 value, u64 other) {
  auto const what = static_cast<Atomic>(in.detail & 15);
  auto const type = static_cast<AtomicType>(in.detail >> 4);
  if (type == kFloat) {
    return as_bits(as_float(static_cast<u32>(old)) + as_float(static_cast<u32>(value)));
  }
  bool const is_signed = type == kSignedWord && (what == kMin || what == kMax);
  u64 const flip = is_signed ? u64{1} << (8 * in.bytes - 1) : 0;
  u64 const result = in.bytes == 8 ? updated<u64>(what, old ^ flip, value ^ flip, other)
                                   : updated<u32>(what, old ^ flip, value ^ flip, other);
  return result ^ flip;
}

// The place, or null.
void* atomic_place(Warp& warp, Space space, u64 address, unsigned bytes, int lane) {
  if (space == Space::shared || (space == Space::generic && address >> 32 == kSharedWindow)) {
    auto const low = static_cast<u32>(address);
    Block* const block = block_of(warp, low, bytes);
    if (block == nullptr) return nullptr;
    if (warp.checked) {
      for (unsigned k = 0; k < bytes; k += 4) {
        if (block->shadow.update(warp.clock, (low & kOffset) + k, 4) & Shadow::uninitialised) {
          warp.note_unwritten(low + k);
          warp.need(1u << lane, 0, "what is updated");
        }
      }
    }
    return block->shared.data() + (low & kOffset);
  }
  return is_global(warp, address, bytes) ? reinterpret_cast<void*>(address) : nullptr;
}

template <Space Of>
void atomic(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) {
    if (warp.trace) warp.step.kind = Step::Kind::nothing;
    return;
  }
  Longs at;
  addresses_of<Of>(warp, in, in.source[0], lanes, at);
  unsigned const bytes = in.bytes;
  Longs data[2];
  u32 valid = kAllLanes;
  for (int k = 0; k < 2; ++k) {
    Operand const& o = in.source[1 + k];
    if (o.kind == Operand::Kind::none) continue;
    if (bytes == 8) {
      warp.longs(o, data[k], valid);
    } else {
      Words scratch;
      Words const& words = warp.words(o, scratch, valid);
      for (int i = 0; i < kLanes; ++i)
        data[k][i] = words[i];
    }
  }
  warp.need(lanes, valid, "what is stored");
  Longs olds = Longs::all(0);
  for_each_lane(lanes, [&](int i) {
    void* const place = atomic_place(warp, Of, at[i], bytes, i);
    if (place == nullptr) return;
    std::memcpy(&olds[i], place, bytes);
    u64 const result = updated(in, olds[i], data[0][i], data[1][i]);
    std::memcpy(place, &result, bytes);
  });
  if (in.result.kind != Operand::Kind::reg) return;
  if (bytes == 8) {
    warp.set_longs(in.result, olds, lanes, kAllLanes);
  } else {
    Words out;
    for (int i = 0; i < kLanes; ++i)
      out[i] = static_cast<u32>(olds[i]);
    warp.set(in.result, out, lanes, kAllLanes);
  }
}

template <Space Of>
Operation* atomic_family(Modifiers& modifiers, Instruction& in) {
  int what = modifiers.one_of({"ADD", "MIN", "MAX", "AND", "OR", "XOR", "EXCH", "CAS"});
  if (what < 0) what = modifiers.take("CAST") && modifiers.take("SPIN") ? kCompare : -1;
  int const type = modifiers.one_of({"U32", "S32", "F32"});
  modifiers.take("FTZ");
  modifiers.take("RN");
  bool const known = what >= 0 && sized(modifiers, in) && (type != 2 || what == kAdd);
  in.detail = static_cast<u8>(what | (type < 0 ? 0 : type) << 4);
  return known ? atomic<Of> : nullptr;
}

// ---- LDSM: matrices of 8 x 8 halves. detail: transposed; bytes: how many matrices.

void load_matrices(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) return;
  warp.need_convergence(lanes);
  Words at;
  int const count = in.bytes;
  u32 const used = count == 4 ? kAllLanes : (1u << 8 * count) - 1;
  addresses(warp, in.source[0], used, at);
  u32 total = 0;
  for (int m = 0; m < count; ++m) {
    u32 rows[8][4] = {}, written[4];
    u32 valid_rows[8] = {};  // by word
    for (int r = 0; r < 8; ++r) {
      std::fill(written, written + 4, 1u);
      read_shared(warp, at[8 * m + r], 16, 0, rows[r], written);
      for (int word = 0; word < 4; ++word)
        valid_rows[r] |= written[word] << word;
    }
    Words out;
    u32 valid = 0;
    for (int i = 0; i < kLanes; ++i) {
      int const g = i / 4, t = i % 4;
      if (in.detail) {
        auto half = [&](int row) { return rows[row][g / 2] >> 16 * (g % 2) & 0xffffu; };
        out[i] = half(2 * t) | half(2 * t + 1) << 16;
        valid |= (valid_rows[2 * t] & valid_rows[2 * t + 1]) >> g / 2 & 1 ? 1u << i : 0;
      } else {
        out[i] = rows[g][t];
        valid |= valid_rows[g] >> t & 1 ? 1u << i : 0;
      }
    }
    warp.set_register(in.result.reg + m, out, kAllLanes, valid);
    if (warp.trace) total += wavefronts(at, 0xffu << 8 * m, 16);
  }
  warp.step.kind = Step::Kind::shared;
  warp.step.wavefronts = static_cast<std::uint16_t>(total);
}
Operation* ldsm(Modifiers& modifiers, Instruction& in) {
  if (!modifiers.take("16")) return nullptr;
  bool const transposed = modifiers.take("MT88"), plain = modifiers.take("M88");
  in.detail = transposed;
  in.bytes = modifiers.take("4") ? 4 : modifiers.take("2") ? 2 : 1;
  return transposed != plain && in.source[0].kind == Operand::Kind::address ? load_matrices
                                                                            : nullptr;
}

// ---- LDGSTS: asynchronous copies from global to shared memory

void copy_async(Warp& warp, Instruction const& in, u32 lanes) {
  if (lanes == 0) {
    if (warp.trace) warp.step.kind = Step::Kind::nothing;
    return;
  }
  Words to;
  Longs from;
  addresses(warp, in.source[0], lanes, to);
  long_addresses(warp, in.source[1], lanes, from);
  warp.need(lanes, warp.predicate_valid(in.conditions[0]), "a copy's condition");
  u32 const valid = warp.predicate(in.conditions[0]);  // else zeros are written
  unsigned const bytes = in.bytes;
  for_each_lane(lanes, [&](int i) {
    Block* const block = block_of(warp, to[i], bytes);
    if (block == nullptr) return;
    u32 const offset = to[i] & kOffset;
    if (warp.checked) {
      unsigned found = 0;
      for (unsigned k = 0; k < bytes; k += 4) {
        found |= block->shadow.write(warp.clock, offset + k, 4, true, true);
        warp.copies.back().push_back(offset + k);
      }
      if (found) complain(warp, found, to[i], "a copy");
    }
    if (!(valid >> i & 1)) {
      std::memset(block->shared.data() + offset, 0, bytes);
    } else if (is_global(warp, from[i], bytes)) {
      std::memcpy(block->shared.data() + offset, reinterpret_cast<void const*>(from[i]), bytes);
    }
  });
  if (warp.trace == nullptr) return;
  note_shared(warp, to, lanes, bytes, Step::Kind::copy);
  warp.step.sectors = static_cast<u8>(sectors(from, lanes & valid, bytes));
}
Operation* ldgsts(Modifiers& modifiers, Instruction& in) {
  modifiers.one_of({"BYPASS", "ACCESS"});
  bool const known = sized(modifiers, in) && in.source[1].kind == Operand::Kind::address;
  return known && in.bytes >= 4 ? copy_async : nullptr;
}

// What was issued becomes a group.
void commit_copies(Warp& warp, Instruction const&, std::uint32_t lanes) {
  if (lanes != 0) warp.copies.emplace_back();
}
Operation* ldgdepbar(Modifiers&, Instruction&) {
  return commit_copies;
}

// DEPBAR.LE SB0, n: until at most n groups are under way. Of other scoreboards, nothing here.
void await_copies(Warp& warp, Instruction const& in, std::uint32_t lanes) {
  if (lanes == 0 || in.source[0].text != "SB0") return;
  auto const left = static_cast<std::size_t>(in.source[1].value);
  while (warp.copies.size() > left + 1) {
    for (u32 const offset : warp.copies.front())
      warp.block->shadow.land(warp.clock, offset);
    warp.copies.erase(warp.copies.begin());
  }
}
Operation* depbar(Modifiers& modifiers, Instruction& in) {
  bool const known = modifiers.take("LE") && in.source[1].kind == Operand::Kind::immediate;
  return known ? await_copies : nullptr;
}

}  // namespace

std::span<Family const> memory_families() {
  static constexpr Family kFamilies[] = {
      {"LDS", load_family<Space::shared>},
      {"STS", store_family<Space::shared>},
      {"LD", load_family<Space::generic>},
      {"ST", store_family<Space::generic>},
      {"LDG", load_family<Space::global>},
      {"STG", store_family<Space::global>},
      {"LDL", load_family<Space::local>},
      {"STL", store_family<Space::local>},
      {"ATOMS", atomic_family<Space::shared>},
      {"ATOMG", atomic_family<Space::global>},
      {"ATOM", atomic_family<Space::generic>},
      {"RED", atomic_family<Space::generic>},
      {"LDSM", ldsm},
      {"LDGSTS", ldgsts},
      {"LDGDEPBAR", ldgdepbar},
      {"DEPBAR", depbar},
  };
  return kFamilies;
}

}  // namespace brood::machine
