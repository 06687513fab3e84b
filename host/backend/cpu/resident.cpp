// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/resident.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "backend/initial_rows.hpp"
#include "backend/member_checks.hpp"
#include "core/init.hpp"

namespace brood::cpu {

AlignedFloats::AlignedFloats(std::int64_t size) : size_(size) {
  auto const bytes = static_cast<std::size_t>(size) * sizeof(float);
  data_.reset(static_cast<float*>(::operator new[](bytes, std::align_val_t{64})));
  std::memset(data_.get(), 0, bytes);
}

// ---- LoadedTable, PaddedTransform

LoadedTable::LoadedTable(Table const& table)
    : shape(shape_of(table)),
      rows(table.x.rows),
      stride(padded(table.x.columns)),
      targets(table.y.columns),
      x(rows * stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(table.x.data + r * table.x.columns, table.x.columns, x.data() + r * stride);
  }
  if (table.y.data != nullptr) y.assign(table.y.data, table.y.data + rows * targets);
  if (table.weights.data != nullptr) weights.assign(table.weights.data, table.weights.data + rows);
}

TableView LoadedTable::view() const {
  return {x.data(), stride,  shape.inputs,
          y.data(), targets, weights.empty() ? nullptr : weights.data()};
}

std::vector<float> LoadedTable::inputs_of(std::span<std::int32_t const> of_rows) const {
  std::vector<float> values;
  for (std::int32_t const row : of_rows) {
    float const* const from = x.data() + std::int64_t{row} * stride;
    values.insert(values.end(), from, from + shape.inputs);
  }
  return values;
}

PaddedTransform::PaddedTransform(Transform const* transform, TableShape const& shape)
    : shift(static_cast<std::size_t>(padded(shape.inputs)), 0.0f),
      scale(static_cast<std::size_t>(padded(shape.inputs)), 0.0f) {
  std::fill_n(scale.begin(), shape.inputs, 1.0f);
  if (transform == nullptr) return;
  std::copy(transform->shift.begin(), transform->shift.end(), shift.begin());
  std::copy(transform->scale.begin(), transform->scale.end(), scale.begin());
  if (shape.task != Task::regression || transform->target_shift.empty()) return;
  target_shift = transform->target_shift;
  target_scale = transform->target_scale;
}

// ---- Resident

namespace {

bool all_finite(float const* values, std::int64_t count) {
  bool finite = true;
  for (std::int64_t i = 0; i < count; ++i)
    finite &= values[i] - values[i] == 0.0f;
  return finite;
}

// Copies one copy of the parameters between padded and dense order.
template <class Copy>
void for_each_run(ParamLayout const& layout, Copy&& copy) {
  std::int64_t dense = 0;
  for (int l = 0; l < layout.layers; ++l) {
    LayerLayout const& layer = layout.layer[l];
    for (int k = 0; k < layer.outputs; ++k, dense += layer.inputs) {
      copy(layer.weights + std::int64_t{k} * layer.stride, dense, layer.inputs);
    }
    copy(layer.bias, dense, layer.outputs);
    dense += layer.outputs;
  }
}

void append_dense(ParamLayout const& layout, float const* tensor, std::vector<float>& out) {
  auto const start = out.size();
  out.resize(start + static_cast<std::size_t>(dense_size(layout)));
  for_each_run(layout, [&](std::int64_t at, std::int64_t dense, int count) {
    std::copy_n(tensor + at, count, out.data() + start + dense);
  });
}

void read_dense(ParamLayout const& layout, float const* dense_tensor, float* tensor) {
  for_each_run(layout, [&](std::int64_t at, std::int64_t dense, int count) {
    std::copy_n(dense_tensor + dense, count, tensor + at);
  });
}

void copy_layer(LayerWeights const& from, LayerLayout const& layer, float* tensor) {
  for (int k = 0; k < layer.outputs; ++k) {
    std::copy_n(from.weights.data() + std::int64_t{k} * layer.inputs, layer.inputs,
                tensor + layer.weights + std::int64_t{k} * layer.stride);
  }
  std::copy_n(from.bias.data(), layer.outputs, tensor + layer.bias);
}

}  // namespace

