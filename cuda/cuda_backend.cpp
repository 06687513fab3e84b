// SPDX-License-Identifier: Apache-2.0
#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "backend/member_checks.hpp"
#include "backend/shared_copies.hpp"
#include "backend/slots.hpp"
#include "brood/error.hpp"
#include "cuda/kernels/kernels.hpp"
#include "cuda/launcher.hpp"
#include "cuda/memory/copy.hpp"
#include "cuda/memory/resident.hpp"
#include "cuda/plan/device_model.hpp"
#include "cuda/plan/size_limit.hpp"
#include "cuda/plan/submission.hpp"
#include "cuda/ranking/pairs.hpp"
#include "cuda/ranking/ranking.hpp"

namespace brood::cuda {

namespace {

// Evaluations that an order brings, of a member that has come to `epoch`, if none ends it early.
int evaluations_until(int epoch, int until, int every) {
  if (every <= 0) return 1;
  int const first = (epoch / every + 1) * every;
  return first >= until ? 1 : 1 + (until - first + every - 1) / every;
}

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::unique_ptr<Device> device, Precision precision, SubmissionLimits const& limits,
              Profile* profile)
      : device_(std::move(device)),
        profile_(profile),
        precision_(precision),
        arena_(*device_),
        launcher_(*device_, arena_, precision, limits) {}

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

  Support supports(Config const& config, Task task, int inputs, int outputs) const override {
    auto const problems = check(config, task);
    if (!problems.empty()) return {false, problems.front()};
    Member const member = describe(config, {task, inputs, outputs}, 0, kManyRows, 0);
    std::string const too_large = size_problem(member);
    if (!too_large.empty()) return {false, too_large};
    MemberPlan const plan = plan_of(member, task == Task::classification ? 1 : outputs);
    if (plan.layout != Layout::layered || device_->limits().planned_only) return {};
    std::string const problem = layer_products_problem();
    if (problem.empty()) return {};
    return {false, "network: is too wide for the fused kernel, and " + problem +
                       "; use --device cpu or a narrower network"};
  }

  std::int64_t bytes(Config const& config, Task task, int inputs, int outputs) const override {
    Member const member = describe(config, {task, inputs, outputs}, 0, kManyRows, 0);
    if (!size_problem(member).empty()) return 4 * most_tensor_floats(member);
    MemberPlan const plan = plan_of(member, task == Task::classification ? 1 : outputs);
    std::int64_t const weights = member.balanced != 0 ? arena_bytes(std::int64_t{4} * outputs) : 0;
    return arena_bytes(4 * (plan.tensor_floats + plan.gradient_floats)) + weights +
           plan.buffer_bytes + order_bytes(member);
  }

