// SPDX-License-Identifier: Apache-2.0
// Formulas as in core/activation.hpp, study/model.cpp and data/encoding.cpp, in double where those
// have approximations of their own in fp32.
#include "files/export/c_code.hpp"

#include "brood/error.hpp"
#include "core/activation.hpp"

namespace brood::files {

namespace {

struct NamedCode {
  std::string_view name, code;
};

constexpr NamedCode kEncodingFunctions[] = {{"number", R"(
/* A number in its frame, within the range of float; NAN stays. */
static inline float @_number(double value, double origin, double unit) {
  double const inside = value / unit - origin;
  if (inside > FLT_MAX) return FLT_MAX;
  if (inside < -FLT_MAX) return -FLT_MAX;
  return (float)inside;
}
)"},
                                            {"pieces", R"(
/* How far a number has come through each piece between two edges. */
static inline void @_pieces(float value, const float *edges, int pieces, float *x) {
  int i;
  for (i = 0; i < pieces; ++i) {
    float const way = (value - edges[i]) / (edges[i + 1] - edges[i]);
    x[i] = way < 0 ? 0 : way > 1 ? 1 : way;
  }
}
)"},
                                            {"level", R"(
/* 1 for the level that a text is (they are sorted), 0 for all others. */
static inline void @_level(const char *text, const char *const *levels, int count, float *x) {
  int low = 0, high = count, i;
  for (i = 0; i < count; ++i) x[i] = 0;
  if (text == NULL) return;
  while (low < high) {
    int const middle = low + (high - low) / 2;
    int const order = strcmp(text, levels[middle]);
    if (order == 0) {
      x[middle] = 1;
      return;
    }
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
}
)"},
                                            {"cycle", R"(
/* A place in a cycle, 0 to 1, as a point of the circle. */
static inline void @_cycle(double place, float *x) {
  x[0] = (float)sin(6.283185307179586 * place);
  x[1] = (float)cos(6.283185307179586 * place);
}
)"},
                                            {"year", R"(
/* The first day of a year, in days since 1970-01-01. */
static inline double @_year_begin(double year) {
  double const before = year - 1;
  return before * 365 + floor(before / 4) - floor(before / 100) + floor(before / 400) - 719162;
}

/* Where in its year a date is, 0 to 1. */
static inline double @_place_in_year(double value) {
  double year = floor((floor(value) + 719528) / 365.2425); /* or one beside it */
  if (floor(value) >= @_year_begin(year + 1)) year += 1;
  if (floor(value) < @_year_begin(year)) year -= 1;
  return (value - @_year_begin(year)) / (@_year_begin(year + 1) - @_year_begin(year));
}
)"}};

constexpr NamedCode kActivations[] = {
    {Identity::name, "return z;"},
    {Relu::name, "return z < 0 ? 0 : z;"},
    {LeakyRelu::name, "return z > 0 ? z : 0.01 * z;"},
    {Elu::name, "return z > 0 ? z : expm1(z);"},
    {Selu::name, "return z > 0 ? 1.0507009873554805 * z : 1.7580993408473766 * expm1(z);"},
    {Gelu::name, "return z * (0.5 + 0.5 * erf(z * 0.7071067811865475));"},
    {Silu::name, "return z / (1 + exp(-z));"},
    {Mish::name, "return z * tanh((z > 0 ? z : 0) + log1p(exp(-fabs(z))));"},
    {Tanh::name, "return tanh(z);"},
    {Sigmoid::name, "return 1 / (1 + exp(-z));"},
    {Softplus::name, "return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));"},
    {Hardswish::name, "return z > 3 ? z : z < -3 ? 0 : z * (z / 6 + 0.5);"},
    {Sin::name, "return sin(z);"}};

std::string_view code_of(std::string_view name, NamedCode const* begin, NamedCode const* end) {
  for (NamedCode const* each = begin; each != end; ++each) {
    if (each->name == name) return each->code;
  }
  throw UsageError("'" + std::string(name) + "' has no form in C yet");
}

}  // namespace

std::string_view c_encoding_function(std::string_view name) {
  return code_of(name, std::begin(kEncodingFunctions), std::end(kEncodingFunctions));
}

std::string c_activation(std::string const& name) {
  return "\nstatic inline double @_" + name + "(double z) { " +
         std::string(code_of(name, std::begin(kActivations), std::end(kActivations))) + " }\n";
}

std::string_view c_head_name(NetworkHead head) {
  switch (head) {
    case NetworkHead::values:
      return "values";
    case NetworkHead::means:
      return "means";
    case NetworkHead::softmax:
      return "softmax";
    case NetworkHead::one_logit:
      return "one_logit";
    case NetworkHead::shares:
      return "shares";
    case NetworkHead::labels:
      return "labels";
  }
  return "";
}

std::string_view c_head(NetworkHead head) {
  switch (head) {
    case NetworkHead::values:
      return R"(
static inline void @_head_values(const struct @_network *network, double *z) {
  int k;
  for (k = 0; k < @_outputs; ++k) z[k] = z[k] / network->target_scale[k] + network->target_shift[k];
}
)";
    case NetworkHead::means:
      return R"(
static inline void @_head_means(const struct @_network *network, double *z) {
  int k;
  for (k = 0; k < @_outputs; ++k)
    z[k] = exp(z[k]) / network->target_scale[k] + network->target_shift[k];
}
)";
    case NetworkHead::softmax:
      return R"(
static inline void @_head_softmax(const struct @_network *network, double *z) {
  double top = z[0], total = 0;
  int k;
  (void)network;
  for (k = 1; k < @_outputs; ++k) top = z[k] > top ? z[k] : top;
  for (k = 0; k < @_outputs; ++k) total += z[k] = exp(z[k] - top);
  for (k = 0; k < @_outputs; ++k) z[k] /= total;
}
)";
    case NetworkHead::one_logit:
      return R"(
static inline void @_head_one_logit(const struct @_network *network, double *z) {
  (void)network;
  z[1] = 1 / (1 + exp(-z[0]));
  z[0] = 1 - z[1];
}
)";
    case NetworkHead::shares:
      return R"(
static inline void @_head_shares(const struct @_network *network, double *z) {
  double total = 0;
  int k;
  (void)network;
  for (k = 0; k < @_outputs; ++k) total += z[k] = 1 / (1 + exp(-z[k]));
  for (k = 0; k < @_outputs; ++k) z[k] /= total;
}
)";
    case NetworkHead::labels:
      return R"(
