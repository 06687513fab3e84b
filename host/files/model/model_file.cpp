// SPDX-License-Identifier: Apache-2.0
// The container of model files: safetensors, that is eight bytes with the size N of a header, N
// bytes of JSON, and the tensors without holes. Layer l is module 2l of torch's
// Sequential(Linear, activation, Linear, ...), and its tensors are named so.
#include "brood/files/model_file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "files/io/json.hpp"
#include "files/io/text.hpp"
#include "files/model/model_document.hpp"

namespace brood::files {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they stand");

constexpr std::int64_t kSizeBytes = 8;
constexpr std::int64_t kMaxHeaderBytes = 100'000'000;                     // of the format
constexpr char kModelKey[] = "brood", kEnsembleKey[] = "brood_ensemble";  // of documents

struct Tensor {
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, end = 0;  // bytes, from the first tensor's
};
using Tensors = std::map<std::string, Tensor, std::less<>>;  // in the order of the file

// Of a network whose tensors begin with `prefix`.
std::string weight_name(std::string const& prefix, std::size_t layer) {
  return prefix + std::to_string(2 * layer) + ".weight";
}
std::string bias_name(std::string const& prefix, std::size_t layer) {
  return prefix + std::to_string(2 * layer) + ".bias";
}
std::string prefix_of(std::size_t part) {
  return std::to_string(part) + ".";
}

// ---- writing

struct NamedFloats {
  std::vector<float> const* values;
  std::vector<std::int64_t> shape;
};

using FloatsByName = std::map<std::string, NamedFloats>;

void add_tensors(std::string const& prefix, std::vector<LayerWeights> const& layers,
                 FloatsByName& tensors) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerWeights const& layer = layers[l];
    tensors[weight_name(prefix, l)] = {&layer.weights, {layer.outputs, layer.inputs}};
    tensors[bias_name(prefix, l)] = {&layer.bias, {layer.outputs}};
  }
}

std::int64_t byte_count(std::vector<float> const& values) {
  return static_cast<std::int64_t>(values.size() * sizeof(float));
}

std::string file_of(char const* key, Json const& document, FloatsByName const& tensors) {
  Json header;
  header.set("__metadata__", Json().set("format", "pt").set(key, document.text()));
  std::int64_t at = 0;
  for (auto const& [name, tensor] : tensors) {
    std::int64_t const end = at + byte_count(*tensor.values);
    Json entry;
    entry.set("dtype", "F32").set("shape", Json(tensor.shape));
    entry.set("data_offsets", Json(std::vector{at, end}));
    header.set(name, std::move(entry));
    at = end;
  }

  std::string text = header.text();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::uint64_t const size = text.size();
  std::string bytes(reinterpret_cast<char const*>(&size), sizeof(size));
  bytes += text;
  for (auto const& [name, tensor] : tensors) {
    bytes.append(reinterpret_cast<char const*>(tensor.values->data()),
                 static_cast<std::size_t>(byte_count(*tensor.values)));
  }
  return bytes;
}

// ---- reading

class Reader {
 public:
  Reader(std::string_view bytes, std::string const& name) : bytes_(bytes), name_(name) {}

  SavedModel read_model() {
    read_header(kModelKey);
    check_layout();
    SavedModel saved = document_as<SavedModel>(kModelKey, from_document);
    read_layers("", tensors_.size() / 2, saved.model);
    check_widths("", saved.model, saved.encoding);
    check_count(2 * saved.model.layers.size());
    return saved;
  }

  SavedPredictor read_ensemble() {
    read_header(kEnsembleKey);
    check_layout();
    auto saved = document_as<SavedPredictor>(kEnsembleKey, from_ensemble_document);
    std::size_t tensors = 0;
    for (std::size_t p = 0; p < saved.models.parts.size(); ++p) {
      Model& model = saved.models.parts[p].model;
      std::string const prefix = prefix_of(p);
      std::size_t layers = 0;
      while (tensors_.contains(weight_name(prefix, layers)))
        ++layers;
      read_layers(prefix, layers, model);
      check_widths(prefix, model, saved.encoding);
      tensors += 2 * layers;
    }
    check_count(tensors);
    return saved;
  }

