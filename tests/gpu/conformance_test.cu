// SPDX-License-Identifier: Apache-2.0
// Every primitive of cuda/kernels/prims.cuh against plain host computation: random operands,
// compared bit for bit where the words of prims.cuh leave no choice, else within a bound. Compiled
// for the device and for the emulator, so that a misreading of the PTX manual that both share shows
// on the device.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "gpu/on_device.hpp"

namespace brood::cuda {
namespace {

using Words = std::vector<std::uint32_t>;

float float_of_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}
std::uint32_t bits_of_float(float x) {
  return std::bit_cast<std::uint32_t>(x);
}
bool same(float a, float b) {
  return bits_of_float(a) == bits_of_float(b) || (a != a && b != b);
}

// ---- tensor cores. Matrices are row by row: A (16, 8), B (8, 8) of words, C (16, 8) of floats.

constexpr std::size_t kA = 16 * 8, kB = 8 * 8, kC = 16 * 8;

struct MmaArguments {
  std::uint32_t const* a;
  std::uint32_t const* b;
  float const* c;
  float* out;
};

// One product for each block of one warp, with the fragments that prims.cuh describes; written over
// its addend, or beside it.
template <bool Bf16, bool Over>
__global__ void multiply(MmaArguments all) {
  int const g = lane_number() / 4, t = lane_number() % 4;
  auto const product = static_cast<std::size_t>(blockIdx.x);
  std::uint32_t const* const a = all.a + product * kA;
  std::uint32_t const* const b = all.b + product * kB;
  float const* const from = all.c + product * kC;
  float* const to = all.out + product * kC;
  std::uint32_t const first[4] = {a[8 * g + t], a[8 * (g + 8) + t], a[8 * g + t + 4],
                                  a[8 * (g + 8) + t + 4]};
  std::uint32_t const second[2] = {b[8 * t + g], b[8 * (t + 4) + g]};
  int const place[4] = {8 * g + 2 * t, 8 * g + 2 * t + 1, 8 * (g + 8) + 2 * t,
                        8 * (g + 8) + 2 * t + 1};
  float c[4], beside[4];
  for (int i = 0; i < 4; ++i)
    c[i] = from[place[i]];
  float(&d)[4] = Over ? c : beside;
  if constexpr (Bf16) {
    mma_bf16(d, first, second, c);
  } else {
    mma_tf32(d, first, second, c);
  }
  for (int i = 0; i < 4; ++i)
    to[place[i]] = d[i];
}

class TensorCores : public DeviceTest, public ::testing::WithParamInterface<bool> {
 protected:
  bool const bf16 = GetParam();

