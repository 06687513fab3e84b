// SPDX-License-Identifier: Apache-2.0
// Model files: the layout of safetensors byte for byte, models that come back as they were, and
// files that are refused, whatever was done to them.
#include "brood/files/model_file.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "brood/error.hpp"
#include "files/io/json.hpp"
#include "files/reading.hpp"
#include "files/saved_models.hpp"

namespace brood::files {
namespace {

std::size_t header_size(std::string const& bytes) {
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof(size));
  return size;
}

// The same file with another header; its size and padding fit.
std::string with_header(std::string const& bytes, std::string header) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return little(header.size(), 8) + header + bytes.substr(8 + header_size(bytes));
}

std::string header_of(std::string const& bytes) {
  return bytes.substr(8, header_size(bytes));
}

std::string replaced(std::string text, std::string const& what, std::string const& by) {
  std::size_t const at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// The message with which a file is refused; empty if it is read.
std::string refusal(std::string const& bytes) {
  try {
    from_safetensors(bytes, "file");
  } catch (StorageError const& error) {
    return error.what();
  }
  return "";
}

void expect_same(SavedModel const& a, SavedModel const& b) {
  EXPECT_EQ(a.encoding, b.encoding);
  EXPECT_EQ(a.metric, b.metric);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.model.config, b.model.config);
  EXPECT_EQ(a.model.outputs, b.model.outputs);
  EXPECT_EQ(a.model.transform.shift, b.model.transform.shift);
  EXPECT_EQ(a.model.transform.scale, b.model.transform.scale);
  EXPECT_EQ(a.model.transform.target_shift, b.model.transform.target_shift);
  EXPECT_EQ(a.model.transform.target_scale, b.model.transform.target_scale);
  EXPECT_EQ(a.model.calibration, b.model.calibration);
  ASSERT_EQ(a.model.layers.size(), b.model.layers.size());
  for (std::size_t l = 0; l < a.model.layers.size(); ++l) {
    EXPECT_EQ(a.model.layers[l].weights, b.model.layers[l].weights);
    EXPECT_EQ(a.model.layers[l].bias, b.model.layers[l].bias);
  }
}

struct Kind {
  char const* name;
  Task task;
  char const* loss;
};
class EveryKind : public testing::TestWithParam<Kind> {};

TEST_P(EveryKind, ComesBackAsItWasAndPredictsTheSameBits) {
  SavedModel const saved = saved_model(GetParam().task, GetParam().loss);
  SavedModel const read = from_safetensors(to_safetensors(saved), "file");
  expect_same(read, saved);

  std::vector<float> const x = {1, 2, 0, 1, 0, std::nanf(""), -3.25f, 1, 0, 1};
  Matrix const rows{x.data(), 2, saved.encoding.input_count()};
  auto const predicted = read.model.predict(rows);
  ASSERT_EQ(predicted.size(), 2u * static_cast<std::size_t>(saved.encoding.output_count()));
  EXPECT_EQ(predicted, saved.model.predict(rows));
}

TEST_P(EveryKind, KnowsTheColumnOfRowWeightsIfThereIsOne) {
  SavedModel saved = saved_model(GetParam().task, GetParam().loss);
  EXPECT_EQ(to_safetensors(saved).find("weight\\\":\\\""), std::string::npos);
  saved.weight = "mass, kg";
  expect_same(from_safetensors(to_safetensors(saved), "file"), saved);
}

TEST_P(EveryKind, HasTheSameBytesEachTime) {
  SavedModel const saved = saved_model(GetParam().task, GetParam().loss);
  std::string const bytes = to_safetensors(saved);
  EXPECT_EQ(to_safetensors(saved), bytes);
  EXPECT_EQ(to_safetensors(from_safetensors(bytes, "file")), bytes);
}

