// SPDX-License-Identifier: Apache-2.0
#include "backend/initial_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/rows.hpp"
#include "core/activation.hpp"
#include "core/heads.hpp"
#include "core/init.hpp"
#include "core/input_shape.hpp"
#include "core/philox.hpp"

namespace brood {

namespace {

// (features, rows).
using Columns = std::vector<double>;

// As the kernels make inputs of raw values, in fp32.
double input_of(float raw, Transform const* transform, std::size_t input) {
  if (std::isnan(raw)) return 0.0;
  if (transform == nullptr) return static_cast<double>(raw);
  float x = (raw - transform->shift[input]) * transform->scale[input];
  if (!transform->is_plain()) {
    visit(InputShapes{}, static_cast<int>(transform->shape[input]), [&](auto shape) {
      x = shape.apply(x, transform->offset[input], transform->gain[input]);
    });
  }
  return static_cast<double>(x);
}

// x: (rows, columns of the table).
Columns inputs_of(std::span<float const> x, std::size_t inputs, Transform const* transform) {
  bool const plain = transform == nullptr || transform->is_plain();
  std::size_t const width = plain ? inputs : static_cast<std::size_t>(transform->columns);
  std::size_t const rows = x.size() / width;
  Columns columns(inputs * rows);
  for (std::size_t i = 0; i < inputs; ++i) {
    std::size_t const source = plain ? i : static_cast<std::size_t>(transform->source[i]);
    for (std::size_t r = 0; r < rows; ++r)
      columns[i * rows + r] = input_of(x[r * width + source], transform, i);
  }
  return columns;
}

// Each row as one of the heads reads it, in turns.
void apply_signs(Member const& m, Columns& columns, std::size_t rows) {
  if (m.head_bits == 0) return;
  for (int i = 0; i < m.width[0]; ++i) {
    std::uint32_t const signs = head_signs(i / 4).word[i % 4];
    double* const column = columns.data() + static_cast<std::size_t>(i) * rows;
    for (std::size_t r = 0; r < rows; ++r) {
      auto const head = static_cast<int>(r % static_cast<std::size_t>(heads_of(m)));
      column[r] *= static_cast<double>(sign_of_head(signs, head));
    }
  }
}

// What an output's row of weights puts out, without bias: over the inputs upwards.
void put_out(std::span<float const> weights, Columns const& x, std::span<double> z) {
  std::fill(z.begin(), z.end(), 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto const w = static_cast<double>(weights[i]);
    double const* const column = x.data() + i * z.size();
    for (std::size_t r = 0; r < z.size(); ++r)
      z[r] += w * column[r];
  }
}

// Workers flush what is subnormal to zero and other threads need not.
double flushed(float value) {
  return std::fabs(value) < std::numeric_limits<float>::min() ? 0.0 : static_cast<double>(value);
}

void activate(int activation, std::span<double> z) {
  visit(Activations{}, activation, [&](auto function) {
    for (double& value : z)
      value = flushed(function.apply(static_cast<float>(value)).value);
  });
}

LayerWeights drawn_layer(Member const& m, int l) {
  LayerWeights layer{m.width[l], m.width[l + 1], {}, {}};
  int const weights = layer.inputs * layer.outputs;
  layer.weights.resize(static_cast<std::size_t>(weights));
  layer.bias.resize(static_cast<std::size_t>(layer.outputs));
  InitLaw law{};
  visit(Inits{}, m.init, [&](auto init) { law = init.law(layer.inputs, layer.outputs); });
  auto const number = static_cast<std::uint32_t>(l);
  PhiloxKey const key = philox_key(m.seed);
  initial_weights(law, key, number, 0, weights, layer.weights.data());
  if (m.bias_init == BiasInit::as_weights) {
    initial_weights(law, key, number, static_cast<std::uint32_t>(weights), layer.outputs,
                    layer.bias.data());
  }
  return layer;
}

// Divides an output's weights, and z with them, by the deviation of z.
void standardize(std::span<float> weights, std::span<double> z) {
  double const deviation = population_deviation(z);
  if (!(deviation > 0.0) || !std::isfinite(deviation)) return;
  for (float& w : weights)
    w = static_cast<float>(static_cast<double>(w) / deviation);
  for (double& value : z)
    value /= deviation;
}

}  // namespace

bool starts_by_rows(Member const& m) {
  return m.init == index_of<StdInit>(Inits{}) || m.bias_init == BiasInit::he5;
}

std::vector<std::int32_t> initial_rows(Rows const& train_rows) {
  std::int64_t const all = size_of(train_rows), count = std::min(all, kInitialRows);
  std::vector<std::int32_t> rows;
  for (std::int64_t i = 0; i < count; ++i)
    rows.push_back((*train_rows)[static_cast<std::size_t>(i * all / count)]);
  return rows;
}

double population_deviation(std::span<double const> z) {
  auto const count = static_cast<double>(z.size());
  double sum = 0.0, squares = 0.0;
  for (double const value : z)
    sum += value;
  double const mean = sum / count;
  for (double const value : z)
    squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

BiasDraw bias_draw(std::uint64_t seed, int layer, int output, std::int64_t rows) {
  double u[12];
  for (std::uint32_t call = 0; call < 3; ++call) {
    PhiloxBlock const block =
        philox({{call, static_cast<std::uint32_t>(output), static_cast<std::uint32_t>(layer),
                 static_cast<std::uint32_t>(Purpose::bias_rows)}},
               philox_key(seed));
    for (std::uint32_t i = 0; i < 4; ++i)
      u[4 * call + i] = unit_interval(block.word[i]);
  }
  BiasDraw draw{};
  for (int i = 0; i < kBiasRows; ++i) {
    draw.row[i] = static_cast<std::int64_t>(u[i] * static_cast<double>(rows));
    draw.weight[i] = -log_double(u[kBiasRows + i]);
  }
  return draw;
}

double bias_by_rows(std::span<double const> z, BiasDraw const& draw) {
  double sum = 0.0, weights = 0.0;
  for (int i = 0; i < kBiasRows; ++i) {
    sum += draw.weight[i] * z[static_cast<std::size_t>(draw.row[i])];
    weights += draw.weight[i];
  }
  return -sum / weights;
}

std::vector<LayerWeights> layers_by_rows(Admission const& admission, std::span<float const> x) {
  Member const& m = admission.member;
  bool const is_std = m.init == index_of<StdInit>(Inits{});
  Columns columns = inputs_of(x, static_cast<std::size_t>(m.width[0]), admission.transform.get());
  std::size_t const rows = columns.size() / static_cast<std::size_t>(m.width[0]);
  apply_signs(m, columns, rows);
  std::vector<LayerWeights> layers;
  for (int l = 0; l < m.layers; ++l) {
    bool const given = is_given(admission.start, l);
    layers.push_back(given ? (*admission.start)[static_cast<std::size_t>(l)] : drawn_layer(m, l));
    LayerWeights& layer = layers.back();
    auto const inputs = static_cast<std::size_t>(layer.inputs);
    Columns next(static_cast<std::size_t>(layer.outputs) * rows);
    for (int o = 0; o < layer.outputs; ++o) {
      auto const at = static_cast<std::size_t>(o);
      std::span<float> const weights = std::span(layer.weights).subspan(at * inputs, inputs);
      std::span<double> const z = std::span(next).subspan(at * rows, rows);
      put_out(weights, columns, z);
      if (is_std && !given) standardize(weights, z);
      if (m.bias_init == BiasInit::he5 && !given) {
        BiasDraw const draw = bias_draw(m.seed, l, o, static_cast<std::int64_t>(rows));
        layer.bias[at] = static_cast<float>(bias_by_rows(z, draw));
      }
      for (double& value : z)
        value += static_cast<double>(layer.bias[at]);
    }
    activate(m.activation, next);
    columns = std::move(next);
  }
  return layers;
}

}  // namespace brood
