// SPDX-License-Identifier: Apache-2.0
// The emulator's side of cuda/prims.cuh: the same names and meanings, for kernels compiled by the
// host's compiler. See there for what each function does. Every operation that waits for other
// threads takes the place it is called from, for reports.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cuda/launch_shape.hpp"
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
// Code of an architecture before 90 knows no clusters (prims.cuh, __CUDA_ARCH__).
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
T* in_block(T* p, int rank, emulation::Location at = emulation::Location::here()) {
  return has_clusters() ? static_cast<T*>(const_cast<void*>(emulation::in_block(p, rank, at))) : p;
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

// ---- asynchronous copies

inline void copy_16_async(void* to, void const* from, bool valid,
                          emulation::Location at = emulation::Location::here()) {
  emulation::copy_async(to, from, 16, valid, at);
}
inline void copy_4_async(void* to, void const* from, bool valid,
                         emulation::Location at = emulation::Location::here()) {
  emulation::copy_async(to, from, 4, valid, at);
}
inline void await_copies() {
  emulation::await_copies();
}

// ---- tensor cores

inline void mma_tf32(float (&c)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2],
                     emulation::Location at = emulation::Location::here()) {
  emulation::mma(emulation::Operation::mma_tf32, c, a, b, at);
}
inline void mma_bf16(float (&c)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2],
                     emulation::Location at = emulation::Location::here()) {
  emulation::mma(emulation::Operation::mma_bf16, c, a, b, at);
}
inline void load_transposed(std::uint32_t (&out)[4], void const* row,
                            emulation::Location at = emulation::Location::here()) {
  emulation::check_row(row, at);
  std::uint32_t own[4];
  std::memcpy(own, row, sizeof own);  // here, so that the sanitizers see the kernel read
  emulation::load_transposed(out, own, at);
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

// ---- approximations, exact here

inline float divide(float a, float b) {
  return a / b;
}
inline float square_root(float x) {
  return __builtin_sqrtf(x);
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
