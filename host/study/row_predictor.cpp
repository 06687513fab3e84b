// SPDX-License-Identifier: Apache-2.0
#include "study/row_predictor.hpp"

#include <algorithm>

#include "backend/describe.hpp"

namespace brood {

namespace {

double work_of(Model const& model) {
  double work = 0;
  for (LayerWeights const& layer : model.layers)
    work += static_cast<double>(layer.inputs) * layer.outputs;
  return work * head_count(model.config);
}

double work_of(Ensemble const& ensemble) {
  double work = 0;
  for (Ensemble::Part const& part : ensemble.parts)
    work += work_of(part.model);
  return work;
}

double weight_of(JudgedNetwork const& network, bool by_winner) {
  return by_winner ? network.alone : network.weight;
}

}  // namespace

std::vector<float> rows_of(Matrix const& x, std::span<std::int32_t const> rows) {
  std::vector<float> dense;
  dense.reserve(rows.size() * static_cast<std::size_t>(x.columns));
  for (std::int32_t const row : rows) {
    float const* const own = x.data + std::int64_t{row} * x.columns;
    dense.insert(dense.end(), own, own + x.columns);
  }
  return dense;
}

std::vector<std::int32_t> rows_of(std::span<JudgedNetwork const> networks) {
  std::vector<std::int32_t> rows;
  for (JudgedNetwork const& network : networks)
    rows.insert(rows.end(), network.rows->begin(), network.rows->end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

double RowPredictor::work(bool by_winner) const {
  if (inspected_.judged.empty()) {
    bool const alone = by_winner || inspected_.predictor.empty();
    return alone ? work_of(inspected_.winner) : work_of(inspected_.predictor);
  }
  auto const rows = static_cast<double>(rows_of(inspected_.judged).size());
  double work = 0;
  for (JudgedNetwork const& network : inspected_.judged) {
    if (weight_of(network, by_winner) > 0)
      work += work_of(network.model) * static_cast<double>(network.rows->size()) / rows;
  }
  return work;
}

std::vector<float> RowPredictor::predict(std::span<std::int32_t const> rows,
                                         std::vector<float> const& x, bool by_winner) const {
  bool const alone = by_winner || inspected_.predictor.empty();
  if (inspected_.judged.empty()) {
    Matrix const matrix{x.data(), std::ssize(rows), columns_};
    return alone ? inspected_.winner.predict(matrix, threads_)
                 : inspected_.predictor.predict(matrix, threads_);
  }
  auto const inputs = static_cast<std::size_t>(columns_);
  auto const outputs = static_cast<std::size_t>(inspected_.encoding.output_count());
  std::vector<double> sums(rows.size() * outputs, 0.0), weights(rows.size(), 0.0);
  for (JudgedNetwork const& network : inspected_.judged) {
    double const weight = weight_of(network, by_winner);
    if (weight == 0) continue;
    std::vector<std::size_t> places;
    std::vector<float> own;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!std::binary_search(network.rows->begin(), network.rows->end(), rows[i])) continue;
      places.push_back(i);
      auto const first = x.begin() + static_cast<std::ptrdiff_t>(i * inputs);
      own.insert(own.end(), first, first + columns_);
    }
    if (places.empty()) continue;
    auto const predictions =
        network.model.predict({own.data(), std::ssize(places), columns_}, threads_);
    for (std::size_t i = 0; i < places.size(); ++i) {
      weights[places[i]] += weight;
      for (std::size_t k = 0; k < outputs; ++k)
        sums[places[i] * outputs + k] += weight * static_cast<double>(predictions[i * outputs + k]);
    }
  }
  std::vector<float> mean(sums.size());
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i] = static_cast<float>(sums[i] / weights[i / outputs]);
  Calibration const& calibration =
      alone ? inspected_.winner.calibration : inspected_.predictor.calibration;
  calibration.apply(task_, static_cast<int>(outputs), mean);
  return mean;
}

}  // namespace brood
