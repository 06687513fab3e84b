// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/study_status.hpp"

#include <algorithm>

namespace brood::tools {

StudyStatus::StudyStatus(Prepared const& prepared, Options const& options, int events)
    : prepared_(prepared), lines_(options.quiet), events_(events) {
  if (lines_.live()) lines_.status(rung_text(static_cast<std::size_t>(events_)), best_);
}

void StudyStatus::after(Progress const& progress, bool saved) {
  events_ = progress.rung + 1;
  best_ = best_text(progress);
  bool const first = progress.rung == 0 && !prepared_.plan.rungs.empty();
  int const joined = first ? progress.trials - prepared_.plan.rungs.front().trials : 0;
  lines_.line("rung " + std::to_string(events_) +
              (progress.rungs > 0 ? "/" + std::to_string(progress.rungs) : "") + ": " +
              counted(progress.trials, "trial") + " to epoch " + std::to_string(progress.epoch) +
              (joined > 0 ? " (" + std::to_string(joined) + " joined, as there is time)" : "") +
              (progress.kept > 0 ? ", " + std::to_string(progress.kept) + " as they were" : "") +
              ", " + best_ + ", " + counted(progress.member_epochs, "member-epoch") +
              (progress.waves > 1 ? " in " + counted(progress.waves, "wave") : "") + ", " +
              duration_text(progress.seconds) + (saved ? ", saved" : ""));
}

void StudyStatus::during(Training const& training) {
  double const in_all = training.seconds + training.seconds_left;
  if (!estimated_ && training.seconds >= 1) {
    estimated_ = true;
    constexpr double kLong = 10;
    if (in_all >= kLong) lines_.line("about " + duration_text(in_all) + " in all at this rate");
  }
  std::string const time = duration_text(training.seconds) + ", about " +
                           duration_text(std::max(training.seconds_left, 0.0)) + " left";
  lines_.status(rung_text(static_cast<std::size_t>(training.rung), training.trials) + ", " +
                    percent_text(training.share) + " %, " + rate_text(training.rate) +
                    " member-epochs/s",
                time + "; " + best_);
}

std::string StudyStatus::position() const {
  int const rungs = prepared_.plan.events;
  return "rung " + std::to_string(events_) + (rungs > 0 ? " of " + std::to_string(rungs) : "");
}

// The best of those trained furthest, and the best of all if that is another.
std::string StudyStatus::best_text(Progress const& progress) const {
  std::string text = "no score yet";
  auto const scored = [](double score, int trial) {
    return score_text(score) + " (trial " + std::to_string(trial) + ")";
  };
  if (progress.best_trial >= 0) {
    text = "best " + prepared_.sweep.study.metric.name + " " +
           scored(progress.best_score, progress.best_trial);
    if (progress.top_score != progress.best_score)
      text += ", of any rung " + scored(progress.top_score, progress.top_trial);
  }
  if (progress.diverged > 0) text += ", " + std::to_string(progress.diverged) + " diverged";
  return text;
}

// Which the rung with this index is can be said beforehand if all trials go in step.
std::string StudyStatus::rung_text(std::size_t index, std::optional<int> trials) const {
  int const rungs = prepared_.plan.events;
  std::string text = "rung " + std::to_string(index + 1);
  if (rungs > 0) text += " of " + std::to_string(rungs);
  if (index < static_cast<std::size_t>(prepared_.plan.events)) {
    Rung const& rung = prepared_.plan.rungs[index];
    text += ": " + counted(trials.value_or(rung.trials), "trial") + " to epoch " +
            std::to_string(rung.epoch);
  }
  return text;
}

}  // namespace brood::tools
