// SPDX-License-Identifier: Apache-2.0
// What the kernels ask of the device beyond plain C++: warp and block cooperation, tensor cores,
// asynchronous copies, other blocks' shared memory, launches. The only file with inline PTX. The
// tests put a file of the same name and contents in its place that runs kernels on the host
// (tests/emulation/), so what stands here is an interface: documented by PTX's own words, and
// checked on devices by the conformance test.
//
// Fragments of mma.sync, with g = lane / 4 and t = lane % 4 (PTX ISA, "Matrix Fragments for
// mma.m16n8k8" with .tf32 and "mma.m16n8k16" with .bf16). A register holds one tf32, or two bf16
// with the lower index in the low half; "k" then counts registers (pairs of bf16).
//   A (16, 8 k)   a[0] (g, t)   a[1] (g + 8, t)   a[2] (g, t + 4)   a[3] (g + 8, t + 4)
//   B (8 k, 8)    b[0] (t, g)   b[1] (t + 4, g)
//   C (16, 8)     c[0] (g, 2t)  c[1] (g, 2t + 1)  c[2] (g + 8, 2t)  c[3] (g + 8, 2t + 1)
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/task/launch_shape.hpp"

namespace brood::cuda {

// A phase of the step: a function that is called, not inlined, so that a kernel holds each phase
// once. It takes no Worker (whose parts would go through memory) but makes its own.
#define BROOD_PHASE __device__ __noinline__

inline constexpr unsigned kFullWarp = 0xffffffffu;

// ---- where a thread is

__device__ __forceinline__ int lane_number() {
  return static_cast<int>(threadIdx.x) & 31;
}
__device__ __forceinline__ int warp_number() {
  return static_cast<int>(threadIdx.x) >> 5;
}
__device__ __forceinline__ int warp_count() {
  return static_cast<int>(blockDim.x) >> 5;
}
// Whether the code that is being compiled knows clusters.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
inline constexpr bool kHasClusters = false;
#else
inline constexpr bool kHasClusters = true;
#endif

// Of this block in its cluster; 0 in a launch without clusters.
__device__ __forceinline__ int cluster_rank() {
  unsigned rank = 0;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
#endif
  return static_cast<int>(rank);
}
__device__ __forceinline__ int cluster_size() {
  unsigned size = 1;
#if __CUDA_ARCH__ >= 900
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
#endif
  return static_cast<int>(size);
}
__device__ __forceinline__ int cluster_number() {
  return static_cast<int>(blockIdx.x) / cluster_size();
}

// The block's dynamic shared memory, aligned to 128 bytes.
__device__ __forceinline__ unsigned char* shared_memory() {
  extern __shared__ __align__(128) unsigned char brood_shared[];
  return brood_shared;
}

// The same number, of which the compiler knows nothing: what is asked of it is asked here, and no
// predicate register is kept for the answer across a loop.
__device__ __forceinline__ int opaque(int x) {
  asm volatile("" : "+r"(x));
  return x;
}

// ---- cooperation. All lanes of a warp (threads of a block or cluster) take part.

__device__ __forceinline__ void sync_warp() {
  __syncwarp();
}
__device__ __forceinline__ void sync_block() {
  __syncthreads();
}
// Also orders memory, shared and global, among the cluster's threads. The barrier asks for warps
// that have come together.
__device__ __forceinline__ void sync_cluster() {
#if __CUDA_ARCH__ >= 900
  __syncwarp();
  asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::
                   : "memory");
#endif
}
template <class T>
__device__ __forceinline__ T shuffle(T value, int from) {
  return __shfl_sync(kFullWarp, value, from);
}
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int mask) {
  return __shfl_xor_sync(kFullWarp, value, mask);
}
__device__ __forceinline__ bool any_lane(bool value) {
  return __any_sync(kFullWarp, value) != 0;
}

// ---- shared memory by address, in bytes. The compiler takes a 64-bit address apart and the
// special register of the block's rank with it wherever C++ names shared memory; a 32-bit one is an
// operand.

using Shared = std::uint32_t;

