// SPDX-License-Identifier: Apache-2.0
// As Model::predict and Ensemble::predict compute it (study/model.cpp), but for the sums of
// products, which are in fp32 here.
#include "files/export/onnx_networks.hpp"

#include <algorithm>
#include <numbers>

#include "brood/error.hpp"
#include "core/activation.hpp"
#include "files/export/int8_weights.hpp"
#include "files/model/network_head.hpp"

namespace brood::files {

namespace {

class Networks {
 public:
  Networks(OnnxGraph& graph, OnnxValue const& encoded, bool int8)
      : graph_(graph), encoded_(encoded), missing_(graph.node("IsNaN", {encoded})), int8_(int8) {}

  OnnxValue add(Ensemble const& models) {
    double picks = 0;
    for (Ensemble::Part const& part : models.parts)
      picks += part.count;
    bool const alone = models.parts.size() == 1;
    std::vector<OnnxValue> shares;
    for (std::size_t p = 0; p < models.parts.size(); ++p) {
      prefix_ = alone ? "" : std::to_string(p) + ".";
      Model const& model = models.parts[p].model;
      OnnxValue predicted = add_head(model, add_layers(model));
      if (alone) return predicted;
      // The mean in fp64: in fp32 the sum would round what is near 1.
      OnnxValue const share = graph_.scalar(models.parts[p].count / picks);
      shares.push_back(apply("Mul", cast(predicted, OnnxType::real64), share));
    }
    OnnxValue const mean = graph_.node("Sum", shares);
    bool const of_values = models.parts.front().model.task == Task::regression;
    return of_values ? mean : cast(mean, OnnxType::real);
  }

 private:
  template <class... Values>
  OnnxValue apply(char const* operation, Values const&... values) {
    return graph_.node(operation, {values...});
  }
  OnnxValue row(char const* hint, std::vector<float> const& values) {
    return graph_.constant(prefix_ + hint, {static_cast<std::int64_t>(values.size())},
                           std::span<float const>(values));
  }

  static bool makes_same_inputs(Transform const& a, Transform const& b) {
    return a.shift == b.shift && a.scale == b.scale && a.source == b.source && a.shape == b.shape &&
           a.offset == b.offset && a.gain == b.gain;
  }

  // Inputs that are a list: those of a shape at once, then all in their order.
  OnnxValue listed(Transform const& transform) {
    std::vector<OnnxValue> parts;
    std::vector<std::int64_t> order(transform.source.size());  // where each has come to
    std::int64_t next = 0;
    for (InputShape const shape :
         {InputShape::linear, InputShape::smooth_clip, InputShape::piece, InputShape::cosine}) {
      std::vector<std::int64_t> sources;
      std::vector<float> shift, scale, offset, gain;
      for (std::size_t i = 0; i < transform.source.size(); ++i) {
        if (transform.shape[i] != shape) continue;
        sources.push_back(transform.source[i]);
        shift.push_back(transform.shift[i]);
        scale.push_back(transform.scale[i]);
        offset.push_back(transform.offset[i]);
        gain.push_back(transform.gain[i]);
        order[i] = next++;
      }
      if (sources.empty()) continue;
      OnnxValue const raw = columns_of(encoded_, sources);
      OnnxValue const z = apply("Mul", apply("Sub", raw, row("shift", shift)), row("scale", scale));
      OnnxValue const x = shaped(shape, z, row("offset", offset), row("gain", gain));
      parts.push_back(apply("Where", columns_of(missing_, sources), graph_.scalar(0.0f), x));
    }
    OnnxValue const all = graph_.node("Concat", parts, OnnxAttributes().whole("axis", 1));
    return std::is_sorted(order.begin(), order.end()) ? all : columns_of(all, order);
  }

  OnnxValue columns_of(OnnxValue const& matrix, std::vector<std::int64_t> const& columns) {
    return graph_.node(
        "Gather",
        {matrix, graph_.constant(prefix_ + "columns", std::span<std::int64_t const>(columns))},
        OnnxAttributes().whole("axis", 1));
  }

  OnnxValue held(OnnxValue const& value, float low, float high) {
    return apply("Clip", value, graph_.scalar(low), graph_.scalar(high));
  }

  // As core/input_shape.hpp has them.
  OnnxValue shaped(InputShape shape, OnnxValue const& z, OnnxValue const& offset,
                   OnnxValue const& gain) {
    switch (shape) {
      case InputShape::linear:
        return apply("Mul", apply("Sub", z, offset), gain);
      case InputShape::smooth_clip: {
        OnnxValue const inside = held(z, -1e18f, 1e18f);
        OnnxValue const third = apply("Div", inside, graph_.scalar(3.0f));
        OnnxValue const root =
            apply("Sqrt", apply("Add", graph_.scalar(1.0f), apply("Mul", third, third)));
        return apply("Mul", apply("Sub", apply("Div", inside, root), offset), gain);
      }
      case InputShape::piece:
        return apply("Mul", apply("Sub", held(z, 0.0f, 1.0f), offset), gain);
      case InputShape::cosine:
        return apply("Mul", apply("Cos", held(apply("Sub", z, offset), -8192.0f, 8192.0f)), gain);
    }
    return z;
  }

  // Once for all networks of one transform.
  OnnxValue standardised(Transform const& transform) {
    for (auto const& [former, value] : standardised_) {
      if (makes_same_inputs(*former, transform)) return value;
    }
    if (!transform.is_plain()) {
      OnnxValue value = listed(transform);
      standardised_.emplace_back(&transform, value);
      return value;
    }
    OnnxValue const centred = apply("Sub", encoded_, row("shift", transform.shift));
    OnnxValue value = apply("Where", missing_, graph_.scalar(0.0f),
                            apply("Mul", centred, row("scale", transform.scale)));
    standardised_.emplace_back(&transform, value);
    return value;
  }

