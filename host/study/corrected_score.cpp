// SPDX-License-Identifier: Apache-2.0
#include "study/corrected_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "core/philox.hpp"
#include "study/ensemble.hpp"
#include "study/fit_calibration.hpp"
#include "study/in_parallel.hpp"

namespace brood {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// ---- who is drawn

SplitBy split_by(Validation const& validation) {
  return std::visit(
      [](auto const& each) {
        if constexpr (requires { each.by; }) return each.by;
        return SplitBy::chance;
      },
      validation);
}

// What is drawn as a whole: rows, or groups, by the place of each row.
struct Units {
  std::vector<std::uint32_t> of_row;
  std::uint32_t count = 0;
};

Units units_of(StudySetup const& setup, std::vector<std::int32_t> const& rows) {
  Units units;
  bool const by_group = split_by(setup.study.validation) == SplitBy::group;
  std::map<std::int32_t, std::uint32_t> places;  // of groups
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const next = static_cast<std::uint32_t>(by_group ? places.size() : i);
    auto const key = by_group ? setup.data.table().keys[static_cast<std::size_t>(rows[i])] : 0;
    units.of_row.push_back(by_group ? places.try_emplace(key, next).first->second : next);
  }
  units.count = static_cast<std::uint32_t>(by_group ? places.size() : rows.size());
  return units;
}

// How often each row is drawn when as many units are as there are. The random numbers are those of
// a trial that no study has: words of its order of batches.
std::vector<std::int32_t> drawn(Units const& units, std::uint64_t seed, int draw) {
  constexpr std::uint32_t kNoTrial = 0xffffffffu;
  PhiloxKey const key = philox_key(member_seed(seed, kNoTrial, static_cast<std::uint32_t>(draw)));
  auto const purpose = static_cast<std::uint32_t>(Purpose::batch_order);
  std::vector<std::int32_t> counts(units.count, 0);
  PhiloxBlock block{};
  for (std::uint32_t i = 0; i < units.count; ++i) {
    if (i % 4 == 0) block = philox({{i / 4, 0, 0, purpose}}, key);
    std::uint64_t const scaled = std::uint64_t{block.word[i % 4]} * units.count;
    ++counts[static_cast<std::size_t>(scaled >> 32)];
  }
  std::vector<std::int32_t> of_rows;
  for (std::uint32_t const unit : units.of_row)
    of_rows.push_back(counts[unit]);
  return of_rows;
}

// ---- what is scored

// Some of the rows, each as often as it counts.
struct Sample {
  std::vector<std::size_t> places;
  Truth truth;
};

Sample sample_of(StudySetup const& setup, std::vector<std::int32_t> const& rows,
                 std::vector<std::int32_t> const& counts) {
  std::vector<std::size_t> places;
  std::vector<std::int32_t> some;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (counts[i] == 0) continue;
    places.push_back(i);
    some.push_back(rows[i]);
  }
  Sample sample{std::move(places), Truth(setup.data.table(), some, setup.quantile)};
  auto& weights = sample.truth.weights;
  weights.resize(some.size(), 1.0F);
  for (std::size_t i = 0; i < some.size(); ++i)
    weights[i] *= static_cast<float>(counts[sample.places[i]]);
  return sample;
}

std::vector<float> gathered(std::span<float const> view, std::vector<std::size_t> const& places,
                            std::size_t outputs) {
  std::vector<float> some;
  some.reserve(places.size() * outputs);
  for (std::size_t const place : places) {
    auto const row = view.subspan(place * outputs, outputs);
    some.insert(some.end(), row.begin(), row.end());
  }
  return some;
}

// The mean of what was picked.
std::vector<float> mean_of_picks(std::span<std::vector<float> const> candidates,
                                 std::vector<int> const& picks) {
  std::vector<double> sum(candidates.front().size(), 0.0);
  for (int const pick : picks) {
    auto const& own = candidates[static_cast<std::size_t>(pick)];
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += static_cast<double>(own[i]);
  }
  std::vector<float> mean;
  mean.reserve(sum.size());
  for (double const each : sum)
    mean.push_back(static_cast<float>(each / static_cast<double>(picks.size())));
  return mean;
}

// Of one draw.
struct Scores {
  double score = kNaN;
  NamedScores metrics = {};
  std::vector<Interval> intervals = {};
  std::vector<double> coverage = {};  // of these
};