INSTANTIATE_TEST_SUITE_P(ModelFile, EveryKind,
                         testing::Values(Kind{"Classes", Task::classification, "cross_entropy"},
                                         Kind{"TwoClassesOfOneOutput", Task::classification, "bce"},
                                         Kind{"Regression", Task::regression, "huber"},
                                         Kind{"Counts", Task::regression, "poisson"},
                                         Kind{"Labels", Task::multi_label, "bce"}),
                         [](auto const& info) { return std::string(info.param.name); });

TEST(ModelFile, IsLaidOutAsSafetensors) {
  SavedModel const saved = saved_model(Task::classification, "cross_entropy");
  std::string const bytes = to_safetensors(saved);
  std::string const header = header_of(bytes);
  EXPECT_EQ((8 + header.size()) % 8, 0u);
  EXPECT_EQ(header.rfind("{\"__metadata__\":{\"format\":\"pt\",\"brood\":\"", 0), 0u);

  // Five inputs, 4 and 3 hidden, two outputs; by name, without holes.
  std::string const tensors =
      R"("0.bias":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
      R"("0.weight":{"dtype":"F32","shape":[4,5],"data_offsets":[16,96]},)"
      R"("2.bias":{"dtype":"F32","shape":[3],"data_offsets":[96,108]},)"
      R"("2.weight":{"dtype":"F32","shape":[3,4],"data_offsets":[108,156]},)"
      R"("4.bias":{"dtype":"F32","shape":[2],"data_offsets":[156,164]},)"
      R"("4.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[164,188]}})";
  EXPECT_EQ(header.substr(header.find("\"0.bias\""), tensors.size()), tensors);
  EXPECT_EQ(bytes.size(), 8 + header.size() + 188);

  float first = 0;
  std::memcpy(&first, bytes.data() + 8 + header.size() + 16, sizeof(first));
  EXPECT_EQ(first, saved.model.layers[0].weights[0]);
}

TEST(ModelFile, ReadsTensorsInAnyOrder) {
  SavedModel const saved = saved_model(Task::classification, "cross_entropy");
  std::string const bytes = to_safetensors(saved);
  std::string header = header_of(bytes);
  std::string const first = R"("0.bias":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
  header = replaced(header, first + ",", "");
  header = replaced(header, R"([164,188]}})", R"([164,188]},)" + first + "}");
  expect_same(from_safetensors(with_header(bytes, header), "file"), saved);
}

TEST(ModelFile, KeepsThePiecesOfANumber) {
  SavedModel saved = saved_model(Task::classification, "cross_entropy");
  saved.encoding.inputs[0].edges = {1, 2.5f, 40};
  saved.model.transform = counted_transform(7, 0);
  saved.model.layers[0] = counted_layer(7, 4);
  std::string const bytes = to_safetensors(saved);
  expect_same(from_safetensors(bytes, "file"), saved);
  for (char const* edges : {"[]", "[1.0,2.5]", "[1.0,1.0,40.0]", "[1.0,40.0,2.5]", "1.0"}) {
    std::string const damaged = replaced(header_of(bytes), R"([1.0,2.5,40.0])", edges);
    EXPECT_NE(refusal(with_header(bytes, damaged)).find("edges"), std::string::npos) << edges;
  }
}

// Eight inputs, made of five columns.
SavedModel listed_model() {
  SavedModel saved = saved_model(Task::regression, "mse");
  Transform& transform = saved.model.transform;
  Transform const inputs = counted_transform(8, 0);
  transform.shift = inputs.shift;
  transform.scale = inputs.scale;
  transform.columns = 5;
  transform.source = {0, 1, 2, 3, 4, 0, 0, 1};
  using enum InputShape;
  transform.shape = {smooth_clip, linear, linear, linear, linear, piece, cosine, cosine};
  transform.offset = {0, 0, 0, 0, 0, 0.5f, -1.25f, 2};
  transform.gain = {1, 1, 1, 1, 1, 3.5f, 1, 1};
  saved.model.layers[0] = counted_layer(8, 4);
  return saved;
}