Resident::Resident(Admission const& admission, LoadedTable const& table,
                   std::shared_ptr<PaddedTransform const> transform)
    : member_(admission.member),
      layout_(param_layout(member_)),
      table_(admission.table),
      train_rows_(admission.train_rows),
      eval_rows_(admission.eval_rows),
      transform_(std::move(transform)) {
  if (member_.balanced != 0)
    class_weights_ = balanced_weights(table.y, *train_rows_, table.shape.outputs);
  tensors_ = AlignedFloats(layout_.size * tensor_count(member_));
  weights_ = tensors_.data();
  moments_ = weights_ + layout_.size;
  float* next = moments_ + layout_.size * state_tensors(member_);
  if (member_.ema > 0) average_ = std::exchange(next, next + layout_.size);
  if (member_.patience > 0) best_ = next;
}

void Resident::draw_weights(Admission const& admission, LoadedTable const& table) {
  if (starts_by_rows(member_)) {
    std::vector<LayerWeights> const layers =
        layers_by_rows(admission, table.inputs_of(initial_rows(train_rows_)));
    for (int l = 0; l < member_.layers; ++l)
      copy_layer(layers[static_cast<std::size_t>(l)], layout_.layer[l], weights_);
  } else {
    draw_layers(admission.start);
  }
  if (average_ != nullptr) std::copy_n(weights_, layout_.size, average_);
  if (best_ != nullptr) std::copy_n(weights_, layout_.size, best_);
}

void Resident::draw_layers(InitialWeights const& start) {
  PhiloxKey const key = philox_key(member_.seed);
  for (int l = 0; l < member_.layers; ++l) {
    LayerLayout const& layer = layout_.layer[l];
    if (is_given(start, l)) {
      copy_layer((*start)[static_cast<std::size_t>(l)], layer, weights_);
      continue;
    }
    InitLaw law{};
    visit(Inits{}, member_.init, [&](auto init) { law = init.law(layer.inputs, layer.outputs); });
    std::uint32_t element = 0;
    for (int k = 0; k < layer.outputs; ++k) {
      float* const row = weights_ + layer.weights + std::int64_t{k} * layer.stride;
      initial_weights(law, key, static_cast<std::uint32_t>(l), element, layer.inputs, row);
      element += static_cast<std::uint32_t>(layer.inputs);
    }
    if (member_.bias_init != BiasInit::as_weights) continue;
    initial_weights(law, key, static_cast<std::uint32_t>(l), element, layer.outputs,
                    weights_ + layer.bias);
  }
}

MemberView Resident::view() {
  bool const scaled_targets = !transform_->target_shift.empty();
  return {&member_,
          &layout_,
          weights_,
          moments_,
          average_,
          train_rows_->data(),
          transform_->shift.data(),
          transform_->scale.data(),
          scaled_targets ? transform_->target_shift.data() : nullptr,
          scaled_targets ? transform_->target_scale.data() : nullptr,
          class_weights_.empty() ? nullptr : class_weights_.data()};
}

float const* Resident::evaluated_weights() const {
  return average_ != nullptr ? average_ : weights_;
}

float const* Resident::predicting_weights() const {
  return best_ != nullptr && life_.metrics.best >= 0 ? best_ : evaluated_weights();
}

