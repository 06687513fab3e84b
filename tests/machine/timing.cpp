// SPDX-License-Identifier: Apache-2.0
#include "machine/timing.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <random>
#include <stdexcept>
#include <string_view>
#include <tuple>

namespace brood::machine {
namespace {

constexpr int kSchedulers = 4;  // of a multiprocessor

// When each pipe of a scheduler is free again.
struct Scheduler {
  double issue = 0, tensor = 0, fma_heavy = 0, fma_light = 0, alu = 0, special = 0, fp64 = 0,
         memory = 0;
};
struct Multiprocessor {
  Scheduler schedulers[kSchedulers];
  double memory = 0;  // the unit that all share
};

struct Timed {
  Trace const* stream = nullptr;
  int copy = 0, block = 0, warp = 0;  // which cluster of those side by side, which block of it
  std::size_t at = 0;
  int repetition = 0;
  double ready[6] = {};  // by scoreboard
  double copies = 0;
  double first = -1;  // when it might have issued but for the scoreboard
  double waited = 0;
  double arrived = 0;          // at a barrier
  std::uint32_t waits_at = 0;  // which
  std::vector<double> done;
};

class Model {
 public:
  Model(Code const& code, std::vector<Trace> const& streams, int blocks, int copies,
        int repetitions, Latencies const& latencies)
      : code_(code),
        latency_(latencies),
        blocks_(blocks),
        copies_(copies),
        repetitions_(repetitions),
        warps_(static_cast<int>(streams.size()) / blocks),
        multiprocessors_(static_cast<std::size_t>(blocks)) {
    std::minstd_rand random(1);
    std::uniform_real_distribution<double> offset(0, 8000);
    for (int copy = 0; copy < copies; ++copy) {
      double const start = offset(random);
      for (int i = 0; i < static_cast<int>(streams.size()); ++i) {
        Timed& warp = timed_.emplace_back();
        warp.stream = &streams[static_cast<std::size_t>(i)];
        warp.copy = copy;
        warp.block = i / warps_;
        warp.warp = i % warps_;
        queue_.push({start, static_cast<int>(timed_.size()) - 1});
      }
    }
  }

  Replay run() {
    while (!queue_.empty()) {
      auto const [time, index] = queue_.top();
      queue_.pop();
      step(time, index);
    }
    finish();
    return std::move(result_);
  }

 private:
  using Event = std::pair<double, int>;  // when, which warp

  Instruction const& instruction_of(Timed const& warp) const {
    return code_.instructions[(*warp.stream)[warp.at].instruction];
  }

  void step(double time, int index) {
    Timed& warp = timed_[static_cast<std::size_t>(index)];
    Step const& step = (*warp.stream)[warp.at];
    Instruction const& in = instruction_of(warp);
    Multiprocessor& multiprocessor = multiprocessors_[static_cast<std::size_t>(warp.block)];
    // Blocks side by side deal their warps out in turn.
    Scheduler& scheduler =
        multiprocessor.schedulers[(warp.copy * warps_ + warp.warp) % kSchedulers];
    double const ready = std::max(time, scoreboards(warp, in));
    if (warp.first < 0) {
      warp.first = time;
      warp.waited = 0;
    }
    warp.waited = std::max(warp.waited, ready - warp.first);
    double const at = std::max({ready, scheduler.issue, pipe(in, scheduler, multiprocessor)});
    if (at > time + 1e-9) {
      queue_.push({at, index});
      return;
    }
    issue(warp, index, in, step, at, scheduler, multiprocessor);
  }

  double scoreboards(Timed const& warp, Instruction const& in) const {
    double ready = 0;
    for (int i = 0; i < 6; ++i) {
      if (in.control.wait >> i & 1) ready = std::max(ready, warp.ready[i]);
    }
    if (in.text.find("DEPBAR.LE SB0") != in.text.npos) ready = std::max(ready, warp.copies);
    return ready;
  }

