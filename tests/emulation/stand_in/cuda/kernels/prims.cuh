// SPDX-License-Identifier: Apache-2.0
// The emulator's side of cuda/kernels/prims.cuh: the same names and meanings, for kernels compiled
// by the host's compiler. See there for what each function does. Every operation that waits for
// other threads takes the place it is called from, for reports.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cuda/task/launch_shape.hpp"
#include "emulation/emulation.hpp"
#include "emulation/operations.hpp"

namespace brood::cuda {

// A phase of the step; an ordinary function here.
#define BROOD_PHASE inline

inline constexpr unsigned kFullWarp = 0xffffffffu;

// ---- where a thread is

inline int lane_number() {
  return static_cast<int>(threadIdx.x) & 31;
}
inline int warp_number() {
  return static_cast<int>(threadIdx.x) >> 5;
}
inline int warp_count() {
  return static_cast<int>(blockDim.x) >> 5;
}
// Code of an architecture before 90 knows no clusters (prims.cuh): here that is asked when it runs.
inline constexpr bool kHasClusters = true;
inline bool has_clusters() {
  return emulation::code_architecture >= 90;
}
inline int cluster_rank() {
  return has_clusters() ? emulation::cluster_rank() : 0;
}
inline int cluster_size() {
  return has_clusters() ? emulation::cluster_size() : 1;
}
inline int cluster_number() {
  return static_cast<int>(blockIdx.x) / cluster_size();
}
inline unsigned char* shared_memory() {
  return emulation::shared_memory();
}

// ---- cooperation

inline void sync_warp(emulation::Location at = emulation::Location::here()) {
  emulation::sync_warp(at);
}
inline void sync_block(emulation::Location at = emulation::Location::here()) {
  emulation::sync_block(at);
}
inline void sync_cluster(emulation::Location at = emulation::Location::here()) {
  if (has_clusters()) emulation::sync_cluster(at);
}
template <class T>
T shuffle(T value, int from, emulation::Location at = emulation::Location::here()) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  T result;
  emulation::shuffle(emulation::Operation::shuffle, &value, &result, sizeof(T), from, at);
  return result;
}
template <class T>
T shuffle_xor(T value, int mask, emulation::Location at = emulation::Location::here()) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  T result;
  emulation::shuffle(emulation::Operation::shuffle_xor, &value, &result, sizeof(T),
                     lane_number() ^ mask, at);
  return result;
}
inline bool any_lane(bool value, emulation::Location at = emulation::Location::here()) {
  return emulation::any_lane(value, at);
}

// ---- shared memory by address: from the start of the block's

using Shared = std::uint32_t;

inline Shared shared_base() {
  return 0;
}
inline unsigned char* shared_place(Shared at) {
  return shared_memory() + at;
}

// An address in the shared memory of a block of the cluster.
struct RemoteShared {
  unsigned char* at;

  RemoteShared operator+(int bytes) const { return {at + bytes}; }
};
inline RemoteShared in_block(Shared at, int rank,
                             emulation::Location from = emulation::Location::here()) {
  if (!has_clusters()) return {shared_place(at)};
  return {static_cast<unsigned char*>(
      const_cast<void*>(emulation::in_block(shared_place(at), rank, from)))};
}
inline unsigned char* place_of(Shared at, std::size_t bytes, emulation::Location from) {
  emulation::check_shared(shared_place(at), bytes, from);
  return shared_place(at);
}
inline unsigned char* place_of(RemoteShared at, std::size_t bytes, emulation::Location from) {
  emulation::check_aligned(at.at, bytes, from);
  return at.at;
}
// Loads and stores are made here, so that the sanitizers see the kernel's.
template <class T, class At>
T load_value(At at, emulation::Location from) {
  T value;
  std::memcpy(&value, place_of(at, sizeof value, from), sizeof value);
  return value;
}
template <class T, class At>
void store_words(At at, T value, emulation::Location from) {
  std::memcpy(place_of(at, sizeof value, from), &value, sizeof value);
}
inline uint4 load_16(Shared at, emulation::Location from = emulation::Location::here()) {
  return load_value<uint4>(at, from);
}
inline uint2 load_8(Shared at, emulation::Location from = emulation::Location::here()) {
  return load_value<uint2>(at, from);
}
inline std::uint32_t load_4(Shared at, emulation::Location from = emulation::Location::here()) {
  return load_value<std::uint32_t>(at, from);
}
inline uint4 load_16(RemoteShared at, emulation::Location from = emulation::Location::here()) {
  return load_value<uint4>(at, from);
}
inline std::uint32_t load_4(RemoteShared at,
                            emulation::Location from = emulation::Location::here()) {
  return load_value<std::uint32_t>(at, from);
}
template <class At>
void store_16(At at, uint4 v, emulation::Location from = emulation::Location::here()) {
  store_words(at, v, from);
}
template <class At>
void store_8(At at, uint2 v, emulation::Location from = emulation::Location::here()) {
  store_words(at, v, from);
}
template <class At>
void store_4(At at, std::uint32_t v, emulation::Location from = emulation::Location::here()) {
  store_words(at, v, from);
}