  // The numbers in a word: one tf32 as the tensor core reads it, or two bf16.
  std::vector<double> unpacked(std::uint32_t word) const {
    if (bf16) return {float_of_bits(word << 16), float_of_bits(word & 0xffff0000u)};
    return {float_of_bits(word & 0xffffe000u)};
  }
  // A word of such numbers.
  template <class Draw>
  std::uint32_t packed(Draw&& draw) const {
    if (!bf16) return bits_of_float(draw());
    std::uint32_t const low = bits_of_float(draw()) >> 16;
    return low | (bits_of_float(draw()) & 0xffff0000u);
  }
  // Products and c of one element of the result.
  std::vector<double> terms(Words const& a, Words const& b, std::vector<float> const& c,
                            std::size_t product, std::size_t row, std::size_t column) const {
    std::vector<double> list = {c[product * kC + 8 * row + column]};
    for (std::size_t k = 0; k < 8; ++k) {
      auto const x = unpacked(a[product * kA + 8 * row + k]);
      auto const y = unpacked(b[product * kB + 8 * k + column]);
      for (std::size_t i = 0; i < x.size(); ++i)
        list.push_back(x[i] * y[i]);
    }
    return list;
  }
  std::vector<float> multiplied(Words const& a, Words const& b, std::vector<float> const& c,
                                bool over = false) {
    OnDevice<std::uint32_t> const device_a(*device, a), device_b(*device, b);
    OnDevice<float> const device_c(*device, c), out(*device, c.size());
    LaunchShape const shape{.blocks = static_cast<int>(c.size() / kC)};
    MmaArguments const arguments{device_a.data(), device_b.data(), device_c.data(), out.data()};
    if (over) {
      run(bf16 ? multiply<true, true> : multiply<false, true>, shape, arguments);
    } else {
      run(bf16 ? multiply<true, false> : multiply<false, false>, shape, arguments);
    }
    return out.read();
  }
};

INSTANTIATE_TEST_SUITE_P(, TensorCores, ::testing::Bool(),
                         [](auto const& info) { return info.param ? "bf16" : "tf32"; });

// Sums below 2^24: no rounding can hide a wrong fragment.
TEST_P(TensorCores, MultiplySmallIntegersExactly) {
  auto const count = static_cast<std::size_t>(samples(4096));
  auto integer = [&] { return static_cast<float>(static_cast<int>(words() % 33) - 16); };
  Words a(count * kA), b(count * kB);
  std::vector<float> c(count * kC);
  for (auto& word : a)
    word = packed(integer);
  for (auto& word : b)
    word = packed(integer);
  for (auto& x : c)
    x = integer();
  auto const got = multiplied(a, b, c);
  Mismatches mismatches;
  for (std::size_t i = 0; i < got.size(); ++i) {
    double expected = 0;
    for (double const term : terms(a, b, c, i / kC, i % kC / 8, i % 8))
      expected += term;
    mismatches.check(got[i] == expected, [&] {
      return text("product %zu row %zu column %zu: %g for %g", i / kC, i % kC / 8, i % 8, got[i],
                  expected);
    });
  }
}

// Each term cut to the 24 bits of the largest, and the sum too: tests/support/tolerance.hpp, 7.
TEST_P(TensorCores, AddWithinTheBound) {
  auto const count = static_cast<std::size_t>(samples(8192));
  Words a(count * kA), b(count * kB);
  std::vector<float> c(count * kC);
  auto number = [&] { return std::ldexp(normal(), static_cast<int>(words() % 8)); };
  auto operand = [&] { return float_of_bits(bits_of_float(number()) & 0xffffe000u); };
  for (auto& word : a)
    word = packed(operand);
  for (auto& word : b)
    word = packed(operand);
  for (auto& x : c)
    x = number();
  auto const got = multiplied(a, b, c);
  double worst = 0, worst_of_sum = 0;
  long nearest = 0, toward_zero = 0, low = 0;
  Mismatches mismatches;
  for (std::size_t i = 0; i < got.size(); ++i) {
    long double exact = 0;
    double largest = 0, magnitude = 0;
    auto const list = terms(a, b, c, i / kC, i % kC / 8, i % 8);
    for (double const term : list) {
      exact += static_cast<long double>(term);
      largest = std::max(largest, std::fabs(term));
      magnitude += std::fabs(term);
    }
    double const sum = static_cast<double>(exact);
    double const error = std::fabs(static_cast<double>(static_cast<long double>(got[i]) - exact));
    double const terms_cut = static_cast<double>(list.size() - 1) * 0x1p-23 * largest;
    double const bound = terms_cut + 0x1p-23 * std::fabs(sum) + 1e-38;
    worst = std::max(worst, error / bound);
    worst_of_sum = std::max(worst_of_sum, error / (0x1p-24 * magnitude));
    auto const rounded = static_cast<float>(sum);
    bool const above = std::fabs(static_cast<double>(rounded)) > std::fabs(sum);
    float const cut = above ? std::nextafter(rounded, 0.0f) : rounded;
    nearest += got[i] == rounded;
    toward_zero += got[i] == cut;
    low += std::fabs(static_cast<double>(got[i])) <= std::fabs(sum);
    mismatches.check(error <= bound, [&] {
      return text("product %zu element %zu: %.9g for %.9g, off by %.3g, bound %.3g", i / kC, i % kC,
                  got[i], sum, error, bound);
    });
  }
  double const percent = 100.0 / static_cast<double>(got.size());
  report(
      "mma %s: largest error %.3f of the bound, %.2f u of the sum of magnitudes; equal to the "
      "exact "
      "sum rounded to nearest %.1f %%, cut %.1f %%; not above it %.1f %%",
      bf16 ? "bf16" : "tf32", worst, worst_of_sum, percent * static_cast<double>(nearest),
      percent * static_cast<double>(toward_zero), percent * static_cast<double>(low));
}

TEST_P(TensorCores, WriteOverTheirAddendWhatTheyWriteBesideIt) {
  auto const count = static_cast<std::size_t>(samples(1024));
  Words a(count * kA), b(count * kB);
  std::vector<float> c(count * kC);
  for (auto& word : a)
    word = packed([&] { return normal(); });
  for (auto& word : b)
    word = packed([&] { return normal(); });
  for (auto& x : c)
    x = normal();
  auto const beside = multiplied(a, b, c), over = multiplied(a, b, c, true);
  Mismatches mismatches;
  for (std::size_t i = 0; i < c.size(); ++i) {
    mismatches.check(same(over[i], beside[i]) && over[i] != c[i],
                     [&] { return text("element %zu: %a for %a", i, over[i], beside[i]); });
  }
}

class Tf32TensorCores : public TensorCores {};
INSTANTIATE_TEST_SUITE_P(, Tf32TensorCores, ::testing::Values(false),
                         [](auto const&) { return "tf32"; });

TEST_P(Tf32TensorCores, IgnoreTheLowBits) {
  auto const count = static_cast<std::size_t>(samples(4096));
  Words a(count * kA), b(count * kB);
  std::vector<float> const c(count * kC, 0.0f);
  for (auto& word : a)
    word = bits_of_float(normal());
  for (auto& word : b)
    word = bits_of_float(normal());
  auto with = [](Words list, std::uint32_t add) {
    for (auto& word : list)
      word = (word + add) & 0xffffe000u;
    return list;
  };
  auto const whole = multiplied(a, b, c);
  auto const cut = multiplied(with(a, 0), with(b, 0), c);
  auto const rounded = multiplied(with(a, 0x1000u), with(b, 0x1000u), c);
  long as_cut = 0, as_rounded = 0;
  Mismatches mismatches;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    as_cut += whole[i] == cut[i];
    as_rounded += whole[i] == rounded[i];
    mismatches.check(whole[i] == cut[i], [&] {
      return text("element %zu: %.9g raw, %.9g cut, %.9g rounded", i, whole[i], cut[i], rounded[i]);
    });
  }
  report("mma tf32 on whole floats: %.2f %% as cut to 19 bits, %.2f %% as rounded to them",
         100.0 * static_cast<double>(as_cut) / static_cast<double>(whole.size()),
         100.0 * static_cast<double>(as_rounded) / static_cast<double>(whole.size()));
}

