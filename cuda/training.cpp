// SPDX-License-Identifier: Apache-2.0
#include "cuda/training.hpp"

#include <algorithm>

namespace brood::cuda {

void Training::submit(std::span<TrainOrder const> orders) {
  DeviceRange const range(device_, "brood: train");
  Pending next;
  if (profile_ != nullptr) next.start = profile_->seconds();
  Order work;
  work.jobs.reserve(orders.size());
  next.members.reserve(orders.size());
  std::size_t records = 0;
  for (auto const& order : orders) {
    Resident& resident = residents_.at(order.slot);
    Member const& member = resident.member();
    MemberMetrics const& now = resident.metrics();
    int const until = std::min(order.until_epoch, member.epochs);
    if (now.state != MemberState::training || now.epoch >= until) continue;
    std::int64_t const steps =
        static_cast<std::int64_t>(until) * steps_per_epoch(member) - now.step;
    int const evaluations = evaluations_until(now.epoch, until, order.evaluate_every_epochs);
    work.jobs.push_back({.member = &member,
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
  fill(device_, next.device_progress.data(), work.jobs.size(),
       [&](std::size_t i, MemberProgress& to) { to = next.members[i].resident->progress(); });
  work.write = [&](std::size_t i, MemberTask& task) {
    Ordered const& member = next.members[i];
    task = member.resident->task(residents_.table_of(*member.resident));
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

void Training::collect() {
  if (!pending_) return;
  DeviceRange const range(device_, "brood: wait and collect");
  device_.wait();
  Pending const done = std::move(*pending_);
  pending_.reset();
  double const seconds = device_.timed_seconds();
  launcher_.took(done.launched, seconds);
  if (profile_ != nullptr) report(done, seconds);
  auto const progress = done.device_progress.read(device_);
  auto const records = done.device_records.read(device_);
  for (std::size_t i = 0; i < done.members.size(); ++i) {
    Ordered const& member = done.members[i];
    member.resident->take_over(
        progress[i], std::span(records).subspan(member.first_record,
                                                static_cast<std::size_t>(progress[i].recorded)));
  }
}

// A submission that has been waited for, to the profile.
void Training::report(Pending const& done, double seconds) {
  double const end = profile_->seconds();
  TrainSeconds parts{};
  parts[static_cast<std::size_t>(TrainPart::device)] = seconds;
  profile_->add({.start = done.start,
                 .end = end,
                 .members = static_cast<int>(done.members.size()),
                 .busy_share = seconds / (end - done.start)},
                parts);
}

}  // namespace brood::cuda
