// SPDX-License-Identifier: Apache-2.0
#include "files/model/model_page.hpp"

#include <algorithm>

#include "backend/describe.hpp"
#include "core/activation.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "files/model/network_head.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kColumns = 60;  // that are listed one by one

struct NamedCode {
  std::string_view name, code;
};
constexpr NamedCode kActivations[] = {
    {Identity::name, "z"},
    {Relu::name, "np.maximum(z, 0)"},
    {LeakyRelu::name, "np.where(z > 0, z, 0.01 * z)"},
    {Elu::name, "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))"},
    {Selu::name,
     "np.where(z > 0, 1.0507009873554805 * z, 1.7580993408473766 * np.expm1(np.minimum(z, 0)))"},
    {Gelu::name, "z * np.array([0.5 + 0.5 * math.erf(v / math.sqrt(2)) for v in z])"},
    {Silu::name, "z / (1 + np.exp(-z))"},
    {Mish::name, "z * np.tanh(np.logaddexp(0, z))"},
    {Tanh::name, "np.tanh(z)"},
    {Sigmoid::name, "1 / (1 + np.exp(-z))"},
    {Softplus::name, "np.logaddexp(0, z)"},
    {Hardswish::name, "z * np.clip(z / 6 + 0.5, 0, 1)"},
    {Sin::name, "np.sin(z)"}};

std::string_view activation_code(Model const& model) {
  std::string const name = activation_of(model);
  auto const found = std::find_if(std::begin(kActivations), std::end(kActivations),
                                  [&](NamedCode const& each) { return each.name == name; });
  return found == std::end(kActivations) ? "z" : found->code;
}

// What predict() of the program returns of z.
std::string raw_head_code(Model const& model, Encoding const& encoding) {
  switch (head_of(model)) {
    case NetworkHead::values:
    case NetworkHead::means:
      return std::string(head_of(model) == NetworkHead::means ? "    z = np.exp(z)\n" : "") +
             "    z = z / np.array(t[\"target_scale\"]) + np.array(t[\"target_shift\"])\n" +
             std::string(encoding.frames.empty()
                             ? "    return z\n"
                             : "    frames = about[\"encoding\"][\"target_frames\"]\n"
                               "    return [(v + f[\"origin\"] / f[\"unit\"]) * f[\"unit\"] "
                               "for v, f in zip(z, frames)]\n");
    case NetworkHead::softmax:
      return "    z = np.exp(z - z.max())\n    return z / z.sum()\n";
    case NetworkHead::one_logit:
      return "    p = 1 / (1 + np.exp(-z[0]))\n    return np.array([1 - p, p])\n";
    case NetworkHead::shares:
      return "    z = 1 / (1 + np.exp(-z))\n    return z / z.sum()\n";
    case NetworkHead::labels:
      return "    return 1 / (1 + np.exp(-z))\n";
  }
  return "";
}

bool is_calibrated(Model const& model) {
  return model.calibration.temperature != 1 && model.task != Task::regression;
}

// What it returns of p.
std::string calibration_code(Model const& model) {
  if (!is_calibrated(model)) return "    return p\n";
  std::string const code = "    hot = about[\"calibration\"][\"temperature\"]\n";
  if (model.task == Task::multi_label) {
    return code +
           "    odds = np.log(np.clip(p, 2**-24, 1)) - np.log(np.clip(1 - p, 2**-24, 1))\n"
           "    return 1 / (1 + np.exp(-odds / hot))\n";
  }
  return code + "    p = np.clip(p, 2**-24, 1) ** (1 / hot)\n    return p / p.sum()\n";
}

std::string head_code(Model const& model, Encoding const& encoding) {
  std::string code = raw_head_code(model, encoding);
  if (!is_calibrated(model)) return code;
  code.replace(code.rfind("return "), 7, "p = ");
  return code + calibration_code(model);
}

constexpr char kLoad[] = R"(
def load(path):  # a size, a header of JSON, tensors
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    about = json.loads(header.pop("__metadata__")["brood"])
    def tensor(t):
        begin, end = t["data_offsets"]
        return np.frombuffer(data[8 + size + begin:8 + size + end], "<f4").reshape(t["shape"])
    return about, {name: tensor(t) for name, t in header.items()}
)";

constexpr char kCycles[] = R"(
def place(value, date, cycle):  # 0 to 1; value: days since 1970-01-01, or seconds
    if cycle == "day":
        return value / 86400 if date.startswith("hh:mm") else value % 1
    if cycle == "week":
        return value / 7 % 1
    if math.isnan(value):
        return value
    year = (datetime.date(1970, 1, 1) + datetime.timedelta(days=math.floor(value))).year
    begin, end = [(datetime.date(y, 1, 1) - datetime.date(1970, 1, 1)).days
                  for y in (year, year + 1)]
    return (value - begin) / (end - begin)
)";