  double pipe(Instruction const& in, Scheduler const& scheduler,
              Multiprocessor const& multiprocessor) const {
    switch (in.unit) {
      case Unit::tensor:
        return scheduler.tensor;
      case Unit::fma:
        return std::min(scheduler.fma_heavy, scheduler.fma_light);
      case Unit::fma_heavy:
        return scheduler.fma_heavy;
      case Unit::alu:
        return scheduler.alu;
      case Unit::special:
        return scheduler.special;
      case Unit::fp64:
        return scheduler.fp64;
      case Unit::memory:
      case Unit::shuffle:
        // Behind it stands a queue of limited depth.
        return std::max(scheduler.memory, multiprocessor.memory - 60);
      default:
        return 0;
    }
  }

  void issue(Timed& warp, int index, Instruction const& in, Step const& step, double at,
             Scheduler& scheduler, Multiprocessor& multiprocessor) {
    double const encoded = std::max<double>(1, in.control.stall);
    auto& stalls = result_.stalls[step.instruction];
    stalls[static_cast<int>(Stall::scoreboard)] += warp.waited;
    stalls[static_cast<int>(Stall::pipe)] += at - warp.first - warp.waited;
    stalls[static_cast<int>(Stall::encoded)] += encoded;
    warp.first = -1;
    for (int i = 0; i < 6; ++i) {
      if (in.control.wait >> i & 1) warp.ready[i] = 0;
    }
    scheduler.issue = at + 1;
    double read_done = -1;
    double const latency = occupy(in, step, at, scheduler, multiprocessor, warp, read_done);
    auto set = [&](int barrier, double time) {
      if (barrier < 6) warp.ready[barrier] = std::max(warp.ready[barrier], time);
    };
    set(in.control.write_barrier, at + latency);
    set(in.control.read_barrier, read_done < 0 ? at + latency : read_done);
    double next = at + encoded;
    if (step.kind == Step::Kind::taken) next += latency_.taken_branch;
    if (++warp.at == warp.stream->size()) {
      warp.at = 0;
      ++warp.repetition;
      warp.done.push_back(next);
    }
    if (wait_at_barrier(index, warp, in, step, next)) return;
    if (warp.repetition < repetitions_) queue_.push({next, index});
  }

  // Takes the pipe; how long the result takes.
  double occupy(Instruction const& in, Step const& step, double at, Scheduler& scheduler,
                Multiprocessor& multiprocessor, Timed& warp, double& read_done) {
    switch (in.unit) {
      case Unit::tensor:
        scheduler.tensor = at + latency_.tensor_issue;
        return latency_.tensor;
      case Unit::fma:
        (scheduler.fma_light <= at ? scheduler.fma_light : scheduler.fma_heavy) = at + 2;
        return 0;
      case Unit::fma_heavy:
        scheduler.fma_heavy = at + 2;
        return 0;
      case Unit::alu:
        scheduler.alu = at + 2;
        return starts(in, "MEMBAR") ? latency_.fence : 0;
      case Unit::special:
        scheduler.special = at + 8;
        return starts(in, "F2F") ? latency_.conversion_64 : latency_.special;
      case Unit::fp64:
        scheduler.fp64 = at + 2;
        return latency_.fp64;
      case Unit::system:
        return starts(in, "R2UR") ? latency_.to_uniform : latency_.special_register;
      case Unit::constant:
        return latency_.constant;
      case Unit::memory:
      case Unit::shuffle:
        return occupy_memory(in, step, at, scheduler, multiprocessor, warp, read_done);
      default:
        return 0;
    }
  }

