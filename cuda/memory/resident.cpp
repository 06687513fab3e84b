// SPDX-License-Identifier: Apache-2.0
#include "cuda/memory/resident.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "backend/member_checks.hpp"
#include "core/param_layout.hpp"
#include "core/philox.hpp"

namespace brood::cuda {

// ---- DeviceTable, DeviceTransform

DeviceTable::DeviceTable(Arena& arena, Device& device, Table const& table)
    : shape(shape_of(table)),
      rows(table.x.rows),
      stride((table.x.columns + 3) / 4 * 4),
      targets(table.y.columns) {
  std::vector<float> padded_x(static_cast<std::size_t>(rows * stride), 0.0f);
  for (std::int64_t r = 0; r < rows; ++r)
    std::copy_n(table.x.data + r * table.x.columns, table.x.columns, padded_x.data() + r * stride);
  x = Buffer<float>(arena, device, padded_x);
  // A table to predict on has no targets: zeros, so that the kernels need not know.
  labels.assign(static_cast<std::size_t>(rows * targets), 0.0f);
  if (table.y.data != nullptr) std::copy_n(table.y.data, rows * targets, labels.data());
  y = Buffer<float>(arena, device, labels);
  if (table.weights.data == nullptr) return;
  weights =
      Buffer<float>(arena, device, std::span(table.weights.data, static_cast<std::size_t>(rows)));
}

std::vector<float> DeviceTable::inputs_of(Device& device,
                                          std::span<std::int32_t const> of_rows) const {
  auto const inputs = static_cast<std::size_t>(shape.inputs);
  std::vector<float> values(of_rows.size() * inputs);
  for (std::size_t i = 0; i < of_rows.size(); ++i) {
    device.copy_out(values.data() + i * inputs, x.data() + std::int64_t{of_rows[i]} * stride,
                    inputs * sizeof(float));
  }
  return values;
}

TableView DeviceTable::view() const {
  return {x.data(), y.data(), weights.data(), stride, targets};
}

DeviceTransform::DeviceTransform(Arena& arena, Device& device, Transform const* transform,
                                 TableShape const& table) {
  bool const listed = transform != nullptr && !transform->is_plain();
  bool const plain = transform != nullptr && transform->is_plain();
  auto const inputs = listed ? transform->source.size() : static_cast<std::size_t>(table.inputs);
  std::vector<float> const none(inputs, 0.0f), one(inputs, 1.0f);
  shift = Buffer<float>(arena, device, plain ? transform->shift : none);
  scale = Buffer<float>(arena, device, plain ? transform->scale : one);
  if (listed) {
    auto const padded = [&](auto values) {
      values.resize((inputs + kUnitRows - 1) / kUnitRows * kUnitRows);
      return values;
    };
    std::vector<std::int32_t> shapes;
    for (InputShape const each : transform->shape)
      shapes.push_back(static_cast<std::int32_t>(each));
    source = Buffer<std::int32_t>(arena, device, padded(transform->source));
    shape = Buffer<std::int32_t>(arena, device, padded(shapes));
    list_shift = Buffer<float>(arena, device, padded(transform->shift));
    list_scale = Buffer<float>(arena, device, padded(transform->scale));
    offset = Buffer<float>(arena, device, padded(transform->offset));
    gain = Buffer<float>(arena, device, padded(transform->gain));
  }
  if (transform == nullptr || table.task != Task::regression) return;
  target_shift = Buffer<float>(arena, device, std::span<float const>(transform->target_shift));
  target_scale = Buffer<float>(arena, device, std::span<float const>(transform->target_scale));
}

InputList DeviceTransform::list() const {
  return {source.data(),     shape.data(),  list_shift.data(),
          list_scale.data(), offset.data(), gain.data()};
}

// ---- Resident

namespace {

// f(place in tiles, place in the dense order) for every parameter.
template <class F>
void for_each_parameter(TileLayout const& layout, F&& f) {
  std::size_t dense = 0;
  for (int l = 0; l < layout.layers; ++l) {
    TileLayer const& layer = layout.layer[l];
    for (int row = 0; row < layer.outputs; ++row) {
      for (int column = 0; column < layer.inputs; ++column)
        f(static_cast<std::size_t>(layout.weight(l, row, column)), dense++);
    }
    for (int row = 0; row < layer.outputs; ++row)
      f(static_cast<std::size_t>(layer.bias + row), dense++);
  }
}

}  // namespace

Resident::Resident(Arena& arena, Device& device, Admission const& admission,
                   DeviceTable const& table, MemberPlan const& plan,
                   std::shared_ptr<Buffer<std::int32_t>> train,
                   std::shared_ptr<Buffer<std::int32_t>> eval,
                   std::shared_ptr<DeviceTransform> transform)
    : member_(admission.member),
      layout_(tile_layout(member_, plan.order)),
      table_(admission.table),
      train_rows_(admission.train_rows),
      eval_rows_(admission.eval_rows),
      device_train_rows_(std::move(train)),
      device_eval_rows_(std::move(eval)),
      transform_(std::move(transform)) {
  if (member_.balanced != 0) {
    class_weights_ = Buffer<float>(
        arena, device, balanced_weights(table.labels, *train_rows_, table.shape.outputs));
  }
  bool const with_gradient = plan.gradient_floats > 0;
  auto const each = static_cast<std::size_t>(layout_.size);
  auto const tensors = static_cast<std::size_t>(tensor_count(member_) + (with_gradient ? 1 : 0));
  tensors_ = Buffer<float>(arena, each * tensors);
  moments_ = tensors_.data() + each;
  float* next = moments_ + each * static_cast<std::size_t>(state_tensors(member_));
  if (member_.ema > 0) average_ = std::exchange(next, next + each);
  if (member_.patience > 0) best_ = std::exchange(next, next + each);
  if (with_gradient) gradient_ = next;
}

InitTask Resident::init_task() const {
  InitTask task{};
  task.layout = layout_;
  for (int l = 0; l < layout_.layers; ++l) {
    visit(Inits{}, member_.init, [&](auto init) {
      task.law[l] = init.law(layout_.layer[l].inputs, layout_.layer[l].outputs);
    });
  }
  task.bias_as_weights = member_.bias_init == BiasInit::as_weights ? 1 : 0;
  task.seed = member_.seed;
  task.tensors = tensors_.data();
  task.floats = static_cast<std::int64_t>(tensors_.size());
  task.average = average_;
  task.best = best_;
  return task;
}

// Wherever the kernel that draws has put the drawn ones.
void Resident::take_start(Device& device, InitialWeights const& start) {
  if (start == nullptr) return;
  std::vector<float> tensor(static_cast<std::size_t>(layout_.size));
  device.copy_out(tensor.data(), tensors_.data(), tensor.size() * sizeof(float));
  for (int l = 0; l < layout_.layers; ++l) {
    if (!is_given(start, l)) continue;
    LayerWeights const& from = (*start)[static_cast<std::size_t>(l)];
    TileLayer const& layer = layout_.layer[l];
    std::size_t next = 0;
    for (int row = 0; row < layer.outputs; ++row) {
      for (int column = 0; column < layer.inputs; ++column) {
        auto const at = static_cast<std::size_t>(layout_.weight(l, row, column));
        tensor[at] = from.weights[next++];
      }
    }
    std::copy(from.bias.begin(), from.bias.end(), tensor.begin() + layer.bias);
  }
  for (float* const to : {tensors_.data(), average_, best_}) {
    if (to != nullptr) device.copy_in(to, tensor.data(), tensor.size() * sizeof(float));
  }
}

MemberTask Resident::task(DeviceTable const& table) const {
  MemberTask task{};
  task.member = member_;
  for (int l = 0; l < kMaxLayers; ++l)
    task.dropout[l] = dropout_at_step(member_, member_.dropout[l], 0);
  task.input_dropout = dropout_at_step(member_, member_.input_dropout, 0);
  task.layout = layout_;
  task.parameters = tensors_.data();
  task.moments = moments_;
  task.gradient = gradient_;
  task.average = average_;
  task.best = best_;
  task.table = table.view();
  task.train_rows = device_train_rows_->data();
  task.eval_rows = device_eval_rows_ == nullptr ? nullptr : device_eval_rows_->data();
  task.shift = transform_->shift.data();
  task.scale = transform_->scale.data();
  task.list = transform_->list();
  task.target_shift = transform_->target_shift.data();
  task.target_scale = transform_->target_scale.data();
  task.class_weights = class_weights_.data();
  return task;
}

Evaluation evaluation_of(MemberRecord const& record, bool evaluated) {
  Evaluation e;
  e.step = record.step;
  e.epoch = record.epoch;
  e.train_loss = record.train_loss;
  if (!evaluated) return e;
  e.loss = record.weight > 0 ? record.loss_sum / record.weight : 0.0;
  e.weight = record.weight;
  e.correct = record.correct;
  e.squared_error = record.squared_error;
  e.absolute_error = record.absolute_error;
  return e;
}

void Resident::take_over(MemberProgress const& progress, std::span<MemberRecord const> records) {
  life_.take_over(progress);
  for (auto const& record : records)
    life_.metrics.history.push_back(evaluation_of(record, member_.eval_rows > 0));
}

MemberImage Resident::image(std::span<float const> tensors) const {
  MemberImage image;
  image.seed = member_.seed;
  life_.write_to(image);
  auto dense = [&](float const* tensor, std::vector<float>& out) {
    float const* const from = tensors.data() + (tensor - tensors_.data());
    std::size_t const start = out.size();
    out.resize(start + static_cast<std::size_t>(dense_size(param_layout(member_))));
    for_each_parameter(layout_, [&](std::size_t at, std::size_t i) { out[start + i] = from[at]; });
  };
  dense(tensors_.data(), image.weights);
  for (int i = 0; i < state_tensors(member_); ++i)
    dense(moments_ + std::int64_t{i} * layout_.size, image.moments);
  if (average_ != nullptr) dense(average_, image.average);
  if (best_ != nullptr) dense(best_, image.best);
  return image;
}

void Resident::restore(MemberImage const& image, std::span<float> tensors) {
  auto tiles = [&](float const* dense, float const* tensor) {
    float* const to = tensors.data() + (tensor - tensors_.data());
    for_each_parameter(layout_, [&](std::size_t at, std::size_t i) { to[at] = dense[i]; });
  };
  tiles(image.weights.data(), tensors_.data());
  auto const each = static_cast<std::int64_t>(image.weights.size());
  for (int i = 0; i < state_tensors(member_); ++i)
    tiles(image.moments.data() + i * each, moments_ + std::int64_t{i} * layout_.size);
  if (average_ != nullptr) tiles(image.average.data(), average_);
  if (best_ != nullptr) tiles(image.best.data(), best_);
  member_.seed = image.seed;
  life_.read_from(image);
}

bool Resident::has_tiles_of(Resident const& other) const {
  return layout_.order == other.layout_.order;
}

CopyRun Resident::become(Resident const& other) {
  life_ = other.life_;
  auto const floats = std::min(tensors_.size(), other.tensors_.size());
  return {tensors_.data(), other.tensors_.data(), static_cast<std::int64_t>(floats)};
}

Run Resident::predicting() const {
  bool const from_best = best_ != nullptr && life_.metrics.best >= 0;
  float* const tensor = from_best ? best_ : average_ != nullptr ? average_ : tensors_.data();
  return {tensor, layout_.size};
}

std::vector<LayerWeights> Resident::layers(std::span<float const> tensor) const {
  std::vector<LayerWeights> layers;
  for (int l = 0; l < layout_.layers; ++l) {
    TileLayer const& layer = layout_.layer[l];
    LayerWeights& dense = layers.emplace_back();
    dense.inputs = layer.inputs;
    dense.outputs = layer.outputs;
    for (int row = 0; row < layer.outputs; ++row) {
      for (int column = 0; column < layer.inputs; ++column) {
        dense.weights.push_back(tensor[static_cast<std::size_t>(layout_.weight(l, row, column))]);
      }
    }
    float const* const bias = tensor.data() + layer.bias;
    dense.bias.assign(bias, bias + layer.outputs);
  }
  return layers;
}

}  // namespace brood::cuda
