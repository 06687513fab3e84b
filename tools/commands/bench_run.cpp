// SPDX-License-Identifier: Apache-2.0
// Measuring for `brood bench`. A GPU trains a population all at once. On a CPU, where each member
// trains alone on a thread, a part of a large population does as well as all of it: parts take
// turns.
#include "tools/commands/bench_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <memory>
#include <numeric>

#include "backend/peak.hpp"
#include "brood/error.hpp"
#include "core/philox.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr double kSeconds = 4.0;       // of all populations together; memory and probes are extra
constexpr double kProbeSeconds = 0.1;  // of each instruction set
constexpr int kRepeats = 5;
constexpr int kMaxRows = 4096;             // of an epoch, or a batch if that is more
constexpr int kPartPerThread = 8;          // members that keep a thread busy
constexpr std::size_t kMaxPlanned = 4096;  // members that placement is judged by, as in a plan

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of all threads.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Task task_of(BenchOptions const& bench) {
  return bench.network.back() > 1 ? Task::classification : Task::regression;
}

Config config_of(BenchOptions const& bench, int member) {
  std::vector<std::int64_t> const hidden(bench.network.begin() + 1, bench.network.end() - 1);
  return {{"hidden", hidden},
          {"batch_size", std::int64_t{bench.batch_size}},
          {"optimizer", bench.optimizer},
          {"activation", bench.activation},
          {"lr", 1e-4 * (1 + member % 16)},  // small enough for every optimizer
          {"epochs", std::int64_t{1'000'000}}};
}

// Inputs on (-1, 1), targets of no meaning.
struct Synthetic {
  Synthetic(BenchOptions const& bench, int rows_in) : task(task_of(bench)), rows(rows_in) {
    inputs = bench.network.front();
    outputs = bench.network.back();
    auto const draw = [](std::size_t i, std::uint32_t which) {
      auto const low = static_cast<std::uint32_t>(i);
      return philox({{low, static_cast<std::uint32_t>(i >> 32), which, 0}}, {1, 2}).word[0];
    };
    x.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(inputs));
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(2 * unit_interval(draw(i, 0)) - 1);
    y.resize(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < y.size(); ++i) {
      std::uint32_t const word = draw(i, 1);
      y[i] = task == Task::classification
                 ? static_cast<float>(word % static_cast<std::uint32_t>(outputs))
                 : static_cast<float>(unit_interval(word));
    }
  }

  Table table() const {
    Table table;
    table.x = {x.data(), rows, inputs};
    table.y = {y.data(), rows, 1};
    table.task = task;
    table.classes = task == Task::classification ? outputs : 0;
    return table;
  }

  Task task;
  int rows, inputs, outputs;
  std::vector<float> x, y;
};

// N of the device cuda:N that an engine was made on.
int gpu_index(std::string const& device) {
  auto const index_in = [](std::string const& name) {
    auto const colon = name.find(':');
    return colon == std::string::npos ? 0 : std::stoi(name.substr(colon + 1));
  };
  if (device != "auto") return index_in(device);
  for (DeviceInfo const& each : brood::devices()) {
    if (each.usable && each.name != "cpu") return index_in(each.name);
  }
  return 0;
}

Peak peak_of(BackendInfo const& info, Options const& options) {
  if (info.name == "cpu") return {cpu_peak_flops(kProbeSeconds) * info.parallel_members, 0};
  return cuda_peak(gpu_index(options.engine.device), info.precision);
}

// A population, resident.
class Trainer {
 public:
  Trainer(Engine& engine, Data const& data, BenchOptions const& bench, int members,
          std::uint64_t seed)
      : backend_(engine.backend()) {
    auto rows = std::make_shared<std::vector<std::int32_t>>(static_cast<std::size_t>(data.rows()));
    std::iota(rows->begin(), rows->end(), 0);
    std::vector<MemberSpec> specs;
    for (int i = 0; i < members; ++i) {
      specs.push_back({.config = config_of(bench, i),
                       .seed = seed + static_cast<std::uint64_t>(i),
                       .table = data.id(),
                       .train_rows = rows});
    }
    slots_ = backend_.admit(specs);
    epochs_.resize(slots_.size());
  }
  ~Trainer() { backend_.release(slots_); }
  Trainer(Trainer const&) = delete;
  Trainer& operator=(Trainer const&) = delete;

  // Trains the next `part` members by so many epochs; seconds.
  double run(int part, int epochs) {
    std::vector<TrainOrder> orders;
    for (int i = 0; i < part; ++i) {
      orders.push_back({slots_[next_], epochs_[next_] += epochs, 0});
      next_ = (next_ + 1) % slots_.size();
    }
    double const start = wall_seconds();
    backend_.train(orders);
    backend_.metrics({});  // waits
    return wall_seconds() - start;
  }

  void check_none_diverged() {
    for (MemberMetrics const& each : backend_.metrics(slots_)) {
      if (each.state != MemberState::diverged) continue;
      throw NoUsableTrial(
          "a network diverged, so that nothing was measured; choose another "
          "--activation or --optimizer");
    }
  }

