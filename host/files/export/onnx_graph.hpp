// SPDX-License-Identifier: Apache-2.0
// A graph of ONNX (https://onnx.ai/onnx/intro/concepts.html) while it is made: every value has a
// name, and what is added gives the name of what comes out of it. Field numbers are those of
// onnx.proto3 of IR version 8.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/export/protobuf.hpp"

namespace brood::files {

// Element types, by ONNX's numbers.
enum class OnnxType { real = 1, int8 = 3, int64 = 7, text = 8, boolean = 9, real64 = 11 };

// What a node is told beside its inputs.
class OnnxAttributes {
 public:
  OnnxAttributes& whole(std::string_view name, std::int64_t value);
  OnnxAttributes& real(std::string_view name, float value);
  OnnxAttributes& texts(std::string_view name, std::vector<std::string> const& values);
  std::vector<Message> const& all() const { return all_; }

 private:
  std::vector<Message> all_;
};

// A value's name within the graph.
using OnnxValue = std::string;

class OnnxGraph {
 public:
  // Of shape (rows, columns); the name is the wanted one, or where that is taken or empty another.
  OnnxValue input(std::string_view name, OnnxType type, std::int64_t columns,
                  std::string_view help);
  // columns 0: of shape (rows).
  void output(std::string_view name, OnnxValue const& value, OnnxType type, std::int64_t columns);
  OnnxValue node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                 OnnxAttributes const& attributes = {});
  // An operation of the domain ai.onnx.ml, which is imported too then.
  OnnxValue ml_node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                    OnnxAttributes const& attributes = {});
  // Constants; `hint` is what they are called where that is free. An empty shape: a scalar.
  OnnxValue constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                     std::span<float const> values);
  OnnxValue constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                     std::span<double const> values);
  OnnxValue constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                     std::span<std::int8_t const> values);
  OnnxValue constant(std::string_view hint, std::span<std::int64_t const> values);
  OnnxValue constant(std::string_view hint, std::span<std::string const> values);
  // A position along an axis, which takes the axis away.
  OnnxValue index(std::int64_t position);
  OnnxValue scalar(float value) { return constant("scalar", {}, std::span(&value, 1)); }
  OnnxValue scalar(double value) { return constant("scalar", {}, std::span(&value, 1)); }

  // The file's bytes.
  using Properties = std::vector<std::pair<std::string, std::string>>;
  std::string model(std::string_view help, Properties const& properties) const;

 private:
  std::string unique(std::string_view wanted);
  OnnxValue add_node(std::string_view operation, std::vector<OnnxValue> const& inputs,
                     OnnxAttributes const& attributes, std::string_view domain);
  template <class T>
  OnnxValue raw_constant(std::string_view hint, std::vector<std::int64_t> const& shape,
                         OnnxType type, std::span<T const> values);

  std::set<std::string, std::less<>> names_;
  std::vector<Message> nodes_, constants_, inputs_, outputs_;
  bool has_ml_ = false;
};

}  // namespace brood::files
