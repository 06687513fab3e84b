// SPDX-License-Identifier: Apache-2.0
#include "brood/model.hpp"

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "core/heads.hpp"
#include "core/input_shape.hpp"
#include "core/loss.hpp"
#include "study/in_parallel.hpp"
#include "study/predict_rows.hpp"

namespace brood {

namespace {

void softmax(std::vector<double>& z) {
  double const top = *std::max_element(z.begin(), z.end());
  double total = 0;
  for (double& each : z)
    total += each = std::exp(each - top);
  for (double& each : z)
    each /= total;
}

// Logits to what is predicted.
std::vector<double> predicted(Model const& model, Member const& member, std::vector<double> z) {
  bool const bce = member.loss == index_of<Bce>(Losses{});
  if (model.task == Task::regression) {
    for (std::size_t k = 0; k < z.size() && has_log_link(member.loss); ++k)
      z[k] = std::exp(z[k]);
    for (std::size_t k = 0; k < z.size() && !model.transform.target_scale.empty(); ++k) {
      z[k] = z[k] / static_cast<double>(model.transform.target_scale[k]) +
             static_cast<double>(model.transform.target_shift[k]);
    }
    return z;
  }
  if (!bce) {
    softmax(z);
    return z;
  }
  double total = 0;
  for (double& each : z)
    total += each = 1.0 / (1.0 + std::exp(-each));
  if (member.target_kind == TargetKind::one_logit) return {1.0 - z[0], z[0]};
  if (model.task == Task::multi_label) return z;
  for (double& each : z)
    each /= total;
  return z;
}

}  // namespace

int Model::inputs() const {
  if (!transform.is_plain()) return transform.columns;
  return layers.empty() ? 0 : layers.front().inputs;
}

namespace {

// Predicts blocks of rows by one network.
class RowPredictor {
 public:
  explicit RowPredictor(Model const& model)
      : model_(model),
        member_(describe(model.config, {model.task, model.inputs(), model.outputs}, 0, 1, 0)) {
    int widest = model.layers.front().inputs;
    for (LayerWeights const& layer : model.layers)
      widest = std::max(widest, layer.outputs);
    from_.resize(static_cast<std::size_t>(widest) * kRowsAtOnce);
    to_.resize(from_.size());
    inputs_.resize(static_cast<std::size_t>(model.layers.front().inputs) * kRowsAtOnce);
  }

  // Rows first .. first + count of x, at most kRowsAtOnce; out: (rows of x, outputs).
  void predict(Matrix x, std::int64_t first, int count, float* out) {
    load(x, first, count);
    auto const outputs = static_cast<std::size_t>(model_.outputs);
    std::vector<double> sums(outputs * static_cast<std::size_t>(count), 0.0);
    for (int head = 0; head < heads_of(member_); ++head) {
      put_in(head);
      apply_layers(head);
      std::vector<double> logits(static_cast<std::size_t>(head_outputs()));
      for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
        for (std::size_t k = 0; k < logits.size(); ++k)
          logits[k] = from_[k * kRowsAtOnce + r];
        std::vector<double> const row = predicted(model_, member_, logits);
        for (std::size_t k = 0; k < outputs; ++k)
          sums[r * outputs + k] += row[k];
      }
    }
    std::transform(sums.begin(), sums.end(), out + first * model_.outputs,
                   [&](double sum) { return static_cast<float>(sum / heads_of(member_)); });
  }

 private:
  int head_outputs() const { return model_.layers.back().outputs >> member_.head_bits; }

  // The inputs as a head reads them.
  void put_in(int head) {
    from_ = inputs_;
    from_.resize(to_.size());
    if (member_.head_bits == 0) return;
    for (int i = 0; i < model_.layers.front().inputs; ++i) {
      float const sign = sign_of_head(head_signs(i / 4).word[i % 4], head);
      double* const column = from_.data() + std::ptrdiff_t{i} * kRowsAtOnce;
      for (int r = 0; r < kRowsAtOnce; ++r)
        column[r] *= static_cast<double>(sign);
    }
  }

