// SPDX-License-Identifier: Apache-2.0
// brood plan: what tune would train, rung by rung. The same text stands in front of a run.
#include <algorithm>
#include <cmath>

#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr std::size_t kMaxBrackets = 32;  // that are shown

// Lines on what may end the study before the plan is done.
std::string upper_bound_text(Prepared const& prepared) {
  std::string reasons;
  Study const& study = prepared.sweep.study;
  auto const add = [&](std::string const& reason) {
    reasons += (reasons.empty() ? "" : " and ") + reason;
  };
  if (std::holds_alternative<MedianStopping>(study.scheduler))
    add("trials worse than the median are stopped");
  if (prepared.plan.upper_bound && study.space.find("patience") != nullptr)
    add("patience ends members that no longer get better");
  if (study.stop.target || study.stop.patience_rungs) add("stop ends the study by its scores");
  if (study.stop.epochs) add("stop ends it at epoch " + std::to_string(*study.stop.epochs));
  if (prepared.sweep.time_limit_seconds) {
    add("all of it ends after " + duration_text(*prepared.sweep.time_limit_seconds));
  }
  std::string text = reasons.empty() ? "" : "This is an upper bound: " + reasons + ".\n";
  if (prepared.plan.lower_bound) {
    text +=
        "The rungs after the first are the fewest: asha promotes before a rung is complete, so "
        "trials that better ones overtake later are promoted too.\n";
  }
  return text;
}

// Where networks lie on a GPU; nothing on the CPU.
std::string device_text(Prepared const& prepared) {
  StudyPlan const& plan = prepared.plan;
  if (plan.submission.groups.empty()) return "";
  BackendInfo const info = prepared.engine.info();
  std::string layouts;
  for (auto const& group : plan.submission.groups) {
    layouts +=
        (layouts.empty() ? "" : ", ") + counted(group.members, "network") + " " + group.layout;
  }
  return "On " + info.device + " in " + info.precision + ": " + layouts + "; at most " +
         std::to_string(plan.most_launches) + (plan.most_launches == 1 ? " launch" : " launches") +
         " an epoch.\n";
}

// A winner that was a copy has had several hyperparameters, one after another.
std::string schedule_text(Prepared const& prepared) {
  bool const copies = std::holds_alternative<PopulationBased>(prepared.sweep.study.scheduler);
  return copies ? ", each with the hyperparameters that the winner had then" : "";
}

// The rungs of each bracket.
std::string rungs_text(StudyPlan const& plan) {
  bool const several = plan.brackets.size() > 1;
  std::vector<std::vector<std::string>> rows = {
      {"rung", "trials", "members", "to epoch", "member-epochs"}};
  if (several) rows[0].insert(rows[0].begin(), "bracket");
  std::size_t const shown = std::min(plan.brackets.size(), kMaxBrackets);
  for (std::size_t b = 0; b < shown; ++b) {
    int from = 0;
    for (std::size_t i = 0; i < plan.brackets[b].size(); ++i) {
      Rung const& rung = plan.brackets[b][i];
      bool const last = i + 1 == plan.brackets[b].size();
      int const late = last ? plan.final_members_per_trial - plan.members_per_trial : 0;
      // Those that join for the last rung train from the beginning.
      std::int64_t const members = std::int64_t{rung.trials} * (plan.members_per_trial + late);
      std::int64_t const epochs =
          std::int64_t{rung.trials} *
          (std::int64_t{plan.members_per_trial} * (rung.epoch - from) + late * rung.epoch);
      std::vector<std::string> row = {std::to_string(i + 1), std::to_string(rung.trials),
                                      std::to_string(members), std::to_string(rung.epoch),
                                      std::to_string(epochs)};
      if (several) row.insert(row.begin(), i == 0 ? std::to_string(b + 1) : "");
      rows.push_back(std::move(row));
      from = rung.epoch;
    }
  }
  std::string text = table(rows, 2);
  if (shown < plan.brackets.size()) {
    text += "  and so on, " + counted(static_cast<std::int64_t>(plan.brackets.size()), "bracket") +
            " in all\n";
  }
  return text;
}

}  // namespace