// Of the block's dynamic shared memory; aligned to 128 bytes.
__device__ __forceinline__ Shared shared_base() {
  return static_cast<Shared>(__cvta_generic_to_shared(shared_memory()));
}
__device__ __forceinline__ uint4 load_16(Shared at) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "r"(at));
  return v;
}
__device__ __forceinline__ uint2 load_8(Shared at) {
  uint2 v;
  asm volatile("ld.shared.v2.u32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "r"(at));
  return v;
}
__device__ __forceinline__ std::uint32_t load_4(Shared at) {
  std::uint32_t v;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(at));
  return v;
}
__device__ __forceinline__ void store_16(Shared at, uint4 v) {
  asm volatile("st.shared.v4.u32 [%0], {%1,%2,%3,%4};" ::"r"(at), "r"(v.x), "r"(v.y), "r"(v.z),
               "r"(v.w)
               : "memory");
}
__device__ __forceinline__ void store_8(Shared at, uint2 v) {
  asm volatile("st.shared.v2.u32 [%0], {%1,%2};" ::"r"(at), "r"(v.x), "r"(v.y) : "memory");
}
__device__ __forceinline__ void store_4(Shared at, std::uint32_t v) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(at), "r"(v) : "memory");
}

// A place in the shared memory of a block of the cluster, this one included: a generic address.
struct RemoteShared {
  char* at;

  __device__ __forceinline__ RemoteShared operator+(int bytes) const { return {at + bytes}; }
};
// Where block `rank` has what `at` is in this one.
__device__ __forceinline__ RemoteShared in_block(Shared at, int rank) {
  auto const here =
      reinterpret_cast<unsigned long long>(__cvta_shared_to_generic(static_cast<std::size_t>(at)));
#if __CUDA_ARCH__ >= 900
  unsigned long long there;
  asm("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(here), "r"(rank));
  return {reinterpret_cast<char*>(there)};
#else
  return {reinterpret_cast<char*>(here)};  // without clusters there is only this block
#endif
}
__device__ __forceinline__ uint4 load_16(RemoteShared from) {
  uint4 v;
  asm volatile("ld.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from.at));
  return v;
}
__device__ __forceinline__ std::uint32_t load_4(RemoteShared from) {
  std::uint32_t v;
  asm volatile("ld.u32 %0, [%1];" : "=r"(v) : "l"(from.at));
  return v;
}
__device__ __forceinline__ void store_16(RemoteShared to, uint4 v) {
  asm volatile("st.v4.u32 [%0], {%1,%2,%3,%4};" ::"l"(to.at), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w)
               : "memory");
}
__device__ __forceinline__ void store_8(RemoteShared to, uint2 v) {
  asm volatile("st.v2.u32 [%0], {%1,%2};" ::"l"(to.at), "r"(v.x), "r"(v.y) : "memory");
}
__device__ __forceinline__ void store_4(RemoteShared to, std::uint32_t v) {
  asm volatile("st.u32 [%0], %1;" ::"l"(to.at), "r"(v) : "memory");
}

// Four 8x8 matrices of 16-bit elements. Lane i gives the address of row i % 8 (16 bytes, aligned)
// of matrix i / 8; register m of a lane holds elements (g, 2t) and (g, 2t + 1) of matrix m.
__device__ __forceinline__ uint4 load_matrices(Shared row) {
  uint4 v;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "r"(row)
               : "memory");
  return v;
}
// The same of their transposes: elements (2t, g) and (2t + 1, g) as stored.
__device__ __forceinline__ uint4 load_transposed(Shared row) {
  uint4 v;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "r"(row)
               : "memory");
  return v;
}

// ---- asynchronous copies from global to shared memory: of 16 or 4 bytes, aligned to that. If not
// `valid`, zeros are written and nothing is read. They are complete, for the issuing thread, after
// await_copies(); for others after a barrier behind it.

__device__ __forceinline__ void copy_16_async(Shared to, void const* from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
               "r"(valid ? 16 : 0)
               : "memory");
}
__device__ __forceinline__ void copy_4_async(Shared to, void const* from, bool valid) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from),
               "r"(valid ? 4 : 0)
               : "memory");
}
__device__ __forceinline__ void await_copies() {
  asm volatile("cp.async.commit_group;\n\tcp.async.wait_group 0;" ::: "memory");
}

// ---- tensor cores. d = a b + c; d may be c. Of each register of tf32 the tensor core reads the
// upper 19 bits: sign, exponent, 10 of the mantissa.

__device__ __forceinline__ void mma_tf32(float (&d)[4], std::uint32_t const (&a)[4],
                                         std::uint32_t const (&b)[2], float const (&c)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%10,%11,%12,%13};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]),
        "f"(c[2]), "f"(c[3]));
}
__device__ __forceinline__ void mma_bf16(float (&d)[4], std::uint32_t const (&a)[4],
                                         std::uint32_t const (&b)[2], float const (&c)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%10,%11,%12,%13};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]),
        "f"(c[2]), "f"(c[3]));
}

