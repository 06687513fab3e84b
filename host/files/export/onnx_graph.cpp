// SPDX-License-Identifier: Apache-2.0
#include "files/export/onnx_graph.hpp"

#include "brood/version.hpp"

namespace brood::files {

namespace {

// What onnxruntime has read since 1.12: HardSwish asks for 14, ai.onnx.ml of IR 8 is at 2 at least.
constexpr std::int64_t kIrVersion = 8, kOpset = 15, kMlOpset = 2;
constexpr char kMlDomain[] = "ai.onnx.ml";

// Of AttributeProto.type.
constexpr std::int64_t kFloat = 1, kInt = 2, kStrings = 8;

Message dimension(std::int64_t size) {
  return Message().whole(1, size);
}

// ValueInfoProto: (rows, columns), or (rows) without columns.
Message value_info(std::string_view name, OnnxType type, std::int64_t columns,
                   std::string_view help) {
  Message shape;
  shape.message(1, Message().text(2, "rows"));
  if (columns > 0) shape.message(1, dimension(columns));
  Message tensor;
  tensor.whole(1, static_cast<std::int64_t>(type)).message(2, shape);
  Message info;
  info.text(1, name).message(2, Message().message(1, tensor));
  if (!help.empty()) info.text(3, help);
  return info;
}

Message operator_set(std::string_view domain, std::int64_t version) {
  Message set;
  if (!domain.empty()) set.text(1, domain);
  return set.whole(2, version);
}

// TensorProto without its values.
Message tensor_head(std::vector<std::int64_t> const& shape, OnnxType type) {
  Message tensor;
  if (!shape.empty()) tensor.wholes(1, shape);
  tensor.whole(2, static_cast<std::int64_t>(type));
  return tensor;
}

}  // namespace

OnnxAttributes& OnnxAttributes::whole(std::string_view name, std::int64_t value) {
  all_.push_back(Message().text(1, name).whole(3, value).whole(20, kInt));
  return *this;
}

OnnxAttributes& OnnxAttributes::real(std::string_view name, float value) {
  all_.push_back(Message().text(1, name).real(2, value).whole(20, kFloat));
  return *this;
}

OnnxAttributes& OnnxAttributes::texts(std::string_view name,
                                      std::vector<std::string> const& values) {
  Message attribute;
  attribute.text(1, name);
  for (std::string const& value : values)
    attribute.text(9, value);
  all_.push_back(attribute.whole(20, kStrings));
  return *this;
}

std::string OnnxGraph::unique(std::string_view wanted) {
  std::string const base(wanted.empty() ? "column" : wanted);
  std::string name = base;
  for (int n = 2; !names_.insert(name).second; ++n)
    name = base + "_" + std::to_string(n);
  return name;
}

OnnxValue OnnxGraph::input(std::string_view name, OnnxType type, std::int64_t columns,
                           std::string_view help) {
  std::string own = unique(name);
  inputs_.push_back(value_info(own, type, columns, help));
  return own;
}

void OnnxGraph::output(std::string_view name, OnnxValue const& value, OnnxType type,
                       std::int64_t columns) {
  std::string const own = unique(name);
  nodes_.push_back(
      Message().text(1, value).text(2, own).text(3, unique("to " + own)).text(4, "Identity"));
  outputs_.push_back(value_info(own, type, columns, ""));
}

OnnxValue OnnxGraph::add_node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                              OnnxAttributes const& attributes, std::string_view domain) {
  std::string name = unique(operation);
  Message node;
  for (OnnxValue const& input : inputs)
    node.text(1, input);
  node.text(2, name).text(3, name).text(4, operation);
  for (Message const& attribute : attributes.all())
    node.message(5, attribute);
  if (!domain.empty()) node.text(7, domain);
  nodes_.push_back(std::move(node));
  return name;
}

OnnxValue OnnxGraph::node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                          OnnxAttributes const& attributes) {
  return add_node(operation, inputs, attributes, "");
}

OnnxValue OnnxGraph::ml_node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                             OnnxAttributes const& attributes) {
  has_ml_ = true;
  return add_node(operation, inputs, attributes, kMlDomain);
}

template <class T>
OnnxValue OnnxGraph::raw_constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                                  OnnxType type, std::span<T const> values) {
  std::string name = unique(hint);
  constants_.push_back(
      tensor_head(shape, type)
          .text(8, name)
          .text(9, {reinterpret_cast<char const*>(values.data()), values.size_bytes()}));
  return name;
}

OnnxValue OnnxGraph::constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                              std::span<float const> values) {
  return raw_constant(hint, shape, OnnxType::real, values);
}

OnnxValue OnnxGraph::constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                              std::span<double const> values) {
  return raw_constant(hint, shape, OnnxType::real64, values);
}

OnnxValue OnnxGraph::constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                              std::span<std::int8_t const> values) {
  return raw_constant(hint, shape, OnnxType::int8, values);
}

OnnxValue OnnxGraph::constant(std::string_view hint, std::span<std::int64_t const> values) {
  return raw_constant(hint, {static_cast<std::int64_t>(values.size())}, OnnxType::int64, values);
}

OnnxValue OnnxGraph::index(std::int64_t position) {
  return raw_constant("index", {}, OnnxType::int64, std::span<std::int64_t const>(&position, 1));
}

OnnxValue OnnxGraph::constant(std::string_view hint, std::span<std::string const> values) {
  std::string name = unique(hint);
  Message tensor = tensor_head({static_cast<std::int64_t>(values.size())}, OnnxType::text);
  for (std::string const& value : values)
    tensor.text(6, value);
  constants_.push_back(tensor.text(8, name));
  return name;
}

std::string OnnxGraph::model(std::string_view help, Properties const& properties) const {
  Message graph;
  for (Message const& node : nodes_)
    graph.message(1, node);
  graph.text(2, "brood");
  for (Message const& constant : constants_)
    graph.message(5, constant);
  for (Message const& input : inputs_)
    graph.message(11, input);
  for (Message const& output : outputs_)
    graph.message(12, output);
  Message model;
  model.whole(1, kIrVersion).text(2, "brood").text(3, BROOD_VERSION).text(6, help);
  model.message(7, graph).message(8, operator_set("", kOpset));
  if (has_ml_) model.message(8, operator_set(kMlDomain, kMlOpset));
  for (auto const& [key, value] : properties)
    model.message(14, Message().text(1, key).text(2, value));
  return model.bytes();
}

}  // namespace brood::files
