// SPDX-License-Identifier: Apache-2.0
#include "cuda/device.hpp"

#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <cstring>

#include "brood/error.hpp"

namespace brood::cuda {

namespace {

constexpr std::size_t kStagingBytes = 4 * Device::kMaxStaged;

std::string reason_of(cudaError_t error) {
  return std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ")";
}

// A stream of its own, and pinned memory that small copies go through, so that they need not wait.
class CudaDevice final : public Device {
 public:
  CudaDevice(int index, cudaStream_t stream) : index_(index), stream_(stream) {
    use();
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    limits_.architecture = 10 * properties.major + properties.minor;
    limits_.multiprocessors = properties.multiProcessorCount;
    limits_.shared_bytes_block = static_cast<int>(properties.sharedMemPerBlockOptin);
    limits_.shared_bytes_sm = static_cast<int>(properties.sharedMemPerMultiprocessor);
    limits_.memory_bytes = static_cast<std::int64_t>(free);
    int kilohertz = 0;
    check(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, index),
          "cudaDeviceGetAttribute");
    if (kilohertz > 0) limits_.clock_hz = 1e3 * kilohertz;
    limits_.name = properties.name;
    if (stream_ == nullptr) {
      check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
      owns_stream_ = true;
    }
    check(cudaMallocHost(&staging_, kStagingBytes), "cudaMallocHost");
  }
  ~CudaDevice() override {
    cudaStreamSynchronize(stream_);
    cudaFreeHost(staging_);
    for (auto const& side : side_streams_) {
      cudaEventDestroy(side.done);
      cudaStreamDestroy(side.stream);
    }
    if (forked_ != nullptr) cudaEventDestroy(forked_);
    for (cudaEvent_t const event : timer_) {
      if (event != nullptr) cudaEventDestroy(event);
    }
    if (owns_stream_) cudaStreamDestroy(stream_);
  }

  DeviceLimits const& limits() const override { return limits_; }
  CUstream_st* stream() const override { return stream_; }

  void* allocate(std::size_t bytes) override {
    use();
    void* memory = nullptr;
    cudaError_t const error = cudaMalloc(&memory, bytes);
    if (error != cudaSuccess) {
      cudaGetLastError();  // out of memory is not sticky
      throw DeviceError("cudaMalloc of " + std::to_string(bytes) + " bytes: " + reason_of(error));
    }
    zero(memory, bytes);
    return memory;
  }
  void release(void* memory) override {
    cudaStreamSynchronize(stream_);
    cudaFree(memory);
  }

