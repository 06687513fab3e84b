// SPDX-License-Identifier: Apache-2.0
// The Backend on a device: each call put together from what is resident (memory/residents.hpp), how
// members train (training.hpp) and predict (inference.hpp), and what they cost (plan/).
#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "backend/initial_rows.hpp"
#include "backend/member_checks.hpp"
#include "brood/error.hpp"
#include "cuda/inference.hpp"
#include "cuda/kernels/kernels.hpp"
#include "cuda/launcher.hpp"
#include "cuda/layered/layered.hpp"
#include "cuda/memory/copy.hpp"
#include "cuda/memory/residents.hpp"
#include "cuda/plan/device_model.hpp"
#include "cuda/plan/size_limit.hpp"
#include "cuda/plan/submission.hpp"
#include "cuda/ranking/ranking.hpp"
#include "cuda/training.hpp"

namespace brood::cuda {

namespace {

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::unique_ptr<Device> device, Precision precision, SubmissionLimits const& limits,
              Profile* profile)
      : device_(std::move(device)),
        precision_(precision),
        arena_(*device_),
        launcher_(*device_, arena_, precision, limits),
        residents_(*device_, arena_),
        training_(*device_, arena_, launcher_, residents_, profile),
        inference_(*device_, arena_, launcher_, residents_) {}

  BackendInfo info() const override {
    DeviceLimits const& limits = device_->limits();
    // Some is left for tables, predictions and the driver, and for what is there for the while:
    // gradients of clusters, each of which fits into a multiprocessor, and packs of tensors.
    std::int64_t const at_once =
        std::int64_t{limits.multiprocessors} * limits.shared_bytes_block / 2 + kMaxPackedBytes;
    return {.name = "cuda",
            .device = limits.name,
            .precision = std::string(name_of(precision_)),
            .memory_bytes = std::max<std::int64_t>(limits.memory_bytes / 10 * 9 - at_once, 0),
            .parallel_members = limits.multiprocessors};
  }

  Support supports(Member const& member) const override {
    std::string const too_large = size_problem(member);
    if (!too_large.empty()) return {false, too_large};
    if (plan_of(member).layout != Layout::layered || device_->limits().planned_only) return {};
    std::string const problem = layer_products_problem();
    if (problem.empty()) return {};
    return {false, "network: is too wide for the fused kernel, and " + problem +
                       "; use --device cpu or a narrower network"};
  }

  std::int64_t bytes(Member const& member) const override {
    if (!size_problem(member).empty()) return 4 * most_tensor_floats(member);
    MemberPlan const plan = plan_of(member);
    std::int64_t const weights =
        member.balanced != 0 ? arena_bytes(std::int64_t{4} * prediction_columns(member)) : 0;
    return arena_bytes(4 * (plan.tensor_floats + plan.gradient_floats)) + weights +
           plan.buffer_bytes + order_bytes(member);
  }

  Submission plan(std::span<Member const> members) const override {
    std::vector<Job> jobs;
    Submission submission;
    double layered_seconds = 0;
    std::map<Layout, int> count;
    for (auto const& member : members) {
      MemberPlan const plan = plan_of(member);
      std::int64_t const steps = steps_per_epoch(member);
      submission.work += static_cast<double>(steps) * step_flops(member);
      if (plan.layout == Layout::layered) {
        ++count[Layout::layered];
        Cost const cost = step_cost(member, plan, {}, precision_, launcher_.device_limits());
        layered_seconds += static_cast<double>(steps) * cost.latency;
      } else {
        jobs.push_back({.member = &member, .steps = steps});
      }
    }
    std::vector<LaunchGroup> groups;
    Forecast const fused = launcher_.forecast(jobs, groups, submission.launches);
    for (auto const& group : groups) {
      for (auto const& equals : group.equals) {
        MemberPlan const& plan = equals.planned->plan;
        count[plan.layout] += static_cast<int>(equals.count);
        Job const& first = jobs[group.jobs[equals.first]];
        submission.shared_bytes += static_cast<double>(equals.count) *
                                   static_cast<double>(first.steps) *
                                   shared_bytes_of_step(*first.member, plan, precision_);
      }
    }
    for (auto const& [layout, number] : count)
      submission.groups.push_back({std::string(name_of(layout)), number});
    // What goes layer by layer is taken to keep the whole device busy.
    submission.seconds = fused.seconds + layered_seconds;
    if (submission.seconds > 0) {
      submission.busy_share =
          (fused.busy_share * fused.seconds + layered_seconds) / submission.seconds;
    }
    return submission;
  }