// ---- conversions, to nearest, ties to even; a NaN stays one

__device__ __forceinline__ std::uint32_t to_tf32(float x) {
  std::uint32_t bits;
#if __CUDA_ARCH__ >= 900
  asm("cvt.rn.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));  // one instruction; .rna takes four
#else
  bits = __float_as_uint(x);
  if (x - x == 0.0f) bits = (bits + 0xfffu + (bits >> 13 & 1u)) & 0xffffe000u;
#endif
  return bits;
}
__device__ __forceinline__ std::uint32_t to_bf16_pair(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

// ---- approximations: see fast.cuh

__device__ __forceinline__ float divide(float a, float b) {
  float quotient;
  asm("div.approx.ftz.f32 %0, %1, %2;" : "=f"(quotient) : "f"(a), "f"(b));
  return quotient;
}
__device__ __forceinline__ float square_root(float x) {
  float root;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(root) : "f"(x));
  return root;
}

// The larger, and a NaN if either is one.
__device__ __forceinline__ float max_or_nan(float a, float b) {
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(a), "f"(b));
  return larger;
}
// 2^x and log2(x), to about 2 ulp; subnormal numbers are zero.
__device__ __forceinline__ float power_of_two(float x) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
}
__device__ __forceinline__ float log_of_two(float x) {
  float log;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(log) : "f"(x));
  return log;
}

// ---- the code that runs, and launches

// A launch as the runtime takes it.
class LaunchConfig {
 public:
  LaunchConfig(LaunchShape const& shape, cudaStream_t stream) {
    config.gridDim = dim3(static_cast<unsigned>(shape.blocks));
    config.blockDim = dim3(static_cast<unsigned>(shape.threads));
    config.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes);
    config.stream = stream;
    cluster_.id = cudaLaunchAttributeClusterDimension;
    cluster_.val.clusterDim.x = static_cast<unsigned>(shape.cluster);
    cluster_.val.clusterDim.y = 1;
    cluster_.val.clusterDim.z = 1;
    config.attrs = &cluster_;
    config.numAttrs = shape.cluster > 1 ? 1 : 0;
  }
  LaunchConfig(LaunchConfig const&) = delete;

  cudaLaunchConfig_t config{};

 private:
  cudaLaunchAttribute cluster_{};
};

// By what architecture the code was compiled that the current device runs of a kernel: compute
// capability times ten, __CUDA_ARCH__ / 10. PTX of an older one is older code on a newer device.
struct KernelCode {
  cudaError_t error;  // cudaErrorNoKernelImageForDevice: the program has none that it can run
  int architecture;
};
template <class Arguments>
KernelCode code_of(void (*kernel)(Arguments)) {
  cudaFuncAttributes attributes{};
  cudaError_t const error = cudaFuncGetAttributes(&attributes, kernel);
  if (error != cudaSuccess) cudaGetLastError();
  return {error, attributes.ptxVersion};
}

// Lets a kernel have so much shared memory and clusters of any size, and keeps multiprocessors from
// dividing their memory anew between kernels. Once for a device: it is the same for all launches.
template <class Arguments>
cudaError_t prepare(void (*kernel)(Arguments), int shared_bytes) {
  cudaError_t error =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
  if (error != cudaSuccess) return error;
  error = cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                               cudaSharedmemCarveoutMaxShared);
  if (error != cudaSuccess || code_of(kernel).architecture < 90) return error;
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
}

// One argument struct, by value. Blocks of a cluster are consecutive. More than 48 KB of shared
// memory, or more than 8 blocks of a cluster, need prepare() before. Returns what the runtime says
// of the launch (not of the kernel's run).
template <class Arguments>
cudaError_t launch(void (*kernel)(Arguments), LaunchShape const& shape, cudaStream_t stream,
                   Arguments const& arguments) {
  LaunchConfig const launch(shape, stream);
  return cudaLaunchKernelEx(&launch.config, kernel, arguments);
}

// Clusters of this shape that the device holds at once; 0 if it cannot place one. Of the device,
// not of the code: that must be of architecture 90 or newer.
template <class Arguments>
int clusters_at_once(void (*kernel)(Arguments), LaunchShape const& shape) {
  LaunchConfig const launch(shape, nullptr);
  int count = 0;
  if (cudaOccupancyMaxActiveClusters(&count, kernel, &launch.config) == cudaSuccess) return count;
  cudaGetLastError();  // not being able to is no failure
  return 0;
}

}  // namespace brood::cuda