  // To the head's logits.
  void apply_layers(int head) {
    for (std::size_t l = 0; l < model_.layers.size(); ++l) {
      LayerWeights const& layer = model_.layers[l];
      bool const last = l + 1 == model_.layers.size();
      int const outputs = last ? head_outputs() : layer.outputs;
      std::ptrdiff_t const first = last ? std::ptrdiff_t{head} * outputs : 0;
      apply_layer(layer.weights.data() + first * layer.inputs, layer.bias.data() + first,
                  layer.inputs, outputs, from_.data(), to_.data());
      std::swap(from_, to_);
      if (!last) apply_activation(member_.activation, layer.outputs, from_.data());
    }
  }

  // What a row is missing of a block is zero.
  void load(Matrix x, std::int64_t first, int count) {
    Transform const& transform = model_.transform;
    bool const plain = transform.is_plain();
    for (std::size_t i = 0; i < static_cast<std::size_t>(model_.layers.front().inputs); ++i) {
      float const shift = transform.shift.empty() ? 0.0f : transform.shift[i];
      float const scale = transform.scale.empty() ? 1.0f : transform.scale[i];
      auto const column = plain ? static_cast<std::int64_t>(i) : transform.source[i];
      for (int r = 0; r < kRowsAtOnce; ++r) {
        double& to = inputs_[i * kRowsAtOnce + static_cast<std::size_t>(r)];
        to = 0;
        if (r >= count) continue;
        float const value = x.data[(first + r) * x.columns + column];
        if (std::isnan(value)) continue;
        float const z = (value - shift) * scale;
        to = static_cast<double>(plain ? z : shaped(transform, i, z));
      }
    }
  }

  static float shaped(Transform const& transform, std::size_t input, float z) {
    float x = 0;
    visit(InputShapes{}, static_cast<int>(transform.shape[input]),
          [&](auto shape) { x = shape.apply(z, transform.offset[input], transform.gain[input]); });
    return x;
  }

  Model const& model_;
  Member member_;
  std::vector<double> inputs_, from_, to_;  // (width, kRowsAtOnce)
};

// work(first row, end) for parts of the rows, of whole blocks, on as many threads.
template <class Work>
void for_parts(std::int64_t rows, int threads, Work const& work) {
  std::int64_t const blocks = (rows + kRowsAtOnce - 1) / kRowsAtOnce;
  int const cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::int64_t const parts = std::clamp<std::int64_t>(threads > 0 ? threads : cores, 1, blocks);
  in_parallel(static_cast<std::size_t>(parts), static_cast<int>(parts), [&](std::size_t part) {
    auto const i = static_cast<std::int64_t>(part);
    work(blocks * i / parts * kRowsAtOnce, std::min(rows, blocks * (i + 1) / parts * kRowsAtOnce));
  });
}

}  // namespace

std::vector<float> Model::predict(Matrix x, int threads) const {
  if (layers.empty() || x.columns != inputs()) {
    throw UsageError("predict: x has " + std::to_string(x.columns) + " columns; the model takes " +
                     std::to_string(inputs()));
  }
  std::vector<float> out(static_cast<std::size_t>(x.rows * outputs));
  if (x.rows == 0) return out;
  RowPredictor const predictor(*this);
  for_parts(x.rows, threads, [&](std::int64_t first, std::int64_t end) {
    RowPredictor own = predictor;
    for (std::int64_t row = first; row < end; row += kRowsAtOnce) {
      auto const count = static_cast<int>(std::min<std::int64_t>(kRowsAtOnce, end - row));
      own.predict(x, row, count, out.data());
    }
  });
  calibration.apply(task, outputs, out);
  return out;
}

std::vector<float> Ensemble::predict(Matrix x, int threads) const {
  if (parts.empty()) throw UsageError("predict: the ensemble has no parts");
  std::vector<double> sum;
  double count = 0;
  for (Part const& part : parts) {
    std::vector<float> const own = part.model.predict(x, threads);
    sum.resize(own.size());
    for (std::size_t i = 0; i < own.size(); ++i)
      sum[i] += part.count * static_cast<double>(own[i]);
    count += part.count;
  }
  std::vector<float> mean;
  mean.reserve(sum.size());
  for (double const each : sum)
    mean.push_back(static_cast<float>(each / count));
  Model const& first = parts.front().model;
  calibration.apply(first.task, first.outputs, mean);
  return mean;
}

}  // namespace brood
