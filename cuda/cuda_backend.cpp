// SPDX-License-Identifier: Apache-2.0
#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "backend/member_checks.hpp"
#include "backend/shared_copies.hpp"
#include "backend/slots.hpp"
#include "brood/error.hpp"
#include "cuda/device_model.hpp"
#include "cuda/layered.hpp"
#include "cuda/resident.hpp"
#include "cuda/submission.hpp"

namespace brood::cuda {

namespace {

Precision precision_named(std::string const& name) {
  for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
    if (name == name_of(precision)) return precision;
  }
  throw UsageError("precision: " + name + " is not known; allowed: tf32, bf16, fp32");
}

// Evaluations that an order can bring.
int most_records(MemberProgress const& progress, int until, int every) {
  if (progress.epoch >= until) return 0;
  if (every <= 0) return 1;
  int const first = (progress.epoch / every + 1) * every;
  return first >= until ? 1 : 1 + (until - first + every - 1) / every;
}

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::unique_ptr<Device> device, Precision precision, SubmissionLimits const& limits)
      : device_(std::move(device)),
        device_limits_(device_->limits()),
        precision_(precision),
        limits_(limits),
        arena_(*device_) {
    if (limits_.plan.shared_bytes == 0)
      limits_.plan.shared_bytes = device_limits_.shared_bytes_block;
    if (!device_limits_.planned_only)
      device_limits_.most_cluster_blocks = largest_cluster(*device_, precision_);
  }

  BackendInfo info() const override {
    DeviceLimits const& limits = device_->limits();
    // Some is left for tables, submissions and the driver.
    return {.name = "cuda",
            .device = limits.name,
            .precision = std::string(name_of(precision_)),
            .memory_bytes = limits.memory_bytes / 10 * 9,
            .parallel_members = limits.multiprocessors};
  }

  Support supports(Config const& config, Task task, int inputs, int outputs) const override {
    auto const problems = check(config, task);
    if (!problems.empty()) return {false, problems.front()};
    MemberPlan const plan = plan_of(describe(config, {task, inputs, outputs}, 0, kManyRows, 0),
                                    task == Task::classification ? 1 : outputs);
    if (plan.layout != Layout::layered || device_->limits().planned_only) return {};
    std::string const problem = layer_products_problem();
    if (problem.empty()) return {};
    return {false, "network: is too wide for the fused kernel, and " + problem +
                       "; use --device cpu or a narrower network"};
  }

  std::int64_t bytes(Config const& config, Task task, int inputs, int outputs) const override {
    Member const member = describe(config, {task, inputs, outputs}, 0, kManyRows, 0);
    MemberPlan const plan = plan_of(member, task == Task::classification ? 1 : outputs);
    return tensor_bytes(plan) + plan.buffer_bytes + static_cast<std::int64_t>(sizeof(MemberTask)) +
           static_cast<std::int64_t>(sizeof(MemberProgress));
  }

  Submission plan(std::span<Config const> configs, Task task, int inputs, int outputs,
                  std::int64_t train_rows) const override {
    int const targets = task == Task::classification ? 1 : outputs;
    std::vector<Member> members;
    for (auto const& config : configs)
      members.push_back(describe(config, {task, inputs, outputs}, 0, train_rows, 0));
    std::vector<Job> jobs;
    double layered_work = 0;
    std::map<Layout, int> count;
    for (auto const& member : members) {
      MemberPlan const plan = plan_of(member, targets);
      if (plan.layout == Layout::layered) {
        ++count[Layout::layered];
        layered_work += steps_per_epoch(member) * step_flops(member);
      } else {
        jobs.push_back({&member, targets, static_cast<double>(steps_per_epoch(member))});
      }
    }
    auto const groups = group_jobs(jobs, precision_, device_limits_, limits_);
    for (auto const& group : groups) {
      for (auto const& job : group.jobs)
        ++count[job.plan.layout];
    }
    Submission submission{.launches = static_cast<int>(groups.size()), .groups = {}};
    for (auto const& [layout, number] : count)
      submission.groups.push_back({std::string(name_of(layout)), number});
    // What goes layer by layer is taken to keep the whole device busy.
    SubmissionWork const fused = work_of(groups, device_limits_);
    submission.work = fused.flops + layered_work;
    if (submission.work > 0)
      submission.busy_share = submission.work / (fused.device_flops + layered_work);
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
    make_layer_buffers(admitted);
    std::vector<DrawTask> draws;
    for (auto const& resident : admitted)
      draws.push_back(resident->draw_task());
    Buffer<DrawTask> const tasks(arena_, *device_, draws);
    launch_draw(*device_, static_cast<int>(draws.size()), tasks.data());
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
    Pending next;
    std::vector<Job> jobs;
    std::vector<MemberTask> tasks;  // by job
    for (auto const& order : orders) {
      Resident const& resident = at(order.slot);
      Member const& member = resident.member();
      MemberProgress const progress = resident.progress();
      int const until = std::min(order.until_epoch, member.epochs);
      if (progress.state != kTraining || progress.epoch >= until) continue;
      DeviceTable const& table = table_of(resident.table());
      double const steps = static_cast<double>(until - progress.epoch) * steps_per_epoch(member);
      jobs.push_back({&member, table.targets, steps});
      MemberTask task = resident.task(table);
      task.errand = Errand::train;
      task.until_epoch = order.until_epoch;
      task.evaluate_every = order.evaluate_every_epochs;
      tasks.push_back(task);
      next.slots.push_back(order.slot);
      next.progress.push_back(progress);
      next.first_record.push_back(next.records);
      next.records +=
          static_cast<std::size_t>(most_records(progress, until, order.evaluate_every_epochs));
    }
    if (jobs.empty()) return;
    next.device_progress = Buffer<MemberProgress>(arena_, *device_, next.progress);
    next.device_records = Buffer<MemberRecord>(arena_, next.records);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      tasks[i].progress = next.device_progress.data() + i;
      tasks[i].records = next.device_records.data() + next.first_record[i];
    }
    next.launched = launch_in_pieces(std::move(jobs), std::move(tasks), next.progress);
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

  void clone(std::span<SlotCopy const> copies) override {
    collect();
    for (auto const& copy : copies)
      at(copy.to).copy_from(*device_, at(copy.from));
  }

  std::vector<MemberImage> save(std::span<Slot const> slots) override {
    collect();
    std::vector<MemberImage> images;
    for (auto const slot : slots)
      images.push_back(at(slot).save(*device_));
    return images;
  }

  void restore(std::span<Slot const> slots, std::span<MemberImage const> images) override {
    collect();
    for (std::size_t i = 0; i < slots.size(); ++i)
      at(slots[i]).restore(*device_, images[i]);
  }

  std::vector<std::vector<LayerWeights>> weights(std::span<Slot const> slots) override {
    collect();
    std::vector<std::vector<LayerWeights>> list;
    for (auto const slot : slots)
      list.push_back(at(slot).layers(*device_));
    return list;
  }

 private:
  static constexpr double kLaunchSeconds = 0.2;
  // Rows assumed where only a configuration is known: more than any batch.
  static constexpr int kManyRows = 1 << 20;

  // Device memory that launched kernels work with.
  struct Launched {
    std::vector<Buffer<MemberTask>> tasks;
    std::vector<Buffer<float>> gradients;  // of members that need one only for the while
  };

  // A training submission whose results have not been taken over.
  struct Pending {
    std::vector<Slot> slots;
    std::vector<MemberProgress> progress;
    std::vector<std::size_t> first_record;
    std::size_t records = 0;
    Buffer<MemberProgress> device_progress;
    Buffer<MemberRecord> device_records;
    Launched launched;
  };

  Resident& at(Slot slot) const { return slots_.at(slot); }

  DeviceTable const& table_of(TableId id) const {
    auto const found = tables_.find(id);
    if (found == tables_.end()) throw UsageError("table " + std::to_string(id) + " is not loaded");
    return found->second;
  }

  MemberPlan plan_of(Member const& member, int targets) const {
    return plan_member(member, targets, precision_, {1, 1}, limits_.plan);
  }
  static std::int64_t tensor_bytes(MemberPlan const& plan) {
    std::int64_t const bytes = (plan.tensor_floats + plan.gradient_floats) * 4;
    return (bytes + 255) / 256 * 256;
  }

  std::unique_ptr<Resident> make_resident(MemberSpec const& spec) {
    DeviceTable const& table = table_of(spec.table);
    Member const member = describe(spec.config, table.shape, spec.seed, size_of(spec.train_rows),
                                   size_of(spec.eval_rows));
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

  // Trains by launches that take about kLaunchSeconds each, on the boundaries of steps: a device
  // that shows a screen ends what takes longer than seconds. Waits for all but the last. A launch
  // in which every member does what is left of its order is the rule.
  Launched launch_in_pieces(std::vector<Job> jobs, std::vector<MemberTask> tasks,
                            std::vector<MemberProgress> progress) {
    for (;;) {
      double const crowd =
          std::max(1.0, static_cast<double>(jobs.size()) / device_limits_.multiprocessors);
      double const flops = limits_.launch_flops > 0 ? limits_.launch_flops : launch_flops_ / crowd;
      std::vector<double> left;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        double const most = std::ceil(flops / step_flops(*jobs[i].member));
        tasks[i].most_steps = static_cast<std::int64_t>(std::min(most, jobs[i].steps));
        bool const layered = tasks[i].layout.swizzled == 0;  // one launch takes next to no time
        left.push_back(layered ? 0.0 : jobs[i].steps - static_cast<double>(tasks[i].most_steps));
        if (!layered) jobs[i].steps = static_cast<double>(tasks[i].most_steps);
      }
      auto const start = std::chrono::steady_clock::now();
      Launched launched = launch(jobs, tasks, progress, limits_);
      std::size_t more = 0;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (left[i] <= 0) continue;
        jobs[more] = jobs[i];
        jobs[more].steps = left[i];
        tasks[more] = tasks[i];
        progress[more++] = progress[i];
      }
      if (more == 0) return launched;
      jobs.resize(more);
      tasks.resize(more);
      progress.resize(more);
      device_->wait();
      std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
      launch_flops_ *= std::clamp(kLaunchSeconds / std::max(took.count(), 1e-6), 0.25, 4.0);
    }
  }

  // Plans jobs, completes their tasks and launches them. The buffers must live as long as the work.
  Launched launch(std::vector<Job> const& jobs, std::vector<MemberTask> const& tasks,
                  std::vector<MemberProgress> const& progress, SubmissionLimits const& limits) {
    std::vector<Job> fused;
    std::vector<MemberTask> fused_tasks, layered;
    std::vector<MemberProgress> layered_progress;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (tasks[i].layout.swizzled != 0) {
        fused.push_back(jobs[i]);
        fused_tasks.push_back(tasks[i]);
      } else {
        layered.push_back(tasks[i]);
        layered_progress.push_back(progress[i]);
      }
    }
    Launched launched = launch_fused(fused, fused_tasks, limits);
    if (layered.empty()) return launched;
    launched.tasks.emplace_back(arena_, *device_, layered);
    for (std::size_t i = 0; i < layered.size(); ++i) {
      LayerBuffers const shared = layer_buffers(layer_memory_.data(), layered[i].member,
                                                layered[i].table.targets, precision_);
      run_layered(*device_, *products_, precision_, shared, layered[i],
                  launched.tasks.back().data() + i, layered_progress[i]);
    }
    return launched;
  }

  Launched launch_fused(std::vector<Job> const& jobs, std::vector<MemberTask> const& tasks,
                        SubmissionLimits const& limits) {
    Launched launched;
    auto const groups = group_jobs(jobs, precision_, device_limits_, limits);
    for (auto const& group : groups) {
      std::vector<MemberTask> planned;
      for (auto const& job : group.jobs) {
        MemberTask& task = planned.emplace_back(tasks[job.job]);
        task.map = job.plan.map;
        task.cut = job.plan.cut;
        if (task.errand != Errand::train) {
          task.map.moments = -1;
        } else if (job.plan.gradient_floats > 0 && task.gradient == nullptr) {
          auto const floats = static_cast<std::size_t>(job.plan.gradient_floats);
          task.gradient = launched.gradients.emplace_back(arena_, floats).data();
        }
      }
      launched.tasks.emplace_back(arena_, *device_, planned);
    }
    // Side by side: each alone may leave most of the device idle.
    auto const branches = static_cast<int>(groups.size());
    device_->fork(branches);
    for (int i = 0; i < branches; ++i) {
      LaunchGroup const& group = groups[static_cast<std::size_t>(i)];
      launch_run(*device_, device_->branch(i), group.variant, group.shape,
                 launched.tasks[static_cast<std::size_t>(i)].data());
    }
    device_->join(branches);
    return launched;
  }

  // Room for the largest of the members that train layer by layer.
  void make_layer_buffers(std::vector<std::unique_ptr<Resident>> const& residents) {
    std::int64_t most = 0;
    for (auto const& resident : residents) {
      if (!resident->is_layered()) continue;
      int const targets = table_of(resident->table()).targets;
      most = std::max(most, layer_buffer_bytes(resident->member(), targets, precision_));
    }
    if (most == 0) return;
    if (products_ == nullptr) products_ = LayerProducts::open(*device_, precision_);
    if (static_cast<std::int64_t>(layer_memory_.size()) >= most) return;
    collect();  // what is there is in use until then
    layer_memory_ = Buffer<char>(arena_, static_cast<std::size_t>(most));
  }

  // Takes over what the last training submission brought. Waits.
  void collect() {
    if (!pending_) return;
    device_->wait();
    Pending const done = std::move(*pending_);
    pending_.reset();
    auto const progress = done.device_progress.read(*device_);
    auto const records = done.device_records.read(*device_);
    for (std::size_t i = 0; i < done.slots.size(); ++i) {
      auto const first = records.begin() + static_cast<std::ptrdiff_t>(done.first_record[i]);
      at(done.slots[i]).take_over(progress[i], {first, first + progress[i].recorded});
    }
  }

  // Runs the prediction kernel over rows of `table`, or of each member's own: into records, or into
  // out[i] for the i-th slot.
  void run_rows(std::span<Slot const> slots, DeviceTable const* table,
                std::span<std::int32_t const> rows, MemberRecord* records, float* const* out) {
    Buffer<std::int32_t> const device_rows(arena_, *device_, rows);
    std::vector<Member> members;
    std::vector<MemberProgress> progress;
    for (auto const slot : slots) {
      members.push_back(at(slot).member());
      members.back().eval_rows = static_cast<int>(rows.size());
      progress.push_back(at(slot).progress());
    }
    Buffer<MemberProgress> const device_progress(arena_, *device_, progress);
    std::vector<Job> jobs;
    std::vector<MemberTask> tasks;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      Resident const& resident = at(slots[i]);
      DeviceTable const& own = table_of(resident.table());
      jobs.push_back({&members[i], own.targets, 1.0});
      MemberTask& task = tasks.emplace_back(resident.task(table == nullptr ? own : *table));
      task.member = members[i];
      task.eval_rows = device_rows.data();
      task.progress = device_progress.data() + i;
      task.errand = out == nullptr ? Errand::evaluate : Errand::predict;
      task.records = records == nullptr ? nullptr : records + i;
      task.out = out == nullptr ? nullptr : out[i];
    }
    SubmissionLimits limits = limits_;
    limits.blocks = 1;
    Launched const launched = launch(jobs, tasks, progress, limits);
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
  DeviceLimits device_limits_;
  Precision precision_;
  SubmissionLimits limits_;
  Arena arena_;
  std::unique_ptr<LayerProducts> products_;  // once a member needs them
  Buffer<char> layer_memory_;
  SharedCopies<std::vector<std::int32_t>, Buffer<std::int32_t>> rows_;
  SharedCopies<Transform, DeviceTransform> transforms_;
  std::map<TableId, DeviceTable> tables_;
  TableId next_table_ = 0;
  Slots<Resident> slots_;
  std::optional<Pending> pending_;
  // Of a member at a launch where each has a multiprocessor: a guess, corrected as launches are
  // timed.
  double launch_flops_ = 8e9;
};

}  // namespace

std::unique_ptr<Backend> make_backend(std::unique_ptr<Device> device, Precision precision,
                                      SubmissionLimits const& limits) {
  return std::make_unique<CudaBackend>(std::move(device), precision, limits);
}

std::unique_ptr<Backend> make_backend(BackendOptions const& options) {
  Precision const precision = precision_named(options.precision);
  auto device = options.model.empty()
                    ? Device::open(options.device, static_cast<CUstream_st*>(options.stream))
                    : planning_device(options.model);
  return make_backend(std::move(device), precision, {});
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