TEST(ModelFile, KeepsInputsThatAreAList) {
  SavedModel const saved = listed_model();
  std::string const bytes = to_safetensors(saved);
  SavedModel const read = from_safetensors(bytes, "file");
  expect_same(read, saved);
  EXPECT_EQ(read.model.transform.columns, 5);
  EXPECT_EQ(read.model.transform.source, saved.model.transform.source);
  EXPECT_EQ(read.model.transform.shape, saved.model.transform.shape);
  EXPECT_EQ(read.model.transform.offset, saved.model.transform.offset);
  EXPECT_EQ(read.model.transform.gain, saved.model.transform.gain);
  EXPECT_EQ(read.model.inputs(), 5);
  std::vector<float> const x = {1, 2, 0, 1, 0, std::nanf(""), -3.25f, 1, 0, 1};
  EXPECT_EQ(read.model.predict({x.data(), 2, 5}), saved.model.predict({x.data(), 2, 5}));
  // Programs that know nothing of lists say so; files without one are as they were.
  EXPECT_NE(bytes.find(R"(\"version\":2)"), std::string::npos);
  EXPECT_NE(to_safetensors(saved_model(Task::regression, "mse")).find(R"(\"version\":1)"),
            std::string::npos);
}

TEST(ModelFile, RefusesListsOfInputsThatCannotBe) {
  std::string const bytes = to_safetensors(listed_model());
  auto const refused = [&](char const* from, char const* to) {
    return refusal(with_header(bytes, replaced(header_of(bytes), from, to)));
  };
  EXPECT_NE(refused(R"([0,1,2,3,4,0,0,1])", R"([0,1,2,3,5,0,0,1])").find("source 5"),
            std::string::npos);
  EXPECT_NE(refused(R"([0,1,2,3,4,0,0,1])", R"([0,1,2,3,-1,0,0,1])").find("source[4] is -1"),
            std::string::npos);
  EXPECT_NE(refused(R"([0,1,2,3,4,0,0,1])", R"([0,1,2,3,4,0,0])").find("7 sources"),
            std::string::npos);
  EXPECT_NE(refused(R"([0,1,2,3,4,0,0,1])", "[]").find("source is empty"), std::string::npos);
  EXPECT_NE(refused(R"(\"columns\":5)", R"(\"columns\":6)").find("6 columns"), std::string::npos);
  EXPECT_NE(refused(R"(\"smooth_clip\")", R"(\"clip\")").find("'clip'"), std::string::npos);
  EXPECT_NE(refused(R"(\"gain\":[1.0,)", R"(\"gain\":[)").find("7 gains"), std::string::npos);
}

// The last layer has the outputs of all heads; the file has their signs.
SavedModel model_of_heads(Task task, std::string const& loss) {
  SavedModel saved = saved_model(task, loss);
  saved.model.config.set("heads", std::int64_t{4});
  saved.model.layers[2] = counted_layer(3, 4 * saved.model.layers[2].outputs);
  return saved;
}

TEST(ModelFile, KeepsHeads) {
  for (auto const& [task, loss] : {std::pair{Task::classification, "cross_entropy"},
                                   {Task::classification, "bce"},
                                   {Task::multi_label, "bce"},
                                   {Task::regression, "mse"}}) {
    SavedModel const saved = model_of_heads(task, loss);
    std::string const bytes = to_safetensors(saved);
    SavedModel const read = from_safetensors(bytes, "file");
    expect_same(read, saved);
    std::vector<float> const x = {1, 2, 0, 1, 0, std::nanf(""), -3.25f, 1, 0, 1};
    EXPECT_EQ(read.model.predict({x.data(), 2, 5}), saved.model.predict({x.data(), 2, 5}));
    EXPECT_NE(bytes.find(R"(\"signs\":[)"), std::string::npos);
  }
  EXPECT_EQ(to_safetensors(saved_model(Task::regression, "mse")).find("signs"), std::string::npos);
}

