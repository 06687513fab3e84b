// SPDX-License-Identifier: Apache-2.0
#include "brood/model.hpp"

#include <algorithm>
#include <cmath>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "core/activation.hpp"
#include "core/loss.hpp"

namespace brood {

namespace {

// y = weights x + bias, summed in double.
std::vector<double> apply_layer(LayerWeights const& layer, std::vector<double> const& x) {
  std::vector<double> y(layer.bias.begin(), layer.bias.end());
  for (std::size_t k = 0; k < y.size(); ++k) {
    float const* const row = layer.weights.data() + k * x.size();
    for (std::size_t i = 0; i < x.size(); ++i)
      y[k] += static_cast<double>(row[i]) * x[i];
  }
  return y;
}

std::vector<double> transformed(Transform const& transform, float const* row, int inputs) {
  std::vector<double> x(static_cast<std::size_t>(inputs));
  for (std::size_t c = 0; c < x.size(); ++c) {
    float const shift = transform.shift.empty() ? 0.0f : transform.shift[c];
    float const scale = transform.scale.empty() ? 1.0f : transform.scale[c];
    x[c] = std::isnan(row[c]) ? 0.0 : static_cast<double>((row[c] - shift) * scale);
  }
  return x;
}

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
  return layers.empty() ? 0 : layers.front().inputs;
}

std::vector<float> Model::predict(Matrix x) const {
  if (layers.empty() || x.columns != inputs()) {
    throw UsageError("predict: x has " + std::to_string(x.columns) + " columns; the model takes " +
                     std::to_string(inputs()));
  }
  Member const member = describe(config, {task, inputs(), outputs}, 0, 1, 0);
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(x.rows * outputs));
  for (std::int64_t r = 0; r < x.rows; ++r) {
    std::vector<double> h = transformed(transform, x.data + r * x.columns, x.columns);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      h = apply_layer(layers[l], h);
      if (l + 1 == layers.size()) break;
      visit(Activations{}, member.activation, [&](auto function) {
        for (double& z : h)
          z = static_cast<double>(function.apply(static_cast<float>(z)).value);
      });
    }
    for (double const value : predicted(*this, member, std::move(h))) {
      out.push_back(static_cast<float>(value));
    }
  }
  return out;
}

std::vector<float> Ensemble::predict(Matrix x) const {
  if (parts.empty()) throw UsageError("predict: the ensemble has no parts");
  std::vector<double> sum;
  double count = 0;
  for (Part const& part : parts) {
    std::vector<float> const own = part.model.predict(x);
    sum.resize(own.size());
    for (std::size_t i = 0; i < own.size(); ++i)
      sum[i] += part.count * static_cast<double>(own[i]);
    count += part.count;
  }
  std::vector<float> mean;
  for (double const each : sum)
    mean.push_back(static_cast<float>(each / count));
  return mean;
}

}  // namespace brood