inline uint4 load_matrices(emulation::Operation operation, Shared row, emulation::Location at) {
  emulation::check_row(shared_place(row), at);
  std::uint32_t own[4], out[4];
  std::memcpy(own, shared_place(row), sizeof own);  // here, so that the sanitizers see it
  emulation::load_matrices(operation, out, own, at);
  return make_uint4(out[0], out[1], out[2], out[3]);
}
inline uint4 load_matrices(Shared row, emulation::Location at = emulation::Location::here()) {
  return load_matrices(emulation::Operation::load_matrices, row, at);
}
inline uint4 load_transposed(Shared row, emulation::Location at = emulation::Location::here()) {
  return load_matrices(emulation::Operation::load_transposed, row, at);
}

// ---- asynchronous copies

inline void copy_16_async(Shared to, void const* from, bool valid,
                          emulation::Location at = emulation::Location::here()) {
  emulation::copy_async(shared_place(to), from, 16, valid, at);
}
inline void copy_4_async(Shared to, void const* from, bool valid,
                         emulation::Location at = emulation::Location::here()) {
  emulation::copy_async(shared_place(to), from, 4, valid, at);
}
inline void await_copies() {
  emulation::await_copies();
}

// ---- tensor cores

inline void mma(emulation::Operation operation, float (&d)[4], std::uint32_t const (&a)[4],
                std::uint32_t const (&b)[2], float const (&c)[4], emulation::Location at) {
  float sum[4] = {c[0], c[1], c[2], c[3]};
  emulation::mma(operation, sum, a, b, at);
  std::memcpy(d, sum, sizeof sum);
}
inline void mma_tf32(float (&d)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2],
                     float const (&c)[4], emulation::Location at = emulation::Location::here()) {
  mma(emulation::Operation::mma_tf32, d, a, b, c, at);
}
inline void mma_bf16(float (&d)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2],
                     float const (&c)[4], emulation::Location at = emulation::Location::here()) {
  mma(emulation::Operation::mma_bf16, d, a, b, c, at);
}

// ---- conversions

inline std::uint32_t to_tf32(float x) {
  auto const bits = std::bit_cast<std::uint32_t>(x);
  if (emulation::exact_mma) return bits;
  if (x != x) return (bits | 0x00400000u) & 0xffffe000u;
  return (bits + 0xfffu + (bits >> 13 & 1u)) & 0xffffe000u;  // ties to even
}
inline std::uint32_t to_bf16_pair(float low, float high) {
  auto const rounded = [](float x) -> std::uint32_t {
    auto const bits = std::bit_cast<std::uint32_t>(x);
    if (x != x) return 0x7fffu;
    return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  };
  return rounded(high) << 16 | rounded(low);
}

// ---- approximations, exact here but for subnormal numbers, which are zero

inline float flushed(float x) {
  return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0.0f, x) : x;
}
inline float divide(float a, float b) {
  float const x = flushed(a), y = flushed(b);
  // A divisor's inverse is taken first.
  bool const vanishes = __builtin_fabsf(y) > 0x1p126f && __builtin_isfinite(y);
  return vanishes ? x * __builtin_copysignf(0.0f, y) : flushed(x / y);
}
inline float square_root(float x) {
  return __builtin_sqrtf(flushed(x));
}

inline int opaque(int x) {
  return x;
}
inline float max_or_nan(float a, float b) {
  if (a != a || b != b) return __builtin_nanf("");
  return a < b || (a == b && __builtin_signbit(a)) ? b : a;
}
inline float power_of_two(float x) {
  return flushed(__builtin_exp2f(flushed(x)));
}
inline float log_of_two(float x) {
  return __builtin_log2f(flushed(x));
}

// ---- the code that runs, and launches: the kernel has run when launch() returns

struct KernelCode {
  cudaError_t error;
  int architecture;
};
template <class Arguments>
KernelCode code_of(void (*)(Arguments)) {
  bool const there = emulation::code_architecture > 0;
  return {there ? cudaSuccess : cudaErrorNoKernelImageForDevice, emulation::code_architecture};
}

template <class Arguments>
cudaError_t prepare(void (*)(Arguments), int shared_bytes) {
  return shared_bytes <= emulation::limits.shared_bytes_block ? cudaSuccess : cudaErrorInvalidValue;
}

template <class Arguments>
cudaError_t launch(void (*kernel)(Arguments), LaunchShape const& shape, cudaStream_t,
                   Arguments const& arguments) {
  auto const make = [](emulation::KernelCall const& call) {
    reinterpret_cast<void (*)(Arguments)>(call.kernel)(
        *static_cast<Arguments const*>(call.arguments));
  };
  if (emulation::call_fails()) return cudaErrorLaunchFailure;
  bool const ran = emulation::run(
      shape, {reinterpret_cast<void (*)()>(kernel), &arguments, sizeof arguments, make});
  return ran ? cudaSuccess : cudaErrorInvalidConfiguration;
}

template <class Arguments>
int clusters_at_once(void (*)(Arguments), LaunchShape const& shape) {
  return clusters_at_once(emulation::limits, shape.cluster);
}

}  // namespace brood::cuda
