// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/cpu_backend.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <thread>

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/resident.hpp"
#include "backend/cpu/workers.hpp"
#include "backend/makespan.hpp"
#include "backend/member_checks.hpp"
#include "backend/shared_copies.hpp"
#include "backend/slots.hpp"
#include "brood/error.hpp"

namespace brood::cpu {

namespace {

// Best first.
std::vector<Kernels const*> available_kernels() {
  std::vector<Kernels const*> list;
  for (auto const* kernels : {avx512_kernels(), avx2_kernels(), scalar_kernels()}) {
    if (kernels != nullptr) list.push_back(kernels);
  }
  return list;
}

Kernels const& choose_kernels(std::string const& name) {
  auto const list = available_kernels();
  if (name.empty()) return *list.front();
  std::string names;
  for (auto const* kernels : list) {
    if (name == kernels->name) return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw UsageError("instruction_set: " + name +
                   " is not available on this machine; allowed: " + names);
}

int core_count() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "processor";
}

std::int64_t physical_memory() {
  return static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(int threads, Kernels const& kernels, Profile* profile)
      : kernels_(kernels),
        profile_(profile),
        workers_(threads),
        scratch_(static_cast<std::size_t>(threads)) {}

  BackendInfo info() const override {
    return {.name = "cpu",
            .device = processor_name() + ", " + kernels_.name + ", " +
                      std::to_string(workers_.count()) +
                      (workers_.count() == 1 ? " thread" : " threads"),
            .precision = "fp32",
            // Half: the host needs the rest for data, images of waiting members and the caller.
            .memory_bytes = physical_memory() / 2,
            .parallel_members = workers_.count()};
  }

  Support supports(Member const& /*member*/) const override { return {}; }

  std::int64_t bytes(Member const& member) const override {
    std::int64_t const floats = param_layout(member).size * tensor_count(member);
    return floats * static_cast<std::int64_t>(sizeof(float)) +
           static_cast<std::int64_t>(sizeof(Resident));
  }

  Submission plan(std::span<Member const> members) const override {
    Submission submission;
    std::vector<double> costs;
    for (auto const& m : members) {
      submission.work += steps_per_epoch(m) * step_flops(m);
      costs.push_back(steps_per_epoch(m) * step_cost(m));
    }
    std::sort(costs.begin(), costs.end(), std::greater<>());
    double const time = makespan(costs, workers_.count());
    double const all = std::accumulate(costs.begin(), costs.end(), 0.0);
    if (time > 0) submission.busy_share = all / (time * workers_.count());
    return submission;
  }

  TableId load(Table const& table) override {
    tables_.emplace(next_table_, table);
    return next_table_++;
  }
  void unload(TableId table) override {
    tables_.erase(table);
    transforms_.forget(table);
  }

  TableShape shape(TableId table) const override { return table_of(table).shape; }
  std::int64_t rows(TableId table) const override { return table_of(table).rows; }

  std::vector<Slot> make_resident(std::span<Admission const> members) override {
    std::vector<std::unique_ptr<Resident>> admitted;
    for (auto const& member : members) {
      LoadedTable const& table = table_of(member.table);
      admitted.push_back(std::make_unique<Resident>(member, table, transform_of(member, table)));
    }
    parallel(
        admitted.size(),
        [&](std::size_t i) { return static_cast<double>(admitted[i]->tensor_floats()); },
        [&](std::size_t i, int) {
          admitted[i]->draw_weights(members[i], table_of(members[i].table));
        });
    return slots_.place(std::move(admitted));
  }

  void release(std::span<Slot const> slots) override {
    slots_.release(slots);
    transforms_.forget_unused();
  }

  void train(std::span<TrainOrder const> orders) override {
    for (auto const& order : orders)
      at(order.slot);
    double const start = profile_ == nullptr ? 0 : profile_->seconds();
    std::vector<WorkerTimes> times(profile_ == nullptr ? 0 : scratch_.size());
    parallel(
        orders.size(),
        [&](std::size_t i) {
          Resident const& resident = at(orders[i].slot);
          double const epochs = orders[i].until_epoch - resident.metrics().epoch;
          double const steps = epochs * steps_per_epoch(resident.member());
          return steps * step_cost(resident.member());
        },
        [&](std::size_t i, int worker) {
          Resident& resident = at(orders[i].slot);
          resident.train(kernels_, table_of(resident.table()), orders[i].until_epoch,
                         orders[i].evaluate_every_epochs, scratch(worker, resident),
                         times.empty() ? nullptr : &times[static_cast<std::size_t>(worker)]);
        });
    if (profile_ != nullptr) report(start, static_cast<int>(orders.size()), times);
  }

  std::vector<MemberMetrics> metrics(std::span<Slot const> slots) override {
    std::vector<MemberMetrics> list;
    list.reserve(slots.size());
    for (auto const slot : slots)
      list.push_back(at(slot).metrics());
    return list;
  }

  void forward(std::span<Slot const> slots, std::span<std::int32_t const> rows,
               std::span<float> out) override {
    predict(slots, nullptr, rows, out);
  }

  void forward(std::span<Slot const> slots, Matrix x, std::span<float> out) override {
    if (slots.empty()) return;
    LoadedTable const& own = table_of(at(slots.front()).table());
    for (auto const slot : slots)
      check_columns(x, table_of(at(slot).table()).shape.inputs, slot);
    LoadedTable const table(table_to_predict(x, own.shape));
    std::vector<std::int32_t> const rows = all_rows(x.rows);
    predict(slots, &table, rows, out);
  }

  std::vector<Evaluation> evaluate(std::span<Slot const> slots,
                                   std::span<std::int32_t const> rows) override {
    for (auto const slot : slots)
      check_rows(rows, table_of(at(slot).table()).rows, "evaluate");
    std::vector<Evaluation> list(slots.size());
    parallel(
        slots.size(), [&](std::size_t i) { return step_flops(at(slots[i]).member()); },
        [&](std::size_t i, int worker) {
          Resident& resident = at(slots[i]);
          list[i] =
              resident.evaluate(kernels_, table_of(resident.table()), resident.predicting_weights(),
                                rows, scratch(worker, resident));
        });
    return list;
  }

  std::vector<int> rank(std::vector<Ranked> trials, int keep, bool maximize) override {
    return survivors(std::move(trials), keep, maximize);
  }

  void clone(std::span<SlotCopy const> copies) override {
    for (auto const& copy : copies)
      at(copy.to).copy_from(at(copy.from));
  }

  std::vector<MemberImage> save(std::span<Slot const> slots) override {
    std::vector<MemberImage> images(slots.size());
    parallel(
        slots.size(),
        [&](std::size_t i) { return static_cast<double>(at(slots[i]).tensor_floats()); },
        [&](std::size_t i, int) { images[i] = at(slots[i]).save(); });
    return images;
  }

  void restore(std::span<Slot const> slots, std::span<MemberImage const> images) override {
    for (std::size_t i = 0; i < slots.size(); ++i)
      at(slots[i]).restore(images[i]);
  }

  std::vector<std::vector<LayerWeights>> weights(std::span<Slot const> slots) override {
    std::vector<std::vector<LayerWeights>> list;
    for (auto const slot : slots)
      list.push_back(at(slot).layers());
    return list;
  }

 private:
  // What a step costs beside its products, in flops' time: about 0.4 us at 100 Gflop/s.
  static constexpr double kFlopsPerStep = 40e3;
  static double step_cost(Member const& m) { return step_flops(m) + kFlopsPerStep; }

  Resident& at(Slot slot) const { return slots_.at(slot); }

  // A submission to the profile. What the steps took is shared out as the ticks of some of them
  // are.
  void report(double start, int members, std::vector<WorkerTimes> const& times) {
    ProfiledSubmission submission{start, profile_->seconds(), members};
    double busy = 0, evaluating = 0, all_ticks = 0;
    std::array<double, kStepPhases> ticks{};
    for (WorkerTimes const& each : times) {
      busy += each.busy / workers_.count();
      evaluating += each.evaluating / workers_.count();
      for (std::size_t phase = 0; phase < ticks.size(); ++phase) {
        ticks[phase] += static_cast<double>(each.ticks.spent[phase]);
        all_ticks += static_cast<double>(each.ticks.spent[phase]);
      }
    }
    submission.busy_share = busy / (submission.end - start);
    static_assert(static_cast<int>(TrainPart::gather) == kGather &&
                  static_cast<int>(TrainPart::update) == kUpdate);
    TrainSeconds parts{};  // begins with the phases of a step
    for (std::size_t phase = 0; all_ticks > 0 && phase < ticks.size(); ++phase)
      parts[phase] = (busy - evaluating) * ticks[phase] / all_ticks;
    parts[static_cast<std::size_t>(TrainPart::evaluate)] = evaluating;
    profile_->add(submission, parts);
  }

  LoadedTable const& table_of(TableId id) const {
    auto const found = tables_.find(id);
    if (found == tables_.end()) throw UsageError("table " + std::to_string(id) + " is not loaded");
    return found->second;
  }

  // Members that share a transform share its padded copy.
  std::shared_ptr<PaddedTransform const> transform_of(Admission const& member,
                                                      LoadedTable const& table) {
    return transforms_.get(member.transform, member.table,
                           [&] { return PaddedTransform(member.transform.get(), table.shape); });
  }

  float* scratch(int worker, Resident const& resident) {
    AlignedFloats& own = scratch_[static_cast<std::size_t>(worker)];
    std::int64_t const needed = kernels_.scratch_size(resident.member());
    if (own.size() < needed) own = AlignedFloats(needed);
    return own.data();
  }

  template <class Cost, class Job>
  void parallel(std::size_t count, Cost&& cost, Job&& job) {
    std::vector<double> costs(count);
    for (std::size_t i = 0; i < count; ++i)
      costs[i] = cost(i);
    workers_.run(costs, [&](int i, int worker) { job(static_cast<std::size_t>(i), worker); });
  }

  // `table`: null for each member's own.
  void predict(std::span<Slot const> slots, LoadedTable const* table,
               std::span<std::int32_t const> rows, std::span<float> out) {
    std::size_t needed = 0;
    std::vector<std::size_t> start;
    for (auto const slot : slots) {
      LoadedTable const& own = table_of(at(slot).table());
      if (table == nullptr) check_rows(rows, own.rows, "forward");
      start.push_back(needed);
      needed += rows.size() * static_cast<std::size_t>(own.shape.outputs);
    }
    check_room(out.size(), needed);
    parallel(
        slots.size(), [&](std::size_t i) { return step_flops(at(slots[i]).member()); },
        [&](std::size_t i, int worker) {
          Resident& resident = at(slots[i]);
          LoadedTable const& own = table_of(resident.table());
          kernels_.forward(resident.view(), resident.predicting_weights(),
                           (table == nullptr ? own : *table).view(), rows.data(),
                           static_cast<std::int64_t>(rows.size()), scratch(worker, resident),
                           out.data() + start[i], own.shape.outputs);
        });
  }

  Kernels const& kernels_;
  Profile* profile_;
  Workers workers_;
  std::vector<AlignedFloats> scratch_;  // one per worker
  std::map<TableId, LoadedTable> tables_;
  TableId next_table_ = 0;
  SharedCopies<Transform, PaddedTransform> transforms_;
  Slots<Resident> slots_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(int threads, std::string const& instruction_set,
                                      Profile* profile) {
  return std::make_unique<CpuBackend>(threads > 0 ? threads : core_count(),
                                      choose_kernels(instruction_set), profile);
}

}  // namespace brood::cpu
