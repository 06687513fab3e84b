// SPDX-License-Identifier: Apache-2.0
#include "study/scorer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "study/fit_calibration.hpp"
#include "study/truth.hpp"

namespace brood {

namespace {

// What a member's score is read from: its best evaluation if it has patience, else its last.
Evaluation const* scored_evaluation(MemberMetrics const& metrics, bool patient) {
  if (metrics.history.empty()) return nullptr;
  if (!patient) return &metrics.history.back();
  return metrics.best < 0 ? nullptr : &metrics.history[static_cast<std::size_t>(metrics.best)];
}

}  // namespace

bool is_patient(Config const& config) {
  Value const* const patience = config.find("patience");
  return patience != nullptr && *patience != Value{std::int64_t{0}} && *patience != Value{0.0};
}

double mean_of(std::span<double const> scores) {
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

double standard_error(std::span<double const> scores, double mean) {
  if (scores.size() < 2) return std::nan("");
  double squares = 0;
  for (double const score : scores)
    squares += (score - mean) * (score - mean);
  auto const n = static_cast<double>(scores.size());
  return std::sqrt(squares / (n - 1) / n);
}

std::vector<double> Scorer::predicted(std::span<MemberId const> ids,
                                      std::span<std::int32_t const> rows) {
  if (setup_.metric == "auc") {
    auto const pairs = population_.ordered_pairs(ids, rows);
    std::vector<double> counted;
    std::size_t const each = ids.empty() ? 0 : pairs.size() / ids.size();
    for (std::size_t i = 0; i < ids.size() && !pairs.empty(); ++i)
      counted.push_back(
          auc(setup_.data.task(), setup_.data.outputs(), std::span(pairs).subspan(i * each, each)));
    if (!counted.empty()) return counted;
  }
  // Members take turns, lest the predictions of a large rung fill the memory.
  constexpr std::size_t kMaxPredictions = std::size_t{1} << 24;
  std::size_t const each = rows.size() * static_cast<std::size_t>(setup_.data.outputs());
  std::size_t const most = std::max<std::size_t>(1, kMaxPredictions / each);
  Truth const truth(setup_.data.table(), rows, setup_.quantile);
  std::vector<double> values;
  std::vector<float> predictions;
  for (; !ids.empty(); ids = ids.subspan(std::min(most, ids.size()))) {
    auto const some = ids.first(std::min(most, ids.size()));
    predictions.resize(some.size() * each);
    population_.forward(some, rows, predictions);
    for (std::size_t i = 0; i < some.size(); ++i) {
      values.push_back(metric_value(
          setup_.metric,
          truth.predicted(setup_.data.task(), std::span(predictions).subspan(i * each, each))));
    }
  }
  return values;
}

std::vector<double> Scorer::scores(std::span<Ask const> asks,
                                   std::span<MemberMetrics const> metrics) {
  std::vector<MemberId> const ids = members_.of(asks);
  std::vector<double> scores(ids.size(), std::nan(""));
  std::vector<std::vector<std::size_t>> to_predict(
      setup_.splits.splits.size());  // indices by split
  std::size_t index = 0;
  for (Ask const& ask : asks) {
    bool const patient = is_patient(ask.config);
    bool const from_predictions = setup_.takes_predictions(ask.config);
    std::size_t const count = members_.of(ask.trial).size();
    for (std::size_t s = 0; s < count; ++s, ++index) {
      Evaluation const* const e = scored_evaluation(metrics[index], patient);
      if (metrics[index].state == MemberState::diverged || e == nullptr) continue;
      if (from_predictions) {
        to_predict[s].push_back(index);
      } else {
        scores[index] = setup_.value_of(*e, s);
      }
    }
  }
  for (std::size_t s = 0; s < to_predict.size(); ++s) {
    if (to_predict[s].empty()) continue;
    std::vector<MemberId> scored;
    for (auto const each : to_predict[s])
      scored.push_back(ids[each]);
    auto const values = predicted(scored, *setup_.splits.splits[s].valid);
    for (std::size_t i = 0; i < values.size(); ++i)
      scores[to_predict[s][i]] = values[i];
  }
  return scores;
}

std::vector<double> Scorer::accuracies(std::span<Ask const> asks,
                                       std::span<MemberMetrics const> metrics) const {
  std::vector<double> accuracies;
  if (setup_.metric != "log_loss") return accuracies;
  for (Ask const& ask : asks) {
    std::size_t const count = members_.of(ask.trial).size();
    for (std::size_t s = 0; s < count; ++s) {
      MemberMetrics const& own = metrics[accuracies.size()];
      Evaluation const* const e = scored_evaluation(own, is_patient(ask.config));
      bool const has_one = own.state != MemberState::diverged && e != nullptr;
      accuracies.push_back(has_one ? metric_value("accuracy", *e, setup_.contexts[s])
                                   : std::nan(""));
    }
  }
  return accuracies;
}

TestScores Scorer::test_of_predictions(std::vector<float> predictions,
                                       Calibration const& calibration) const {
  Task const task = setup_.data.task();
  Truth const truth(setup_.data.table(), *setup_.splits.test, setup_.quantile);
  calibration.apply(task, setup_.data.outputs(), predictions);
  return {.score = truth.score(setup_.metric, task, predictions, calibration.threshold),
          .metrics = truth.scores(task, predictions, calibration.threshold),
          .coverage = coverage(calibration.intervals, truth.predicted(task, predictions))};
}

TestScores Scorer::test(MemberId id, Calibration const& calibration) {
  auto const& rows = *setup_.splits.test;
  if (rows.empty()) return {};
  std::vector<float> predictions(rows.size() * static_cast<std::size_t>(setup_.data.outputs()));
  population_.forward({&id, 1}, rows, predictions);
  TestScores test = test_of_predictions(std::move(predictions), calibration);
  // The training loss is not of predictions alone; and what is made of sums has the device's bits.
  bool const decided_anew = calibration.threshold && setup_.metric == "accuracy";
  if (!is_from_predictions(setup_.metric) && !decided_anew) {
    test.score = metric_value(setup_.metric, population_.evaluate({&id, 1}, rows).front(),
                              setup_.context_of(rows));
  }
  return test;
}

}  // namespace brood
