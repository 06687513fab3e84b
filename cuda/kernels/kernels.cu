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
extern template TrainingKernel training_kernel<Tf32, Reach::chip>();
extern template TrainingKernel training_kernel<Tf32, Reach::memory>();
extern template TrainingKernel training_kernel<Tf32, Reach::cluster>();
extern template TrainingKernel training_kernel<Bf16, Reach::chip>();
extern template TrainingKernel training_kernel<Bf16, Reach::memory>();
extern template TrainingKernel training_kernel<Bf16, Reach::cluster>();
extern template TrainingKernel training_kernel<Fp32, Reach::anywhere>();
extern template TrainingKernel training_kernel<Fp32, Reach::cluster>();

namespace {

template <class P>
TrainingKernel kernel_of(bool shared_weights, bool clustered) {
  if (clustered) return training_kernel<P, Reach::cluster>();
  return shared_weights ? training_kernel<P, Reach::chip>() : training_kernel<P, Reach::memory>();
}

// Of fp32 one kernel serves both chip and memory: as its registers are short, phases are called
// everywhere, and what it would know of the weights' place is worth less than compiling it twice.
TrainingKernel kernel_of(Variant const& variant) {
  switch (variant.precision) {
    case Precision::bf16:
      return kernel_of<Bf16>(variant.shared_weights, variant.clustered);
    case Precision::fp32:
      return variant.clustered ? training_kernel<Fp32, Reach::cluster>()
                               : training_kernel<Fp32, Reach::anywhere>();
    case Precision::tf32:
      break;
  }
  return kernel_of<Tf32>(variant.shared_weights, variant.clustered);
}

TrainingKernel kernel_of_clusters(Precision precision) {
  return kernel_of({.precision = precision, .clustered = true});
}

}  // namespace

void launch_run(Device& device, CUstream_st* stream, Variant const& variant,
                LaunchShape const& shape, MemberTask const* tasks) {
  device.check(launch(kernel_of(variant), shape, stream, RunArguments{tasks}),
               "launch of the training kernel");
}

void prepare_kernels(Device& device, Precision precision) {
  for (TrainingKernel const kernel : {kernel_of({.precision = precision}),
                                      kernel_of({.precision = precision, .shared_weights = false}),
                                      kernel_of_clusters(precision)}) {
    device.check(prepare(kernel, device.limits().shared_bytes_block), "cudaFuncSetAttribute");
  }
}

std::array<int, 3> clusters_on(Device& device, Precision precision) {
  std::array<int, 3> clusters = {};
  TrainingKernel const kernel = kernel_of_clusters(precision);
  KernelCode const code = code_of(kernel);
  device.check(code.error, "cudaFuncGetAttributes");
  if (code.architecture < 90) return clusters;
  for (int blocks = 2; int& at_once : clusters) {
    LaunchShape const shape{.blocks = blocks,
                            .threads = 32 * kMaxWarps,
                            .cluster = blocks,
                            .shared_bytes = device.limits().shared_bytes_block};
    at_once = clusters_at_once(kernel, shape);
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
