// SPDX-License-Identifier: Apache-2.0
#include "cuda/memory/copy.hpp"

#include <vector>

#include "cuda/memory/buffer.hpp"

namespace brood::cuda {

namespace {

constexpr std::int64_t kMaxPackedFloats =
    kMaxPackedBytes / static_cast<std::int64_t>(sizeof(float));

// One after the last of the runs that are packed together with the first: as many as fit.
std::size_t end_of_pack(std::span<Run const> runs, std::size_t first) {
  std::int64_t floats = runs[first].floats;
  std::size_t end = first + 1;
  while (end < runs.size() && floats + runs[end].floats <= kMaxPackedFloats)
    floats += runs[end++].floats;
  return end;
}

// Runs that lie one after another in a buffer. A run alone needs no packing: the pack is the run.
struct Pack {
  Pack(Arena& arena, std::span<Run const> runs) {
    for (auto const& run : runs)
      floats += static_cast<std::size_t>(run.floats);
    if (runs.size() > 1) buffer = Buffer<float>(arena, floats);
    at = runs.size() > 1 ? buffer.data() : runs.front().at;
  }

  std::size_t floats = 0;
  Buffer<float> buffer;
  float* at;
};

}  // namespace

void copy_runs(Device& device, Arena& arena, std::span<CopyRun const> runs) {
  if (runs.empty()) return;
  Buffer<CopyRun> const on_device(arena, device, runs);
  launch_copies(device, static_cast<int>(runs.size()), on_device.data());
}

void read_runs(Device& device, Arena& arena, std::span<Run const> runs,
               std::function<void(std::size_t, std::span<float const>)> const& take) {
  for (std::size_t first = 0; first < runs.size();) {
    std::size_t const end = end_of_pack(runs, first);
    Pack const pack(arena, runs.subspan(first, end - first));
    std::vector<CopyRun> copies;
    float* to = pack.at;
    for (std::size_t i = first; i < end && pack.buffer.size() > 0; ++i) {
      copies.push_back({to, runs[i].at, runs[i].floats});
      to += runs[i].floats;
    }
    copy_runs(device, arena, copies);
    std::vector<float> values(pack.floats);
    device.copy_out(values.data(), pack.at, pack.floats * sizeof(float));
    std::span<float const> left = values;
    for (; first < end; ++first) {
      auto const floats = static_cast<std::size_t>(runs[first].floats);
      take(first, left.first(floats));
      left = left.subspan(floats);
    }
  }
}

void write_runs(Device& device, Arena& arena, std::span<Run const> runs,
                std::function<void(std::size_t, std::span<float>)> const& fill) {
  for (std::size_t first = 0; first < runs.size();) {
    std::size_t const end = end_of_pack(runs, first);
    Pack const pack(arena, runs.subspan(first, end - first));
    std::vector<float> values(pack.floats, 0.0f);
    std::vector<CopyRun> copies;
    std::size_t from = 0;
    for (std::size_t i = first; i < end; ++i) {
      auto const floats = static_cast<std::size_t>(runs[i].floats);
      fill(i, std::span(values).subspan(from, floats));
      if (pack.buffer.size() > 0) copies.push_back({runs[i].at, pack.at + from, runs[i].floats});
      from += floats;
    }
    device.copy_in(pack.at, values.data(), pack.floats * sizeof(float));
    copy_runs(device, arena, copies);
    first = end;
  }
}

}  // namespace brood::cuda