  Submission plan(std::span<Config const> configs, Task task, int inputs, int outputs,
                  std::int64_t train_rows) const override {
    int const targets = task == Task::classification ? 1 : outputs;
    std::vector<Member> members;
    for (auto const& config : configs)
      members.push_back(describe(config, {task, inputs, outputs}, 0, train_rows, 0));
    std::vector<Job> jobs;
    Submission submission;
    double layered_seconds = 0;
    std::map<Layout, int> count;
    for (auto const& member : members) {
      MemberPlan const plan = plan_of(member, targets);
      std::int64_t const steps = steps_per_epoch(member);
      submission.work += static_cast<double>(steps) * step_flops(member);
      if (plan.layout == Layout::layered) {
        ++count[Layout::layered];
        Cost const cost = step_cost(member, plan, {}, precision_, launcher_.device_limits());
        layered_seconds += static_cast<double>(steps) * cost.latency;
      } else {
        jobs.push_back({.member = &member, .targets = targets, .steps = steps});
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

  TableId load(Table const& table) override {
    tables_.emplace(next_table_, DeviceTable(arena_, *device_, table));
    return next_table_++;
  }
  void unload(TableId table) override {
    rows_.forget_unused();  // which tables share
    transforms_.forget(table);
    tables_.erase(table);
  }

  std::vector<Slot> admit(std::span<MemberSpec const> specs) override {
    DeviceRange const range(*device_, "brood: admit");
    std::vector<std::unique_ptr<Resident>> admitted;
    std::vector<std::string> problems;
    for (auto const& spec : specs) {
      try {
        admitted.push_back(make_resident(spec));
      } catch (UsageError const& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
      }
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
    if (admitted.empty()) return {};
    launcher_.make_layer_buffers(most_layer_bytes(admitted));
    std::vector<InitTask> draws;
    for (auto const& resident : admitted)
      draws.push_back(resident->init_task());
    Buffer<InitTask> const tasks(arena_, *device_, draws);
    launch_init(*device_, static_cast<int>(draws.size()), tasks.data());
    device_->wait();
    for (auto const& resident : admitted)
      resident->take_start(*device_);
    return slots_.place(std::move(admitted));
  }

  void release(std::span<Slot const> slots) override {
    if (slots.empty()) return;
    collect();
    slots_.release(slots);
    rows_.forget_unused();
    transforms_.forget_unused();
  }

  void train(std::span<TrainOrder const> orders) override {
    collect();
    DeviceRange const range(*device_, "brood: train");
    Pending next;
    if (profile_ != nullptr) next.start = profile_->seconds();
    Order work;
    work.jobs.reserve(orders.size());
    next.members.reserve(orders.size());
    std::size_t records = 0;
    for (auto const& order : orders) {
      Resident& resident = at(order.slot);
      Member const& member = resident.member();
      MemberMetrics const& now = resident.metrics();
      int const until = std::min(order.until_epoch, member.epochs);
      if (now.state != MemberState::training || now.epoch >= until) continue;
      std::int64_t const steps =
          static_cast<std::int64_t>(until) * steps_per_epoch(member) - now.step;
      int const evaluations = evaluations_until(now.epoch, until, order.evaluate_every_epochs);
      work.jobs.push_back({.member = &member,
                           .targets = table_of(resident.table()).targets,
                           .steps = steps,
                           .evaluated_rows = std::int64_t{evaluations} * member.eval_rows,
                           .has_gradient = resident.has_gradient(),
                           .layered = resident.is_layered()});
      next.members.push_back({order, &resident, records});
      records += static_cast<std::size_t>(evaluations);
    }
    if (work.jobs.empty()) return;
    next.device_progress = Buffer<MemberProgress>(arena_, work.jobs.size());
    next.device_records = Buffer<MemberRecord>(arena_, records);
    fill(*device_, next.device_progress.data(), work.jobs.size(),
         [&](std::size_t i, MemberProgress& to) { to = next.members[i].resident->progress(); });
    work.write = [&](std::size_t i, MemberTask& task) {
      Ordered const& member = next.members[i];
      task = member.resident->task(table_of(member.resident->table()));
      task.kind = TaskKind::train;
      task.until_epoch = member.order.until_epoch;
      task.evaluate_every = member.order.evaluate_every_epochs;
      task.progress = next.device_progress.data() + i;
      task.records = next.device_records.data() + member.first_record;
    };
    work.progress = [&](std::size_t i) { return next.members[i].resident->progress(); };
    next.launched = launcher_.train(work);
    pending_ = std::move(next);
  }

  std::vector<MemberMetrics> metrics(std::span<Slot const> slots) override {
    collect();
    std::vector<MemberMetrics> list;
    list.reserve(slots.size());
    for (auto const slot : slots)
      list.push_back(at(slot).metrics());
    return list;
  }

  void forward(std::span<Slot const> slots, std::span<std::int32_t const> rows,
               std::span<float> out) override {
    for (auto const slot : slots)
      check_rows(rows, table_of(at(slot).table()).rows, "forward");
    predict(slots, nullptr, rows, out);
  }

  void forward(std::span<Slot const> slots, Matrix x, std::span<float> out) override {
    if (slots.empty()) return;
    for (auto const slot : slots)
      check_columns(x, table_of(at(slot).table()).shape.inputs, slot);
    DeviceTable const& own = table_of(at(slots.front()).table());
    DeviceTable const table(arena_, *device_,
                            Table{.x = x,
                                  .y = {nullptr, x.rows, own.targets},
                                  .weights = {},
                                  .task = own.shape.task,
                                  .classes = own.shape.outputs,
                                  .as_is = {}});
    std::vector<std::int32_t> rows(static_cast<std::size_t>(x.rows));
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = static_cast<std::int32_t>(i);
    predict(slots, &table, rows, out);
  }

  std::vector<Evaluation> evaluate(std::span<Slot const> slots,
                                   std::span<std::int32_t const> rows) override {
    collect();
    for (auto const slot : slots)
      check_rows(rows, table_of(at(slot).table()).rows, "evaluate");
    Buffer<MemberRecord> const records(arena_, slots.size());
    run_rows(slots, nullptr, rows, records.data(), nullptr);
    std::vector<Evaluation> list;
    for (auto record : records.read(*device_)) {
      Evaluation evaluation = evaluation_of(record, !rows.empty());
      evaluation.train_loss = std::numeric_limits<double>::quiet_NaN();
      list.push_back(evaluation);
    }
    return list;
  }

  std::vector<OrderedPairs> ordered_pairs(std::span<Slot const> slots,
                                          std::span<std::int32_t const> rows) override {
    if (slots.empty() || rows.empty() || rows.size() > kMaxCountedRows) return {};
    TableId const id = at(slots.front()).table();
    for (auto const slot : slots) {
      if (at(slot).table() != id) return {};
    }
    DeviceTable const& table = table_of(id);
    Task const task = table.shape.task;
    auto const outputs = static_cast<std::size_t>(table.shape.outputs);
    std::size_t const counted = task == Task::classification && outputs == 2 ? 1 : outputs;
    auto const keys = static_cast<double>(slots.size() * rows.size() * counted);
    bool const pays = device_sort_seconds(keys, 0) < host_sort_seconds(keys);
    if (!pays || task == Task::regression || table.weights.size() > 0) return {};
    check_rows(rows, table.rows, "ordered_pairs");
    collect();
    Buffer<std::int32_t> const device_rows(arena_, *device_, rows);
    std::size_t const each = rows.size() * outputs;
    std::size_t const most = std::max<std::size_t>(1, kCountedAtOnce / each);
    std::vector<OrderedPairs> list;
    for (; !slots.empty(); slots = slots.subspan(std::min(most, slots.size()))) {
      auto const some = slots.first(std::min(most, slots.size()));
      Buffer<float> const predictions(arena_, some.size() * each);
      std::vector<float*> places;
      for (std::size_t i = 0; i < some.size(); ++i)
        places.push_back(predictions.data() + i * each);
      run_rows(some, nullptr, rows, nullptr, places.data());
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
      auto const of_some = cuda::ordered_pairs(*device_, arena_, pairs);
      list.insert(list.end(), of_some.begin(), of_some.end());
    }
    return list;
  }

  std::vector<int> rank(std::vector<Ranked> trials, int keep, bool maximize) override {
    auto const count = static_cast<double>(trials.size());
    bool const on_device = device_sort_seconds(count, kRankedBytes) < host_sort_seconds(count) &&
                           !device_->limits().planned_only;
    if (!on_device) return survivors(std::move(trials), keep, maximize);
    return rank_on_device(*device_, arena_, trials, keep, maximize);
  }

  void clone(std::span<SlotCopy const> copies) override {
    collect();
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
    collect();
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
    collect();
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
    collect();
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
  // Rows assumed where only a configuration is known: more than any batch.
  static constexpr int kManyRows = 1 << 20;
  // Of a trial that is ranked: key and id there, the id back.
  static constexpr double kRankedBytes = 8 + 4 + 4;
  // Predictions whose pairs are counted at a time, so that their keys take 150 MB at most; of one
  // member all are. Beyond so many rows, sums of pairs would be rounded by the host.
  static constexpr std::size_t kCountedAtOnce = std::size_t{4} << 20;
  static constexpr std::size_t kMaxCountedRows = std::size_t{1} << 26;

  // A member of a training submission.
  struct Ordered {
    TrainOrder order;
    Resident* resident;
    std::size_t first_record;
  };

  // A training submission whose results have not been taken over.
  struct Pending {
    std::vector<Ordered> members;
    Buffer<MemberProgress> device_progress;
    Buffer<MemberRecord> device_records;
    Launched launched;
    double start = 0;  // by the profile
  };

  Resident& at(Slot slot) const { return slots_.at(slot); }

  DeviceTable const& table_of(TableId id) const {
    auto const found = tables_.find(id);
    if (found == tables_.end()) throw UsageError("table " + std::to_string(id) + " is not loaded");
    return found->second;
  }

  MemberPlan plan_of(Member const& member, int targets) const {
    return plan_member(member, targets, precision_, {1, 1}, launcher_.limits().plan);
  }
  // What a member adds to the longest of orders, an evaluation after every epoch; or, if that is
  // more, to being drawn or copied.
  static std::int64_t order_bytes(Member const& member) {
    std::size_t const order = sizeof(MemberTask) + sizeof(MemberProgress) +
                              static_cast<std::size_t>(member.epochs) * sizeof(MemberRecord);
    return static_cast<std::int64_t>(std::max({order, sizeof(InitTask), sizeof(CopyRun)}));
  }

  std::unique_ptr<Resident> make_resident(MemberSpec const& spec) {
    DeviceTable const& table = table_of(spec.table);
    Member const member = describe(spec.config, table.shape, spec.seed, size_of(spec.train_rows),
                                   size_of(spec.eval_rows));
    std::string const too_large = size_problem(member);
    if (!too_large.empty()) throw UsageError(too_large);
    check_member_rows(spec, table.rows);
    check_starting_weights(spec, member);
    MemberPlan const plan = plan_of(member, table.targets);
    auto transform = transforms_.get(spec.transform, spec.table, [&] {
      return DeviceTransform(arena_, *device_, spec.transform.get(), table.shape);
    });
    return std::make_unique<Resident>(arena_, *device_, spec, table, member, plan,
                                      device_rows(spec.train_rows), device_rows(spec.eval_rows),
                                      std::move(transform));
  }

  std::shared_ptr<Buffer<std::int32_t>> device_rows(Rows const& rows) {
    if (size_of(rows) == 0) return nullptr;
    return rows_.get(rows, 0, [&] { return Buffer<std::int32_t>(arena_, *device_, *rows); });
  }

  // Of buffers for the largest of those that train layer by layer.
  std::int64_t most_layer_bytes(std::vector<std::unique_ptr<Resident>> const& residents) const {
    std::int64_t most = 0;
    for (auto const& resident : residents) {
      if (!resident->is_layered()) continue;
      int const targets = table_of(resident->table()).targets;
      most = std::max(most, layer_buffer_bytes(resident->member(), targets, precision_));
    }
    return most;
  }

  // Takes over what the last training submission brought. Waits.
  void collect() {
    if (!pending_) return;
    DeviceRange const range(*device_, "brood: wait and collect");
    device_->wait();
    Pending const done = std::move(*pending_);
    pending_.reset();
    double const seconds = device_->timed_seconds();
    launcher_.took(done.launched, seconds);
    if (profile_ != nullptr) report(done, seconds);
    auto const progress = done.device_progress.read(*device_);
    auto const records = done.device_records.read(*device_);
    for (std::size_t i = 0; i < done.members.size(); ++i) {
      Ordered const& member = done.members[i];
      member.resident->take_over(
          progress[i], std::span(records).subspan(member.first_record,
                                                  static_cast<std::size_t>(progress[i].recorded)));
    }
  }

  // A submission that has been waited for, to the profile.
  void report(Pending const& done, double seconds) {
    double const end = profile_->seconds();
    TrainSeconds parts{};
    parts[static_cast<std::size_t>(TrainPart::device)] = seconds;
    profile_->add({.start = done.start,
                   .end = end,
                   .members = static_cast<int>(done.members.size()),
                   .busy_share = seconds / (end - done.start)},
                  parts);
  }

  // Runs the prediction kernel over rows of `table`, or of each member's own: into records, or into
  // out[i] for the i-th slot.
  void run_rows(std::span<Slot const> slots, DeviceTable const* table,
                std::span<std::int32_t const> rows, MemberRecord* records, float* const* out) {
    DeviceRange const range(*device_, "brood: predict");
    Buffer<std::int32_t> const device_rows(arena_, *device_, rows);
    std::vector<Member> members;
    std::vector<MemberProgress> progress;
    for (auto const slot : slots) {
      members.push_back(at(slot).member());
      members.back().eval_rows = static_cast<int>(rows.size());
      progress.push_back(at(slot).progress());
    }
    Buffer<MemberProgress> const device_progress(arena_, *device_, progress);
    Order work;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      Resident const& resident = at(slots[i]);
      work.jobs.push_back({.member = &members[i],
                           .targets = table_of(resident.table()).targets,
                           .evaluated_rows = members[i].eval_rows,
                           .has_gradient = resident.has_gradient(),
                           .layered = resident.is_layered()});
    }
    work.write = [&](std::size_t i, MemberTask& task) {
      Resident const& resident = at(slots[i]);
      task = resident.task(table == nullptr ? table_of(resident.table()) : *table);
      task.member = members[i];
      task.eval_rows = device_rows.data();
      task.progress = device_progress.data() + i;
      task.kind = out == nullptr ? TaskKind::evaluate : TaskKind::predict;
      task.records = records == nullptr ? nullptr : records + i;
      task.out = out == nullptr ? nullptr : out[i];
    };
    work.progress = [&](std::size_t i) { return progress[i]; };
    Launched const launched = launcher_.infer(work);
    device_->wait();
  }

  void predict(std::span<Slot const> slots, DeviceTable const* table,
               std::span<std::int32_t const> rows, std::span<float> out) {
    collect();
    std::size_t needed = 0;
    std::vector<std::size_t> start;
    for (auto const slot : slots) {
      start.push_back(needed);
      needed += rows.size() * static_cast<std::size_t>(table_of(at(slot).table()).shape.outputs);
    }
    check_room(out.size(), needed);
    if (needed == 0) return;
    Buffer<float> const device_out(arena_, needed);
    std::vector<float*> targets;
    for (auto const at : start)
      targets.push_back(device_out.data() + at);
    run_rows(slots, table, rows, nullptr, targets.data());
    device_->copy_out(out.data(), device_out.data(), device_out.bytes());
  }

  std::unique_ptr<Device> device_;
  Profile* profile_;
  Precision precision_;
  Arena arena_;
  Launcher launcher_;
  SharedCopies<std::vector<std::int32_t>, Buffer<std::int32_t>> rows_;
  SharedCopies<Transform, DeviceTransform> transforms_;
  std::map<TableId, DeviceTable> tables_;
  TableId next_table_ = 0;
  Slots<Resident> slots_;
  std::optional<Pending> pending_;
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