// A diverged member must show.
TEST_P(TensorCores, PassOnWhatIsNotFinite) {
  float const inf = std::numeric_limits<float>::infinity();
  float const nan = std::numeric_limits<float>::quiet_NaN();
  Words a(kA), b(kB);
  for (auto& word : a)
    word = packed([] { return 1.0f; });
  for (auto& word : b)
    word = packed([] { return 1.0f; });
  std::vector<float> c(kC, 0.0f);
  a[8 * 3 + 5] = packed([&] { return nan; });
  a[8 * 12 + 2] = packed([&] { return inf; });
  c[8 * 7 + 1] = nan;
  c[8 * 9 + 4] = -inf;
  auto const got = multiplied(a, b, c);
  float const sum = bf16 ? 16.0f : 8.0f;
  Mismatches mismatches;
  for (std::size_t i = 0; i < kC; ++i) {
    float const expected = i / 8 == 3 || i == 57 ? nan : i / 8 == 12 ? inf : i == 76 ? -inf : sum;
    mismatches.check(same(got[i], expected), [&] {
      return text("row %zu column %zu: %g for %g", i / 8, i % 8, got[i], expected);
    });
  }
}

TEST_P(TensorCores, TellOfSubnormals) {
  // An operand of 2^-130 times 2^120; a sum of 2^-140.
  Words a(kA), b(kB);
  std::vector<float> c(kC, 0.0f);
  a[0] = packed([] { return 0x1p-130f; });
  b[0] = packed([] { return 0x1p120f; });
  c[8 * 15 + 7] = 0x1p-140f;
  auto const got = multiplied(a, b, c);
  float const product = bf16 ? 0x1p-9f : 0x1p-10f;
  report("mma %s: subnormal operands are %s, subnormal sums are %s", bf16 ? "bf16" : "tf32",
         got[0] == product ? "kept" : "lost", got[8 * 15 + 7] == 0x1p-140f ? "kept" : "lost");
}

// ---- matrices of 16-bit elements

struct MatrixArguments {
  std::uint32_t const* rows;  // (32, 4) of words
  int const* place;           // (32): where in shared memory a row goes
  std::uint32_t* out;         // (32 lanes, 4)
};

template <bool Transposed>
__global__ void load_rows(MatrixArguments all) {
  int const lane = lane_number();
  auto* const shared = reinterpret_cast<std::uint32_t*>(shared_memory());
  for (int i = 0; i < 4; ++i)
    shared[4 * all.place[lane] + i] = all.rows[4 * lane + i];
  sync_warp();
  Shared const row = shared_base() + static_cast<Shared>(16 * all.place[lane]);
  uint4 const loaded = Transposed ? load_transposed(row) : load_matrices(row);
  all.out[4 * lane] = loaded.x;
  all.out[4 * lane + 1] = loaded.y;
  all.out[4 * lane + 2] = loaded.z;
  all.out[4 * lane + 3] = loaded.w;
}

class Matrices : public DeviceTest, public ::testing::WithParamInterface<bool> {};