std::string plan_text(Prepared const& prepared) {
  StudyPlan const& plan = prepared.plan;
  double const saved = static_cast<double>(plan.member_epochs_restarted) /
                       static_cast<double>(std::max<std::int64_t>(plan.member_epochs, 1));
  std::string text =
      "Plan for " + prepared.sweep.data_path + ": " + counted(prepared.data.rows(), "row") + ", " +
      counted(prepared.data.inputs(), "input") + ", " + std::string(name_of(prepared.data.task())) +
      " of " + counted(prepared.data.outputs(), "output") + ".\n";
  text += rungs_text(plan);
  text += counted(plan.member_epochs, "member-epoch") +
          " in all; beginning anew at each rung would take " +
          std::to_string(plan.member_epochs_restarted) + " (" + ratio_text(saved) +
          " times as many).\n";
  text += plan.refit_epochs > 0
              ? "Then the winner is trained again on train + validation rows, for at most " +
                    counted(plan.refit_epochs, "epoch") + schedule_text(prepared) + ".\n"
              : "";
  text += plan.ensemble_epochs > 0 ? "So are the other networks of the ensemble, for at most " +
                                         counted(plan.ensemble_epochs, "epoch") + " together.\n"
                                   : "";
  text += "Memory: " + bytes_text(plan.bytes_per_member) + " for the largest member, " +
          bytes_text(plan.bytes) + " if all of the first rung are so large; limit " +
          bytes_text(prepared.engine.memory_limit()) + ": " + counted(plan.waves, "wave") + ".\n";
  text += "The device is predicted to be busy for " +
          std::to_string(std::lround(100 * plan.busy_share)) + " % of the time.\n";
  if (plan.seconds > 0) {
    text += "Training is predicted to take " + duration_text(plan.seconds) + " of the device.\n";
  }
  return text + device_text(prepared) + upper_bound_text(prepared);
}

files::Json plan_document(StudyPlan const& plan) {
  files::Json::Array brackets;
  for (auto const& bracket : plan.brackets) {
    files::Json::Array rungs;
    for (Rung const& rung : bracket)
      rungs.push_back(files::Json().set("trials", rung.trials).set("epoch", rung.epoch));
    brackets.push_back(files::Json(std::move(rungs)));
  }
  files::Json json;
  json.set("trials", plan.trials).set("members", plan.members);
  json.set("members_per_trial", plan.members_per_trial);
  json.set("final_members_per_trial", plan.final_members_per_trial);
  json.set("member_epochs", plan.member_epochs);
  json.set("member_epochs_restarted", plan.member_epochs_restarted);
  json.set("refit_epochs", plan.refit_epochs).set("ensemble_epochs", plan.ensemble_epochs);
  json.set("bytes", plan.bytes).set("bytes_per_member", plan.bytes_per_member);
  json.set("waves", plan.waves);
  files::Json::Array layouts;
  for (auto const& group : plan.submission.groups)
    layouts.push_back(files::Json().set("layout", group.layout).set("members", group.members));
  json.set("launches", plan.most_launches).set("layouts", std::move(layouts));
  json.set("busy_share", plan.busy_share);
  if (plan.seconds > 0) json.set("device_seconds", plan.seconds);
  json.set("upper_bound", plan.upper_bound).set("lower_bound", plan.lower_bound);
  json.set("brackets", std::move(brackets));
  return json;
}

int plan(Options const& options) {
  files::Sweep sweep = read_sweep(options);
  Prepared const prepared = prepare(std::move(sweep), options, /*fit_time=*/true);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say(note);
  }
  print_result(options.json ? plan_document(prepared.plan).text(/*indented=*/true) + "\n"
                            : plan_text(prepared));
  return 0;
}

}  // namespace brood::tools
