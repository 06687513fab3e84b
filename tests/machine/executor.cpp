// SPDX-License-Identifier: Apache-2.0
#include "machine/executor.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>

#include "emulation/emulation.hpp"

namespace brood::machine {
namespace {

struct Installed {
  explicit Installed(std::string const& folder, std::string const& architecture)
      : program(folder, architecture), machine(program) {}

  Program program;
  Machine machine;
};
std::unique_ptr<Installed> installed;

// Compilers of the host and of the device mangle alike.
std::string name_of(emulation::KernelCall const& call) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void const*>(call.kernel), &info) == 0 || info.dli_sname == nullptr)
    throw Failure("a kernel without a name: the program must export its symbols");
  return info.dli_sname;
}

// "sm_90": 90.
int architecture_number(std::string const& architecture) {
  return static_cast<int>(std::strtol(architecture.c_str() + 3, nullptr, 10));
}

void execute(cuda::LaunchShape const& shape, emulation::KernelCall const& call) {
  std::vector<MemoryRange> ranges;
  for (auto const& allocation : emulation::allocations()) {
    auto const begin = reinterpret_cast<std::uintptr_t>(allocation.memory);
    ranges.push_back({begin, begin + allocation.bytes});
  }
  Machine& machine = installed->machine;
  machine.run({.kernel = name_of(call),
               .blocks = shape.blocks,
               .threads = shape.threads,
               .cluster = shape.cluster,
               .shared_bytes = shape.shared_bytes,
               .parameters = {static_cast<std::uint8_t const*>(call.arguments), call.bytes}},
              MemoryMap(std::move(ranges)));
  if (machine.reports.empty()) return;
  std::string const text = machine.reports.text();
  machine.reports.clear();
  throw Failure(text);
}

}  // namespace

Machine& execute_launches(std::string const& architecture) {
  char const* const elsewhere = std::getenv("BROOD_MACHINE_CODE");
  installed = std::make_unique<Installed>(elsewhere ? elsewhere : BROOD_MACHINE_CODE, architecture);
  emulation::executor = execute;
  emulation::code_architecture = architecture_number(architecture);
  return installed->machine;
}

std::vector<std::string> kernels_not_executed() {
  std::vector<std::string> names;
  for (auto const& name : installed->program.kernels()) {
    if (!installed->machine.executed_of.contains(name)) names.push_back(name);
  }
  return names;
}

void limit_to_ampere() {
  auto& limits = emulation::limits;
  limits.architecture = 80;
  limits.multiprocessors = 108;
  limits.shared_bytes_block = 163 * 1024;
  limits.shared_bytes_sm = 164 * 1024;
  limits.clusters = {};
  emulation::most_cluster_blocks = 1;
}

}  // namespace brood::machine
