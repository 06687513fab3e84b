// SPDX-License-Identifier: Apache-2.0
#include "cuda/kernels/kernels.hpp"

#include <algorithm>

#include "cuda/kernel_hash.hpp"
#include "cuda/kernels/copy.cuh"
#include "cuda/kernels/init_weights.cuh"
#include "cuda/kernels/variants.hpp"
#include "cuda/ranking/pairs.cuh"

namespace brood::cuda {

struct Tf32;
struct Bf16;
struct Fp32;
extern template struct Variants<Tf32>;
extern template struct Variants<Bf16>;
extern template struct Variants<Fp32>;

namespace {

// f of a precision's variants.
template <class F>
auto with_variants(Precision precision, F&& f) {
  switch (precision) {
    case Precision::bf16:
      return f(Variants<Bf16>{});
    case Precision::fp32:
      return f(Variants<Fp32>{});
    case Precision::tf32:
      break;
  }
  return f(Variants<Tf32>{});
}

}  // namespace

void launch_run(Device& device, CUstream_st* stream, Variant const& variant,
                LaunchShape const& shape, MemberTask const* tasks) {
  cudaError_t const error = with_variants(variant.precision, [&](auto variants) {
    return variants.run(variant.shared_weights, variant.clustered, shape, stream, tasks);
  });
  device.check(error, "launch of the training kernel");
}

void prepare_kernels(Device& device, Precision precision) {
  int const bytes = device.limits().shared_bytes_block;
  device.check(with_variants(precision, [&](auto variants) { return variants.prepare_all(bytes); }),
               "cudaFuncSetAttribute");
}

std::array<int, 3> clusters_on(Device& device, Precision precision) {
  std::array<int, 3> clusters = {};
  KernelCode const code =
      with_variants(precision, [](auto variants) { return variants.code_of_clusters(); });
  device.check(code.error, "cudaFuncGetAttributes");
  if (code.architecture < 90) return clusters;
  for (int blocks = 2; int& at_once : clusters) {
    LaunchShape const shape{.blocks = blocks,
                            .threads = 32 * kMaxWarps,
                            .cluster = blocks,
                            .shared_bytes = device.limits().shared_bytes_block};
    at_once =
        with_variants(precision, [&](auto variants) { return variants.clusters_at_once(shape); });
    blocks *= 2;
  }
  return clusters;
}

std::string code_problem(Device& device) {
  KernelCode const code = code_of(init_weights);
  if (code.error == cudaErrorNoKernelImageForDevice) {
    return "cannot run this program's kernels: it holds no code for compute capability " +
           std::to_string(device.limits().architecture / 10) + "." +
           std::to_string(device.limits().architecture % 10) +
           " or older PTX; build it with -DCMAKE_CUDA_ARCHITECTURES=native on this machine, or "
           "use cpu";
  }
  device.check(code.error, "cudaFuncGetAttributes");
  return "";
}

void launch_init(Device& device, int members, InitTask const* tasks) {
  LaunchShape const shape{.blocks = members, .threads = 128};
  device.check(launch(init_weights, shape, device.stream(), InitArguments{tasks}),
               "launch of the drawing kernel");
}

void launch_copies(Device& device, int count, CopyRun const* runs) {
  LaunchShape const shape{.blocks = count, .threads = 256};
  device.check(launch(copy, shape, device.stream(), CopyArguments{runs}),
               "launch of the copying kernel");
}

void launch_pair_keys(Device& device, PairTask const& task) {
  constexpr std::int64_t kThreads = 256, kMaxBlocks = 8192;
  std::int64_t const blocks = (task.segments() * task.row_count + kThreads - 1) / kThreads;
  LaunchShape const shape{.blocks = static_cast<int>(std::min(blocks, kMaxBlocks)),
                          .threads = kThreads};
  device.check(launch(pair_keys, shape, device.stream(), task), "launch of the keys of pairs");
}

void launch_pair_counts(Device& device, PairTask const& task) {
  constexpr int kThreads = 256;
  LaunchShape const shape{.blocks = static_cast<int>(task.segments()),
                          .threads = kThreads,
                          .shared_bytes = kThreads * static_cast<int>(sizeof(PairSums))};
  device.check(launch(pair_counts, shape, device.stream(), task), "launch of the counts of pairs");
}

char const* kernel_hash() {
  return BROOD_KERNEL_HASH;
}

}  // namespace brood::cuda
