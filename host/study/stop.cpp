// SPDX-License-Identifier: Apache-2.0
#include "study/stop.hpp"

#include <cmath>

namespace brood {

namespace {

bool is_better(double a, double b, bool maximize) {
  return std::isfinite(a) && (!std::isfinite(b) || (maximize ? a > b : a < b));
}

}  // namespace

std::string_view name_of(Ended ended) {
  switch (ended) {
    case Ended::complete:
      return "complete";
    case Ended::target:
      return "target";
    case Ended::no_improvement:
      return "no improvement";
    case Ended::epochs:
      return "epochs";
    case Ended::time:
      return "time limit";
    case Ended::stopped:
      return "stopped";
  }
  return {};
}

void note_rung(std::span<TunerTrial const> trials, bool maximize, StopProgress& progress) {
  ++progress.rungs_since_best;
  for (auto const& trial : trials) {
    if (!is_better(trial.score, progress.best, maximize)) continue;
    progress.best = trial.score;
    progress.rungs_since_best = 0;
  }
}

std::optional<Ended> reason_to_stop(Stop const& stop, StopProgress const& progress, bool maximize) {
  bool const reached = stop.target && std::isfinite(progress.best) &&
                       !is_better(*stop.target, progress.best, maximize);
  if (reached) return Ended::target;
  bool const spent = stop.patience_rungs && std::isfinite(progress.best) &&
                     progress.rungs_since_best >= *stop.patience_rungs;
  return spent ? std::optional(Ended::no_improvement) : std::nullopt;
}

}  // namespace brood
