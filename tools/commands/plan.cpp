// SPDX-License-Identifier: Apache-2.0
// brood plan: what tune would train, rung by rung. The same text stands in front of a run.
#include <algorithm>
#include <cmath>

#include "tools/commands/commands.hpp"
#include "tools/fitted_table.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

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
  if (study.space.find("epochs") != nullptr) add("some trials have fewer epochs");
  if (study.stop.target || study.stop.patience_rungs) add("stop ends the study by its scores");
  if (study.stop.epochs) add("stop ends it at epoch " + std::to_string(*study.stop.epochs));
  auto const limit = prepared.sweep.time_limit_seconds;
  bool const grows = limit && study.grow_to > study.trials;
  if (limit && !grows) add("all of it ends after " + duration_text(*limit));
  std::string text = reasons.empty() ? "" : "This is an upper bound: " + reasons + ".\n";
  if (grows) {
    text += "All of it ends after " + duration_text(*limit) +
            "; where it goes faster than was measured, the first rung gets more trials, up to " +
            std::to_string(study.grow_to) + ".\n";
  }
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

using Bracket = std::vector<Rung>;

// What the members of a bracket train in a rung that the one before left at `from`. Those that join
// for the last rung train from the beginning.
std::int64_t member_epochs(StudyPlan const& plan, Bracket const& bracket, std::size_t rung) {
  int const from = rung == 0 ? 0 : bracket[rung - 1].epoch;
  std::int64_t const late =
      rung + 1 == bracket.size() ? plan.final_members_per_trial - plan.members_per_trial : 0;
  Rung const& own = bracket[rung];
  return std::int64_t{own.trials} *
         (std::int64_t{plan.members_per_trial} * (own.epoch - from) + late * own.epoch);
}

// A line for each rung; where there are many, one for all that go on with the same trials.
std::string rungs_text(StudyPlan const& plan, Bracket const& bracket) {
  constexpr std::size_t kMany = 12;
  std::vector<std::vector<std::string>> rows = {
      {"rung", "trials", "members", "to epoch", "member-epochs"}};
  for (std::size_t first = 0, next = 0; first < bracket.size(); first = next) {
    Rung const& rung = bracket[first];
    std::int64_t epochs = 0;
    int members = plan.members_per_trial;
    do {
      epochs += member_epochs(plan, bracket, next++);
      if (next == bracket.size()) members = plan.final_members_per_trial;
    } while (bracket.size() > kMany && next < bracket.size() &&
             bracket[next].trials == rung.trials);
    rows.push_back(
        {std::to_string(first + 1) + (next > first + 1 ? "-" + std::to_string(next) : ""),
         std::to_string(rung.trials), std::to_string(std::int64_t{rung.trials} * members),
         std::to_string(bracket[next - 1].epoch), std::to_string(epochs)});
  }
  return table(rows, 2);
}

// A line for all brackets that are the same: Hyperband's passes repeat them.
std::string brackets_text(StudyPlan const& plan) {
  std::vector<std::pair<Bracket, int>> kinds;  // and how many there are
  for (Bracket const& bracket : plan.brackets) {
    auto const found = std::find_if(kinds.begin(), kinds.end(),
                                    [&](auto const& kind) { return kind.first == bracket; });
    if (found == kinds.end()) {
      kinds.emplace_back(bracket, 1);
    } else {
      ++found->second;
    }
  }
  std::vector<std::vector<std::string>> rows = {
      {"brackets", "trials", "trials@epoch of each rung", "member-epochs"}};
  std::int64_t trials = 0, all_epochs = 0;
  for (auto const& [bracket, count] : kinds) {
    std::string rungs;
    std::int64_t epochs = 0;
    for (std::size_t i = 0; i < bracket.size(); ++i) {
      rungs += (i == 0 ? "" : " ") + std::to_string(bracket[i].trials) + '@' +
               std::to_string(bracket[i].epoch);
      epochs += count * member_epochs(plan, bracket, i);
    }
    trials += std::int64_t{count} * bracket.front().trials;
    all_epochs += epochs;
    rows.push_back({std::to_string(count),
                    std::to_string(std::int64_t{count} * bracket.front().trials), rungs,
                    std::to_string(epochs)});
  }
  rows.push_back({std::to_string(plan.brackets.size()), std::to_string(trials), "in all",
                  std::to_string(all_epochs)});
  std::vector<std::string> const names = rows[0];
  std::string text =
      fitted_table(std::move(rows), {.width = output_width(), .always = names, .indent = 2});
  if (plan.final_members_per_trial > 1) {
    text += "A trial is " + counted(plan.members_per_trial, "member") +
            (plan.final_members_per_trial > plan.members_per_trial
                 ? ", and " + std::to_string(plan.final_members_per_trial) + " in its last rung"
                 : "") +
            ".\n";
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
  text += plan.brackets.size() > 1 ? brackets_text(plan) : rungs_text(plan, plan.brackets.front());
  text += counted(plan.member_epochs, "member-epoch") +
          " in all; beginning anew at each rung would take " +
          std::to_string(plan.member_epochs_restarted) + " (" + ratio_text(saved) +
          " times as many).\n";
  text += plan.refit_epochs > 0 ? "Then the winner is trained again on train + validation rows" +
                                      std::string(plan.refit_epochs > plan.rungs.back().epoch
                                                      ? ", and after its test score on every row"
                                                      : "") +
                                      ", for at most " + counted(plan.refit_epochs, "epoch") +
                                      schedule_text(prepared) + ".\n"
                                : "";
  text += plan.ensemble_epochs > 0 ? "So are the other networks of the ensemble, for at most " +
                                         counted(plan.ensemble_epochs, "epoch") + " together.\n"
                                   : "";
  text += "Memory: " + bytes_text(plan.bytes_per_member) + " for the largest member, " +
          bytes_text(plan.bytes) + " if all of the first rung are so large; limit " +
          bytes_text(prepared.engine.memory_limit()) + ": " + counted(plan.waves, "wave") + ".\n";
  text += "The device is predicted to be busy for " +
          std::to_string(std::lround(100 * plan.busy_share)) + " % of the time.\n";
  if (prepared.expected_seconds) {
    text += "All of it takes about " + duration_text(*prepared.expected_seconds) +
            ", by the pace of a few networks trained for an epoch.\n";
  }
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
  Prepared const prepared = prepare(std::move(sweep), options, /*fit_time=*/true, !options.json);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say_wrapped(note);
  }
  print_result(options.json ? plan_document(prepared.plan).text(/*indented=*/true) + "\n"
                            : wrapped_for_output(plan_text(prepared)));
  return 0;
}

}  // namespace brood::tools
