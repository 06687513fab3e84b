// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

#include <algorithm>

#include "core/activation.hpp"
#include "core/init.hpp"
#include "core/lr_schedule.hpp"
#include "core/optimizer.hpp"

namespace brood {
namespace {

using fixtures::blobs;
using fixtures::multi_label;
using fixtures::regression;
using fixtures::some_transform;
using fixtures::with_missing;
using fixtures::with_row_weights;

MemberCase shape(std::string name, int inputs, Wholes hidden, int classes, Whole batch, int rows,
                 int held_out = 20) {
  MemberCase c{std::move(name), blobs(rows, inputs, classes),
               Config{{"hidden", std::move(hidden)},
                      {"batch_size", batch},
                      {"activation", text("tanh")},
                      {"optimizer", text("momentum")},
                      {"lr", 0.1}}};
  c.held_out = held_out;
  return c;
}

MemberCase feature(std::string name, fixtures::OwnedTable data, Config config = {}) {
  MemberCase c{std::move(name), std::move(data), {}};
  c.config = Config{{"hidden", Wholes{20, 11}},
                    {"batch_size", Whole{37}},
                    {"activation", text("tanh")},
                    {"bias_init", text("as_weights")},
                    {"epochs", Whole{8}}};
  for (auto const& [key, value] : config)
    c.config.set(key, value);
  return c;
}
MemberCase feature(std::string name, Config config = {}) {
  return feature(std::move(name), blobs(110, 13, 4), std::move(config));
}

// Standardised targets, as a study gives them.
MemberCase regressor(std::string name, Config config) {
  auto c = feature(std::move(name), regression(110, 13, 3), std::move(config));
  c.transform = some_transform(c.data);
  return c;
}

// Targets of at least 0, some of them 0, that are scaled alone.
MemberCase positive(MemberCase c) {
  for (float& y : c.data.y)
    y = std::max(y - 5, 0.0f);
  auto transform = *c.transform;
  std::fill(transform.target_shift.begin(), transform.target_shift.end(), 0.0f);
  c.transform = std::make_shared<Transform const>(transform);
  return c;
}

// Linear in the gradient, unlike Adam, which blows up the errors of tiny gradients.
MemberCase momentum(std::string name, Config config) {
  config.set("optimizer", text("momentum"));
  config.set("lr", 0.1);
  return feature(std::move(name), std::move(config));
}

// Three quarters of the rows of class 0.
fixtures::OwnedTable unbalanced() {
  auto t = blobs(110, 13, 4);
  for (int r = 0; r < t.rows; ++r) {
    if (r % 4 != 0 && r > 8) t.y[static_cast<std::size_t>(r)] = 0;
  }
  return t;
}

void add_choices(std::vector<MemberCase>& list) {
  for (auto const* name : Activations::names)
    list.push_back(feature(text("activation_") + name, {{"activation", text(name)}}));
  for (auto const* name : Optimizers::names)
    list.push_back(feature(text("optimizer_") + name, {{"optimizer", text(name)}}));
  for (auto const* name : LrSchedules::names) {
    list.push_back(feature(text("schedule_") + name, {{"lr_schedule", text(name)},
                                                      {"optimizer", text("sgd")},
                                                      {"lr", 0.2},
                                                      {"lr_gamma", 0.6},
                                                      {"lr_step_epochs", Whole{2}},
                                                      {"lr_final", 0.1}}));
  }
  for (auto const* name : Inits::names) {
    if (text(name) == "std") continue;  // by rows: initial_rows_test.cpp
    list.push_back(feature(text("init_") + name, {{"init", text(name)}}));
  }
}

void add_losses(std::vector<MemberCase>& list) {
  list.push_back(feature("label_smoothing", {{"label_smoothing", 0.15}}));
  list.push_back(feature("bce_two_classes", blobs(110, 13, 2), {{"loss", text("bce")}}));
  list.push_back(feature("bce_two_classes_smoothed", blobs(110, 13, 2),
                         {{"loss", text("bce")}, {"label_smoothing", 0.15}}));
  list.push_back(feature("bce_classes", {{"loss", text("bce")}}));
  list.push_back(feature("labels", multi_label(110, 13, 5)));
  list.push_back(feature("labels_smoothed", multi_label(110, 13, 5), {{"label_smoothing", 0.15}}));
  list.push_back(regressor("mse", {}));
  list.push_back(regressor("mae", {{"loss", text("mae")}}));
  list.push_back(regressor("huber", {{"loss", text("huber")}, {"huber_delta", 0.3}}));
  list.push_back(regressor("pinball", {{"loss", text("pinball")}, {"tau", 0.8}}));
  list.push_back(regressor("log_cosh", {{"loss", text("log_cosh")}}));
  list.push_back(positive(regressor("poisson", {{"loss", text("poisson")}})));
  list.push_back(positive(
      regressor("tweedie", {{"loss", text("tweedie")}, {"tweedie_power", 1.3}, {"lr", 0.003}})));
  auto unscaled =
      positive(regressor("poisson_of_numbers_as_they_are", {{"loss", text("poisson")}}));
  unscaled.transform = nullptr;
  for (float& y : unscaled.data.y)
    y *= 0.05f;
  list.push_back(unscaled);
  list.push_back(feature("class_weights", unbalanced(), {{"class_weights", text("balanced")}}));
  list.push_back(feature("row_weights", with_row_weights(blobs(110, 13, 4))));
  list.push_back(feature("row_and_class_weights", with_row_weights(unbalanced()),
                         {{"class_weights", text("balanced")}}));
  auto weighted = regressor("row_weights_of_mse", {});
  weighted.data = with_row_weights(weighted.data);
  list.push_back(weighted);
  auto single = feature("batches_that_weigh_nothing", with_row_weights(blobs(45, 13, 4)),
                        {{"batch_size", Whole{1}}});
  list.push_back(single);
}

void add_regularisation(std::vector<MemberCase>& list) {
  list.push_back(momentum("dropout", {{"dropout", 0.3}}));
  list.push_back(momentum("input_dropout", {{"input_dropout", 0.2}}));
  list.push_back(momentum("both_dropouts", {{"dropout", 0.5}, {"input_dropout", 0.1}}));
  list.push_back(momentum("dropout_of_nearly_all", {{"dropout", 0.95}}));
  list.push_back(momentum("dropout_relu", {{"dropout", 0.3}, {"activation", text("relu")}}));
  list.push_back(momentum("dropout_of_first", {{"dropout_1", 0.4}}));
  list.push_back(
      momentum("dropout_of_second_relu", {{"dropout_2", 0.4}, {"activation", text("relu")}}));
  list.push_back(momentum(
      "dropout_of_each_relu",
      {{"layer_dropout", Reals{0.6, 0.2}}, {"input_dropout", 0.1}, {"activation", text("relu")}}));
  list.push_back(momentum("dropout_of_each", {{"dropout_1", 0.2}, {"dropout_2", 0.6}}));
  list.push_back(feature("l1", {{"l1", 0.003}, {"optimizer", text("momentum")}}));
  list.push_back(feature("l2", {{"l2", 0.02}, {"optimizer", text("momentum")}}));
  list.push_back(feature("l1_and_l2_adam", {{"l1", 0.003}, {"l2", 0.02}}));
  list.push_back(feature("decay_sgd", {{"weight_decay", 0.1}, {"optimizer", text("sgd")}}));
  list.push_back(feature("decay_adam", {{"weight_decay", 0.1}, {"lr", 0.01}}));
  list.push_back(feature("clip_value", {{"clip_value", 0.01}, {"optimizer", text("sgd")}}));
  list.push_back(feature("clip_norm", {{"clip_norm", 0.05}, {"optimizer", text("sgd")}}));
  list.push_back(feature("clip_norm_idle", {{"clip_norm", 1e6}, {"optimizer", text("sgd")}}));
  // The gradient is that of the last biases, about 1e-4: the 1e-6 of PyTorch's formula shows.
  auto tiny = regressor("clip_norm_of_a_tiny_gradient",
                        {{"clip_norm", 2e-5}, {"init", text("zeros")}, {"optimizer", text("sgd")}});
  auto transform = *tiny.transform;
  for (float& scale : transform.target_scale)
    scale = 1e-4f;
  tiny.transform = std::make_shared<Transform const>(transform);
  list.push_back(tiny);
  list.push_back(feature("clip_both_l2_decay", {{"clip_value", 0.02},
                                                {"clip_norm", 0.05},
                                                {"l2", 0.02},
                                                {"weight_decay", 0.1},
                                                {"optimizer", text("momentum")}}));
  list.push_back(feature("ema", {{"ema", 0.9}}));
  list.push_back(momentum("layer_lr", {{"layer_lr", Reals{0.25, 1.0, 3.0}}}));
  list.push_back(
      momentum("layer_lr_and_decay", {{"layer_lr", Reals{0.25, 1.0, 3.0}}, {"weight_decay", 0.3}}));
  list.push_back(momentum("bias_lr", {{"bias_lr", 0.1}, {"layer_lr", Reals{0.25, 1.0, 3.0}}}));
  list.push_back(feature("bias_lr_of_none", {{"bias_lr", 0.0}}));
  for (auto const* name : Optimizers::names) {
    if (text(name) == "adadelta") continue;  // has no such rate
    // An eps that counts, so that its factor shows.
    list.push_back(feature(text("ntk_") + name, {{"parametrization", text("ntk")},
                                                 {"optimizer", text(name)},
                                                 {"lr", 0.02},
                                                 {"eps", 1e-3},
                                                 {"bias_lr", 0.1},
                                                 {"weight_decay", 0.3}}));
  }
  list.push_back(feature("ntk_eps_inside", {{"parametrization", text("ntk")},
                                            {"adam_eps", text("inside")},
                                            {"lr", 0.02},
                                            {"eps", 1e-3},
                                            {"layer_lr", Reals{0.25, 1.0, 3.0}}}));
  for (auto const* name : RegularizerSchedules::names) {
    list.push_back(momentum(text("decay_") + name,
                            {{"weight_decay", 0.3}, {"weight_decay_schedule", text(name)}}));
    list.push_back(
        momentum(text("dropout_") + name,
                 {{"dropout", 0.4}, {"input_dropout", 0.2}, {"dropout_schedule", text(name)}}));
  }
  list.push_back(momentum(
      "dropout_flat_cosine_relu",
      {{"dropout", 0.4}, {"activation", text("relu")}, {"dropout_schedule", text("flat_cosine")}}));
  list.push_back(feature("coslog_of_two", {{"lr_schedule", text("coslog")},
                                           {"coslog_cycles", Whole{2}},
                                           {"coslog_base", 3.0},
                                           {"warmup_epochs", Whole{1}},
                                           {"optimizer", text("sgd")},
                                           {"lr", 0.2}}));
  list.push_back(feature("frozen_layer",
                         {{"layer_lr", Reals{0.0, 1.0, 0.0}}, {"weight_decay", 0.1}, {"l2", 0.1}}));
  list.push_back(feature("warmup", {{"warmup_epochs", Whole{2}}}));
  list.push_back(feature("warmup_cosine", {{"warmup_epochs", Whole{3}},
                                           {"lr_schedule", text("cosine")},
                                           {"optimizer", text("sgd")},
                                           {"lr", 0.2}}));
  list.push_back(feature("adam_eps_inside", {{"adam_eps", text("inside")}, {"eps", 1e-3}}));
  list.push_back(feature("adam_eps_outside", {{"eps", 1e-3}}));
  list.push_back(
      feature("nadam_eps_inside",
              {{"optimizer", text("nadam")}, {"adam_eps", text("inside")}, {"eps", 1e-3}}));
  list.push_back(feature("nadam_all_around", {{"optimizer", text("nadam")},
                                              {"momentum_decay", 0.1},
                                              {"beta1", 0.8},
                                              {"layer_lr", Reals{0.25, 1.0, 3.0}},
                                              {"clip_norm", 0.05},
                                              {"l2", 0.02},
                                              {"weight_decay", 0.1},
                                              {"ema", 0.9},
                                              {"lr_schedule", text("cosine")}}));
}

void add_inputs(std::vector<MemberCase>& list) {
  auto missing = feature("missing_values", with_missing(blobs(110, 13, 4), 0.15));
  list.push_back(missing);
  missing.name = "missing_values_transformed";
  missing.transform = some_transform(missing.data);
  list.push_back(missing);
  auto constant = feature("column_that_says_nothing");
  auto transform = *some_transform(constant.data);
  transform.scale[3] = 0;
  constant.transform = std::make_shared<Transform const>(transform);
  list.push_back(constant);
  list.push_back(feature("raw_regression", regression(110, 13, 1), {{"lr", 0.05}}));
  auto listed = [&](std::string name, fixtures::OwnedTable data, int inputs, Config more = {}) {
    auto c = feature(std::move(name), std::move(data), std::move(more));
    c.transform = fixtures::listed_transform(c.data, inputs);
    list.push_back(c);
  };
  listed("listed_inputs", with_missing(blobs(110, 13, 4), 0.15), 27);
  listed("listed_inputs_fewer_than_columns", blobs(110, 37, 4), 9);
  listed("listed_inputs_of_one_column", blobs(110, 1, 2), 17);
  listed("listed_inputs_of_regression", regression(110, 5, 2), 20);
  listed("listed_inputs_dropped", blobs(110, 13, 4), 40,
         {{"input_dropout", 0.2}, {"optimizer", text("momentum")}, {"lr", 0.1}});
}

// Heads of each number, with what each has of its own.
void add_heads(std::vector<MemberCase>& list) {
  for (Whole const heads : {2, 4, 8, 16})
    list.push_back(momentum("heads_" + std::to_string(heads), {{"heads", heads}}));
  auto eight = [](Config config) {
    config.set("heads", Whole{8});
    return config;
  };
  list.push_back(feature("heads_adam", eight({})));
  list.push_back(momentum("heads_dropped", eight({{"dropout", 0.3}, {"input_dropout", 0.2}})));
  list.push_back(feature(
      "heads_linear",
      {{"heads", Whole{4}}, {"hidden", Wholes{}}, {"optimizer", text("momentum")}, {"lr", 0.1}}));
  list.push_back(
      momentum("heads_relu_ema_clip",
               eight({{"activation", text("relu")}, {"ema", 0.9}, {"clip_norm", 0.05}})));
  list.push_back(
      feature("heads_ntk", eight({{"parametrization", text("ntk")}, {"lr", 0.02}, {"eps", 1e-3}})));
  list.push_back(momentum("heads_label_smoothing", eight({{"label_smoothing", 0.15}})));
  list.push_back(
      feature("heads_bce_two_classes", blobs(110, 13, 2), eight({{"loss", text("bce")}})));
  list.push_back(feature("heads_bce_classes", eight({{"loss", text("bce")}})));
  list.push_back(feature("heads_labels", multi_label(110, 13, 5), eight({})));
  list.push_back(regressor("heads_mse", eight({})));
  list.push_back(regressor("heads_mae", eight({{"loss", text("mae")}})));
  list.push_back(regressor("heads_huber", {{"heads", Whole{16}}, {"loss", text("huber")}}));
  list.push_back(positive(regressor("heads_poisson", eight({{"loss", text("poisson")}}))));
  list.push_back(feature("heads_row_and_class_weights", with_row_weights(unbalanced()),
                         eight({{"class_weights", text("balanced")}})));
  auto missing = feature("heads_missing_values", with_missing(blobs(110, 13, 4), 0.15), eight({}));
  missing.transform = some_transform(missing.data);
  list.push_back(missing);
  auto listed =
      feature("heads_listed_inputs", with_missing(blobs(110, 13, 4), 0.15), {{"heads", Whole{16}}});
  listed.transform = fixtures::listed_transform(listed.data, 27);
  list.push_back(listed);
  auto many = feature("heads_of_many_classes", blobs(110, 13, 11), eight({{"lr", 0.01}}));
  list.push_back(many);
  list.push_back(momentum("heads_of_one_row", eight({{"batch_size", Whole{1}}})));
}

}  // namespace

namespace {

std::vector<MemberCase> make_shape_cases() {
  std::vector<MemberCase> list = {
      shape("in784_h16_out10_b64", 784, {16}, 10, 64, 120),
      shape("in16_h32_out2_b4096", 16, {32}, 2, 4096, 1500, 300),
      shape("in3_h1_out2_b1", 3, {1}, 2, 1, 25, 5),
      shape("in30_h64_out28_b7", 30, {64}, 28, 7, 60),
      shape("linear", 9, {}, 3, 16, 70),
      // Narrow: a worst-case bound grows by the layers' sums of |w|, eight times forth and back.
      shape("eight_hidden_layers", 12, {4, 3, 2, 3, 2, 3, 2, 4}, 4, 33, 90),
      shape("one_input", 1, {5}, 2, 16, 60),
      shape("one_row", 6, {10}, 3, 32, 4, 3),
      shape("in17_h300_out5_b48", 17, {300}, 5, 48, 90),
      shape("in5_h16_out3_b600", 5, {16}, 3, 600, 700, 50),
      shape("hidden_of_one", 7, {1, 1, 1}, 3, 8, 50),
      shape("multiples_of_16", 32, {16, 48}, 16, 32, 100),
      shape("in15_h17_out33_b17", 15, {17, 15}, 33, 17, 90),
  };
  // Enough steps of the large ones.
  for (auto& c : list) {
    if (c.data.rows * c.data.inputs > 5000 || c.widths()[1] > 100) c.config.set("epochs", Whole{4});
  }
  auto column = shape("one_column_regression", 1, {8}, 2, 10, 50);
  column.data = regression(50, 1);
  column.transform = some_transform(column.data);
  list.push_back(column);
  return list;
}

std::vector<MemberCase> make_feature_cases() {
  std::vector<MemberCase> list;
  add_choices(list);
  add_losses(list);
  add_regularisation(list);
  add_inputs(list);
  add_heads(list);
  return list;
}

}  // namespace

// Made once: every test runs in a process of its own, which registers all tests first.
std::vector<MemberCase> const& shape_cases() {
  static auto const cases = make_shape_cases();
  return cases;
}
std::vector<MemberCase> const& feature_cases() {
  static auto const cases = make_feature_cases();
  return cases;
}

std::vector<MemberCase> smooth_cases() {
  std::vector<MemberCase> list;
  auto add = [&](std::string name, fixtures::OwnedTable data, Config const& more) {
    MemberCase c{std::move(name), std::move(data),
                 Config{{"hidden", Wholes{5, 4}},
                        {"batch_size", Whole{20}},
                        {"activation", text("tanh")},
                        {"optimizer", text("sgd")},
                        {"lr", 64.0}}};
    for (auto const& [key, value] : more)
      c.config.set(key, value);
    if (c.data.task == Task::regression) c.transform = some_transform(c.data);
    if (c.settings().has_log_link()) c = positive(std::move(c));
    list.push_back(std::move(c));
  };
  for (auto const* name : Activations::names)
    add(text("activation_") + name, blobs(40, 4, 3), {{"activation", text(name)}});
  add("bce_two_classes", blobs(40, 4, 2), {{"loss", text("bce")}});
  add("bce_classes", blobs(40, 4, 3), {{"loss", text("bce")}});
  add("labels", multi_label(40, 4, 3), {});
  add("mse", regression(40, 4, 2), {});
  add("mae", regression(40, 4, 2), {{"loss", text("mae")}});
  add("huber", regression(40, 4, 2), {{"loss", text("huber")}, {"huber_delta", 0.4}});
  add("pinball", regression(40, 4, 2), {{"loss", text("pinball")}, {"tau", 0.8}});
  add("log_cosh", regression(40, 4, 2), {{"loss", text("log_cosh")}});
  add("poisson", regression(40, 4, 2), {{"loss", text("poisson")}});
  add("tweedie", regression(40, 4, 2), {{"loss", text("tweedie")}, {"tweedie_power", 1.3}});
  add("label_smoothing", blobs(40, 4, 3), {{"label_smoothing", 0.2}});
  add("dropout", blobs(40, 4, 3), {{"dropout", 0.4}, {"input_dropout", 0.3}});
  add("dropout_of_each", blobs(40, 4, 3), {{"layer_dropout", Reals{0.2, 0.6}}});
  add("heads", blobs(40, 4, 3), {{"heads", Whole{4}}});
  add("heads_dropped", blobs(40, 4, 3), {{"heads", Whole{8}}, {"dropout", 0.4}});
  add("heads_mse", regression(40, 4, 2), {{"heads", Whole{2}}});
  add("heads_bce_classes", blobs(40, 4, 3), {{"heads", Whole{4}}, {"loss", text("bce")}});
  add("weights", with_row_weights(blobs(40, 4, 3)), {{"class_weights", text("balanced")}});
  return list;
}

std::vector<MemberCase> varied_cases(int count) {
  std::vector<fixtures::OwnedTable> const tables = {
      with_missing(with_row_weights(blobs(60, 5, 3)), 0.05), regression(60, 5, 2),
      multi_label(60, 5, 3)};
  std::vector<Wholes> const shapes = {{7}, {16}, {}, {9, 4}, {3, 5, 2}, {17}};
  std::vector<MemberCase> list;
  fixtures::Uniform draw(17);
  for (int i = 0; i < count; ++i) {
    auto const at = static_cast<std::size_t>(i);
    MemberCase c{"varied_" + std::to_string(i), tables[at % tables.size()], {}};
    if (i % 2 == 1) c.transform = some_transform(c.data);
    if (i % 9 == 4) c.transform = fixtures::listed_transform(c.data, 3 + i % 50);
    c.seed = 1000 + static_cast<std::uint64_t>(i);
    c.held_out = 12;
    c.config = {{"hidden", shapes[at % shapes.size()]},
                {"activation", text(Activations::names[i % Activations::size])},
                {"optimizer", text(Optimizers::names[i / 3 % Optimizers::size])},
                {"lr_schedule", text(LrSchedules::names[i % LrSchedules::size])},
                {"batch_size", Whole{1 + draw.below(60)}},
                {"epochs", Whole{6}}};
    if (i % 3 == 0) c.config.set("dropout", 0.1 * draw.below(8));
    if (i % 4 == 0) c.config.set("input_dropout", 0.2);
    if (i % 5 == 0) c.config.set("ema", 0.8);
    if (i % 6 == 0) c.config.set("clip_norm", 0.5);
    if (i % 7 == 0) c.config.set("patience", Whole{2});
    if (i % 8 == 0) c.config.set("l1", 1e-3);
    if (i % 10 == 3) c.config.set("heads", Whole{2} << i / 10 % 4);
    list.push_back(std::move(c));
  }
  return list;
}

}  // namespace brood