  TableId load(Table const& table) override { return residents_.load(table); }
  void unload(TableId table) override { residents_.unload(table); }
  TableShape shape(TableId table) const override { return residents_.table(table).shape; }
  std::int64_t rows(TableId table) const override { return residents_.table(table).rows; }

  std::vector<Slot> make_resident(std::span<Admission const> members) override {
    if (members.empty()) return {};
    DeviceRange const range(*device_, "brood: admit");
    std::vector<std::unique_ptr<Resident>> admitted;
    std::int64_t layer_bytes = 0;  // of buffers that serve each of them that trains layer by layer
    for (auto const& admission : members) {
      MemberPlan const plan = plan_of(admission.member);
      admitted.push_back(residents_.make(admission, plan));
      layer_bytes = std::max(layer_bytes, plan.buffer_bytes);
    }
    launcher_.make_layer_buffers(layer_bytes);
    std::vector<InitTask> tasks;
    for (auto const& resident : admitted)
      tasks.push_back(resident->init_task());
    Buffer<InitTask> const device_tasks(arena_, *device_, tasks);
    launch_init(*device_, static_cast<int>(tasks.size()), device_tasks.data());
    device_->wait();
    std::map<std::pair<TableId, Rows>, std::vector<float>> raw;  // of rows that have been asked for
    for (std::size_t i = 0; i < admitted.size(); ++i)
      admitted[i]->take_start(*device_, start_of(members[i], raw));
    return residents_.place(std::move(admitted));
  }

  void release(std::span<Slot const> slots) override {
    if (slots.empty()) return;
    training_.collect();
    residents_.release(slots);
  }

  void train(std::span<TrainOrder const> orders) override {
    training_.collect();
    training_.submit(orders);
  }

  std::vector<MemberMetrics> metrics(std::span<Slot const> slots) override {
    training_.collect();
    std::vector<MemberMetrics> list;
    list.reserve(slots.size());
    for (auto const slot : slots)
      list.push_back(at(slot).metrics());
    return list;
  }

  void forward(std::span<Slot const> slots, std::span<std::int32_t const> rows,
               std::span<float> out) override {
    for (auto const slot : slots)
      check_rows(rows, residents_.table_of(at(slot)).rows, "forward");
    training_.collect();
    inference_.predict(slots, rows, out);
  }

  void forward(std::span<Slot const> slots, Matrix x, std::span<float> out) override {
    for (auto const slot : slots)
      check_columns(x, residents_.table_of(at(slot)).shape.inputs, slot);
    training_.collect();
    inference_.predict(slots, x, out);
  }

  std::vector<Evaluation> evaluate(std::span<Slot const> slots,
                                   std::span<std::int32_t const> rows) override {
    for (auto const slot : slots)
      check_rows(rows, residents_.table_of(at(slot)).rows, "evaluate");
    training_.collect();
    return inference_.evaluate(slots, rows);
  }

  std::vector<OrderedPairs> ordered_pairs(std::span<Slot const> slots,
                                          std::span<std::int32_t const> rows) override {
    training_.collect();
    return inference_.ordered_pairs(slots, rows);
  }

  std::vector<int> rank(std::vector<Ranked> trials, int keep, bool maximize) override {
    auto const count = static_cast<double>(trials.size());
    bool const on_device = device_sort_seconds(count, kRankedBytes) < host_sort_seconds(count) &&
                           !device_->limits().planned_only;
    if (!on_device) return survivors(std::move(trials), keep, maximize);
    return rank_on_device(*device_, arena_, trials, keep, maximize);
  }

  void clone(std::span<SlotCopy const> copies) override {
    training_.collect();
    for (auto const& copy : copies)
      check_clone(at(copy.to).member(), at(copy.from).member());
    // In the order given: a copy waits for those before that touch what it needs.
    std::vector<CopyRun> runs;
    std::set<Slot> read, written;
    auto flush = [&] {
      copy_runs(*device_, arena_, runs);
      runs.clear();
      read.clear();
      written.clear();
    };
    for (auto const& copy : copies) {
      Resident& to = at(copy.to);
      Resident const& from = at(copy.from);
      if (written.contains(copy.from) || written.contains(copy.to) || read.contains(copy.to))
        flush();
      if (to.has_tiles_of(from)) {
        runs.push_back(to.become(from));
        read.insert(copy.from);
        written.insert(copy.to);
      } else {
        flush();
        MemberImage image = save({&copy.from, 1}).front();
        image.seed = to.member().seed;
        restore({&copy.to, 1}, {&image, 1});
      }
    }
    flush();
  }