void add(std::vector<double> const& values, std::vector<double>& sums) {
  sums.resize(std::max(sums.size(), values.size()), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[i] += values[i];
}

// Predictions (views, rows, outputs) of all rows, scored on some; the mean over views.
Scores scores_on(StudySetup const& setup, Sample const& sample, std::span<float const> predictions,
                 std::size_t view_size, Calibration const& calibration) {
  Task const task = setup.data.task();
  int const outputs = setup.data.outputs();
  auto const views = predictions.size() / view_size;
  Scores mean{.score = 0, .intervals = calibration.intervals};
  std::vector<double> values, coverages;
  for (std::size_t v = 0; v < views; ++v) {
    auto some = gathered(predictions.subspan(v * view_size, view_size), sample.places,
                         static_cast<std::size_t>(outputs));
    calibration.apply(task, outputs, some);
    mean.score += sample.truth.score(setup.metric, task, some, calibration.threshold);
    mean.metrics = sample.truth.scores(task, some, calibration.threshold);
    std::vector<double> own;
    for (auto const& each : mean.metrics)
      own.push_back(each.second);
    add(own, values);
    add(coverage(calibration.intervals, sample.truth.predicted(task, some)), coverages);
  }
  auto const n = static_cast<double>(views);
  mean.score /= n;
  for (std::size_t i = 0; i < values.size(); ++i)
    mean.metrics[i].second = values[i] / n;
  for (double const each : coverages)
    mean.coverage.push_back(each / n);
  return mean;
}

Calibration calibration_on(StudySetup const& setup, Sample const& sample,
                           std::span<float const> predictions, std::size_t view_size,
                           std::int64_t distinct) {
  Truth all = sample.truth;
  std::vector<float> some;
  for (std::size_t v = 0; v < predictions.size() / view_size; ++v) {
    auto const own = gathered(predictions.subspan(v * view_size, view_size), sample.places,
                              static_cast<std::size_t>(setup.data.outputs()));
    some.insert(some.end(), own.begin(), own.end());
    if (v > 0) all.append(sample.truth);
  }
  return fit_calibration(setup.study.calibrate, setup.data.task(), all, some, distinct);
}

// ---- the choice, made again

bool is_of_truth_alone(StudySetup const& setup) {
  return setup.metric == "log_loss" && setup.data.task() == Task::classification;
}

// What candidates are compared by: predictions that the metric takes, and what is true.
class Judge {
 public:
  Judge(StudySetup const& setup, OutOfFold const& out_of_fold,
        std::span<std::vector<float> const> candidates)
      : setup_(setup),
        candidates_(candidates),
        truth_(setup.data.table(), out_of_fold.rows(), setup.quantile) {
    weights_ = truth_.weights;
    weights_.resize(out_of_fold.rows().size(), 1.0F);
    if (!is_of_truth_alone(setup)) return;
    // As if that were the only class.
    auto const outputs = static_cast<std::size_t>(setup.data.outputs());
    for (auto const& each : candidates) {
      std::vector<float> own;
      for (std::size_t i = 0; i * outputs < each.size(); ++i) {
        auto const label = static_cast<std::size_t>(truth_.y[i % truth_.y.size()]);
        own.push_back(each[i * outputs + label]);
      }
      of_truth_.push_back(std::move(own));
    }
    std::fill(truth_.y.begin(), truth_.y.end(), 0.0F);
    candidates_ = of_truth_;
  }

  std::vector<int> choose(Choice const& choice, std::vector<std::int32_t> const& counts) const {
    std::vector<float> weights = weights_;
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] *= static_cast<float>(counts[i]);
    auto const rows = weights.size();
    auto const score_of = [&](std::span<float const> predictions) {
      auto const outputs =
          static_cast<std::size_t>(is_of_truth_alone(setup_) ? 1 : setup_.data.outputs());
      double sum = 0;
      std::size_t const each = rows * outputs, views = predictions.size() / each;
      for (std::size_t v = 0; v < views; ++v) {
        sum += brood::score(setup_.metric, setup_.data.task(), predictions.subspan(v * each, each),
                            truth_.y, static_cast<std::int64_t>(rows), weights, truth_.target_unit,
                            /*threshold=*/{}, truth_.quantile);
      }
      return sum / static_cast<double>(views);
    };
    return select_ensemble(candidates_, choice.picks, setup_.maximize, score_of, /*threads=*/1,
                           choice.bytes)
        .picks;
  }

 private:
  StudySetup const& setup_;
  std::span<std::vector<float> const> candidates_;
  std::vector<std::vector<float>> of_truth_;
  Truth truth_;
  std::vector<float> weights_;
};

