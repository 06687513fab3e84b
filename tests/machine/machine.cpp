// SPDX-License-Identifier: Apache-2.0
#include "machine/machine.hpp"

#include <algorithm>
#include <cstring>

namespace brood::machine {
namespace {

// Constant bank 0: the launch, then the parameters.
std::vector<std::uint8_t> constants_of(Request const& request, KernelFacts const& facts) {
  auto const offset = static_cast<std::size_t>(facts.parameter_offset);
  std::vector<std::uint8_t> bank(std::max<std::size_t>(offset + request.parameters.size(), 0x200));
  auto put = [&](std::size_t at, std::uint32_t value) { std::memcpy(bank.data() + at, &value, 4); };
  put(0x00, static_cast<std::uint32_t>(request.threads));
  put(0x04, 1);
  put(0x08, 1);
  put(0x0c, static_cast<std::uint32_t>(request.blocks));
  put(0x10, 1);
  put(0x14, 1);
  put(0x1c, kSharedWindow);
  put(0x24, kLocalWindow);
  put(0x28, kStackTop);
  if (facts.architecture >= 90) {
    put(0x140, request.cluster > 1);
    put(0x188, static_cast<std::uint32_t>(request.cluster));
  }
  std::memcpy(bank.data() + offset, request.parameters.data(), request.parameters.size());
  return bank;
}

}  // namespace

std::int64_t Machine::executed() const {
  std::int64_t sum = 0;
  for (auto const& [kernel, executed] : executed_of)
    sum += executed;
  return sum;
}

void Machine::run(Request const& request, MemoryMap const& memory) {
  Code const& code = program_.kernel(request.kernel);
  if (static_cast<int>(request.parameters.size()) != code.facts.parameter_bytes) {
    throw Failure(request.kernel + " takes " + std::to_string(code.facts.parameter_bytes) +
                  " bytes of parameters, and is given " +
                  std::to_string(request.parameters.size()));
  }
  if (request.cluster > 1 && code.facts.architecture < 90)
    throw Failure(request.kernel + ": clusters are for 9.0 and later");
  Launch launch;
  launch.code = &code;
  launch.blocks = request.blocks;
  launch.threads = request.threads;
  launch.cluster = request.cluster;
  launch.dynamic_bytes = request.shared_bytes;
  launch.constants = constants_of(request, code.facts);
  launch.memory = &memory;
  launch.reports = &reports;
  launch.checked = checked;
  std::vector<Trace> traces;
  std::int64_t of_launch = 0;
  for (int i = 0; i < request.blocks / request.cluster; ++i)
    of_launch += cluster_.run(launch, i, traced && i == 0 ? &traces : nullptr);
  executed_of[request.kernel] += of_launch;
  if (!traced) return;
  auto known = std::find_if(launches.begin(), launches.end(), [&](Traced const& other) {
    return other.code == &code && other.request.threads == request.threads &&
           other.request.cluster == request.cluster;
  });
  if (known == launches.end()) {
    known = launches.insert(known, {&code, request, 0, {}});
    known->request.parameters = {};
    known->traces.resize(traces.size());
  }
  known->executed += of_launch;
  for (std::size_t i = 0; i < traces.size(); ++i)
    known->traces[i].insert(known->traces[i].end(), traces[i].begin(), traces[i].end());
}

}  // namespace brood::machine
