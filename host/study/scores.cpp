// SPDX-License-Identifier: Apache-2.0
// Scores of members: from the sums that training records where the metric can be made of them, else
// from predictions.
#include <algorithm>
#include <cmath>

#include "study/study_run.hpp"
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

MetricContext StudyRun::Impl::context_of(std::span<std::int32_t const> rows) const {
  bool const values = data.task() == Task::regression;
  return {data.task(), data.table().y.columns, values ? target_variation(data.table(), rows) : 0.0};
}

std::vector<double> StudyRun::Impl::predicted_scores(std::span<MemberId const> ids,
                                                     std::span<std::int32_t const> rows) {
  if (metric == "auc") {
    auto const pairs = population.ordered_pairs(ids, rows);
    std::vector<double> counted;
    std::size_t const each = ids.empty() ? 0 : pairs.size() / ids.size();
    for (std::size_t i = 0; i < ids.size() && !pairs.empty(); ++i)
      counted.push_back(auc(data.task(), data.outputs(), std::span(pairs).subspan(i * each, each)));
    if (!counted.empty()) return counted;
  }
  // Members take turns, lest the predictions of a large rung fill the memory.
  constexpr std::size_t kMostPredictions = std::size_t{1} << 24;
  std::size_t const each = rows.size() * static_cast<std::size_t>(data.outputs());
  std::size_t const most = std::max<std::size_t>(1, kMostPredictions / each);
  Truth const truth(data.table(), rows);
  std::vector<double> values;
  std::vector<float> predictions;
  for (; !ids.empty(); ids = ids.subspan(std::min(most, ids.size()))) {
    auto const some = ids.first(std::min(most, ids.size()));
    predictions.resize(some.size() * each);
    population.forward(some, rows, predictions);
    for (std::size_t i = 0; i < some.size(); ++i) {
      values.push_back(metric_value(
          metric,
          PredictedRows{data.task(), static_cast<std::int64_t>(rows.size()), data.outputs(),
                        data.table().y.columns, std::span(predictions).subspan(i * each, each),
                        truth.y, truth.weights}));
    }
  }
  return values;
}

std::vector<double> StudyRun::Impl::member_scores(std::span<Ask const> asks,
                                                  std::span<MemberId const> ids,
                                                  std::span<MemberMetrics const> metrics) {
  std::vector<double> scores(ids.size(), std::nan(""));
  bool const predicted = is_from_predictions(metric);
  std::vector<std::vector<std::size_t>> places(splits.splits.size());  // by split, to predict for
  std::size_t place = 0;
  for (Ask const& ask : asks) {
    bool const patient = is_patient(ask.config);
    std::size_t const count = members.at(ask.trial).size();
    for (std::size_t s = 0; s < count; ++s, ++place) {
      Evaluation const* const e = scored_evaluation(metrics[place], patient);
      if (metrics[place].state == MemberState::diverged || e == nullptr) continue;
      if (predicted) {
        places[s].push_back(place);
      } else {
        scores[place] = metric_value(metric, *e, contexts[s]);
      }
    }
  }
  for (std::size_t s = 0; s < places.size(); ++s) {
    if (places[s].empty()) continue;
    std::vector<MemberId> scored;
    for (auto const each : places[s])
      scored.push_back(ids[each]);
    auto const values = predicted_scores(scored, *splits.splits[s].valid);
    for (std::size_t i = 0; i < values.size(); ++i)
      scores[places[s][i]] = values[i];
  }
  return scores;
}

double standard_error(std::span<double const> scores, double mean) {
  if (scores.size() < 2) return std::nan("");
  double squares = 0;
  for (double const score : scores)
    squares += (score - mean) * (score - mean);
  auto const n = static_cast<double>(scores.size());
  return std::sqrt(squares / (n - 1) / n);
}

void StudyRun::Impl::record(Ask const& ask, std::span<MemberMetrics const> metrics,
                            std::span<double const> scores) {
  bool const predicted = is_from_predictions(metric);
  for (std::size_t s = 0; s < metrics.size(); ++s) {
    int const from = s < early ? ask.from_epoch : 0;
    for (Evaluation const& e : metrics[s].history) {
      if (e.epoch <= from) continue;
      bool const last = &e == &metrics[s].history.back();
      double const value = !predicted ? metric_value(metric, e, contexts[s])
                           : last     ? scores[s]
                                      : std::nan("");
      curves.push_back({ask.trial, splits.splits[s].fold, splits.splits[s].repeat, e.epoch,
                        e.train_loss, e.loss, value});
    }
    member_epochs += std::max(0, metrics[s].epoch - from);
  }
}

double StudyRun::Impl::test_score(MemberId id) {
  auto const& rows = *splits.test;
  if (rows.empty()) return std::nan("");
  if (is_from_predictions(metric)) return predicted_scores({&id, 1}, rows).front();
  return metric_value(metric, population.evaluate({&id, 1}, rows).front(), context_of(rows));
}

NamedScores StudyRun::Impl::test_metrics(MemberId id) {
  auto const& rows = *splits.test;
  if (rows.empty()) return {};
  Truth const truth(data.table(), rows);
  std::vector<float> predictions(rows.size() * static_cast<std::size_t>(data.outputs()));
  population.forward({&id, 1}, rows, predictions);
  return truth.scores(data.task(), predictions);
}

}  // namespace brood