TEST_P(Matrices, GoToTheLanesOfFragments) {
  bool const transposed = GetParam();
  Mismatches mismatches;
  for (int attempt = 0; attempt < 16; ++attempt) {
    Words rows(32 * 4);
    for (auto& word : rows)
      word = words();
    std::vector<int> place(64);
    for (int i = 0; i < 64; ++i)
      place[static_cast<std::size_t>(i)] = i;
    for (std::size_t i = 63; i > 0; --i)
      std::swap(place[i], place[words() % (i + 1)]);
    OnDevice<std::uint32_t> const device_rows(*device, rows), out(*device, 32 * 4);
    OnDevice<int> const device_place(*device, place);
    run(transposed ? load_rows<true> : load_rows<false>, {.shared_bytes = 64 * 16},
        MatrixArguments{device_rows.data(), device_place.data(), out.data()});
    auto const got = out.read();
    auto element = [&](std::size_t matrix, std::size_t row, std::size_t column) {
      std::uint32_t const word = rows[4 * (8 * matrix + row) + column / 2];
      return column % 2 == 0 ? word & 0xffffu : word >> 16;
    };
    for (std::size_t lane = 0; lane < 32; ++lane) {
      for (std::size_t m = 0; m < 4; ++m) {
        std::size_t const g = lane / 4, t = lane % 4;
        std::uint32_t const low = transposed ? element(m, 2 * t, g) : element(m, g, 2 * t);
        std::uint32_t const high = transposed ? element(m, 2 * t + 1, g) : element(m, g, 2 * t + 1);
        std::uint32_t const expected = low | high << 16;
        mismatches.check(got[4 * lane + m] == expected, [&] {
          return text("lane %zu matrix %zu: %08x for %08x", lane, m, got[4 * lane + m], expected);
        });
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Matrices, ::testing::Bool(),
                         [](auto const& info) { return info.param ? "transposed" : "as_stored"; });

class Primitives : public DeviceTest {};

// ---- shared memory by address

struct AddressArguments {
  std::uint32_t const* in;  // (lanes, 7): 4, 2 and 1 words
  std::uint32_t* stored;    // the same, of another lane, stored by address and read as an array
  std::uint32_t* loaded;    // the same, written as an array and loaded by address
};

// Where the 4, 2 and 1 words of a lane lie, in words, and how many there are.
struct WidthPlace {
  int first, count;
};
__device__ inline WidthPlace place_of_width(int width, int lane) {
  if (width == 0) return {4 * lane, 4};
  if (width == 1) return {32 * 4 + 2 * lane, 2};
  return {32 * 6 + lane, 1};
}

__global__ void use_addresses(AddressArguments all) {
  int const lane = lane_number(), other = 31 - lane;
  std::uint32_t const* in = all.in + 7 * lane;
  auto* const shared = reinterpret_cast<std::uint32_t*>(shared_memory());
  auto at = [](int width, int of) {
    return shared_base() + static_cast<Shared>(4 * place_of_width(width, of).first);
  };
  store_16(at(0, lane), make_uint4(in[0], in[1], in[2], in[3]));
  store_8(at(1, lane), make_uint2(in[4], in[5]));
  store_4(at(2, lane), in[6]);
  sync_warp();
  std::uint32_t* stored = all.stored + 7 * other;
  for (int width = 0; width < 3; ++width) {
    WidthPlace const place = place_of_width(width, other);
    for (int i = 0; i < place.count; ++i)
      *stored++ = shared[place.first + i];
  }
  sync_warp();
  for (int width = 0; width < 3; ++width) {
    WidthPlace const place = place_of_width(width, lane);
    for (int i = 0; i < place.count; ++i)
      shared[place.first + i] = ~*in++;
  }
  sync_warp();
  std::uint32_t* const loaded = all.loaded + 7 * other;
  uint4 const four = load_16(at(0, other));
  uint2 const two = load_8(at(1, other));
  loaded[0] = four.x;
  loaded[1] = four.y;
  loaded[2] = four.z;
  loaded[3] = four.w;
  loaded[4] = two.x;
  loaded[5] = two.y;
  loaded[6] = load_4(at(2, other));
}

TEST_F(Primitives, LoadAndStoreWordsOfEveryWidth) {
  Words in(32 * 7);
  for (auto& word : in)
    word = words();
  OnDevice<std::uint32_t> const device_in(*device, in), stored(*device, in.size()),
      loaded(*device, in.size());
  run(use_addresses, {.shared_bytes = 4 * 32 * 7},
      AddressArguments{device_in.data(), stored.data(), loaded.data()});
  auto const got_stored = stored.read(), got_loaded = loaded.read();
  Mismatches of_stores, of_loads;
  for (std::size_t i = 0; i < in.size(); ++i) {
    of_stores.check(got_stored[i] == in[i], [&] {
      return text("lane %zu word %zu stored: %08x for %08x", i / 7, i % 7, got_stored[i], in[i]);
    });
    of_loads.check(got_loaded[i] == ~in[i], [&] {
      return text("lane %zu word %zu loaded: %08x for %08x", i / 7, i % 7, got_loaded[i], ~in[i]);
    });
  }
}

// ---- asynchronous copies

constexpr int kCopiers = 64;
constexpr std::uint32_t kUntouched = 0xcdcdcdcdu;

struct CopyArguments {
  std::uint32_t const* from;  // (kCopiers, 5)
  int const* valid;           // (kCopiers, 2)
  std::uint32_t* out;         // (kCopiers, 8): 4 words copied at once, 1 alone, the rest untouched
  bool null;                  // what is not valid is copied from nowhere
};

__global__ void copy(CopyArguments all) {
  auto const thread = static_cast<int>(threadIdx.x);
  std::uint32_t* const own = reinterpret_cast<std::uint32_t*>(shared_memory()) + 8 * thread;
  for (int i = 0; i < 8; ++i)
    own[i] = kUntouched;
  sync_block();
  std::uint32_t const* const four = all.from + 4 * thread;
  std::uint32_t const* const one = all.from + 4 * kCopiers + thread;
  bool const first = all.valid[2 * thread] != 0;
  bool const second = all.valid[2 * thread + 1] != 0;
  Shared const to = shared_base() + static_cast<Shared>(32 * thread);
  copy_16_async(to, first || !all.null ? four : nullptr, first);
  copy_4_async(to + 20, second || !all.null ? one : nullptr, second);
  await_copies();
  sync_block();
  // Another thread's, of the other warp.
  int const other = kCopiers - 1 - thread;
  std::uint32_t const* const there =
      reinterpret_cast<std::uint32_t const*>(shared_memory()) + 8 * other;
  for (int i = 0; i < 8; ++i)
    all.out[8 * other + i] = there[i];
}

class Copies : public DeviceTest, public ::testing::WithParamInterface<bool> {};

TEST_P(Copies, ArriveOrAreZero) {
  Words from(5 * kCopiers);
  for (auto& word : from)
    word = words();
  std::vector<int> valid(2 * kCopiers);
  for (auto& v : valid)
    v = static_cast<int>(words() % 3 != 0);
  OnDevice<std::uint32_t> const device_from(*device, from), out(*device, 8 * kCopiers);
  OnDevice<int> const device_valid(*device, valid);
  run(copy, {.threads = kCopiers, .shared_bytes = 32 * kCopiers},
      CopyArguments{device_from.data(), device_valid.data(), out.data(), GetParam()});
  auto const got = out.read();
  Mismatches mismatches;
  for (std::size_t i = 0; i < got.size(); ++i) {
    std::size_t const thread = i / 8, word = i % 8;
    std::uint32_t expected = kUntouched;
    if (word < 4) expected = valid[2 * thread] != 0 ? from[4 * thread + word] : 0;
    if (word == 5) expected = valid[2 * thread + 1] != 0 ? from[4 * kCopiers + thread] : 0;
    mismatches.check(got[i] == expected, [&] {
      return text("thread %zu word %zu: %08x for %08x", thread, word, got[i], expected);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, Copies, ::testing::Bool(), [](auto const& info) {
  return info.param ? "from_nowhere" : "from_memory";
});

// ---- shuffles

struct ShuffleArguments {
  double* out;  // (32 lanes, 8)
};

__global__ void shuffle_all(ShuffleArguments all) {
  int const lane = lane_number();
  double* const out = all.out + 8 * lane;
  double const wide = 1.0 + lane * 0x1p-40;
  out[0] = shuffle(lane, (5 * lane + 3) & 31);
  out[1] = static_cast<double>(shuffle(static_cast<float>(lane) * 0.25f, 7));
  out[2] = shuffle(wide, 31 - lane);
  out[3] = shuffle_xor(lane, 16);
  out[4] = static_cast<double>(shuffle_xor(static_cast<float>(lane) + 0.5f, 1));
  out[5] = shuffle_xor(wide, 11);
  out[6] = any_lane(lane == 17) ? 1.0 : 0.0;
  out[7] = any_lane(lane == 32) ? 1.0 : 0.0;
}

TEST_F(Primitives, ShuffleValues) {
  OnDevice<double> const out(*device, 8 * 32);
  run(shuffle_all, {}, ShuffleArguments{out.data()});
  auto const got = out.read();
  Mismatches mismatches;
  for (int lane = 0; lane < 32; ++lane) {
    double const expected[8] = {static_cast<double>((5 * lane + 3) & 31),
                                7 * 0.25,
                                1.0 + (31 - lane) * 0x1p-40,
                                static_cast<double>(lane ^ 16),
                                (lane ^ 1) + 0.5,
                                1.0 + (lane ^ 11) * 0x1p-40,
                                1.0,
                                0.0};
    for (std::size_t i = 0; i < 8; ++i) {
      double const value = got[static_cast<std::size_t>(8 * lane) + i];
      mismatches.check(value == expected[i], [&] {
        return text("lane %d shuffle %zu: %.15g for %.15g", lane, i, value, expected[i]);
      });
    }
  }
}

// ---- conversions

struct ConvertArguments {
  std::uint32_t const* in;
  std::uint32_t* tf32;
  std::uint32_t* bf16;  // low: in[i], high: in[count - 1 - i]
  int count;
};

__global__ void convert(ConvertArguments all) {
  for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < all.count;
       i += static_cast<int>(gridDim.x * blockDim.x)) {
    float const x = __builtin_bit_cast(float, all.in[i]);
    float const y = __builtin_bit_cast(float, all.in[all.count - 1 - i]);
    all.tf32[i] = to_tf32(x);
    all.bf16[i] = to_bf16_pair(x, y);
  }
}

bool is_nan(std::uint32_t bits) {
  return (bits & 0x7fffffffu) > 0x7f800000u;
}

TEST_F(Primitives, ConvertToNearest) {
  Words in;
  // Ties and their neighbours, of every exponent (infinities and the largest floats among them).
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (std::uint32_t const low :
         {0u, 1u, 0xfffu, 0x1000u, 0x1001u, 0x1fffu, 0x2000u, 0x3000u, 0x7fffu, 0x8000u, 0x8001u,
          0x18000u, 0x7fe000u, 0x7ff000u, 0x7f8000u, 0x7fffffu}) {
      in.push_back(exponent << 23 | low);
      in.push_back(exponent << 23 | low | 0x80000000u);
    }
  }
  for (int i = samples(1 << 22); i > 0; --i)
    in.push_back(static_cast<std::uint32_t>(words()));
  int const count = static_cast<int>(in.size());
  OnDevice<std::uint32_t> const device_in(*device, in), tf32(*device, in.size()),
      bf16(*device, in.size());
  run(convert, {.blocks = 64, .threads = 128},
      ConvertArguments{device_in.data(), tf32.data(), bf16.data(), count});
  auto const got_tf32 = tf32.read(), got_bf16 = bf16.read();
  Mismatches of_tf32, of_bf16;
  for (std::size_t i = 0; i < in.size(); ++i) {
    // The low 13 bits are zero, which the split of fp32 operands relies on.
    std::uint32_t const expected = (in[i] + 0xfffu + (in[i] >> 13 & 1u)) & 0xffffe000u;
    bool const right = is_nan(in[i]) ? is_nan(got_tf32[i]) : got_tf32[i] == expected;
    of_tf32.check(
        right, [&] { return text("to_tf32(%08x): %08x for %08x", in[i], got_tf32[i], expected); });
    for (int half = 0; half < 2; ++half) {
      std::uint32_t const x = half == 0 ? in[i] : in[in.size() - 1 - i];
      std::uint32_t const got = half == 0 ? got_bf16[i] & 0xffffu : got_bf16[i] >> 16;
      std::uint32_t const to_even = (x + 0x7fffu + (x >> 16 & 1u)) >> 16;
      of_bf16.check(is_nan(x) ? is_nan(got << 16) : got == to_even, [&] {
        return text("to_bf16_pair half %d (%08x): %04x for %04x", half, x, got, to_even);
      });
    }
  }
}

// ---- clusters

struct ClusterArguments {
  std::uint32_t* far;    // (blocks): a word of global memory each
  std::uint32_t* wrong;  // (threads of the grid)
  int* places;           // (blocks, 3)
  int rounds;
};

__device__ std::uint32_t cluster_code(int cluster, int rank, int thread, int round, int word = 0) {
  std::uint32_t const code =
      static_cast<std::uint32_t>(cluster) << 24 | static_cast<std::uint32_t>(rank) << 19 |
      static_cast<std::uint32_t>(thread) << 12 | static_cast<std::uint32_t>(round);
  return code * 4 + static_cast<std::uint32_t>(word) * 0x9e3779b1u;
}

// Of a block, in bytes: what its threads write for others to read, and what others write for them.
struct ExchangePlaces {
  int own, four, two, one;
  __device__ explicit ExchangePlaces(int threads)
      : own(0), four(16 * threads), two(32 * threads), one(40 * threads) {}
};
constexpr int kExchangeBytes = 44;   // a thread
constexpr int kExchangeValues = 13;  // that a thread compares a round

// Every round: own memory written, another block's read; another block's written, own read, all in
// words of every width; the same through global memory.
__global__ void exchange(ClusterArguments all) {
  auto const thread = static_cast<int>(threadIdx.x);
  auto const block = static_cast<int>(blockIdx.x);
  int const threads = static_cast<int>(blockDim.x);
  int const rank = cluster_rank(), size = cluster_size(), cluster = cluster_number();
  Shared const base = shared_base();
  ExchangePlaces const places(threads);
  if (thread == 0) {
    all.places[3 * block] = rank;
    all.places[3 * block + 1] = size;
    all.places[3 * block + 2] = cluster;
  }
  std::uint32_t wrong = 0;
  sync_cluster();
  for (int round = 0; round < all.rounds; ++round) {
    int const step = 1 + round % (size - 1);
    int const after = (rank + step) % size, before = (rank + size - step) % size;
    int const other = (thread + round) % threads;
    auto code = [&](int of, int from, int word) {
      return cluster_code(cluster, of, from, round, word);
    };
    uint4 const mine = make_uint4(code(rank, thread, 0), code(rank, thread, 1),
                                  code(rank, thread, 2), code(rank, thread, 3));
    store_16(base + static_cast<Shared>(places.own + 16 * thread), mine);
    RemoteShared const there = in_block(base, after);
    store_16(there + (places.four + 16 * thread), mine);
    store_8(there + (places.two + 8 * thread), make_uint2(mine.y, mine.z));
    store_4(in_block(base + static_cast<Shared>(places.one + 4 * thread), after), mine.w);
    if (thread == 0) all.far[block] = code(rank, 0, 0);
    sync_cluster();
    auto compare = [&](uint4 const& got, int of) {
      wrong += got.x != code(of, other, 0);
      wrong += got.y != code(of, other, 1);
      wrong += got.z != code(of, other, 2);
      wrong += got.w != code(of, other, 3);
    };
    compare(load_16(there + (places.own + 16 * other)), after);
    wrong += load_4(there + (places.own + 16 * other + 8)) != code(after, other, 2);
    compare(load_16(base + static_cast<Shared>(places.four + 16 * other)), before);
    uint2 const two = load_8(base + static_cast<Shared>(places.two + 8 * other));
    wrong += two.x != code(before, other, 1);
    wrong += two.y != code(before, other, 2);
    wrong += load_4(base + static_cast<Shared>(places.one + 4 * other)) != code(before, other, 3);
    wrong += all.far[block - rank + after] != code(after, 0, 0);
    sync_cluster();
  }
  all.wrong[block * threads + thread] = wrong;
}

struct ClusterCase {
  int size, shared_bytes;
};
class Clusters : public DeviceTest, public ::testing::WithParamInterface<ClusterCase> {};

TEST_P(Clusters, ExchangeThroughSharedAndGlobalMemory) {
  auto const [size, shared_bytes] = GetParam();
  constexpr int kThreads = 64;
  ASSERT_LE(kExchangeBytes * kThreads, shared_bytes);
  int const clusters = 40;
  auto const blocks = static_cast<std::size_t>(clusters * size);
  OnDevice<std::uint32_t> const far(*device, blocks), wrong(*device, blocks * kThreads);
  OnDevice<int> const places(*device, blocks * 3);
  int const rounds = samples(1280);
  LaunchShape const shape{.blocks = clusters * size,
                          .threads = kThreads,
                          .cluster = size,
                          .shared_bytes = shared_bytes};
  device->check(prepare(exchange, shared_bytes), "prepare");
  cudaError_t const error =
      launch(exchange, shape, device->stream(),
             ClusterArguments{far.data(), wrong.data(), places.data(), rounds});
  ASSERT_NO_THROW(device->check(error, "launch of clusters"));
  device->wait();
  auto const got = places.read();
  Mismatches of_places, of_values;
  for (std::size_t block = 0; block < blocks; ++block) {
    int const rank = static_cast<int>(block) % size, cluster = static_cast<int>(block) / size;
    of_places.check(
        got[3 * block] == rank && got[3 * block + 1] == size && got[3 * block + 2] == cluster, [&] {
          return text("block %zu: rank %d of %d in cluster %d", block, got[3 * block],
                      got[3 * block + 1], got[3 * block + 2]);
        });
  }
  auto const counts = wrong.read();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    of_values.check(counts[i] == 0, [&] {
      return text("block %zu thread %zu: %u of %d values", i / kThreads, i % kThreads, counts[i],
                  kExchangeValues * rounds);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, Clusters,
                         ::testing::Values(ClusterCase{2, 4096}, ClusterCase{4, 4096},
                                           ClusterCase{8, 4096}, ClusterCase{16, 4096},
                                           ClusterCase{8, 227 * 1024}, ClusterCase{16, 227 * 1024}),
                         [](auto const& info) {
                           return "of_" + std::to_string(info.param.size) + "_with_" +
                                  std::to_string(info.param.shared_bytes / 1024) + "_KB";
                         });

// ---- approximations

struct ApproximateArguments {
  float const* a;
  float const* b;
  float* quotient;
  float* root;   // of b's magnitude
  float* power;  // of a
  float* log;    // of b's magnitude
  int count;
};

__global__ void approximate(ApproximateArguments all) {
  for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < all.count;
       i += static_cast<int>(gridDim.x * blockDim.x)) {
    float const magnitude = all.b[i] < 0.0f ? -all.b[i] : all.b[i];
    all.quotient[i] = divide(all.a[i], all.b[i]);
    all.root[i] = square_root(magnitude);
    all.power[i] = power_of_two(all.a[i]);
    all.log[i] = log_of_two(magnitude);
  }
}

struct Approximated {
  std::vector<float> quotient, root, power, log;
};

class Approximations : public DeviceTest {
 protected:
  Approximated approximated(std::vector<float> const& a, std::vector<float> const& b) {
    OnDevice<float> const device_a(*device, a), device_b(*device, b), quotient(*device, a.size()),
        root(*device, a.size()), power(*device, a.size()), log(*device, a.size());
    run(approximate, {.blocks = a.size() > 1000 ? 512 : 1, .threads = 256},
        ApproximateArguments{device_a.data(), device_b.data(), quotient.data(), root.data(),
                             power.data(), log.data(), static_cast<int>(a.size())});
    return {quotient.read(), root.read(), power.read(), log.read()};
  }
};

// |got - exact| in units in the last place of exact, for exact in the range of normal floats.
double ulps(float got, double exact) {
  int const exponent = std::max(std::ilogb(exact), -126);
  return std::fabs(static_cast<double>(got) - exact) / std::ldexp(1.0, exponent - 23);
}

TEST_F(Approximations, OfQuotientsAndRootsAreWithinTheirBounds) {
  auto const count = static_cast<std::size_t>(samples(1 << 24));
  std::vector<float> a(count), b(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Normal floats of all sizes; every other pair of a size as in updates.
    bool const wide = i % 2 == 0;
    auto exponent = [&] { return wide ? 1 + words() % 253 : 97 + words() % 40; };
    a[i] = float_of_bits(static_cast<std::uint32_t>(exponent() << 23 | (words() & 0x807fffffu)));
    b[i] = float_of_bits(static_cast<std::uint32_t>(exponent() << 23 | (words() & 0x807fffffu)));
  }
  Approximated const got = approximated(a, b);
  double worst_quotient = 0, worst_root = 0, worst_relative = 0;
  Mismatches of_quotients, of_roots;
  for (std::size_t i = 0; i < count; ++i) {
    double const exact = static_cast<double>(a[i]) / static_cast<double>(b[i]);
    if (std::fabs(exact) >= 0x1p-126 && std::fabs(exact) < 0x1p128 && std::fabs(b[i]) <= 0x1p126f) {
      double const off = ulps(got.quotient[i], exact);
      worst_quotient = std::max(worst_quotient, off);
      of_quotients.check(off <= 2, [&] {
        return text("%a / %a: %a for %a, %.3f ulp", a[i], b[i], got.quotient[i], exact, off);
      });
    }
    double const expected = std::sqrt(std::fabs(static_cast<double>(b[i])));
    double const relative = std::fabs(static_cast<double>(got.root[i]) - expected) / expected;
    worst_root = std::max(worst_root, ulps(got.root[i], expected));
    worst_relative = std::max(worst_relative, relative);
    of_roots.check(relative <= 0x1p-23, [&] {
      return text("root of %a: %a for %a, 2^%.2f", std::fabs(b[i]), got.root[i], expected,
                  std::log2(relative));
    });
  }
  report("divide: at most %.3f ulp; square_root: at most %.3f ulp, 2^%.2f of it", worst_quotient,
         worst_root, worst_relative > 0 ? std::log2(worst_relative) : -1074.0);
}

// Of softmax and its loss. The PTX ISA gives ex2.approx 2 ulp, and lg2.approx 2^-22: of the
// logarithm, or between 1/2 and 2, where it passes through zero, of one.
TEST_F(Approximations, OfPowersAndLogarithmsAreWithinTheirBounds) {
  auto const count = static_cast<std::size_t>(samples(1 << 24));
  std::vector<float> a(count), b(count);
  for (std::size_t i = 0; i < count; ++i) {
    // Powers from 2^-126 to below 2^127, and of small numbers; logarithms of floats of all sizes,
    // and near 1.
    auto const unit = static_cast<float>(words() >> 8) * 0x1p-24f;
    a[i] = i % 2 == 0 ? -126.0f + 253.0f * unit : std::ldexp(normal(), -static_cast<int>(i % 24));
    std::uint32_t const exponent = i % 2 == 0 ? 1 + words() % 254 : 126 + words() % 2;
    b[i] = float_of_bits(exponent << 23 | (static_cast<std::uint32_t>(words()) & 0x7fffffu));
  }
  Approximated const got = approximated(a, b);
  double worst_power = 0, worst_log = 0, worst_near_one = 0;
  Mismatches of_powers, of_logs, near_one;
  for (std::size_t i = 0; i < count; ++i) {
    double const power = std::exp2(static_cast<double>(a[i]));
    double const off = ulps(got.power[i], power);
    worst_power = std::max(worst_power, off);
    of_powers.check(off <= 2, [&] {
      return text("2^%a: %a for %a, %.3f ulp", a[i], got.power[i], power, off);
    });
    double const log = std::log2(static_cast<double>(b[i]));
    double const error = std::fabs(static_cast<double>(got.log[i]) - log);
    bool const near = b[i] >= 0.5f && b[i] <= 2.0f;
    double const bound = near ? 0x1p-22 : 0x1p-22 * std::fabs(log);
    double& worst = near ? worst_near_one : worst_log;
    worst = std::max(worst, near ? error : error / std::fabs(log));
    (near ? near_one : of_logs).check(error <= bound, [&] {
      return text("log2 %a: %a for %a, off by %.3g", b[i], got.log[i], log, error);
    });
  }
  auto exponent = [](double x) { return x > 0 ? std::log2(x) : -1074.0; };
  report("power_of_two: at most %.3f ulp; log_of_two: 2^%.2f of it, 2^%.2f near 1", worst_power,
         exponent(worst_log), exponent(worst_near_one));
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kSubnormal = 0x1p-127f;

TEST_F(Approximations, AtTheEdges) {
  struct Edge {
    float a, b, quotient, root, power, log;
  };
  std::vector<Edge> const edges = {
      {1, 0, kInf, 0, 2, -kInf},
      {-1, 0, -kInf, 0, 0.5f, -kInf},
      {0, 0, kNan, 0, 1, -kInf},
      {1, kInf, 0, kInf, 2, kInf},
      {kInf, kInf, kNan, kInf, kInf, kInf},
      {kNan, 1, kNan, 1, kNan, 0},
      {1, kNan, kNan, kNan, 2, kNan},
      {0, 3, 0, std::sqrt(3.0f), 1, std::log2(3.0f)},
      {1, 1, 1, 1, 2, 0},
      {kInf, 4, kInf, 2, kInf, 2},
      {-kInf, 4, -kInf, 2, 0, 2},
      {6, 0.25f, 24, 0.5f, 64, -2},
      {-8, 4, -2, 2, 0x1p-8f, 2},
      {128, 0x1p-126f, kInf, 0x1p-63f, kInf, -126},
      // Subnormal numbers are zero, as operands and as results.
      {kSubnormal, 0.5f, 0, std::sqrt(0.5f), 1, -1},
      {-kSubnormal, 0.5f, -0.0f, std::sqrt(0.5f), 1, -1},
      {1, kSubnormal, kInf, 0, 2, -kInf},
      {kSubnormal, kSubnormal, kNan, 0, 1, -kInf},
      {0x1p-126f, 2, 0, std::sqrt(2.0f), 1, 1},
      {-126.5f, 1, -126.5f, 1, 0, 0},
      {-150, 1, -150, 1, 0, 0},
      // Divisors so large that their inverses are subnormal.
      {1, 0x1.8p126f, 0, 0x1.3988e2p63f, 2, 126.58496f},
      {kInf, -0x1.8p127f, kNan, 0x1.bb67aep63f, kInf, 127.58496f},
  };
  std::vector<float> a, b;
  for (auto const& edge : edges) {
    a.push_back(edge.a);
    b.push_back(edge.b);
  }
  Approximated const got = approximated(a, b);
  auto near = [](float x, float expected) {
    return same(x, expected) ||
           (expected != 0 && std::fabs(x - expected) <= 0x1p-22f * std::fabs(expected));
  };
  for (std::size_t i = 0; i < edges.size(); ++i) {
    Edge const& edge = edges[i];
    EXPECT_TRUE(near(got.quotient[i], edge.quotient))
        << a[i] << " / " << b[i] << ": " << got.quotient[i];
    EXPECT_TRUE(near(got.root[i], edge.root)) << "root of " << b[i] << ": " << got.root[i];
    EXPECT_TRUE(near(got.power[i], edge.power)) << "2^" << a[i] << ": " << got.power[i];
    EXPECT_TRUE(near(got.log[i], edge.log)) << "log2 " << b[i] << ": " << got.log[i];
  }
}

// ---- the larger of two

struct LargerArguments {
  float const* a;
  float const* b;
  float* out;
};

__global__ void take_larger(LargerArguments all) {
  auto const i = static_cast<int>(threadIdx.x);
  all.out[i] = max_or_nan(all.a[i], all.b[i]);
}

TEST_F(Primitives, TakeTheLargerOrANan) {
  float const signalling = float_of_bits(0xff800001u);
  std::vector<float> const values = {kNan,        signalling, -kInf, -3.0f,      -0x1p-126f,
                                     -kSubnormal, -0.0f,      0.0f,  kSubnormal, 0x1p-126f,
                                     2.5f,        0x1.8p127f, kInf};
  std::vector<float> a, b, expected;
  for (std::size_t i = 0; i < values.size(); ++i) {  // upwards from the third on
    for (std::size_t j = 0; j < values.size(); ++j) {
      a.push_back(values[i]);
      b.push_back(values[j]);
      expected.push_back(i < 2 || j < 2 ? kNan : values[std::max(i, j)]);
    }
  }
  a.resize(192, 1.0f);
  b.resize(192, 1.0f);
  expected.resize(192, 1.0f);
  OnDevice<float> const device_a(*device, a), device_b(*device, b), out(*device, a.size());
  run(take_larger, {.threads = 192}, LargerArguments{device_a.data(), device_b.data(), out.data()});
  auto const got = out.read();
  Mismatches mismatches;
  for (std::size_t i = 0; i < got.size(); ++i) {
    mismatches.check(same(got[i], expected[i]), [&] {
      return text("larger of %a and %a: %a for %a", a[i], b[i], got[i], expected[i]);
    });
  }
}

}  // namespace
}  // namespace brood::cuda