TEST(ModelFile, RefusesHeadsThatCannotBe) {
  std::string const bytes = to_safetensors(model_of_heads(Task::regression, "mse"));
  auto const refused = [&](char const* from, char const* to) {
    return refusal(with_header(bytes, replaced(header_of(bytes), from, to)));
  };
  EXPECT_NE(refused(R"(\"heads\":4)", R"(\"heads\":8)").find("signs are not those"),
            std::string::npos);
  EXPECT_NE(refused(R"(\"heads\":4)", R"(\"heads\":3)").find("one of 1, 2, 4, 8, 16"),
            std::string::npos);
  EXPECT_NE(refused(R"(\"signs\":[)", R"(\"signs\":[0,)").find("signs are not those"),
            std::string::npos);
  EXPECT_NE(refused(R"(\"signs\":)", R"(\"sines\":)").find("signs is absent"), std::string::npos);
  EXPECT_NE(refused(R"(\"heads\":4)", R"(\"heads\":1)").find("the network has 3 x 3"),
            std::string::npos);
}

TEST(ModelFile, KeepsHowDatesAreWritten) {
  SavedModel saved = saved_model(Task::regression, "mse");
  saved.encoding.inputs[0].date = "dd/mm/yyyy";
  saved.encoding.inputs[0].cycles = {Cycle::week};
  int const inputs = saved.encoding.input_count();
  saved.model.transform = counted_transform(inputs, saved.encoding.output_count());
  saved.model.layers[0] = counted_layer(inputs, 4);
  std::string const bytes = to_safetensors(saved);
  EXPECT_EQ(from_safetensors(bytes, "model").encoding, saved.encoding);
  for (auto const& [right, wrong] : {std::pair("dd/mm/yyyy", "iso"), std::pair("week", "month"),
                                     std::pair("dd/mm/yyyy", "hh:mm")}) {
    std::string const damaged = replaced(header_of(bytes), right, wrong);
    EXPECT_NE(
        refusal(with_header(bytes, damaged)).find(wrong == std::string("iso") ? "date" : "cycle"),
        std::string::npos)
        << wrong;
  }
}

TEST(ModelFile, KeepsItsCalibration) {
  SavedModel saved = saved_model(Task::classification, "cross_entropy");
  EXPECT_EQ(header_of(to_safetensors(saved)).find("calibration"), std::string::npos);
  saved.model.calibration.temperature = 1.25;
  saved.model.calibration.threshold = 0.3;
  expect_same(from_safetensors(to_safetensors(saved), "file"), saved);
  SavedModel values = saved_model(Task::regression, "mse");
  values.model.calibration.intervals = {{0.5, {1, 2, 3}}, {0.9, {4, 5, 1e-3}}};
  expect_same(from_safetensors(to_safetensors(values), "file"), values);
}

TEST(ModelFile, RefusesCalibrationsThatCannotBe) {
  SavedModel saved = saved_model(Task::regression, "mse");
  saved.model.calibration.temperature = 1.25;
  saved.model.calibration.threshold = 0.375;
  saved.model.calibration.intervals = {{0.5, {1, 2, 3}}, {0.9, {4, 5, 6}}};
  std::string const bytes = to_safetensors(saved);
  for (auto const& [what, by, message] : std::vector<std::array<std::string, 3>>{
           {"1.25", "0.0", "calibration.temperature is not a number above 0"},
           {"0.375", "1.0", "calibration.threshold is not between 0 and 1"},
           {R"(\"coverage\":0.9)", R"(\"coverage\":0.5)", "intervals[1].coverage is not above"},
           {R"(\"coverage\":0.9)", R"(\"coverage\":1.5)", "coverage is not between 0 and 1"},
           {"[4.0,5.0,6.0]", "[4.0,-5.0,6.0]", "half_widths[1] is not a number from 0 on"},
           {"[4.0,5.0,6.0]", "[4.0,5.0]", "intervals[1] is not of each target"}}) {
    std::string const found = refusal(with_header(bytes, replaced(header_of(bytes), what, by)));
    EXPECT_NE(found.find(message), std::string::npos) << what << ": " << found;
  }
}

