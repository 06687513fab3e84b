// SPDX-License-Identifier: Apache-2.0
#include "cuda/inference.hpp"

#include <algorithm>
#include <limits>

#include "backend/member_checks.hpp"
#include "cuda/ranking/pairs.hpp"
#include "cuda/ranking/ranking.hpp"

namespace brood::cuda {

namespace {

// Predictions whose pairs are counted at a time, so that their keys take 150 MB at most; of one
// member all are. Beyond so many rows, sums of pairs would be rounded by the host.
constexpr std::size_t kCountedAtOnce = std::size_t{4} << 20;
constexpr std::size_t kMaxCountedRows = std::size_t{1} << 26;

}  // namespace

void Inference::predict(std::span<Slot const> slots, std::span<std::int32_t const> rows,
                        std::span<float> out) {
  predict(slots, nullptr, rows, out);
}

void Inference::predict(std::span<Slot const> slots, Matrix x, std::span<float> out) {
  if (slots.empty()) return;
  DeviceTable const table(arena_, device_, table_to_predict(x, table_of(slots.front()).shape));
  std::vector<std::int32_t> const rows = all_rows(x.rows);
  predict(slots, &table, rows, out);
}

void Inference::predict(std::span<Slot const> slots, DeviceTable const* table,
                        std::span<std::int32_t const> rows, std::span<float> out) {
  std::size_t needed = 0;
  std::vector<std::size_t> start;
  for (auto const slot : slots) {
    start.push_back(needed);
    needed += rows.size() * static_cast<std::size_t>(table_of(slot).shape.outputs);
  }
  check_room(out.size(), needed);
  if (needed == 0) return;
  Buffer<float> const device_out(arena_, needed);
  std::vector<float*> members;
  for (auto const offset : start)
    members.push_back(device_out.data() + offset);
  run(slots, table, rows, nullptr, members.data());
  device_.copy_out(out.data(), device_out.data(), device_out.bytes());
}

std::vector<Evaluation> Inference::evaluate(std::span<Slot const> slots,
                                            std::span<std::int32_t const> rows) {
  Buffer<MemberRecord> const records(arena_, slots.size());
  run(slots, nullptr, rows, records.data(), nullptr);
  std::vector<Evaluation> list;
  for (auto record : records.read(device_)) {
    Evaluation evaluation = evaluation_of(record, !rows.empty());
    evaluation.train_loss = std::numeric_limits<double>::quiet_NaN();
    list.push_back(evaluation);
  }
  return list;
}

// Over rows of `table`, or of each member's own: into records, or into out[i] for the i-th slot.
void Inference::run(std::span<Slot const> slots, DeviceTable const* table,
                    std::span<std::int32_t const> rows, MemberRecord* records, float* const* out) {
  DeviceRange const range(device_, "brood: predict");
  Buffer<std::int32_t> const device_rows(arena_, device_, rows);
  std::vector<Member> members;
  std::vector<MemberProgress> progress;
  for (auto const slot : slots) {
    members.push_back(residents_.at(slot).member());
    members.back().eval_rows = static_cast<int>(rows.size());
    progress.push_back(residents_.at(slot).progress());
  }
  Buffer<MemberProgress> const device_progress(arena_, device_, progress);
  Order work;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Resident const& resident = residents_.at(slots[i]);
    work.jobs.push_back({.member = &members[i],
                         .evaluated_rows = members[i].eval_rows,
                         .has_gradient = resident.has_gradient(),
                         .layered = resident.is_layered()});
  }
  work.write = [&](std::size_t i, MemberTask& task) {
    Resident const& resident = residents_.at(slots[i]);
    task = resident.task(table == nullptr ? residents_.table_of(resident) : *table);
    task.member = members[i];
    task.eval_rows = device_rows.data();
    task.progress = device_progress.data() + i;
    task.kind = out == nullptr ? TaskKind::evaluate : TaskKind::predict;
    task.records = records == nullptr ? nullptr : records + i;
    task.out = out == nullptr ? nullptr : out[i];
  };
  work.progress = [&](std::size_t i) { return progress[i]; };
  Launched const launched = launcher_.infer(work);
  device_.wait();
}

std::vector<OrderedPairs> Inference::ordered_pairs(std::span<Slot const> slots,
                                                   std::span<std::int32_t const> rows) {
  if (slots.empty() || rows.empty() || rows.size() > kMaxCountedRows) return {};
  TableId const id = residents_.at(slots.front()).table();
  for (auto const slot : slots) {
    if (residents_.at(slot).table() != id) return {};
  }
  DeviceTable const& table = residents_.table(id);
  Task const task = table.shape.task;
  auto const outputs = static_cast<std::size_t>(table.shape.outputs);
  std::size_t const counted = task == Task::classification && outputs == 2 ? 1 : outputs;
  auto const keys = static_cast<double>(slots.size() * rows.size() * counted);
  bool const pays = device_sort_seconds(keys, 0) < host_sort_seconds(keys);
  if (!pays || task == Task::regression || table.weights.size() > 0) return {};
  check_rows(rows, table.rows, "ordered_pairs");
  Buffer<std::int32_t> const device_rows(arena_, device_, rows);
  std::size_t const each = rows.size() * outputs;
  std::size_t const most = std::max<std::size_t>(1, kCountedAtOnce / each);
  std::vector<OrderedPairs> list;
  for (; !slots.empty(); slots = slots.subspan(std::min(most, slots.size()))) {
    auto const some = slots.first(std::min(most, slots.size()));
    Buffer<float> const predictions(arena_, some.size() * each);
    std::vector<float*> places;
    for (std::size_t i = 0; i < some.size(); ++i)
      places.push_back(predictions.data() + i * each);
    run(some, nullptr, rows, nullptr, places.data());
    PairTask pairs{};
    pairs.predictions = predictions.data();
    pairs.y = table.y.data();
    pairs.rows = device_rows.data();
    pairs.row_count = static_cast<std::int64_t>(rows.size());
    pairs.members = static_cast<std::int32_t>(some.size());
    pairs.outputs = static_cast<std::int32_t>(outputs);
    pairs.targets = table.targets;
    pairs.first_output = counted < outputs ? 1 : 0;
    pairs.counted = static_cast<std::int32_t>(counted);
    pairs.labels = task == Task::multi_label ? 1 : 0;
    auto const of_some = cuda::ordered_pairs(device_, arena_, pairs);
    list.insert(list.end(), of_some.begin(), of_some.end());
  }
  return list;
}

}  // namespace brood::cuda