namespace {

// Adds the seconds of its life; nothing where there is nothing to add to.
class ScopedTimer {
 public:
  explicit ScopedTimer(double* seconds) : seconds_(seconds) {
    if (seconds_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  ~ScopedTimer() {
    if (seconds_ == nullptr) return;
    *seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  ScopedTimer(ScopedTimer const&) = delete;
  ScopedTimer& operator=(ScopedTimer const&) = delete;

 private:
  double* seconds_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

void Resident::train(Kernels const& kernels, LoadedTable const& table, int until_epoch,
                     int evaluate_every, float* scratch, WorkerTimes* times) {
  ScopedTimer const busy(times == nullptr ? nullptr : &times->busy);
  int const until = std::min(until_epoch, member_.epochs);
  int const per_epoch = steps_per_epoch(member_);
  MemberProgress now = life_.progress();
  while (now.state == kTraining && now.epoch < until) {
    int const next = next_evaluation(now.epoch, until, evaluate_every);
    TrainResult const result =
        kernels.train(view(), table.view(), scratch, now.step, std::int64_t{next} * per_epoch,
                      times == nullptr ? nullptr : &times->ticks);
    now.step += result.steps;
    now.epoch = static_cast<int>(now.step / per_epoch);
    now.loss_sum += result.loss_sum;
    now.loss_weight += result.loss_weight;
    if (result.diverged) {
      now.state = kDiverged;
      break;
    }
    ScopedTimer const evaluating(times == nullptr ? nullptr : &times->evaluating);
    record(kernels, table, scratch, now);
  }
  complete_if_done(member_, now);
  life_.take_over(now);
}

Evaluation Resident::evaluate(Kernels const& kernels, LoadedTable const& table,
                              float const* weights, std::span<std::int32_t const> rows,
                              float* scratch) {
  Evaluation now;
  now.step = life_.metrics.step;
  now.epoch = life_.metrics.epoch;
  if (rows.empty()) return now;
  EvaluateResult const sums = kernels.evaluate(view(), weights, table.view(), rows.data(),
                                               static_cast<std::int64_t>(rows.size()), scratch);
  now.loss = sums.weight > 0 ? sums.loss_sum / sums.weight : 0.0;
  now.weight = sums.weight;
  now.correct = sums.correct;
  now.squared_error = sums.squared_error;
  now.absolute_error = sums.absolute_error;
  return now;
}

void Resident::record(Kernels const& kernels, LoadedTable const& table, float* scratch,
                      MemberProgress& progress) {
  std::span<std::int32_t const> rows;
  if (eval_rows_ != nullptr) rows = *eval_rows_;
  float const* const weights = evaluated_weights();
  Evaluation now = evaluate(kernels, table, weights, rows, scratch);
  now.step = static_cast<int>(progress.step);
  now.epoch = progress.epoch;
  now.train_loss = take_train_loss(progress);
  life_.metrics.history.push_back(now);
  judge_evaluation(member_, progress, now.loss, all_finite(weights, layout_.size));
  if (best_ != nullptr && improved(progress)) std::copy_n(weights, layout_.size, best_);
}

MemberImage Resident::save() const {
  MemberImage image;
  image.seed = member_.seed;
  life_.write_to(image);
  append_dense(layout_, weights_, image.weights);
  for (int i = 0; i < state_tensors(member_); ++i) {
    append_dense(layout_, moments_ + i * layout_.size, image.moments);
  }
  if (average_ != nullptr) append_dense(layout_, average_, image.average);
  if (best_ != nullptr) append_dense(layout_, best_, image.best);
  return image;
}

void Resident::restore(MemberImage const& image) {
  check_image(image, member_);
  member_.seed = image.seed;
  life_.read_from(image);
  read_dense(layout_, image.weights.data(), weights_);
  for (int i = 0; i < state_tensors(member_); ++i) {
    read_dense(layout_, image.moments.data() + i * dense_size(layout_),
               moments_ + i * layout_.size);
  }
  if (average_ != nullptr) read_dense(layout_, image.average.data(), average_);
  if (best_ != nullptr) read_dense(layout_, image.best.data(), best_);
}

void Resident::copy_from(Resident const& other) {
  check_clone(member_, other.member_);
  std::copy_n(other.tensors_.data(), tensors_.size(), tensors_.data());
  life_ = other.life_;
}

std::vector<LayerWeights> Resident::layers() const {
  float const* const tensor = predicting_weights();
  std::vector<LayerWeights> layers;
  for (int l = 0; l < layout_.layers; ++l) {
    LayerLayout const& layer = layout_.layer[l];
    LayerWeights& dense = layers.emplace_back();
    dense.inputs = layer.inputs;
    dense.outputs = layer.outputs;
    for (int k = 0; k < layer.outputs; ++k) {
      float const* const row = tensor + layer.weights + std::int64_t{k} * layer.stride;
      dense.weights.insert(dense.weights.end(), row, row + layer.inputs);
    }
    dense.bias.assign(tensor + layer.bias, tensor + layer.bias + layer.outputs);
  }
  return layers;
}

}  // namespace brood::cpu
