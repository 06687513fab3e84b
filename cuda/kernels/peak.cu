// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/peak.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <string>

#include "backend/peak.hpp"
#include "brood/error.hpp"
#include "cuda/kernels/prims.cuh"

namespace brood::cuda {
namespace {

constexpr int kUnroll = 8;

void check(cudaError_t error, char const* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw DeviceError("probing the device: " + std::string(call) + ": " + cudaGetErrorString(error));
}

struct Probe {
  int rounds;
  std::uint32_t* sink;         // never written, but the compiler cannot know
  unsigned long long* clocks;  // of each block
  uint4 const* memory;         // l2_rate: kMemory of them
};

// The clocks of a block from its first thread to its last.
class BlockClock {
 public:
  __device__ __forceinline__ BlockClock() {
    __syncthreads();
    start_ = clock64();
  }
  __device__ __forceinline__ void stop(Probe const& probe) const {
    __syncthreads();
    if (threadIdx.x == 0)
      probe.clocks[blockIdx.x] = static_cast<unsigned long long>(clock64() - start_);
  }

 private:
  long long start_;
};

// Products of kUnroll independent accumulators in every warp.
template <bool Bf16>
__global__ void __launch_bounds__(512) mma_rate(Probe probe) {
  float c[kUnroll][4] = {};
  // Numbers of no pattern, near 2^-8: nothing overflows, and no bit is idle.
  std::uint32_t const noise = (threadIdx.x + 1) * 2654435769u & 0x007f007fu;
  std::uint32_t const a[4] = {0x3b803b80u | noise, 0x3b813b81u ^ noise, 0x3b923b92u ^ noise,
                              0x3ba43ba4u ^ noise};
  std::uint32_t const b[2] = {0x3b853b85u ^ noise, 0x3bb63bb6u ^ noise};
  BlockClock const clock;
  for (int round = 0; round < probe.rounds; ++round) {
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      if constexpr (Bf16) {
        mma_bf16(c[i], a, b, c[i]);
      } else {
        mma_tf32(c[i], a, b, c[i]);
      }
    }
  }
  clock.stop(probe);
  float sum = 0;
  for (auto const& fragment : c)
    sum += fragment[0] + fragment[1] + fragment[2] + fragment[3];
  if (sum == 12345.0f) *probe.sink = 1;
}

// Reads of 32 neighbouring words by a warp, of this block's memory or of the next block's.
constexpr int kSharedWords = 8192;

template <bool Others>
__global__ void __launch_bounds__(512) shared_rate(Probe probe) {
  Shared const own = shared_base();
  for (Shared i = threadIdx.x; i < kSharedWords; i += blockDim.x)
    store_4(own + 4 * i, i);
  sync_cluster();
  RemoteShared const there = in_block(own, (cluster_rank() + 1) % cluster_size());
  std::uint32_t sum = 0;
  BlockClock const clock;
  for (int round = 0; round < probe.rounds; ++round) {
    int const at = 4 * ((static_cast<int>(threadIdx.x) + round * 1024) % (kSharedWords / 2));
#pragma unroll
    for (int i = 0; i < kUnroll; ++i) {
      if constexpr (Others) {
        sum += load_4(there + (at + i * 2048));
      } else {
        sum += load_4(own + static_cast<Shared>(at + i * 2048));
      }
    }
  }
  clock.stop(probe);
  if (sum == 12345u) *probe.sink = 1;
  sync_cluster();  // nobody's memory may go while it is read
}

// Every 16 bytes of a buffer that L2 holds, once a round, by any of the threads.
constexpr int kMemory = 1 << 20;

__global__ void __launch_bounds__(512) l2_rate(Probe probe) {
  int const threads = static_cast<int>(gridDim.x * blockDim.x);
  int const first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  std::uint32_t sum = 0;
  BlockClock const clock;
  for (int round = 0; round < probe.rounds; ++round) {
#pragma unroll 8
    for (int i = first; i < kMemory; i += threads) {
      uint4 const word = __ldcg(probe.memory + i);
      sum += word.x + word.y + word.z + word.w;
    }
  }
  clock.stop(probe);
  if (sum == 12345u) *probe.sink = 1;
}

__global__ void __launch_bounds__(512) barrier_rate(Probe probe) {
  BlockClock const clock;
  for (int round = 0; round < probe.rounds; ++round) {
    if (cluster_size() > 1) {
      sync_cluster();
    } else {
      sync_block();
    }
  }
  clock.stop(probe);
}

class Prober {
 public:
  explicit Prober(int device) {
    check(cudaSetDevice(device), "cudaSetDevice");
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    multiprocessors_ = properties.multiProcessorCount;
    shared_bytes_ = static_cast<int>(properties.sharedMemPerBlockOptin);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    check(cudaMalloc(&sink_, 4), "cudaMalloc");
    check(cudaMalloc(&clocks_, sizeof(unsigned long long) * kMaxClocks), "cudaMalloc");
    check(cudaMalloc(&memory_, sizeof(uint4) * kMemory), "cudaMalloc");
    check(cudaMemsetAsync(memory_, 1, sizeof(uint4) * kMemory, stream_), "cudaMemsetAsync");
    check(prepare(barrier_rate, shared_bytes_), "cudaFuncSetAttribute");
    check(prepare(shared_rate<true>, shared_bytes_), "cudaFuncSetAttribute");
    check(cudaEventCreate(&start_), "cudaEventCreate");
    check(cudaEventCreate(&stop_), "cudaEventCreate");
  }
  ~Prober() {
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
    cudaFree(sink_);
    cudaFree(clocks_);
    cudaFree(memory_);
    cudaStreamDestroy(stream_);
  }
  Prober(Prober const&) = delete;
  Prober& operator=(Prober const&) = delete;