static inline void @_head_labels(const struct @_network *network, double *z) {
  int k;
  (void)network;
  for (k = 0; k < @_outputs; ++k) z[k] = 1 / (1 + exp(-z[k]));
}
)";
  }
  return "";
}

std::string c_types(bool listed) {
  std::string text = R"(
struct @_layer {
  const float *weights, *bias; /* (outputs, inputs), (outputs) */
  int inputs, outputs;
};

struct @_network {
  const struct @_layer *layers;
  int layer_count, picks;
  double (*activation)(double);
  void (*head)(const struct @_network *, double *);
  const float *shift, *scale, *target_shift, *target_scale;
)";
  if (listed) {
    text += R"(  /* Inputs that are a list: of which x, in which shape; or NULL. */
  const int *source, *shape;
  const float *offset, *gain;
)";
  }
  return text + "};\n";
}

namespace {

constexpr char kShaped[] = R"(
/* An input: linear (0), a smooth clip (1), a piece of a number's range (2) or a cosine (3). */
static inline float @_shaped(int shape, float z, float offset, float gain) {
  switch (shape) {
    case 1: {
      float const held = z < -1e18f ? -1e18f : z > 1e18f ? 1e18f : z, third = held / 3;
      return (held / sqrtf(1 + third * third) - offset) * gain;
    }
    case 2:
      return ((z < 0 ? 0 : z > 1 ? 1 : z) - offset) * gain;
    case 3: {
      float const angle = z - offset;
      return cosf(angle < -8192 ? -8192 : angle > 8192 ? 8192 : angle) * gain;
    }
  }
  return (z - offset) * gain;
}
)";

constexpr char kInputs[] = R"(  for (i = 0; i < @_inputs; ++i) {
    float const standard = (x[i] - network->shift[i]) * network->scale[i];
    from[i] = isnan(x[i]) ? 0 : standard;
  }
)";

constexpr char kListedInputs[] = R"(  for (i = 0; i < network->layers[0].inputs; ++i) {
    float const raw = x[network->source == NULL ? i : network->source[i]];
    float const z = (raw - network->shift[i]) * network->scale[i];
    if (isnan(raw)) {
      from[i] = 0;
    } else if (network->source == NULL) {
      from[i] = z;
    } else {
      from[i] = @_shaped(network->shape[i], z, network->offset[i], network->gain[i]);
    }
  }
)";

}  // namespace

std::string c_forward(bool listed) {
  return std::string(listed ? kShaped : "") + R"(
/* Adds what a network predicts, as often as it was picked. */
static inline void @_forward(const struct @_network *network, const float *x, double *sum) {
  double buffers[2][@_widest];
  double *from = buffers[0], *to = buffers[1], *swap;
  int l, i, k;
)" + (listed ? kListedInputs : kInputs) +
         R"(  for (l = 0; l < network->layer_count; ++l) {
    const struct @_layer *const layer = &network->layers[l];
    const float *weights = layer->weights;
    for (k = 0; k < layer->outputs; ++k, weights += layer->inputs) {
      double total = layer->bias[k];
      for (i = 0; i < layer->inputs; ++i) total += weights[i] * from[i];
      to[k] = l + 1 < network->layer_count ? network->activation((float)total) : total;
    }
    swap = from;
    from = to;
    to = swap;
  }
  network->head(network, from);
  for (k = 0; k < @_outputs; ++k) sum[k] += network->picks * from[k];
}
)";
}

std::string_view c_calibration(bool of_classes) {
  if (of_classes) {
    return R"(
static inline void @_calibrate(double *p, double temperature) {
  double total = 0;
  int k;
  for (k = 0; k < @_outputs; ++k) total += p[k] = pow(fmax((float)p[k], 5.9604644775390625e-8), 1 / temperature);
  for (k = 0; k < @_outputs; ++k) p[k] /= total;
}
)";
  }
  return R"(
static inline void @_calibrate(double *p, double temperature) {
  int k;
  for (k = 0; k < @_outputs; ++k) {
    float const on = (float)p[k], off = 1 - on;
    double const least = 5.9604644775390625e-8;
    p[k] = 1 / (1 + exp((log(fmax(off, least)) - log(fmax(on, least))) / temperature));
  }
}
)";
}

std::string c_named(std::string_view text, std::string const& name) {
  std::string result;
  for (char const c : text) {
    if (c == '@') {
      result += name;
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace brood::files