  double occupy_memory(Instruction const& in, Step const& step, double at, Scheduler& scheduler,
                       Multiprocessor& multiprocessor, Timed& warp, double& read_done) {
    using Kind = Step::Kind;
    scheduler.memory = at + 2;
    bool const shuffles = in.unit == Unit::shuffle;
    bool const of_global = step.kind == Kind::global;
    double waves = shuffles ? 1 : step.wavefronts;
    if (of_global) waves = std::max(1.0, step.sectors / 4.0);
    double const start = std::max(multiprocessor.memory, at + 4);
    multiprocessor.memory = start + waves;
    double behind = latency_.shared;
    if (shuffles) behind = latency_.shuffle;
    if (step.kind == Kind::generic_shared) behind = latency_.generic_shared;
    if (step.kind == Kind::far_shared) behind = latency_.far_shared;
    if (of_global) behind = latency_.l2;
    if (step.kind == Kind::nothing) behind = 10;
    if (step.kind == Kind::copy) {
      behind = latency_.copy;
      warp.copies = std::max(warp.copies, at + latency_.copy);
    }
    read_done = multiprocessor.memory + 6;
    return start - at + waves + behind - 5;
  }

  static bool starts(Instruction const& in, std::string_view name) {
    auto text = in.text;
    if (text.starts_with('@')) text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
    return text.starts_with(name);
  }

  // Warps that have come to a barrier, and how many came that do not wait.
  struct Barrier {
    std::vector<int> waiting;
    int passed = 0;
    double last = 0;
  };

  // Whether the warp waits there for others; the last to come frees all.
  bool wait_at_barrier(int index, Timed& warp, Instruction const& in, Step const& step,
                       double next) {
    bool const of_block = starts(in, "BAR"), of_cluster = starts(in, "UCGABAR_WAIT");
    if ((!of_block && !of_cluster) || step.kind == Step::Kind::nothing) return false;
    int const number = of_block ? static_cast<int>(in.source[0].value) : -1;
    int const threads = of_block ? static_cast<int>(in.source[1].value) : 0;
    int const all = of_cluster ? warps_ * blocks_ : threads > 0 ? threads / kLanes : warps_;
    bool const waits = !starts(in, "BAR.ARV");
    Barrier& barrier = barriers_[{warp.copy, of_cluster ? 0 : warp.block, number}];
    warp.arrived = next;
    warp.waits_at = step.instruction;
    barrier.last = std::max(barrier.last, next);
    if (waits) {
      barrier.waiting.push_back(index);
    } else {
      ++barrier.passed;
    }
    if (static_cast<int>(barrier.waiting.size()) + barrier.passed < all) return waits;
    double const until =
        barrier.last + (of_block ? latency_.block_barrier : latency_.cluster_barrier);
    for (int const other : barrier.waiting) {
      Timed const& released = timed_[static_cast<std::size_t>(other)];
      result_.stalls[released.waits_at][static_cast<int>(Stall::barrier)] +=
          until - released.arrived;
      if (released.repetition < repetitions_) queue_.push({until, other});
    }
    barrier = {};
    return waits;
  }

  // The rate while all run: from when the last has begun its third repetition to when the first is
  // through.
  void finish() {
    double begin = 0, end = std::numeric_limits<double>::max();
    for (Timed const& warp : timed_) {
      if (warp.repetition < repetitions_)
        throw std::runtime_error("the replay stands still: barriers of its warps do not fit");
      if (warp.warp != 0 || warp.block != 0) continue;
      begin = std::max(begin, warp.done[1]);
      end = std::min(end, warp.done.back());
    }
    int count = 0;
    for (Timed const& warp : timed_) {
      if (warp.warp != 0 || warp.block != 0) continue;
      count += static_cast<int>(std::count_if(warp.done.begin(), warp.done.end(),
                                              [&](double t) { return begin < t && t <= end; }));
    }
    result_.clocks = (end - begin) / std::max(1, count) * copies_;
  }

  Code const& code_;
  Latencies const& latency_;
  int blocks_, copies_, repetitions_, warps_;
  std::vector<Multiprocessor> multiprocessors_;
  std::vector<Timed> timed_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
  std::map<std::tuple<int, int, int>, Barrier> barriers_;  // by copy, block and number
  Replay result_;
};

}  // namespace

Replay replay(Code const& code, std::vector<Trace> const& streams, int blocks,
              int per_multiprocessor, int repetitions, Latencies const& latencies) {
  return Model(code, streams, blocks, per_multiprocessor, repetitions, latencies).run();
}

}  // namespace brood::machine