  std::vector<MemberImage> save(std::span<Slot const> slots) override {
    training_.collect();
    std::vector<Run> runs;
    for (auto const slot : slots)
      runs.push_back(at(slot).tensors());
    std::vector<MemberImage> images;
    read_runs(*device_, arena_, runs, [&](std::size_t i, std::span<float const> tensors) {
      images.push_back(at(slots[i]).image(tensors));
    });
    return images;
  }

  void restore(std::span<Slot const> slots, std::span<MemberImage const> images) override {
    training_.collect();
    std::vector<Run> runs;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      check_image(images[i], at(slots[i]).member());
      runs.push_back(at(slots[i]).tensors());
    }
    write_runs(*device_, arena_, runs, [&](std::size_t i, std::span<float> tensors) {
      at(slots[i]).restore(images[i], tensors);
    });
  }

  std::vector<std::vector<LayerWeights>> weights(std::span<Slot const> slots) override {
    training_.collect();
    std::vector<Run> runs;
    for (auto const slot : slots)
      runs.push_back(at(slot).predicting());
    std::vector<std::vector<LayerWeights>> list;
    read_runs(*device_, arena_, runs, [&](std::size_t i, std::span<float const> tensor) {
      list.push_back(at(slots[i]).layers(tensor));
    });
    return list;
  }

 private:
  // The layers that a member starts from in the place of those that the device draws.
  InitialWeights start_of(Admission const& admission,
                          std::map<std::pair<TableId, Rows>, std::vector<float>>& raw) {
    if (!starts_by_rows(admission.member)) return admission.start;
    auto [at, is_new] = raw.try_emplace({admission.table, admission.train_rows});
    if (is_new) {
      at->second =
          residents_.table(admission.table).inputs_of(*device_, initial_rows(admission.train_rows));
    }
    return std::make_shared<std::vector<LayerWeights> const>(layers_by_rows(admission, at->second));
  }

  // Of a trial that is ranked: key and id there, the id back.
  static constexpr double kRankedBytes = 8 + 4 + 4;

  Resident& at(Slot slot) const { return residents_.at(slot); }

  MemberPlan plan_of(Member const& member) const {
    return plan_member(member, precision_, {1, 1}, launcher_.limits().plan);
  }
  // What a member adds to the longest of orders, an evaluation after every epoch; or, if that is
  // more, to being drawn or copied.
  static std::int64_t order_bytes(Member const& member) {
    std::size_t const order = sizeof(MemberTask) + sizeof(MemberProgress) +
                              static_cast<std::size_t>(member.epochs) * sizeof(MemberRecord);
    return static_cast<std::int64_t>(std::max({order, sizeof(InitTask), sizeof(CopyRun)}));
  }

  std::unique_ptr<Device> device_;
  Precision precision_;
  Arena arena_;
  Launcher launcher_;
  Residents residents_;
  Training training_;
  Inference inference_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(std::unique_ptr<Device> device, Precision precision,
                                      SubmissionLimits const& limits, Profile* profile) {
  return std::make_unique<CudaBackend>(std::move(device), precision, limits, profile);
}

std::unique_ptr<Backend> make_backend(BackendOptions const& options) {
  Precision const precision = precision_named(options.precision);
  auto device = options.model.empty()
                    ? Device::open(options.device, static_cast<CUstream_st*>(options.stream))
                    : planning_device(options.model);
  SubmissionLimits const limits{.plan = {}, .launch_seconds = options.launch_seconds};
  return make_backend(std::move(device), precision, limits, options.profile);
}

std::vector<DeviceInfo> devices() {
  std::string why_none;
  int const count = device_count(&why_none);
  if (count == 0) return {{"cuda", why_none, false}};
  std::vector<DeviceInfo> list;
  for (int i = 0; i < count; ++i) {
    auto const [name, problem] = describe_device(i);
    std::string const description = problem.empty() ? name : name + ": " + problem;
    list.push_back({"cuda:" + std::to_string(i), description, problem.empty()});
  }
  return list;
}

}  // namespace brood::cuda