constexpr char kEncode[] = R"(
def encode(row, inputs):  # row: a number, a text or None of each column
    x = []
    for i in inputs:
        value = row[i["name"]]
        if i["kind"] == "categorical":
            x += [float(value == level) for level in i["levels"]]
            continue
        value = math.nan if value is None else float(value)
        frame = i.get("frame", {"origin": 0, "unit": 1})
        number = np.float32(value / frame["unit"] - frame["origin"] / frame["unit"])
        x += [number] + [float(math.isnan(value))] * i["missing_indicator"]
        edges = np.array(i.get("edges", []), "f4")
        x += list(np.clip((number - edges[:-1]) / np.diff(edges), 0, 1))
)";

constexpr char kEncodeCycles[] = R"(        for cycle in i.get("cycles", []):
            angle = 2 * math.pi * place(value, i["date"], cycle)
            x += [math.sin(angle), math.cos(angle)]
)";

constexpr char kShapes[] =
    R"(    offset, gain = np.array(t["offset"], "f4"), np.array(t["gain"], "f4")
    held, shape = np.clip(z, -1e18, 1e18), np.array(t["shape"])
    f = np.select([shape == "smooth_clip", shape == "piece"],
                  [held / np.sqrt(1 + (held / 3) ** 2), np.clip(z, 0, 1)], z)
    z = np.where(shape == "cosine", np.cos(np.clip(z - offset, -8192, 8192)), f - offset) * gain
)";

constexpr char kLayers[] =
    R"(    for layer in range(0, len(tensors), 2):
        z = tensors[f"{layer}.weight"] @ z + tensors[f"{layer}.bias"]
        if layer + 2 < len(tensors):
            z = )";

constexpr char kHead[] = R"(
def one_head(z, head, heads, about, tensors):  # of the last layer it has outputs of its own
    t = about["transform"]
    for layer in range(0, len(tensors), 2):
        weight, bias = tensors[f"{layer}.weight"], tensors[f"{layer}.bias"]
        if layer + 2 == len(tensors):
            own = slice(head * len(bias) // heads, (head + 1) * len(bias) // heads)
            weight, bias = weight[own], bias[own]
        z = weight @ z + bias
        if layer + 2 < len(tensors):
            z = )";

constexpr char kMeanOfHeads[] =
    R"(    heads = about["config"]["heads"]
    signs = 1 - 2 * (np.array(about["signs"])[:, None] >> np.arange(heads) & 1)
    p = np.mean([one_head(z * signs[:, head], head, heads, about, tensors)
                 for head in range(heads)], axis=0)
)";

bool has_cycles(Encoding const& encoding) {
  return std::any_of(encoding.inputs.begin(), encoding.inputs.end(),
                     [](InputEncoding const& input) { return !input.cycles.empty(); });
}

std::string program(SavedModel const& saved) {
  bool const cycles = has_cycles(saved.encoding);
  std::string code = std::string(cycles ? "import datetime, json, math\n" : "import json, math\n") +
                     "import numpy as np\n" + kLoad + (cycles ? kCycles : "") + kEncode +
                     (cycles ? kEncodeCycles : "") + "    return np.array(x, \"f4\")\n";
  bool const plain = saved.model.transform.is_plain();
  int const heads = head_count(saved.model.config);
  if (heads > 1) {
    code += kHead + std::string(activation_code(saved.model)) + "\n" +
            raw_head_code(saved.model, saved.encoding);
  }
  code +=
      "\ndef predict(row, about, tensors):\n"
      "    t = about[\"transform\"]\n"
      "    z = encode(row, about[\"encoding\"][\"inputs\"])" +
      std::string(plain ? "" : "[t[\"source\"]]") +
      "\n"
      "    z = (z - np.array(t[\"shift\"], \"f4\")) * np.array(t[\"scale\"], \"f4\")\n" +
      (plain ? "" : kShapes) + "    z = np.where(np.isnan(z), 0, z)  # what is missing is 0\n";
  if (heads > 1) return code + kMeanOfHeads + calibration_code(saved.model);
  return code + kLayers + std::string(activation_code(saved.model)) + "\n" +
         head_code(saved.model, saved.encoding);
}

// ---- tables

// A cell of a table in Markdown.
std::string cell(std::string_view text) {
  std::string result;
  for (char const c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '<') result += '\\';
    result += c == '\n' || c == '\r' ? ' ' : c;
  }
  return result;
}

std::string files_text(bool has_ensemble) {
  std::string text =
      "| file | what it is |\n| --- | --- |\n"
      "| `model.safetensors` | the winner's network, with all that prediction needs |\n";
  if (has_ensemble) {
    text +=
        "| `ensemble.safetensors` | the networks that predict together |\n"
        "| `ensemble.json` | of which trials they are, how often each counts, and their scores |\n";
  }
  return text +
         "| `config.yaml` | the winner's hyperparameters |\n"
         "| `score.json` | its scores |\n"
         "| `trained_rows.npy` | fingerprints of the rows that trained or validated |\n";
}