  // (outputs, inputs)
  OnnxValue add_weights(LayerWeights const& layer, std::string const& name) {
    std::vector<std::int64_t> const shape = {layer.outputs, layer.inputs};
    if (!int8_) return graph_.constant(name, shape, std::span<float const>(layer.weights));
    Int8Weights const weights = int8_weights(layer);
    std::vector<std::int8_t> const zeros(weights.scales.size(), 0);
    std::vector<std::int64_t> const channels = {layer.outputs};
    return graph_.node(
        "DequantizeLinear",
        {graph_.constant(name, shape, std::span<std::int8_t const>(weights.values)),
         graph_.constant(name + ".scale", channels, std::span<float const>(weights.scales)),
         graph_.constant(name + ".zero_point", channels, std::span<std::int8_t const>(zeros))},
        OnnxAttributes().whole("axis", 0));
  }

  // To logits.
  OnnxValue add_layers(Model const& model) {
    OnnxValue value = standardised(model.transform);
    std::string const activation = activation_of(model);
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      LayerWeights const& layer = model.layers[l];
      std::string const name = prefix_ + std::to_string(2 * l);
      OnnxValue const bias =
          graph_.constant(name + ".bias", {layer.outputs}, std::span<float const>(layer.bias));
      value = graph_.node("Gemm", {value, add_weights(layer, name + ".weight"), bias},
                          OnnxAttributes().whole("transB", 1));
      if (l + 1 < model.layers.size()) value = activated(activation, value);
    }
    return value;
  }

  OnnxValue activated(std::string const& name, OnnxValue const& z) {
    if (name == Identity::name) return z;
    if (name == Relu::name) return apply("Relu", z);
    if (name == LeakyRelu::name)
      return graph_.node("LeakyRelu", {z}, OnnxAttributes().real("alpha", 0.01f));
    if (name == Elu::name) return apply("Elu", z);
    if (name == Selu::name) return apply("Selu", z);
    if (name == Gelu::name) {
      OnnxValue const root = graph_.scalar(static_cast<float>(1 / std::numbers::sqrt2));
      OnnxValue const erf = apply("Erf", apply("Mul", z, root));
      OnnxValue const half = graph_.scalar(0.5f);
      return apply("Mul", z, apply("Add", apply("Mul", erf, half), half));
    }
    if (name == Silu::name) return apply("Mul", z, apply("Sigmoid", z));
    if (name == Mish::name) return apply("Mul", z, apply("Tanh", apply("Softplus", z)));
    if (name == Tanh::name) return apply("Tanh", z);
    if (name == Sigmoid::name) return apply("Sigmoid", z);
    if (name == Softplus::name) return apply("Softplus", z);
    if (name == Hardswish::name) return apply("HardSwish", z);
    if (name == Sin::name) return apply("Sin", z);
    throw UsageError("activation '" + name + "' has no form in ONNX yet");
  }

  OnnxValue cast(OnnxValue const& value, OnnxType type) {
    return graph_.node("Cast", {value},
                       OnnxAttributes().whole("to", static_cast<std::int64_t>(type)));
  }
  // In fp32, Sigmoid of onnxruntime is exact to 1e-7 alone, which is nothing of the small
  // probabilities that shares and temperatures make large.
  OnnxValue probability(OnnxValue const& logits) {
    return cast(apply("Sigmoid", cast(logits, OnnxType::real64)), OnnxType::real);
  }

  OnnxValue add_head(Model const& model, OnnxValue const& logits) {
    switch (head_of(model)) {
      case NetworkHead::values:
        return in_units(model, cast(logits, OnnxType::real64));
      case NetworkHead::means:
        return in_units(model, apply("Exp", cast(logits, OnnxType::real64)));
      case NetworkHead::softmax:
        return graph_.node("Softmax", {logits}, OnnxAttributes().whole("axis", 1));
      case NetworkHead::one_logit: {
        OnnxValue const yes = probability(logits);
        return graph_.node("Concat", {apply("Sub", graph_.scalar(1.0f), yes), yes},
                           OnnxAttributes().whole("axis", 1));
      }
      case NetworkHead::labels:
        return probability(logits);
      case NetworkHead::shares: {
        OnnxValue const each = probability(logits);
        std::vector<std::int64_t> const axis = {1};
        return apply("Div", each, graph_.node("ReduceSum", {each, graph_.constant("axis", axis)}));
      }
    }
    return logits;
  }

  OnnxValue in_units(Model const& model, OnnxValue const& values) {
    return apply("Add", apply("Div", values, doubles("target_scale", model.transform.target_scale)),
                 doubles("target_shift", model.transform.target_shift));
  }

  OnnxValue doubles(char const* hint, std::vector<float> const& values) {
    std::vector<double> const wide(values.begin(), values.end());
    return graph_.constant(prefix_ + hint, {static_cast<std::int64_t>(wide.size())},
                           std::span<double const>(wide));
  }

  OnnxGraph& graph_;
  OnnxValue encoded_, missing_;
  bool int8_;
  std::string prefix_ = {};  // of the names of a network's constants
  std::vector<std::pair<Transform const*, OnnxValue>> standardised_ = {};
};

}  // namespace

OnnxValue add_networks(OnnxGraph& graph, Ensemble const& models, OnnxValue const& encoded,
                       bool int8) {
  return Networks(graph, encoded, int8).add(models);
}

}  // namespace brood::files