  void copy_in(void* to, void const* from, std::size_t bytes) override {
    use();
    auto const* source = static_cast<char const*>(from);
    auto* target = static_cast<char*>(to);
    if (source >= staging_ && source < staging_ + kStagingBytes) {
      check(cudaMemcpyAsync(target, source, bytes, cudaMemcpyHostToDevice, stream_),
            "cudaMemcpyAsync to the device");
      return;
    }
    while (bytes > 0) {
      std::size_t const piece = bytes < kStagingBytes ? bytes : kStagingBytes;
      char* const staged = take_staging(piece);
      std::memcpy(staged, source, piece);
      check(cudaMemcpyAsync(target, staged, piece, cudaMemcpyHostToDevice, stream_),
            "cudaMemcpyAsync to the device");
      source += piece;
      target += piece;
      bytes -= piece;
    }
  }
  void* stage(std::size_t bytes) override {
    use();
    return take_staging(bytes);
  }
  void copy_out(void* to, void const* from, std::size_t bytes) override {
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_),
          "cudaMemcpyAsync from the device");
    wait();
  }
  void copy_within(void* to, void const* from, std::size_t bytes) override {
    use();
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_),
          "cudaMemcpyAsync within the device");
  }
  void zero(void* memory, std::size_t bytes) override {
    use();
    check(cudaMemsetAsync(memory, 0, bytes, stream_), "cudaMemsetAsync");
  }
  void wait() override {
    use();
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    staged_ = 0;
  }

  void fork(int n) override {
    use();
    while (static_cast<int>(side_streams_.size()) < n) {
      SideStream& made = side_streams_.emplace_back();
      check(cudaStreamCreateWithFlags(&made.stream, cudaStreamNonBlocking), "cudaStreamCreate");
      check(cudaEventCreateWithFlags(&made.done, cudaEventDisableTiming), "cudaEventCreate");
    }
    if (n == 0) return;
    if (forked_ == nullptr)
      check(cudaEventCreateWithFlags(&forked_, cudaEventDisableTiming), "cudaEventCreate");
    check(cudaEventRecord(forked_, stream_), "cudaEventRecord");
    for (int i = 0; i < n; ++i)
      check(cudaStreamWaitEvent(stream(i), forked_), "cudaStreamWaitEvent");
  }
  CUstream_st* stream(int i) const override {
    return side_streams_[static_cast<std::size_t>(i)].stream;
  }
  void join(int n) override {
    use();
    for (int i = 0; i < n; ++i) {
      SideStream const& side = side_streams_[static_cast<std::size_t>(i)];
      check(cudaEventRecord(side.done, side.stream), "cudaEventRecord");
      check(cudaStreamWaitEvent(stream_, side.done), "cudaStreamWaitEvent");
    }
  }

  void start_timer() override {
    use();
    if (timer_[0] == nullptr) {
      for (cudaEvent_t& event : timer_)
        check(cudaEventCreate(&event), "cudaEventCreate");
    }
    check(cudaEventRecord(timer_[0], stream_), "cudaEventRecord");
  }
  void stop_timer() override {
    use();
    check(cudaEventRecord(timer_[1], stream_), "cudaEventRecord");
  }
  double timed_seconds() override {
    use();
    check(cudaEventSynchronize(timer_[1]), "cudaEventSynchronize");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, timer_[0], timer_[1]), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
  }
  void begin_range(char const* name) override { nvtxRangePushA(name); }
  void end_range() override { nvtxRangePop(); }

  void check(int error, char const* call) const override {
    auto const code = static_cast<cudaError_t>(error);
    if (code == cudaSuccess) return;
    throw DeviceError(std::string(call) + ": " + reason_of(code));
  }

 private:
  void use() const { check(cudaSetDevice(index_), "cudaSetDevice"); }

  // Of the pinned memory, aligned to 256 bytes; waits if what lies there has not been read.
  char* take_staging(std::size_t bytes) {
    if (staged_ + bytes > kStagingBytes) wait();
    char* const taken = staging_ + staged_;
    staged_ += (bytes + 255) / 256 * 256;
    return taken;
  }

  struct SideStream {
    cudaStream_t stream = nullptr;
    cudaEvent_t done = nullptr;
  };

  int index_;
  DeviceLimits limits_;
  cudaStream_t stream_;
  bool owns_stream_ = false;
  std::vector<SideStream> side_streams_;
  cudaEvent_t forked_ = nullptr;
  cudaEvent_t timer_[2] = {};  // once a timer was started
  char* staging_ = nullptr;
  std::size_t staged_ = 0;
};

}  // namespace

std::unique_ptr<Device> Device::open(int index, CUstream_st* stream) {
  std::string why_none;
  int const count = device_count(&why_none);
  std::string const name = "device: cuda:" + std::to_string(index) + ": ";
  if (count == 0) throw DeviceError(name + why_none + "; use cpu");
  if (index < 0 || index >= count) {
    throw DeviceError(name + "there is no such device; allowed: 0 .. " + std::to_string(count - 1));
  }
  DeviceSummary const summary = describe_device(index);
  if (!summary.problem.empty())
    throw DeviceError(name + summary.name + " " + summary.problem + "; use cpu");
  return std::make_unique<CudaDevice>(index, stream);
}

int device_count(std::string* why_none) {
  int count = 0;
  cudaError_t const error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();
    if (why_none != nullptr) *why_none = reason_of(error);
    return 0;
  }
  if (count == 0 && why_none != nullptr) *why_none = "this machine has no CUDA device";
  return count;
}

DeviceSummary describe_device(int index) {
  cudaDeviceProp properties{};
  cudaError_t const error = cudaGetDeviceProperties(&properties, index);
  if (error != cudaSuccess) {
    cudaGetLastError();
    return {"cuda:" + std::to_string(index), "cannot be asked what it is: " + reason_of(error)};
  }
  if (properties.major >= 8) return {properties.name, ""};
  return {properties.name, "has compute capability " + std::to_string(properties.major) + "." +
                               std::to_string(properties.minor) + "; 8.0 or newer is needed"};
}

}  // namespace brood::cuda
