// SPDX-License-Identifier: Apache-2.0
// In a build without nvcc, in the place of the kernels and of devices: says that they are missing.
// Planning for a device model works all the same.
#include "backend/peak.hpp"
#include "brood/error.hpp"
#include "cuda/device.hpp"
#include "cuda/kernels/kernels.hpp"
#include "cuda/layered/layered.hpp"
#include "cuda/memory/copy.hpp"
#include "cuda/ranking/pairs.hpp"
#include "cuda/ranking/sort.hpp"

namespace brood::cuda {

namespace {
constexpr char const* kReason = "this build has no CUDA kernels (nvcc was not found)";
}

void launch_run(Device&, CUstream_st*, Variant const&, LaunchShape const&, MemberTask const*) {
  throw DeviceError(kReason);
}
void prepare_kernels(Device&, Precision) {
  throw DeviceError(kReason);
}
std::array<int, 3> clusters_on(Device&, Precision) {
  throw DeviceError(kReason);
}
std::string code_problem(Device&) {
  return kReason;
}
void launch_init(Device&, int, InitTask const*) {
  throw DeviceError(kReason);
}
void launch_copies(Device&, int, CopyRun const*) {
  throw DeviceError(kReason);
}
void launch_pair_keys(Device&, PairTask const&) {
  throw DeviceError(kReason);
}
void launch_pair_counts(Device&, PairTask const&) {
  throw DeviceError(kReason);
}
void sort_pairs(Device&, Arena&, std::uint64_t*, std::int32_t*, std::int64_t) {
  throw DeviceError(kReason);
}
void launch_layered(Device&, int, LayeredArguments const&) {
  throw DeviceError(kReason);
}
std::unique_ptr<LayerProducts> LayerProducts::open(Device&, Precision) {
  throw DeviceError(kReason);
}
std::string layer_products_problem() {
  return kReason;
}
char const* kernel_hash() {
  return "none";
}

std::unique_ptr<Device> Device::open(int index, CUstream_st*) {
  throw DeviceError("device: cuda:" + std::to_string(index) + ": " + kReason + "; use cpu");
}
int device_count(std::string* why_none) {
  if (why_none != nullptr) *why_none = kReason;
  return 0;
}
DeviceSummary describe_device(int index) {
  return {"cuda:" + std::to_string(index), kReason};
}

}  // namespace brood::cuda

namespace brood {

Peak cuda_peak(int, std::string const&) {
  throw DeviceError(cuda::kReason);
}

}  // namespace brood