// Where a share of the values is below it, between the two next to it; ascending.
double quantile(std::vector<double> const& values, double share) {
  double const place = share * static_cast<double>(values.size() - 1);
  auto const below = static_cast<std::size_t>(place);
  auto const above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

// The mean of what is a number in the draws; NaN of none.
class DefinedMean {
 public:
  void add(double value) {
    if (!std::isfinite(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ == 0 ? kNaN : sum_ / count_; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

OutOfFoldScore summary_of(std::vector<Scores> const& draws, Calibration const& calibration) {
  OutOfFoldScore told;
  std::vector<double> scores;
  std::vector<DefinedMean> metrics, coverages(calibration.intervals.size());
  for (Scores const& draw : draws) {
    if (!std::isfinite(draw.score)) continue;
    scores.push_back(draw.score);
    metrics.resize(draw.metrics.size());
    told.metrics = draw.metrics;
    for (std::size_t i = 0; i < metrics.size(); ++i)
      metrics[i].add(draw.metrics[i].second);
    for (std::size_t i = 0; i < coverages.size(); ++i) {
      for (std::size_t k = 0; k < draw.intervals.size(); ++k) {
        if (draw.intervals[k].coverage == calibration.intervals[i].coverage)
          coverages[i].add(draw.coverage[k]);
      }
    }
  }
  if (scores.size() * 2 < draws.size()) return {};
  told.draws = static_cast<int>(scores.size());
  told.score = std::accumulate(scores.begin(), scores.end(), 0.0) / told.draws;
  std::sort(scores.begin(), scores.end());
  told.low = quantile(scores, 0.025);
  told.high = quantile(scores, 0.975);
  for (std::size_t i = 0; i < metrics.size(); ++i)
    told.metrics[i].second = metrics[i].value();
  for (DefinedMean const& each : coverages)
    told.coverage.push_back(each.value());
  return told;
}

}  // namespace

Redrawing redrawing(int picks, std::size_t candidates, std::int64_t numbers) {
  constexpr double kMost = 1e8;  // numbers that are added up and scored: a second on one core
  constexpr double kMostDraws = 200, kFewestDraws = 40, kFewestCandidates = 5;
  double const once = static_cast<double>(picks) * static_cast<double>(numbers);
  auto const count = static_cast<double>(candidates);
  double const draws = std::clamp(kMost / (once * count), kFewestDraws, kMostDraws);
  double const some = std::clamp(kMost / (once * draws), std::min(kFewestCandidates, count), count);
  return {static_cast<int>(draws), static_cast<std::size_t>(some)};
}

std::int64_t judged_numbers(StudySetup const& setup, std::int64_t predictions) {
  return is_of_truth_alone(setup) ? predictions / setup.data.outputs() : predictions;
}

OutOfFoldScore uncorrected_score(StudySetup const& setup, OutOfFold const& out_of_fold,
                                 std::span<float const> predictions) {
  auto const& rows = out_of_fold.rows();
  Sample const all = sample_of(setup, rows, std::vector<std::int32_t>(rows.size(), 1));
  std::size_t const view = out_of_fold.numbers_of_view();
  Scores scores = scores_on(setup, all, predictions, view, out_of_fold.calibration(predictions));
  return {.score = scores.score,
          .metrics = std::move(scores.metrics),
          .coverage = std::move(scores.coverage),
          .rows = std::ssize(rows)};
}

OutOfFoldScore corrected_score(StudySetup const& setup, OutOfFold const& out_of_fold,
                               Choice const& choice, int threads) {
  auto const predictions = mean_of_picks(choice.candidates, choice.picked);
  OutOfFoldScore plain = uncorrected_score(setup, out_of_fold, predictions);
  if (split_by(setup.study.validation) == SplitBy::time) return plain;
  auto const& rows = out_of_fold.rows();
  std::size_t const view = out_of_fold.numbers_of_view();
  Redrawing const effort = redrawing(choice.picks, choice.candidates.size(),
                                     judged_numbers(setup, std::ssize(choice.candidates.front())));
  auto const candidates = choice.candidates.first(effort.candidates);
  Choice const again{
      .candidates = candidates,
      .picks = choice.picks,
      .bytes = choice.bytes.empty() ? choice.bytes : choice.bytes.first(effort.candidates)};
  Judge const judge(setup, out_of_fold, candidates);
  Units const units = units_of(setup, rows);
  std::vector<Scores> draws(static_cast<std::size_t>(effort.draws));
  in_parallel(draws.size(), threads, [&](std::size_t d) {
    auto const counts = drawn(units, setup.study.seed, static_cast<int>(d));
    std::vector<std::int32_t> left_out;
    for (std::int32_t const count : counts)
      left_out.push_back(count == 0 ? 1 : 0);
    Sample const in = sample_of(setup, rows, counts), out = sample_of(setup, rows, left_out);
    if (in.places.empty() || out.places.empty()) return;
    auto const picks = judge.choose(again, counts);
    if (picks.empty()) return;
    auto const mean = mean_of_picks(candidates, picks);
    auto const calibration = calibration_on(setup, in, mean, view, std::ssize(rows));
    draws[d] = scores_on(setup, out, mean, view, calibration);
  });
  OutOfFoldScore told = summary_of(draws, out_of_fold.calibration(predictions));
  if (told.draws == 0) return plain;
  told.rows = std::ssize(rows);
  return told;
}

}  // namespace brood
