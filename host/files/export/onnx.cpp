// SPDX-License-Identifier: Apache-2.0
// What predicts for a run as an ONNX file.
#include <charconv>
#include <optional>

#include "brood/files/export.hpp"
#include "files/export/onnx_inputs.hpp"
#include "files/export/onnx_networks.hpp"
#include "files/io/json.hpp"
#include "files/model/single_heads.hpp"

namespace brood::files {

namespace {

// Classes as whole numbers, if all are written as such.
std::optional<std::vector<std::int64_t>> whole_classes(std::vector<std::string> const& classes) {
  std::vector<std::int64_t> numbers;
  for (std::string const& name : classes) {
    std::int64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (std::to_string(number) != name) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

OnnxValue cast(OnnxGraph& graph, OnnxValue const& value, OnnxType type) {
  return graph.node("Cast", {value}, OnnxAttributes().whole("to", static_cast<std::int64_t>(type)));
}

// Calibration::apply() of probabilities, in fp64 as it is there.
OnnxValue calibrated(OnnxGraph& graph, Task task, double temperature, OnnxValue const& p) {
  if (temperature == 1) return p;
  auto const log = [&](OnnxValue const& value) {
    return graph.node("Log", {graph.node("Clip", {cast(graph, value, OnnxType::real64),
                                                  graph.scalar(0x1p-24), graph.scalar(1.0)})});
  };
  OnnxValue const by = graph.scalar(temperature);
  if (task == Task::classification) {
    OnnxValue const softened =
        graph.node("Softmax", {graph.node("Div", {log(p), by})}, OnnxAttributes().whole("axis", 1));
    return cast(graph, softened, OnnxType::real);
  }
  OnnxValue const rest = graph.node("Sub", {graph.scalar(1.0f), p});
  OnnxValue const odds = graph.node("Sub", {log(p), log(rest)});
  return cast(graph, graph.node("Sigmoid", {graph.node("Div", {odds, by})}), OnnxType::real);
}

// 1 where a probability is above the threshold, else 0.
OnnxValue above(OnnxGraph& graph, OnnxValue const& probabilities, double threshold) {
  OnnxValue const wide = cast(graph, probabilities, OnnxType::real64);
  return cast(graph, graph.node("Greater", {wide, graph.scalar(threshold)}), OnnxType::int64);
}

// Calibration::decide().
OnnxValue decided(OnnxGraph& graph, Calibration const& calibration, OnnxValue const& probabilities,
                  std::size_t classes) {
  if (!calibration.threshold || classes != 2) {
    return graph.node("ArgMax", {probabilities},
                      OnnxAttributes().whole("axis", 1).whole("keepdims", 0));
  }
  std::int64_t const second = 1;
  OnnxValue const yes =
      graph.node("Gather", {probabilities, graph.index(second)}, OnnxAttributes().whole("axis", 1));
  return above(graph, yes, *calibration.threshold);
}

void add_class_outputs(OnnxGraph& graph, Encoding const& encoding, Calibration const& calibration,
                       OnnxValue const& probabilities) {
  OnnxValue const top = decided(graph, calibration, probabilities, encoding.classes.size());
  auto const numbers = whole_classes(encoding.classes);
  OnnxValue const names =
      numbers ? graph.constant("classes", *numbers)
              : graph.constant("classes", std::span<std::string const>(encoding.classes));
  graph.output("prediction", graph.node("Gather", {names, top}),
               numbers ? OnnxType::int64 : OnnxType::text, 0);
  graph.output("probabilities", probabilities, OnnxType::real, encoding.output_count());
}

void add_label_outputs(OnnxGraph& graph, Encoding const& encoding, Calibration const& calibration,
                       OnnxValue const& probabilities) {
  graph.output("prediction", above(graph, probabilities, calibration.threshold.value_or(0.5)),
               OnnxType::int64, encoding.output_count());
  graph.output("probabilities", probabilities, OnnxType::real, encoding.output_count());
}

// In the user's units.
void add_value_outputs(OnnxGraph& graph, Encoding const& encoding, OnnxValue values) {
  if (!encoding.frames.empty()) {
    std::vector<double> origin;
    for (Frame const& frame : encoding.frames)
      origin.push_back(frame.origin / frame.unit);
    std::vector<std::int64_t> const shape = {encoding.output_count()};
    OnnxValue const moved = graph.node(
        "Add", {values, graph.constant("target_origin", shape, std::span<double const>(origin))});
    values = graph.node("Mul", {moved, graph.scalar(encoding.target_unit())});
  }
  graph.output("prediction", values, OnnxType::real64, encoding.output_count());
}

}  // namespace

std::string to_onnx(SavedPredictor const& saved, OnnxOptions const& options) {
  Encoding const& encoding = saved.encoding;
  OnnxGraph graph;
  OnnxValue const encoded = add_encoded_inputs(graph, encoding);
  Calibration const& calibration = saved.models.calibration;
  OnnxValue predicted = add_networks(graph, with_single_heads(saved.models), encoded, options.int8);
  if (encoding.task != Task::regression)
    predicted = calibrated(graph, encoding.task, calibration.temperature, predicted);
  switch (encoding.task) {
    case Task::classification:
      add_class_outputs(graph, encoding, calibration, predicted);
      break;
    case Task::multi_label:
      add_label_outputs(graph, encoding, calibration, predicted);
      break;
    case Task::regression:
      add_value_outputs(graph, encoding, predicted);
      break;
  }
  OnnxGraph::Properties properties = {{"task", std::string(name_of(encoding.task))},
                                      {"targets", Json(encoding.targets).text()}};
  if (!encoding.classes.empty()) properties.emplace_back("classes", Json(encoding.classes).text());
  return graph.model(
      "Takes the columns of a table by name, as they are: nothing is to be scaled or encoded "
      "first.",
      properties);
}

}  // namespace brood::files
