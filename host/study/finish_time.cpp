// SPDX-License-Identifier: Apache-2.0
#include "study/finish_time.hpp"

#include <algorithm>
#include <chrono>

#include "study/corrected_score.hpp"
#include "study/ensemble.hpp"
#include "study/plan.hpp"
#include "study/truth.hpp"

namespace brood {

namespace {

// Of a training step a third is what a prediction takes: one product of three.
constexpr double kForwardShare = 1.0 / 3.0;

// Calibrating what was chosen by a draw, and scoring it by every metric, takes as long as this many
// scores.
constexpr double kScoresOfDraw = 50;

// What a run leaves on disk is mostly weights.
constexpr double kUsualWidth = 128, kBytesPerSecond = 150e6;

// Seconds to judge one candidate for an ensemble by some rows.
double seconds_to_judge(Study const& study, Data const& data, std::span<std::int32_t const> rows) {
  Truth const truth(data.table(), rows);
  std::vector<std::vector<float>> const candidate = {
      std::vector<float>(rows.size() * static_cast<std::size_t>(data.outputs()),
                         1.0F / static_cast<float>(data.outputs()))};
  auto const start = std::chrono::steady_clock::now();
  select_ensemble(candidate, 1, /*maximize=*/true, [&](std::span<float const> predictions) {
    return truth.score(metric_name(study, data.task()), data.task(), predictions);
  });
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

FinishTime::FinishTime(Study const& study, Data const& data, Splits const& splits,
                       std::size_t early)
    : refit_(study.refit),
      ensemble_(study.ensemble),
      corrects_(splits.test->empty()),
      early_(static_cast<double>(early)) {
  auto const trained = static_cast<double>(splits.splits.front().train->size());
  refit_rows_ = static_cast<double>(splits.development->size()) / trained;
  if (refit_ == Refit::all && !splits.test->empty())
    refit_rows_ += static_cast<double>(data.rows()) / trained;
  std::size_t judged = 0;
  for (std::size_t s = 0; s < early; ++s)
    judged += splits.splits[s].valid->size();
  judged_rows_ = static_cast<double>(judged) / trained;
  // Of a first layer of usual width.
  double const network = (data.inputs() + 1.0) * kUsualWidth * sizeof(float);
  double const candidate = refit_ == Refit::no ? network * early_ : network;
  double const ensemble = std::min(candidate * std::min(ensemble_, kLibrary) / 2.0,
                                   std::max<double>(kEnsembleBytes, candidate));
  writing_ = (network + (ensemble_ > 0 ? ensemble : 0)) / kBytesPerSecond;
  if (ensemble_ == 0 && !corrects_) return;
  auto const& first = *splits.splits.front().valid;
  judging_ = seconds_to_judge(study, data, first) * static_cast<double>(judged) /
             static_cast<double>(first.size());
  numbers_ = static_cast<double>(judged) * data.outputs();
  library_ = library_size(std::max(ensemble_, 1), static_cast<std::int64_t>(numbers_));
}

double FinishTime::picking_seconds(int trials) const {
  return ensemble_ * std::min(trials, library_) * judging_;
}

double FinishTime::seconds(Pace const& pace, int trials, int epochs) const {
  bool const refits = refit_ != Refit::no;
  double seconds = writing_ + (refits ? refit_rows_ * pace.seconds(1, epochs) : 0);
  if (library_ == 0) return seconds;
  double const candidates = std::min(trials, library_);
  // Half of those that could be picked: most picks are of few.
  if (refits && ensemble_ > 0)
    seconds += refit_rows_ * pace.seconds(std::min(candidates, ensemble_ / 2.0), epochs);
  seconds += kForwardShare * judged_rows_ / early_ * pace.seconds(candidates * early_, 1);
  if (!corrects_) return seconds + picking_seconds(trials);
  int const picks = std::max(ensemble_, 1);
  Redrawing const again =
      redrawing(picks, static_cast<std::size_t>(candidates), static_cast<std::int64_t>(numbers_));
  double const of_draw = picks * static_cast<double>(again.candidates) + kScoresOfDraw;
  return seconds + picking_seconds(trials) + again.draws * of_draw * judging_;
}

}  // namespace brood
