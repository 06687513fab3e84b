// SPDX-License-Identifier: Apache-2.0
// A graph to the byte, and that exporting is a pure function. That models predict is shown by
// tests/tools/export_test.py.
#include <gtest/gtest.h>

#include "brood/files/export.hpp"
#include "brood/version.hpp"
#include "files/export/hex.hpp"
#include "files/export/onnx_graph.hpp"
#include "files/saved_models.hpp"

namespace brood::files {
namespace {

TEST(OnnxGraph, HasTheBytesOfOnnxsOwnMessages) {
  OnnxGraph graph;
  graph.output("y", graph.input("x", OnnxType::real64, 1, ""), OnnxType::real64, 0);
  std::string const node =
      Message().text(1, "x").text(2, "y").text(3, "to y").text(4, "Identity").bytes();
  EXPECT_EQ(hex(node),
            "0a01781201791a04746f2079"
            "22084964656e74697479");
  std::string const bytes = hex(graph.model("", {}));
  // ValueInfoProto x: double, (rows, 1); y: double, (rows).
  EXPECT_NE(bytes.find("5a170a01781212"
                       "0a10"
                       "080b120c"
                       "0a0612"
                       "04726f7773"
                       "0a020801"),
            std::string::npos)
      << bytes;
  EXPECT_NE(bytes.find("62130a0179120e"
                       "0a0c"
                       "080b1208"
                       "0a0612"
                       "04726f7773"),
            std::string::npos)
      << bytes;
  EXPECT_TRUE(
      bytes.starts_with("0808"
                        "1205"
                        "62726f6f64"));  // IR 8, brood
  EXPECT_TRUE(
      bytes.ends_with("4202"
                      "100f"));  // opset 15
}

TEST(OnnxGraph, NamesAreTakenOnce) {
  OnnxGraph graph;
  EXPECT_EQ(graph.input("x", OnnxType::real64, 1, ""), "x");
  EXPECT_EQ(graph.input("x", OnnxType::real64, 1, ""), "x_2");
  EXPECT_EQ(graph.input("", OnnxType::real64, 1, ""), "column");
}

TEST(Onnx, TheSameModelHasTheSameBytes) {
  for (Task const task : {Task::classification, Task::regression, Task::multi_label}) {
    SavedModel const saved = saved_model(task, task == Task::regression    ? "mse"
                                               : task == Task::multi_label ? "bce"
                                                                           : "cross_entropy");
    SavedPredictor predictor{{}, saved.encoding, saved.metric};
    predictor.models.parts = {{.model = saved.model}};
    EXPECT_EQ(to_onnx(predictor), to_onnx(predictor));
    EXPECT_NE(to_onnx(predictor), to_onnx(predictor, {.int8 = true}));
    EXPECT_EQ(to_c_header(predictor, "net"), to_c_header(predictor, "net"));
  }
}

}  // namespace
}  // namespace brood::files
