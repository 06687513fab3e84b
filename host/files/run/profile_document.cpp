// SPDX-License-Identifier: Apache-2.0
#include "files/run/profile_document.hpp"

namespace brood::files {

namespace {

Json time_document(std::string_view name, double seconds, double of) {
  return Json().set("name", name).set("seconds", seconds).set("share", seconds / of);
}

// Training by part; those that a device does not tell apart are left out.
Json train_document(ProfileReport const& report) {
  Json::Array parts;
  for (int i = 0; i < kTrainParts; ++i) {
    double const seconds = report.train[static_cast<std::size_t>(i)];
    if (seconds > 0)
      parts.push_back(time_document(name_of(static_cast<TrainPart>(i)), seconds, report.seconds));
  }
  parts.push_back(time_document("idle", report.train_idle, report.seconds));
  return Json(std::move(parts));
}

}  // namespace

Json profile_document(ProfileReport const& report) {
  Json::Array phases, submissions;
  for (int i = 1; i <= kPhases; ++i) {
    auto const phase = static_cast<Phase>(i % kPhases);  // what is left comes last
    double const seconds = report.phases[static_cast<std::size_t>(phase)];
    Json json = time_document(name_of(phase), seconds, report.seconds);
    if (phase == Phase::train) json.set("parts", train_document(report));
    phases.push_back(std::move(json));
  }
  for (ProfiledSubmission const& each : report.submissions) {
    Json json;
    json.set("start", each.start).set("end", each.end).set("members", each.members);
    json.set("busy_share", each.busy_share);
    submissions.push_back(std::move(json));
  }
  Json json;
  json.set("seconds", report.seconds).set("phases", std::move(phases));
  json.set("busy_share", report.busy_share).set("busy_share_of_all", report.busy_share_of_all);
  json.set("submissions", std::move(submissions));
  return json;
}

}  // namespace brood::files