 private:
  [[noreturn]] void refuse(std::int64_t byte, std::string_view what) const {
    throw StorageError(at_byte(name_, byte, what));
  }
  // Of the whole header, or of what it says.
  [[noreturn]] void refuse_header(std::string_view what) const { refuse(kSizeBytes, what); }

  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }

  void read_header(char const* key) {
    if (size() < kSizeBytes) refuse(size(), "the file ends before the size of its header");
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, bytes_.data(), sizeof(header_size));
    if (header_size > static_cast<std::uint64_t>(kMaxHeaderBytes)) {
      refuse(0, "is not a safetensors file: a header of " + std::to_string(header_size) +
                    " bytes; at most " + std::to_string(kMaxHeaderBytes) + " are allowed");
    }
    data_ = kSizeBytes + static_cast<std::int64_t>(header_size);
    if (data_ > size()) {
      refuse(size(),
             "the file ends inside its header of " + std::to_string(header_size) + " bytes");
    }
    std::string_view const header = bytes_.substr(kSizeBytes, header_size);
    if (!header.starts_with('{'))
      refuse_header("is not a safetensors file: no { begins its header");
    try {
      constexpr std::size_t kMaxTensors = 1 << 20;
      read_entries(parse_json(header, kMaxTensors), key);
    } catch (JsonError const& error) {
      refuse(kSizeBytes + error.byte, std::string("the header ") + error.what());
    }
  }

  void read_entries(Json const& header, char const* key) {
    for (auto const& [name, entry] : *header.as<Json::Object>()) {
      if (name == "__metadata__") {
        Json const* const document = entry.find(key);
        auto const* const text = document ? document->as<std::string>() : nullptr;
        if (text) document_ = *text;
      } else {
        tensors_[name] = read_tensor(name, entry);
      }
    }
    if (!document_) {
      refuse_header("the model was not saved by brood: there is no __metadata__." +
                    std::string(key));
    }
  }

  template <class Saved>
  Saved document_as(char const* key, Saved (*read)(Json const&)) const {
    std::string const where = "__metadata__." + std::string(key) + ": ";
    try {
      return read(parse_json(*document_));
    } catch (JsonError const& error) {
      refuse_header(where + error.what());
    } catch (UsageError const& error) {
      refuse_header(where + error.problems().front());
    }
  }

  std::vector<std::int64_t> wholes(std::string const& key, Json const& entry,
                                   std::string_view field) const {
    Json const* const found = entry.find(field);
    auto const* const array = found ? found->as<Json::Array>() : nullptr;
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; array && i < array->size(); ++i) {
      auto const* const value = (*array)[i].as<std::int64_t>();
      if (!value || *value < 0) break;
      values.push_back(*value);
    }
    if (!array || values.size() != array->size()) {
      refuse_header(quoted(key) + ": " + std::string(field) + " is not a list of whole numbers");
    }
    return values;
  }

  Tensor read_tensor(std::string const& key, Json const& entry) const {
    Json const* const dtype = entry.find("dtype");
    auto const* const type = dtype ? dtype->as<std::string>() : nullptr;
    if (!type || *type != "F32") {
      refuse_header(quoted(key) + ": dtype is " + (type ? quoted(*type) : "absent") + ", not F32");
    }
    auto const offsets = wholes(key, entry, "data_offsets");
    if (offsets.size() != 2) refuse_header(quoted(key) + ": data_offsets are not two numbers");
    return {wholes(key, entry, "shape"), offsets[0], offsets[1]};
  }

  // The tensors fill the rest of the file: no holes, no overlaps, nothing left over.
  void check_layout() const {
    std::vector<Tensors::value_type const*> by_place;
    for (auto const& tensor : tensors_)
      by_place.push_back(&tensor);
    std::stable_sort(by_place.begin(), by_place.end(), [](auto const* a, auto const* b) {
      return a->second.begin < b->second.begin;
    });
    std::int64_t at = 0;
    for (auto const* const tensor : by_place) {
      auto const& [name, place] = *tensor;
      if (place.begin != at || place.end < place.begin || place.end > size() - data_) {
        refuse_header(quoted(name) + ": data_offsets " + std::to_string(place.begin) + " .. " +
                      std::to_string(place.end) + " leave a hole, overlap or leave the file");
      }
      at = place.end;
    }
    if (at != size() - data_) {
      refuse(data_ + at,
             "there are " + std::to_string(size() - data_ - at) + " bytes after the last tensor");
    }
  }

  std::vector<float> read_floats(std::string const& key, Tensor const& tensor) const {
    auto const bytes = static_cast<std::size_t>(tensor.end - tensor.begin);
    std::vector<float> values(bytes / sizeof(float));
    if (!values.empty()) {  // memcpy wants an address even of nothing
      std::memcpy(values.data(), bytes_.data() + data_ + tensor.begin, bytes);
    }
    auto const bad = std::find_if(values.begin(), values.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad != values.end()) {
      refuse(data_ + tensor.begin + 4 * (bad - values.begin()),
             quoted(key) + " holds a value that is not finite");
    }
    return values;
  }

  // A tensor of the size that its shape says; shapes are of at most two numbers.
  Tensor const& find(std::string const& key, std::size_t dimensions) const {
    auto const found = tensors_.find(key);
    if (found == tensors_.end()) {
      refuse_header("there is no tensor " + quoted(key) + "; a model of " +
                    counted(static_cast<std::int64_t>(tensors_.size()), "tensor") +
                    " has 0.weight, 0.bias, 2.weight, 2.bias and so on");
    }
    Tensor const& tensor = found->second;
    constexpr std::int64_t kMaxWidth = std::int64_t{1} << 24;
    std::int64_t elements = 1;
    bool good = tensor.shape.size() == dimensions;
    for (std::size_t d = 0; good && d < dimensions; ++d) {
      good = tensor.shape[d] >= 1 && tensor.shape[d] <= kMaxWidth;
      elements *= good ? tensor.shape[d] : 1;
    }
    if (!good || elements * std::int64_t{sizeof(float)} != tensor.end - tensor.begin) {
      refuse_header(quoted(key) + ": the shape does not fit the tensor's " +
                    std::to_string(tensor.end - tensor.begin) + " bytes");
    }
    return tensor;
  }

  void read_layers(std::string const& prefix, std::size_t count, Model& model) const {
    for (std::size_t l = 0; l < count; ++l) {
      std::string const weight = weight_name(prefix, l), bias = bias_name(prefix, l);
      Tensor const& weights = find(weight, 2);
      Tensor const& biases = find(bias, 1);
      if (biases.shape[0] != weights.shape[0])
        refuse_header(quoted(bias) + ": has another number of outputs than the weights");
      LayerWeights layer;
      layer.outputs = static_cast<int>(weights.shape[0]);
      layer.inputs = static_cast<int>(weights.shape[1]);
      layer.weights = read_floats(weight, weights);
      layer.bias = read_floats(bias, biases);
      model.layers.push_back(std::move(layer));
    }
  }

  // Inputs, hidden widths and outputs as the hyperparameters and the encoding have them.
  void check_widths(std::string const& prefix, Model const& model, Encoding const& encoding) const {
    Config const config = with_defaults(model.config, model.task);
    Transform const& transform = model.transform;
    std::vector<std::int64_t> widths{transform.is_plain() ? encoding.input_count()
                                                          : std::ssize(transform.source)};
    std::visit(
        [&](auto const& hidden) {
          if constexpr (std::is_same_v<decltype(hidden), std::vector<std::int64_t> const&>) {
            widths.insert(widths.end(), hidden.begin(), hidden.end());
          } else {
            refuse_header("hidden is not a list of whole numbers");
          }
        },
        *config.find("hidden"));
    // Two classes under bce share one output.
    bool const shared = model.task == Task::classification && model.outputs == 2 &&
                        *config.find("loss") == Value("bce");
    widths.push_back((shared ? 1 : model.outputs) * head_count(model.config));

    if (model.layers.size() != widths.size() - 1) {
      refuse_header((prefix.empty() ? "" : "part " + prefix + " ") + "there are " +
                    std::to_string(2 * model.layers.size()) + " tensors; a network of " +
                    counted(static_cast<std::int64_t>(widths.size()) - 1, "layer") + " has " +
                    std::to_string(2 * (widths.size() - 1)));
    }
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      if (model.layers[l].inputs != widths[l] || model.layers[l].outputs != widths[l + 1]) {
        refuse_header(quoted(weight_name(prefix, l)) + ": has " +
                      std::to_string(model.layers[l].outputs) + " x " +
                      std::to_string(model.layers[l].inputs) + " weights; the network has " +
                      std::to_string(widths[l + 1]) + " x " + std::to_string(widths[l]));
      }
    }
  }

  // Nothing but the networks' tensors is there.
  void check_count(std::size_t tensors) const {
    if (tensors_.size() == tensors) return;
    refuse_header("there are " + std::to_string(tensors_.size()) + " tensors; its networks have " +
                  std::to_string(tensors));
  }

  std::string_view bytes_;
  std::string const& name_;
  std::int64_t data_ = 0;  // where the tensors begin
  std::optional<std::string> document_;
  Tensors tensors_;
};

}  // namespace

std::string to_safetensors(SavedModel const& saved) {
  FloatsByName tensors;
  add_tensors("", saved.model.layers, tensors);
  return file_of(kModelKey, to_document(saved), tensors);
}

std::string to_safetensors(SavedPredictor const& saved) {
  FloatsByName tensors;
  for (std::size_t p = 0; p < saved.models.parts.size(); ++p)
    add_tensors(prefix_of(p), saved.models.parts[p].model.layers, tensors);
  return file_of(kEnsembleKey, to_ensemble_document(saved), tensors);
}

SavedModel from_safetensors(std::string_view bytes, std::string const& name) {
  return Reader(bytes, name).read_model();
}

SavedPredictor ensemble_from_safetensors(std::string_view bytes, std::string const& name) {
  return Reader(bytes, name).read_ensemble();
}

}  // namespace brood::files
