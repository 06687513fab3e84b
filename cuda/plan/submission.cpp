// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/submission.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "core/activation.hpp"

namespace brood::cuda {

namespace {

// One share is taken before another that is less than so much faster.
constexpr double kWorthIt = 1.03;
// Members that a multiprocessor is planned to hold, at most.
constexpr int kMaxBeside = 16;

int members_per_multiprocessor(std::size_t jobs, DeviceLimits const& device) {
  auto const processors = static_cast<std::size_t>(device.multiprocessors);
  return static_cast<int>(std::min<std::size_t>((jobs + processors - 1) / processors, 64));
}

// With fewer members than multiprocessors: blocks of the largest cluster of which the device holds
// one for each.
int blocks_for(std::size_t jobs, DeviceLimits const& device) {
  int most = 1;
  for (int const blocks : {2, 4, 8}) {
    if (static_cast<std::size_t>(clusters_at_once(device, blocks)) >= jobs) most = blocks;
  }
  return most;
}

// Jobs of such a launch that the device holds at once.
int jobs_at_once(LaunchShape const& shape, DeviceLimits const& device) {
  if (shape.cluster > 1) return std::max(1, clusters_at_once(device, shape.cluster));
  return device.multiprocessors *
         blocks_per_multiprocessor(shape.shared_bytes, shape.threads, device);
}

}  // namespace

// ---- plans

std::size_t PlanCache::Hash::operator()(Key const& key) const {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, a word at a time
  for (auto const word : key)
    hash = (hash ^ static_cast<std::uint32_t>(word)) * 0x100000001b3u;
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

PlanCache::Key PlanCache::key_of(Job const& job, int crowd, int blocks) {
  Member const& m = *job.member;
  Key key{};
  std::copy_n(m.width, m.layers + 1, key.begin());
  int at = kMaxLayers + 1;
  for (std::int32_t const each :
       {m.layers, layers_with_scalars(m), step_rows(m, 0), static_cast<std::int32_t>(m.optimizer),
        tensor_count(m), m.clip_norm > 0.0f ? 1 : 0,
        m.activation == index_of<Relu>(Activations{}) ? 1 : 0,
        static_cast<std::int32_t>(target_columns(m)), static_cast<std::int32_t>(crowd),
        static_cast<std::int32_t>(blocks)})
    key[static_cast<std::size_t>(at++)] = each;
  return key;
}

Planned const& PlanCache::planned(Job const& job, std::size_t jobs) {
  int const crowd = members_per_multiprocessor(jobs, device_);
  return find(job, crowd, crowd > 1 ? 1 : blocks_for(jobs, device_));
}

Planned const& PlanCache::planned_alone(Job const& job, std::size_t jobs) {
  return find(job, members_per_multiprocessor(jobs, device_), 0);
}

Planned const& PlanCache::find(Job const& job, int crowd, int blocks) {
  Key const key = key_of(job, crowd, blocks);
  if (last_ != nullptr && key == last_key_) return *last_;
  auto found = plans_.find(key);
  if (found == plans_.end()) found = plans_.emplace(key, make(job, crowd, blocks)).first;
  last_key_ = key;
  last_ = &found->second;
  return *last_;
}

Planned PlanCache::with_share(Job const& job, Share const& share, int crowd, int beside_it) const {
  Member const& m = *job.member;
  PlanLimits within = limits_.plan;
  within.shared_bytes =
      std::min(within.shared_bytes, shared_bytes_beside(std::max(beside_it, 1), device_));
  Planned planned{plan_member(m, precision_, share, within), share, {}, 0, within.shared_bytes};
  planned.step = step_cost(m, planned.plan, share, precision_, device_);
  int const beside = share.blocks > 1
                         ? 1
                         : std::min(crowd, blocks_per_multiprocessor(planned.plan.shared_bytes,
                                                                     32 * share.warps, device_));
  planned.step_seconds = seconds_of(planned.step, beside);
  return planned;
}

// blocks 0: one, whatever the limits say. With several members for a multiprocessor, as many warps
// for each as make most of it; with one, as many as a block may have.
Planned PlanCache::make(Job const& job, int crowd, int blocks) const {
  Share share{.warps = kMaxWarps, .blocks = std::max(1, blocks)};
  if (limits_.warps > 0) share.warps = limits_.warps;
  bool const forced =
      blocks > 0 && limits_.blocks > 0 && clusters_at_once(device_, limits_.blocks) > 0;
  if (forced) share.blocks = limits_.blocks;
  share.blocks = std::min(share.blocks, most_blocks(*job.member));
  if (share.blocks > 1) {
    Planned const planned = with_share(job, share, crowd, 1);
    // A cluster keeps weights in shared memory, which may be too small.
    if (planned.plan.fits && planned.plan.layout != Layout::weights_in_l2) return planned;
    share.blocks = 1;
  }
  if (limits_.warps > 0) return with_share(job, share, crowd, 1);
  if (crowd <= 1) {
    // Each warp's lists of work take memory, which one warp is known to have.
    for (;; share.warps /= 2) {
      Planned const planned = with_share(job, share, crowd, 1);
      if (share.warps == 1 || planned.plan.layout != Layout::layered) return planned;
    }
  }
  // The more of them a multiprocessor is to hold, the less memory a plan may take.
  Planned best;
  double best_rate = 0;  // steps of a multiprocessor a second
  for (int count = 1; count <= std::min(crowd, kMaxBeside);) {
    int fitting = count;
    for (int warps = 1; warps <= kMaxWarps; warps *= 2) {
      Planned const planned = with_share(job, {warps, 1}, crowd, count);
      // Layer by layer is for what nothing else can hold, and was found so at its admission.
      if (!planned.plan.fits || planned.plan.layout == Layout::layered) continue;
      // Nor do weights leave the chip for more members beside each other.
      if (planned.plan.layout == Layout::weights_in_l2 && best.plan.fits &&
          best.plan.layout != Layout::weights_in_l2)
        continue;
      fitting = blocks_of_memory(planned.plan.shared_bytes, device_);
      int const beside = std::min(
          crowd, blocks_per_multiprocessor(planned.plan.shared_bytes, 32 * warps, device_));
      double const rate = beside / planned.step_seconds;
      if (rate <= kWorthIt * best_rate) continue;
      best = planned;
      best_rate = rate;
    }
    count = std::max(count, fitting) + 1;
  }
  return best;
}

// ---- groups

namespace {

// Jobs that are as good as the same.
struct Kind {
  Planned const* planned;
  std::int64_t steps;
  double seconds;
  std::uint32_t count = 0;
};

// The kinds of jobs and which of them each job is of.
struct Kinds {
  std::vector<Kind> kinds;
  std::vector<std::uint32_t> of;
};
constexpr std::uint32_t kNoKind = ~std::uint32_t{0};

Kinds kinds_of(std::vector<Job> const& jobs, PlanCache& plans, bool alone) {
  using Key = std::tuple<Planned const*, std::int64_t, std::int64_t>;
  Kinds found;
  found.of.reserve(jobs.size());
  std::map<Key, std::uint32_t> known;
  Key last{};
  std::uint32_t last_kind = kNoKind;
  for (auto const& job : jobs) {
    if (job.layered) {
      found.of.push_back(kNoKind);
      continue;
    }
    Planned const& planned =
        alone ? plans.planned_alone(job, jobs.size()) : plans.planned(job, jobs.size());
    Key const key{&planned, job.steps, job.evaluated_rows};
    if (last_kind == kNoKind || key != last) {
      auto const [at, fresh] =
          known.try_emplace(key, static_cast<std::uint32_t>(found.kinds.size()));
      if (fresh) {
        double const steps = static_cast<double>(job.steps) +
                             evaluation_steps(*job.member, static_cast<double>(job.evaluated_rows));
        found.kinds.push_back({&planned, job.steps, steps * planned.step_seconds});
      }
      last = key;
      last_kind = at->second;
    }
    ++found.kinds[last_kind].count;
    found.of.push_back(last_kind);
  }
  return found;
}

// How many launches a job takes part in, if it may have so many seconds in each.
int launches_for(Kind const& kind, double seconds, std::int64_t launch_steps) {
  auto const steps = static_cast<double>(std::max<std::int64_t>(kind.steps, 1));
  double const pieces = launch_steps > 0 ? steps / static_cast<double>(launch_steps)
                                         : std::min(steps, kind.seconds / seconds);
  return static_cast<int>(std::clamp(std::ceil(pieces), 1.0, 1e9));
}

}  // namespace

std::vector<LaunchGroup> group_jobs(std::vector<Job> const& jobs, PlanCache& plans,
                                    double launch_seconds, bool alone) {
  Kinds const found = kinds_of(jobs, plans, alone);
  // A group: the same kernel, warps and blocks.
  struct Member {
    std::uint32_t kind;
    Equals equals;
  };
  struct Made {
    LaunchGroup group;
    std::vector<Member> members;
    std::size_t jobs = 0;
  };
  std::map<std::tuple<bool, int, int>, Made> made;
  for (std::size_t i = 0; i < found.kinds.size(); ++i) {
    Kind const& kind = found.kinds[i];
    Planned const& planned = *kind.planned;
    bool const shared = planned.plan.layout != Layout::weights_in_l2;
    Made& into = made[{shared, planned.share.warps, planned.share.blocks}];
    LaunchShape& shape = into.group.shape;
    into.group.variant = {plans.precision(), shared, planned.share.blocks > 1};
    shape.threads = 32 * planned.share.warps;
    shape.cluster = planned.share.blocks;
    shape.shared_bytes = std::max(shape.shared_bytes, planned.plan.shared_bytes);
    into.members.push_back({static_cast<std::uint32_t>(i), {&planned, kind.seconds, 1, 0, 0, 0}});
    into.jobs += kind.count;
  }
  // Side by side they take the device from each other.
  double load = 0;
  for (auto& [key, each] : made) {
    each.group.at_once = jobs_at_once(each.group.shape, plans.device());
    load += std::min(1.0, static_cast<double>(each.jobs) / each.group.at_once);
  }
  double const budget = launch_seconds / std::max(1.0, load);
  std::vector<LaunchGroup> groups;
  std::vector<std::pair<std::uint32_t, std::size_t>> place(found.kinds.size());  // group, next job
  for (auto& [key, each] : made) {
    LaunchGroup& group = each.group;
    bool const crowded = each.jobs > static_cast<std::size_t>(group.at_once);
    for (auto& [kind, equals] : each.members) {
      Kind const& of = found.kinds[kind];
      equals.count = of.count;
      equals.launches =
          launches_for(of, crowded ? budget / 2 : budget, plans.limits().launch_steps);
      equals.most_steps = (of.steps + equals.launches - 1) / equals.launches;
      if (plans.limits().launch_steps > 0) equals.most_steps = plans.limits().launch_steps;
    }
    std::stable_sort(each.members.begin(), each.members.end(),
                     [](Member const& a, Member const& b) {
                       return std::pair(a.equals.launches, a.equals.seconds) >
                              std::pair(b.equals.launches, b.equals.seconds);
                     });
    std::size_t next = 0;
    for (auto& [kind, equals] : each.members) {
      equals.first = next;
      place[kind] = {static_cast<std::uint32_t>(groups.size()), next};
      next += equals.count;
      group.equals.push_back(equals);
    }
    group.jobs.resize(each.jobs);
    group.shape.blocks = static_cast<int>(each.jobs) * group.shape.cluster;
    groups.push_back(std::move(group));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (found.of[i] == kNoKind) continue;
    auto& [group, next] = place[found.of[i]];
    groups[group].jobs[next++] = static_cast<std::uint32_t>(i);
  }
  return groups;
}

// ---- launches

namespace {

// Some of a group's jobs, one after another, that are launched together.
struct Stretch {
  double longest = 0, sum = 0;  // seconds

  // Taken up longest first by so many at once: at most, and about.
  double most(int at_once) const { return sum / at_once + longest; }
};

double seconds_of(Equals const& equals) {
  return equals.seconds / equals.launches;
}

// The n-th launches of those jobs that take part in so many.
void cut(std::size_t index, LaunchGroup const& group, int n, double budget,
         std::vector<Launch>& launches) {
  Stretch all;
  std::size_t count = 0;
  for (auto const& equals : group.equals) {
    if (equals.launches <= n) break;
    all.longest = std::max(all.longest, seconds_of(equals));
    all.sum += seconds_of(equals) * static_cast<double>(equals.count);
    count += equals.count;
  }
  if (count <= static_cast<std::size_t>(group.at_once)) {
    launches.push_back({index, 0, count, all.longest});
    return;
  }
  double const room = std::max(budget - all.longest, all.longest);
  double const pieces = std::max(1.0, std::ceil(all.sum / group.at_once / room - 1e-9));
  double const share = all.sum / pieces;
  double end = share;  // of the launch that is being filled, in seconds of all jobs before
  double done = 0;
  Launch launch{index, 0, 0, 0};
  Stretch stretch;
  auto const close = [&] {
    launch.seconds = std::max(stretch.longest, stretch.sum / group.at_once + stretch.longest / 2);
    launches.push_back(launch);
    launch = {index, launch.first + launch.count, 0, 0};
    stretch = {};
    end += share;
  };
  for (auto const& equals : group.equals) {
    if (equals.launches <= n) break;
    double const each = seconds_of(equals);
    for (std::size_t left = equals.count; left > 0;) {
      double const fits = each > 0 ? std::floor((end - done) / each + 1e-9) : 1e18;
      auto const some =
          std::min<std::size_t>(left, static_cast<std::size_t>(std::clamp(fits, 0.0, 1e18)));
      stretch.longest = std::max(stretch.longest, some > 0 ? each : 0.0);
      stretch.sum += each * static_cast<double>(some);
      done += each * static_cast<double>(some);
      launch.count += some;
      left -= some;
      if (left == 0) break;
      if (launch.count == 0) {  // one at least
        stretch = {each, each};
        done += each;
        launch.count = 1;
        --left;
      }
      close();
    }
  }
  if (launch.count > 0) close();
}

}  // namespace

std::vector<Launch> launches_of(std::vector<LaunchGroup> const& groups, double launch_seconds) {
  double load = 0;
  for (auto const& group : groups)
    load += std::min(1.0, static_cast<double>(group.jobs.size()) / group.at_once);
  double const budget = launch_seconds / std::max(1.0, load);
  std::vector<Launch> launches;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (int n = 0; n < groups[i].equals.front().launches; ++n)
      cut(i, groups[i], n, budget, launches);
  }
  return launches;
}

Forecast forecast_of(std::vector<LaunchGroup> const& groups, std::vector<Launch> const& launches,
                     DeviceLimits const& device) {
  std::vector<double> alone(groups.size(), 0.0);  // seconds of a group that has the device
  for (auto const& launch : launches)
    alone[launch.group] += launch.seconds;
  Forecast forecast;
  double longest = 0, shared = 0, work = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto const count = static_cast<double>(groups[i].jobs.size());
    longest = std::max(longest, alone[i]);
    shared += alone[i] * std::min(1.0, count / groups[i].at_once);
    for (auto const& equals : groups[i].equals) {
      Planned const& planned = *equals.planned;
      work += static_cast<double>(equals.count) * equals.seconds * planned.step.throughput /
              planned.step_seconds;
    }
  }
  forecast.seconds = std::max(longest, shared);
  if (forecast.seconds > 0)
    forecast.busy_share = std::min(1.0, work / device.multiprocessors / forecast.seconds);
  return forecast;
}

// Per unit of the inner dimension a warp reads the units of its tile's rows and those of its
// columns, once (cuda/kernels/products.cuh); in the forward pass and the deltas one of the two are
// weights, which are not counted where they lie in global memory. Tiles are 2 x 2 units, less at an
// edge.
double shared_bytes_of_step(Member const& m, MemberPlan const& plan, Precision precision) {
  double const unit = precision == Precision::bf16 ? 512 : 1024;
  bool const shared = plan.layout != Layout::weights_in_l2;
  // Units read by all tiles of `rows` x `columns` units: those of rows for every pair of columns,
  // and the other way round.
  auto read = [](int rows, int columns, bool both) {
    return rows * ((columns + 1) / 2) + (both ? columns * ((rows + 1) / 2) : 0);
  };
  int const rows = round_up(step_rows(m, 0), kPanelRows) / kUnitRows;
  double units = 0;
  for (int l = 0; l < m.layers; ++l) {
    int const in = padded(m.width[l]) / kUnitRows, out = padded(m.width[l + 1]) / kUnitRows;
    units += in * read(rows, out, shared);
    if (l > 0) units += out * read(rows, in, shared);
    units += rows * read(out, in, true);
  }
  return unit * units;
}

}  // namespace brood::cuda