  CudaPeak measure() {
    CudaPeak peak;
    peak.multiprocessors = multiprocessors_;
    for (int const warps : {8, 16}) {
      double const products = 2.0 * kUnroll * warps * multiprocessors_;  // times 16 x 8 x depth
      Time const tf32 = time(mma_rate<false>, shape(1, warps), 16384);
      Time const bf16 = time(mma_rate<true>, shape(1, warps), 16384);
      peak.tf32 = std::max(peak.tf32, products * 16 * 8 * 8 / tf32.round);
      peak.bf16 = std::max(peak.bf16, products * 16 * 8 * 16 / bf16.round);
      peak.clock = tf32.clocks / tf32.round;
      Time const reads = time(l2_rate, shape(1, warps), 64);
      peak.l2_bytes = std::max(peak.l2_bytes, sizeof(uint4) * kMemory / reads.round);
    }
    for (int const blocks : {1, 2, 4, 8, 16})
      peak.clusters.push_back(cluster(blocks));
    peak.shared_bytes = peak.clusters.front().far_bytes;
    return peak;
  }

 private:
  static constexpr int kMaxClocks = 4096;

  struct Time {
    double round, clocks;  // seconds of a round; clocks of one, in the slowest block
  };

  // A block on every multiprocessor, or as many clusters as fit.
  LaunchShape shape(int cluster, int warps) const {
    return {.blocks = std::max(1, multiprocessors_ / cluster) * cluster,
            .threads = 32 * warps,
            .cluster = cluster,
            .shared_bytes = 4 * kSharedWords};
  }

  // The best of three launches, behind one to warm up.
  Time time(void (*kernel)(Probe), LaunchShape const& shape, int rounds) {
    if (shape.blocks > kMaxClocks)
      throw DeviceError("probing the device: it has too many multiprocessors");
    Time best{1e30, 0};
    for (int attempt = 0; attempt < 4; ++attempt) {
      check(cudaEventRecord(start_, stream_), "cudaEventRecord");
      check(launch(kernel, shape, stream_, Probe{rounds, sink_, clocks_, memory_}), "launch");
      check(cudaEventRecord(stop_, stream_), "cudaEventRecord");
      check(cudaEventSynchronize(stop_), "cudaEventSynchronize");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, start_, stop_), "cudaEventElapsedTime");
      double const seconds = 1e-3 * static_cast<double>(milliseconds) / rounds;
      if (attempt == 0 || seconds >= best.round) continue;
      unsigned long long clocks[kMaxClocks];
      check(cudaMemcpyAsync(clocks, clocks_,
                            sizeof(clocks[0]) * static_cast<std::size_t>(shape.blocks),
                            cudaMemcpyDeviceToHost, stream_),
            "cudaMemcpyAsync");
      check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
      auto const most = *std::max_element(clocks, clocks + shape.blocks);
      best = {seconds, static_cast<double>(most) / rounds};
    }
    return best;
  }

  CudaPeak::Cluster cluster(int blocks) {
    CudaPeak::Cluster result;
    result.blocks = blocks;
    LaunchShape const rate = shape(blocks, 16);
    // What a launch of this size says; not all devices have large clusters.
    result.at_once = clusters_at_once(blocks);
    if (result.at_once == 0) return result;
    result.barrier_clocks = time(barrier_rate, shape(blocks, 8), 2000).clocks;
    Time const reads = time(blocks > 1 ? shared_rate<true> : shared_rate<false>, rate, 4096);
    double const bytes = 4.0 * kUnroll * rate.threads * rate.blocks;
    result.far_bytes = bytes / reads.round;
    return result;
  }

  int clusters_at_once(int blocks) {
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(static_cast<unsigned>(blocks));
    config.blockDim = dim3(256);
    config.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes_);
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeClusterDimension;
    attribute.val.clusterDim.x = static_cast<unsigned>(blocks);
    attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
    config.attrs = &attribute;
    config.numAttrs = 1;
    int count = 0;
    if (cudaOccupancyMaxActiveClusters(&count, barrier_rate, &config) != cudaSuccess) {
      cudaGetLastError();
      return 0;
    }
    return count;
  }

  int multiprocessors_ = 0, shared_bytes_ = 0;
  cudaStream_t stream_ = nullptr;
  std::uint32_t* sink_ = nullptr;
  unsigned long long* clocks_ = nullptr;
  uint4* memory_ = nullptr;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
};

}  // namespace

CudaPeak measure_peak(int device) {
  return Prober(device).measure();
}

double peak_flops(CudaPeak const& peak, Precision precision) {
  if (precision == Precision::bf16) return peak.bf16;
  return precision == Precision::tf32 ? peak.tf32 : peak.tf32 / 3;
}

}  // namespace brood::cuda

namespace brood {

Peak cuda_peak(int device, std::string const& precision) {
  cuda::CudaPeak const peak = cuda::measure_peak(device);
  return {cuda::peak_flops(peak, cuda::precision_named(precision)), peak.shared_bytes};
}

}  // namespace brood
