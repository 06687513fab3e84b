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

#include "brood/error.hpp"
#include "files/io/json.hpp"
#include "files/io/text.hpp"
#include "files/model/model_document.hpp"

namespace brood::files {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they stand");

constexpr std::int64_t kSizeBytes = 8;
constexpr std::int64_t kMaxHeaderBytes = 100'000'000;  // of the format
constexpr char kDocumentKey[] = "brood";

struct Tensor {
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, end = 0;  // bytes, from the first tensor's
};
using Tensors = std::map<std::string, Tensor, std::less<>>;  // in the order of the file

std::string weight_name(std::size_t layer) {
  return std::to_string(2 * layer) + ".weight";
}
std::string bias_name(std::size_t layer) {
  return std::to_string(2 * layer) + ".bias";
}

// ---- writing

struct NamedFloats {
  std::vector<float> const* values;
  std::vector<std::int64_t> shape;
};

std::map<std::string, NamedFloats> tensors_of(std::vector<LayerWeights> const& layers) {
  std::map<std::string, NamedFloats> tensors;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    LayerWeights const& layer = layers[l];
    tensors[weight_name(l)] = {&layer.weights, {layer.outputs, layer.inputs}};
    tensors[bias_name(l)] = {&layer.bias, {layer.outputs}};
  }
  return tensors;
}

std::int64_t byte_count(std::vector<float> const& values) {
  return static_cast<std::int64_t>(values.size() * sizeof(float));
}

// ---- reading

class Reader {
 public:
  Reader(std::string_view bytes, std::string const& name) : bytes_(bytes), name_(name) {}

  SavedModel read() {
    read_header();
    check_layout();
    for (std::size_t l = 0; l < tensors_.size() / 2; ++l)
      read_layer(l);
    check_widths();
    return std::move(saved_);
  }

 private:
  [[noreturn]] void refuse(std::int64_t byte, std::string_view what) const {
    throw StorageError(at_byte(name_, byte, what));
  }
  // Of the whole header, or of what it says.
  [[noreturn]] void refuse_header(std::string_view what) const { refuse(kSizeBytes, what); }

  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }

  void read_header() {
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
      read_entries(parse_json(header));
    } catch (JsonError const& error) {
      refuse(kSizeBytes + error.byte, std::string("the header ") + error.what());
    }
  }

  void read_entries(Json const& header) {
    for (auto const& [key, entry] : *header.as<Json::Object>()) {
      if (key == "__metadata__") {
        read_metadata(entry);
      } else {
        tensors_[key] = read_tensor(key, entry);
      }
    }
    if (!has_document_) {
      refuse_header("the model was not saved by brood: there is no __metadata__." +
                    std::string(kDocumentKey));
    }
  }

  void read_metadata(Json const& metadata) {
    Json const* const document = metadata.find(kDocumentKey);
    auto const* const text = document ? document->as<std::string>() : nullptr;
    if (!text) return;
    has_document_ = true;
    std::string const where = "__metadata__." + std::string(kDocumentKey) + ": ";
    try {
      saved_ = from_document(*text);
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

  void read_layer(std::size_t l) {
    Tensor const& weights = find(weight_name(l), 2);
    Tensor const& bias = find(bias_name(l), 1);
    if (bias.shape[0] != weights.shape[0]) {
      refuse_header(quoted(bias_name(l)) + ": has another number of outputs than the weights");
    }
    LayerWeights layer;
    layer.outputs = static_cast<int>(weights.shape[0]);
    layer.inputs = static_cast<int>(weights.shape[1]);
    layer.weights = read_floats(weight_name(l), weights);
    layer.bias = read_floats(bias_name(l), bias);
    saved_.model.layers.push_back(std::move(layer));
  }

  // Inputs, hidden widths and outputs as the hyperparameters and the encoding have them.
  void check_widths() const {
    Model const& model = saved_.model;
    Config const config = with_defaults(model.config, model.task);
    std::vector<std::int64_t> widths{saved_.encoding.input_count()};
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
    widths.push_back(shared ? 1 : model.outputs);

    if (tensors_.size() != 2 * (widths.size() - 1)) {
      refuse_header("there are " + std::to_string(tensors_.size()) + " tensors; a network of " +
                    counted(static_cast<std::int64_t>(widths.size()) - 1, "layer") + " has " +
                    std::to_string(2 * (widths.size() - 1)));
    }
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      if (model.layers[l].inputs != widths[l] || model.layers[l].outputs != widths[l + 1]) {
        refuse_header(quoted(weight_name(l)) + ": has " + std::to_string(model.layers[l].outputs) +
                      " x " + std::to_string(model.layers[l].inputs) +
                      " weights; the network has " + std::to_string(widths[l + 1]) + " x " +
                      std::to_string(widths[l]));
      }
    }
  }

  std::string_view bytes_;
  std::string const& name_;
  std::int64_t data_ = 0;  // where the tensors begin
  bool has_document_ = false;
  Tensors tensors_;
  SavedModel saved_;
};

}  // namespace

std::string to_safetensors(SavedModel const& saved) {
  Json header;
  header.set("__metadata__", Json().set("format", "pt").set(kDocumentKey, to_document(saved)));
  auto const tensors = tensors_of(saved.model.layers);
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

SavedModel from_safetensors(std::string_view bytes, std::string const& name) {
  return Reader(bytes, name).read();
}

}  // namespace brood::files