TEST(ModelFile, RefusesNamesThatAreNotUtf8) {
  SavedModel saved = saved_model(Task::classification, "cross_entropy");
  saved.encoding.inputs[0].name = "gr\xfc\xdf";
  EXPECT_THROW(to_safetensors(saved), UsageError);
}

struct Damage {
  char const* name;
  std::string what, by;  // in the header
  std::string message;
};
class Damaged : public testing::TestWithParam<Damage> {};

TEST_P(Damaged, IsRefusedWithPlaceAndReason) {
  std::string const bytes = to_safetensors(saved_model(Task::regression, "mse"));
  std::string const header = replaced(header_of(bytes), GetParam().what, GetParam().by);
  std::string const message = refusal(with_header(bytes, header));
  EXPECT_EQ(message.rfind("file: byte ", 0), 0u) << message;
  EXPECT_NE(message.find(GetParam().message), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    ModelFile, Damaged,
    testing::Values(
        Damage{"Dtype", R"("dtype":"F32")", R"("dtype":"F16")", "'F16', not F32"},
        Damage{"NoDtype", R"("dtype":"F32",)", "", "dtype is absent"},
        Damage{"Hole", "[0,16]", "[4,16]", "hole"}, Damage{"Overlap", "[16,96]", "[12,96]", "hole"},
        Damage{"Backwards", "[16,96]", "[16,8]", "hole"},
        Damage{"BeyondTheFile", "[16,96]", "[16,9223372036854775807]", "hole"},
        Damage{"NegativeOffset", "[0,16]", "[-4,16]", "whole numbers"},
        Damage{"OneOffset", "[0,16]", "[0]", "two numbers"},
        Damage{"ShapeTooLarge", "[4,5]", "[4,6]", "shape"},
        Damage{"ShapeThatOverflows", "[4,5]", "[4294967296,4294967296]", "shape"},
        Damage{"ShapeOfZero", "[4,5]", "[0,5]", "shape"},
        Damage{"ShapeOfThree", "[4,5]", "[4,5,1]", "shape"},
        Damage{"OtherName", "0.weight", "1.weight", "no tensor '0.weight'"},
        Damage{"TwiceTheSame", R"("0.weight")", R"("0.bias")", "twice"},
        Damage{"NoMetadata", R"("brood":)", R"("blood":)", "not saved by brood"},
        Damage{"Document", R"({\"version\")", R"([\"version\")", "__metadata__.brood"},
        Damage{"Version", R"(\"version\":1)", R"(\"version\":3)", "version 3"},
        Damage{"Task", R"(\"regression\")", R"(\"regress\")", "task is 'regress'"},
        Damage{"Outputs", R"(\"outputs\":3)", R"(\"outputs\":4)", "outputs is 4"},
        Damage{"HugeOutputs", R"(\"outputs\":3)", R"(\"outputs\":99999999999)", "outputs is"},
        Damage{"Metric", R"(\"rmse\")", R"(\"accuracy\")", "accuracy"},
        Damage{"Hyperparameter", R"(\"lr\":)", R"(\"lrr\":)", "lrr"},
        Damage{"HyperparameterOutOfRange", R"(\"lr\":0.1)", R"(\"lr\":-0.1)", "lr"},
        Damage{"HiddenThatDoesNotFit", R"([4,3])", R"([3,4])", "weights; the network has"},
        Damage{"HiddenTooShort", R"([4,3])", R"([4])", "config"},
        Damage{"HiddenAsReal", R"([4,3])", R"([4.5,3])", "hidden"},
        Damage{"TransformTooShort", R"(\"shift\":[0.0,)", R"(\"shift\":[)", "5 inputs"},
        Damage{"TransformTooLarge", R"(\"shift\":[0.0,)", R"(\"shift\":[1e300,)", "32 bits"},
        Damage{"TargetScale", R"(0.013000000268220901)", R"(-1.0)", "not positive"},
        Damage{"Levels", R"(\"red\")", R"(\"a\")", "not sorted"},
        Damage{"Kind", R"(\"categorical\")", R"(\"textual\")", "textual"},
        Damage{"TwinInputs", R"(weight, kg)", R"(age)", "inputs have the same name"},
        Damage{"TwinTargets", R"(\"second\")", R"(\"first\")", "targets have the same name"},
        Damage{"Classes", R"(\"classes\":[])", R"(\"classes\":[\"a\",\"b\"])", "classes"}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(ModelFile, RefusesFilesThatEndEarlyOrLate) {
  std::string const bytes = to_safetensors(saved_model(Task::multi_label, "bce"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(refusal(bytes.substr(0, size)), "") << size;
  }
  EXPECT_NE(refusal(bytes + "x").find("after the last tensor"), std::string::npos);
}

TEST(ModelFile, RefusesWhatIsNoSafetensorsFile) {
  EXPECT_NE(refusal("PK\x03\x04 and so on, at some length").find("not a safetensors"),
            std::string::npos);
  EXPECT_NE(refusal(little(2, 8) + "[]").find("no {"), std::string::npos);
  EXPECT_NE(refusal(little(2, 8) + "{}").find("not saved by brood"), std::string::npos);
  EXPECT_NE(refusal(little(std::uint64_t{1} << 63, 8) + "{}"), "");
  std::string const deep = "{\"a\":" + std::string(100000, '[');
  EXPECT_NE(refusal(little(deep.size(), 8) + deep).find("deeper"), std::string::npos);
}

TEST(ModelFile, RefusesWeightsThatAreNotFinite) {
  std::string bytes = to_safetensors(saved_model(Task::regression, "mse"));
  bytes[bytes.size() - 1] = '\x7f';
  bytes[bytes.size() - 2] = '\xc0';
  std::string const message = refusal(bytes);
  EXPECT_NE(message.find("not finite"), std::string::npos) << message;
  EXPECT_NE(message.find("byte " + std::to_string(bytes.size() - 4)), std::string::npos) << message;
}

// ---- ensembles

SavedPredictor saved_ensemble() {
  SavedModel const one = saved_model(Task::classification, "cross_entropy");
  SavedPredictor saved{{}, one.encoding, one.metric, "mass"};
  saved.models.parts = {{3, 2, one.model}, {5, 1, one.model}};
  saved.models.calibration.temperature = 0.75;
  Model& other = saved.models.parts[1].model;
  other.config.set("hidden", std::vector<std::int64_t>{6});
  other.config.set("layer_lr", std::vector<double>{});
  other.layers = {counted_layer(one.encoding.input_count(), 6), counted_layer(6, 2)};
  other.transform.shift[0] = 7;
  return saved;
}

std::string ensemble_refusal(std::string const& bytes) {
  try {
    ensemble_from_safetensors(bytes, "file");
  } catch (StorageError const& error) {
    return error.what();
  }
  return "";
}

TEST(EnsembleFile, ComesBackAsItWas) {
  SavedPredictor const saved = saved_ensemble();
  std::string const bytes = to_safetensors(saved);
  SavedPredictor const read = ensemble_from_safetensors(bytes, "file");
  EXPECT_EQ(to_safetensors(read), bytes);
  EXPECT_EQ(read.weight, "mass");
  EXPECT_EQ(read.models.calibration, saved.models.calibration);
  ASSERT_EQ(read.models.parts.size(), 2u);
  EXPECT_EQ(read.models.parts[0].trial, 3);
  EXPECT_EQ(read.models.parts[0].count, 2);
  std::vector<float> const x = {1, 2, 0, 1, 0, std::nanf(""), -3.25f, 1, 0, 1};
  Matrix const rows{x.data(), 2, saved.encoding.input_count()};
  EXPECT_EQ(read.models.predict(rows), saved.models.predict(rows));
  EXPECT_NE(header_of(bytes).find(R"("1.2.weight":{"dtype":"F32","shape":[2,6])"),
            std::string::npos);
}

TEST(EnsembleFile, HoldsHundredsOfNetworks) {
  SavedPredictor saved = saved_ensemble();
  saved.models.parts.resize(750, saved.models.parts[0]);
  EXPECT_EQ(ensemble_from_safetensors(to_safetensors(saved), "file").models.parts.size(), 750u);
}

TEST(EnsembleFile, IsNoModelNorAModelAnEnsemble) {
  EXPECT_NE(refusal(to_safetensors(saved_ensemble())).find("not saved by brood"),
            std::string::npos);
  EXPECT_NE(ensemble_refusal(to_safetensors(saved_model(Task::regression, "mse")))
                .find("no __metadata__.brood_ensemble"),
            std::string::npos);
}

TEST(EnsembleFile, RefusesWhatDoesNotFitTogether) {
  std::string const bytes = to_safetensors(saved_ensemble());
  for (auto const& [what, by, message] : std::vector<std::array<std::string, 3>>{
           {R"(\"count\":2)", R"(\"count\":0)", "parts[0].count is 0, not 1 .. 1000"},
           {R"(\"trial\":3)", R"(\"trial\":-3)", "parts[0].trial is -3"},
           {R"([6])", R"([7])", "weights; the network has"},
           {R"("1.2.weight")", R"("1.4.weight")", "part 1. there are 2 tensors"},
           {R"("1.2.weight")", R"("2.2.weight")", "tensors"},
           {R"(\"parts\":)", R"(\"part\":)", "parts is absent"}}) {
    std::string const found =
        ensemble_refusal(with_header(bytes, replaced(header_of(bytes), what, by)));
    EXPECT_NE(found.find(message), std::string::npos) << what << ": " << found;
  }
  for (std::size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_NE(ensemble_refusal(bytes.substr(0, size)), "") << size;
  int refused = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    try {
      SavedPredictor const read = ensemble_from_safetensors(mutated(bytes, i), "file");
      std::vector<float> const x(static_cast<std::size_t>(read.encoding.input_count()), 0.5f);
      read.models.predict({x.data(), 1, read.encoding.input_count()});
    } catch (StorageError const&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}

// Whatever is done to the bytes, the reader gives a model that can predict, or StorageError.
TEST(ModelFile, SurvivesMutations) {
  int refused = 0;
  constexpr std::uint64_t kCases = 4000;
  for (std::uint64_t i = 0; i < kCases; ++i) {
    Kind const kinds[] = {{"", Task::classification, "bce"}, {"", Task::regression, "mse"}};
    Kind const& kind = kinds[i % 2];
    static std::string const valid[] = {to_safetensors(saved_model(kinds[0].task, kinds[0].loss)),
                                        to_safetensors(saved_model(kinds[1].task, kinds[1].loss))};
    SCOPED_TRACE("mutation " + std::to_string(i) + " of " + kind.loss);
    try {
      SavedModel const read = from_safetensors(mutated(valid[i % 2], i), "file");
      std::vector<float> const x(static_cast<std::size_t>(read.encoding.input_count()), 0.5f);
      auto const predicted = read.model.predict({x.data(), 1, read.encoding.input_count()});
      ASSERT_EQ(predicted.size(), static_cast<std::size_t>(read.encoding.output_count()));
    } catch (StorageError const& error) {
      ASSERT_EQ(std::string_view(error.what()).substr(0, 11), "file: byte ");
      ++refused;
    }
  }
  // Most bytes are the header's; weights, names and numbers may change and still make a model.
  EXPECT_GT(refused, static_cast<int>(kCases / 2));
  EXPECT_LT(refused, static_cast<int>(kCases));
}

}  // namespace
}  // namespace brood::files