 private:
  Backend& backend_;
  std::vector<Slot> slots_;
  std::vector<int> epochs_;  // by slot: trained to
  std::size_t next_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string placement_text(BackendInfo const& info, Submission const& submission) {
  if (submission.groups.empty()) return info.name == "cpu" ? "one thread each" : "";
  std::string text;
  for (auto const& group : submission.groups)
    text += (text.empty() ? "" : ", ") + group.layout;
  return text;
}

class Bencher {
 public:
  explicit Bencher(Options const& options)
      : bench_(options.bench),
        shape_{task_of(bench_), bench_.network.front(), bench_.network.back()},
        seed_(options.seed.value_or(0)),
        engine_(options.engine) {
    result_.device = engine_.info();
    check_members();
    peak_ = peak_of(result_.device, options);
    result_.peak_flops = peak_.flops;
    auto const count = static_cast<double>(bench_.members.size());
    seconds_ = kSeconds / count / (kRepeats + 1);
  }

  Bench run() {
    for (int const members : bench_.members)
      result_.rows.push_back(measure(members));
    return std::move(result_);
  }

 private:
  bool on_cpu() const { return result_.device.name == "cpu"; }

  std::int64_t bytes() {
    return engine_.backend().bytes(config_of(bench_, 0), shape_, bench_.batch_size);
  }

  void check_members() {
    Support const support =
        engine_.backend().supports(config_of(bench_, 0), shape_, bench_.batch_size);
    if (!support) throw UsageError(support.reason);
    std::vector<std::string> problems;
    std::int64_t const most = engine_.memory_limit() / bytes();
    for (int const members : bench_.members) {
      if (members <= most) continue;
      problems.push_back("--members: " + std::to_string(members) + " networks of " +
                         bytes_text(bytes()) + " exceed the memory limit of " +
                         bytes_text(engine_.memory_limit()) + "; allowed: up to " +
                         std::to_string(most));
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
  }

  // Members that train at a time.
  int least_part(int members) const {
    int const threads = result_.device.parallel_members;
    return on_cpu() ? std::min(members, kPartPerThread * threads) : members;
  }

  // So many that an epoch of a part takes half of a repeat, at a third of the peak.
  int steps_of_epoch(int members, double step_flops) const {
    double const affordable = 0.5 * seconds_ * peak_.flops / 3 / (least_part(members) * step_flops);
    int const most = std::max(1, kMaxRows / bench_.batch_size);
    return static_cast<int>(std::clamp(affordable, 1.0, static_cast<double>(most)));
  }

  Submission submission_of(int members, int rows) {
    std::size_t const count = std::min(static_cast<std::size_t>(members), kMaxPlanned);
    std::vector<Config> const configs(count, config_of(bench_, 0));
    return engine_.backend().plan(configs, shape_, rows);
  }

  BenchRow measure(int members) {
    Submission const one_step = submission_of(members, bench_.batch_size);
    auto const planned =
        static_cast<double>(std::min<std::size_t>(static_cast<std::size_t>(members), kMaxPlanned));
    BenchRow row;
    row.members = members;
    row.step_flops = one_step.work / planned;
    row.bytes_per_member = bytes();
    row.placement = placement_text(result_.device, one_step);
    row.launches = one_step.launches;

    int const steps = steps_of_epoch(members, row.step_flops);
    Synthetic const rows(bench_, steps * bench_.batch_size);
    Data const data = engine_.load(rows.table());
    Trainer trainer(engine_, data, bench_, members, seed_);
    time(trainer, steps, row);
    trainer.check_none_diverged();

    double const flops = row.step_flops * row.steps_per_second;
    row.peak_share = flops / peak_.flops;
    row.bound = on_cpu() ? "fma" : "mma.sync";
    row.bound_share = row.peak_share;
    if (peak_.shared_bytes > 0) {
      double const share =
          one_step.shared_bytes / planned * row.steps_per_second / peak_.shared_bytes;
      if (share > row.bound_share) row.bound = "shared memory";
      row.bound_share = std::max(row.bound_share, share);
    }
    return row;
  }

  void time(Trainer& trainer, int steps_of_epoch, BenchRow& row) {
    int part = least_part(row.members);
    trainer.run(part, 1);  // to warm up
    double const epoch = trainer.run(part, 1);
    // More members at a time, then more epochs.
    double const larger = std::clamp(part * seconds_ / epoch, static_cast<double>(part),
                                     static_cast<double>(row.members));
    double const epochs = std::clamp(seconds_ / epoch * part / larger, 1.0, 1e4);
    part = static_cast<int>(larger);
    std::vector<double> times;
    double const cpu = cpu_seconds();
    for (int i = 0; i < kRepeats; ++i)
      times.push_back(trainer.run(part, static_cast<int>(epochs)));
    double const all = std::accumulate(times.begin(), times.end(), 0.0);
    row.busy = on_cpu() ? (cpu_seconds() - cpu) / (all * result_.device.parallel_members)
                        : std::numeric_limits<double>::quiet_NaN();
    row.repeats = kRepeats;
    auto const [fastest, slowest] = std::minmax_element(times.begin(), times.end());
    row.spread = *slowest / *fastest - 1;
    row.steps_per_second =
        static_cast<double>(part) * static_cast<int>(epochs) * steps_of_epoch / median(times);
  }

  BenchOptions const& bench_;
  TableShape shape_;
  std::uint64_t seed_;
  Engine engine_;
  Peak peak_;
  double seconds_ = 0;  // of a repeat
  Bench result_;
};

}  // namespace

Bench run_bench(Options const& options) {
  return Bencher(options).run();
}

}  // namespace brood::tools
