// SPDX-License-Identifier: Apache-2.0
#include "brood/profile.hpp"

#include <algorithm>
#include <numeric>

namespace brood {

namespace {

std::size_t index_of(Phase phase) {
  return static_cast<std::size_t>(phase);
}

}  // namespace

std::string_view name_of(Phase phase) {
  constexpr std::string_view kNames[kPhases] = {"other",   "read data", "encode",
                                                "prepare", "admit",     "training",
                                                "control", "refit",     "write files"};
  return kNames[index_of(phase)];
}

std::string_view name_of(TrainPart part) {
  constexpr std::string_view kNames[kTrainParts] = {"gather", "forward",    "loss",  "backward",
                                                    "update", "evaluation", "device"};
  return kNames[static_cast<std::size_t>(part)];
}

double Profile::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Profile::enter(Phase phase) {
  double const now = seconds();
  phases_[index_of(now_)] += now - since_;
  now_ = phase;
  since_ = now;
}

Profile::Scope::Scope(Profile* profile, Phase phase) : profile_(profile) {
  if (profile_ == nullptr) return;
  around_ = profile_->now_;
  profile_->enter(phase);
}

Profile::Scope::~Scope() {
  if (profile_ != nullptr) profile_->enter(around_);
}

void Profile::add(ProfiledSubmission const& submission, TrainSeconds const& parts) {
  submissions_.push_back(submission);
  if (now_ != Phase::train) return;
  for (std::size_t i = 0; i < parts.size(); ++i)
    train_[i] += parts[i];
}

ProfileReport Profile::report() const {
  ProfileReport report;
  report.seconds = seconds();
  report.phases = phases_;
  report.phases[index_of(now_)] += report.seconds - since_;
  report.train = train_;
  double const worked = std::accumulate(train_.begin(), train_.end(), 0.0);
  report.train_idle = std::max(0.0, report.phases[index_of(Phase::train)] - worked);
  report.submissions = submissions_;
  double busy = 0, lasted = 0;
  for (ProfiledSubmission const& each : submissions_) {
    busy += each.busy_share * (each.end - each.start);
    lasted += each.end - each.start;
  }
  report.busy_share = lasted > 0 ? busy / lasted : 0;
  report.busy_share_of_all = busy / report.seconds;
  return report;
}

}  // namespace brood