std::string tensors_text(Model const& model, bool has_ensemble) {
  std::string text =
      "Layer by layer, fp32, as torch names those of `nn.Sequential(Linear, activation, Linear, "
      "...)`:\n\n| tensor | shape |\n| --- | --- |\n";
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    LayerWeights const& layer = model.layers[l];
    std::string const name = std::to_string(2 * l), outputs = std::to_string(layer.outputs);
    text += "| `" + name + ".weight` | " + outputs + " x " + std::to_string(layer.inputs) + " |\n";
    text += "| `" + name + ".bias` | " + outputs + " |\n";
  }
  int const heads = head_count(model.config);
  if (heads > 1) {
    text += "\nThe last layer has the outputs of " + std::to_string(heads) +
            " heads, head by head. Each reads the inputs times signs of its own (`signs` of the "
            "metadata: bit h of an input is set where head h negates it), and what they predict is "
            "averaged.\n";
  }
  text += "\nThe metadata `brood` is JSON: the configuration, `transform` and `encoding`.\n";
  if (has_ensemble) {
    text +=
        "In `ensemble.safetensors` network p (from 0) has `p.0.weight`, `p.0.bias` and so on, and "
        "its configuration, transform and count are `parts[p]` of the metadata `brood_ensemble`. "
        "What is predicted is the mean of the networks' predictions, each as often as it counts.\n";
  }
  return text;
}

std::string encoded_as(InputEncoding const& input) {
  if (input.categorical) {
    return "1 for its level of " +
           counted(static_cast<std::int64_t>(input.levels.size()), "level") +
           ", else 0; all 0 of other texts";
  }
  std::string text = input.date.empty()            ? "the number"
                     : is_clock_format(input.date) ? "seconds of the time"
                                                   : "days since 1970-01-01 in UTC";
  if (!input.frame.is_plain()) text += ", from an origin in a unit (`frame`)";
  if (input.missing_indicator) text += "; 1 where it is missing";
  if (input.pieces() > 0)
    text += "; the way through each of " + counted(input.pieces(), "piece") + " between `edges`";
  for (Cycle const cycle : input.cycles)
    text += "; sine and cosine of the place in the " + std::string(name_of(cycle));
  return text;
}

std::string inputs_text(Encoding const& encoding) {
  std::string text = "| inputs | column | what becomes of it |\n| --- | --- | --- |\n";
  int at = 0;
  for (std::size_t i = 0; i < encoding.inputs.size() && i < kColumns; ++i) {
    Encoding one;
    one.inputs = {encoding.inputs[i]};
    int const count = one.input_count();
    std::string const last = count > 1 ? " .. " + std::to_string(at + count - 1) : "";
    text += "| " + std::to_string(at) + last + " | " + cell(encoding.inputs[i].name) + " | " +
            encoded_as(encoding.inputs[i]) + " |\n";
    at += count;
  }
  if (encoding.inputs.size() > kColumns) {
    text += "\n" + std::to_string(encoding.inputs.size() - kColumns) +
            " more columns: `encoding.inputs` of the metadata has all.\n";
  }
  return text;
}

std::string transform_text(Transform const& transform) {
  if (transform.is_plain()) {
    return "\nThen each is (x - shift) * scale by the metadata's `transform`, in fp32, and what is "
           "missing is 0.\n";
  }
  return "\nThe network's " + std::to_string(transform.source.size()) +
         " inputs are made of these by the metadata's `transform`, in fp32: each of one of them, "
         "its "
         "`source`, as z = (x - shift) * scale in its `shape`, (f(z) - offset) * gain, where f is "
         "z itself (`linear`), z / sqrt(1 + (z / 3)^2) (`smooth_clip`) or z held between 0 and 1 "
         "(`piece`), or as cos(z - offset) * gain (`cosine`); what is missing is 0.\n";
}

std::string outputs_text(SavedModel const& saved) {
  Encoding const& encoding = saved.encoding;
  auto const& names = encoding.task == Task::classification ? encoding.classes : encoding.targets;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kColumns; ++i)
    list += (i > 0 ? ", " : "") + cell(names[i]);
  if (names.size() > kColumns) list += ", ...";
  std::string const what = encoding.task == Task::regression
                               ? "Values, in the units of the targets, of: "
                               : "Probabilities of: ";
  return what + list + ".\n";
}

}  // namespace

std::string model_page(SavedModel const& saved, bool has_ensemble) {
  return "## Files\n\n" + files_text(has_ensemble) + "\n## Tensors\n\n" +
         tensors_text(saved.model, has_ensemble) + "\n## Inputs\n\n" + inputs_text(saved.encoding) +
         transform_text(saved.model.transform) + "\n## Outputs\n\n" + outputs_text(saved) +
         "\n## Predicting without brood\n\n`brood export` writes ONNX and C, too; this needs numpy "
         "alone. (`safetensors.torch.load_file` gives the same tensors to "
         "PyTorch.)\n\n```python\n" +
         program(saved) +
         "```\n\n`predict(row, *load(\"model.safetensors\"))`, with `row` a dictionary by column: "
         "numbers (dates as above), texts, and None for what is missing.\n";
}

}  // namespace brood::files
