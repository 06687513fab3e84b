// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/layered.hpp"

#include <algorithm>

#include "cuda/plan/plan.hpp"

namespace brood::cuda {

namespace {

// Deals out memory in pieces of whole 256 bytes; with null, counts only.
class Pieces {
 public:
  explicit Pieces(void* memory) : memory_(static_cast<char*>(memory)) {}

  template <class T>
  void take(T*& piece, std::int64_t count) {
    piece = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ += (count * static_cast<std::int64_t>(sizeof(T)) + 255) / 256 * 256;
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  char* memory_;
  std::int64_t bytes_ = 0;
};

LayerBuffers deal_out(Pieces& pieces, Member const& m, Precision precision) {
  TileLayout const layout = tile_layout(m, TileOrder::rows);
  std::int64_t const per_word = precision == Precision::bf16 ? 2 : 1;
  std::int64_t const rows = std::max(round_up(step_rows(m, 0), kUnitRows), kLayeredRows);
  std::int64_t widest = 0;
  LayerBuffers buffers{};
  pieces.take(buffers.input, rows * layout.layer[0].columns / per_word);
  for (int l = 0; l < layout.layers; ++l) {
    std::int64_t const words = rows * layout.layer[l].rows / per_word;
    if (l + 1 < layout.layers) pieces.take(buffers.hidden[l], words);
    pieces.take(buffers.delta[l], words);
    widest = std::max<std::int64_t>({widest, layout.layer[l].columns, layout.layer[l].rows});
  }
  pieces.take(buffers.operands, precision == Precision::fp32 ? 0 : layout.size / per_word);
  pieces.take(buffers.product, rows * widest);
  pieces.take(buffers.targets, rows * target_columns(m));
  pieces.take(buffers.row_weights, rows);
  pieces.take(buffers.block_sums, rows / kUnitRows * 2);
  pieces.take(buffers.squares, kNormBlocks);
  pieces.take(buffers.step_sums, 3);
  pieces.take(buffers.evaluation_sums, kEvaluationSums * (1 + kLayeredRows / kUnitRows));
  pieces.take(buffers.improved, 1);
  return buffers;
}

// Blocks of 256 threads that a phase is launched with.
int blocks_of(LayeredArguments const& arguments, Member const& member) {
  constexpr int kThreads = 256, kMaxBlocksOfAPhase = 1024;
  TileLayout const layout = tile_layout(member, TileOrder::rows);
  TileLayer const& layer = layout.layer[arguments.layer];
  std::int64_t threads = 1;  // that have something to do
  switch (arguments.phase) {
    case LayeredPhase::round_weights:
    case LayeredPhase::update:
    case LayeredPhase::keep_best:
      threads = layout.size / 2;
      break;
    case LayeredPhase::gather:
      threads = std::int64_t{arguments.padded_rows} * layout.layer[0].columns / 4;
      break;
    case LayeredPhase::activate:
      threads = std::int64_t{arguments.padded_rows} * layer.rows / 4;
      break;
    case LayeredPhase::slopes:
      threads = std::int64_t{arguments.padded_rows} * layer.columns / 4;
      break;
    case LayeredPhase::loss:
    case LayeredPhase::predict:
      threads = std::int64_t{arguments.padded_rows} / kUnitRows * 32;
      break;
    case LayeredPhase::bias_gradient:
      for (int l = 0; l < layout.layers; ++l)
        threads += layout.layer[l].rows / 2;
      break;
    case LayeredPhase::squares:
      return kNormBlocks;  // part of what the norm is
    case LayeredPhase::count_step:
    case LayeredPhase::evaluate:
    case LayeredPhase::finish_evaluation:
    case LayeredPhase::record_now:
      return 1;
  }
  std::int64_t const blocks = (threads + kThreads - 1) / kThreads;
  return static_cast<int>(std::min<std::int64_t>(blocks, kMaxBlocksOfAPhase));
}

class LayeredRun {
 public:
  LayeredRun(Device& device, LayerProducts& products, Precision precision,
             LayerBuffers const& buffers, MemberTask const& task, MemberTask const* on_device)
      : device_(device), products_(products), task_(task), m_(task.member) {
    arguments_.precision = precision;
    arguments_.task = on_device;
    arguments_.buffers = buffers;
  }

  void train(MemberProgress const& progress) {
    int const until = std::min(task_.until_epoch, m_.epochs);
    int const every = task_.evaluate_every;
    use(task_.parameters);
    for (int epoch = progress.epoch; epoch < until; ++epoch) {
      train_epoch(epoch);
      int const done = epoch + 1;
      if (done == until || (every > 0 && done % every == 0)) evaluate_member();
    }
  }

  // The evaluation rows' sums, or predictions.
  void infer(MemberProgress const& progress) {
    bool const best = task_.best != nullptr && progress.best >= 0;
    use(best ? task_.best : averaged());
    if (task_.kind == TaskKind::predict) {
      for_evaluation_rows([&] { phase(LayeredPhase::predict); });
    } else {
      evaluate();
      phase(LayeredPhase::record_now);
    }
  }

 private:
  float const* averaged() const {
    return task_.average != nullptr ? task_.average : task_.parameters;
  }

  void phase(LayeredPhase phase, int layer = 0) {
    arguments_.phase = phase;
    arguments_.layer = layer;
    launch_layered(device_, blocks_of(arguments_, m_), arguments_);
  }

  // Makes the parameters at `from` the weights of the passes that follow.
  void use(float const* from) {
    arguments_.from = from;
    if (arguments_.precision != Precision::fp32) phase(LayeredPhase::round_weights);
  }
  void const* weights(int l) const {
    TileLayer const& layer = task_.layout.layer[l];
    if (arguments_.precision == Precision::fp32) return arguments_.from + layer.weights;
    int const per_word = arguments_.precision == Precision::bf16 ? 2 : 1;
    return arguments_.buffers.operands + layer.weights / per_word;
  }
  void const* input(int l) const {
    return l == 0 ? arguments_.buffers.input : arguments_.buffers.hidden[l - 1];
  }
  void multiply(Product product, int l, void const* left, void const* right, float* result) {
    TileLayer const& layer = task_.layout.layer[l];
    products_.multiply(product, {arguments_.padded_rows, layer.columns, layer.rows}, left, right,
                       result);
  }

  void forward() {
    for (int l = 0; l < m_.layers; ++l) {
      multiply(Product::forward, l, input(l), weights(l), arguments_.buffers.product);
      phase(LayeredPhase::activate, l);
    }
  }

  void backward() {
    for (int l = m_.layers - 1; l >= 0; --l) {
      void const* const delta = arguments_.buffers.delta[l];
      multiply(Product::weight, l, delta, input(l), task_.gradient + task_.layout.layer[l].weights);
      if (l == 0) continue;
      multiply(Product::delta, l, delta, weights(l), arguments_.buffers.product);
      phase(LayeredPhase::slopes, l);
    }
  }

  void train_epoch(int epoch) {
    int const per_epoch = steps_per_epoch(m_);
    arguments_.order = batch_order(m_.seed, static_cast<std::uint32_t>(epoch),
                                   static_cast<std::uint32_t>(m_.train_rows));
    arguments_.training = 1;
    for (int batch = 0; batch < per_epoch; ++batch) {
      std::int64_t const step = std::int64_t{epoch} * per_epoch + batch;
      double const lr = lr_at_step(m_, step);
      arguments_.step = static_cast<std::uint32_t>(step);
      arguments_.scalars = {step_scalars(m_, lr, step), lr, weight_decay_at_step(m_, step)};
      for (int l = 0; l < m_.layers; ++l)
        arguments_.dropout[l] = dropout_at_step(m_, m_.dropout[l], step);
      arguments_.input_dropout = dropout_at_step(m_, m_.input_dropout, step);
      arguments_.first = batch * m_.batch_size << m_.head_bits;
      arguments_.rows = step_rows(m_, batch);
      arguments_.padded_rows = round_up(arguments_.rows, kUnitRows);
      phase(LayeredPhase::gather);
      forward();
      phase(LayeredPhase::loss);
      phase(LayeredPhase::count_step);
      backward();
      phase(LayeredPhase::bias_gradient);
      if (m_.clip_norm > 0.0f) phase(LayeredPhase::squares);
      phase(LayeredPhase::update);
    }
    arguments_.training = 0;
  }

  template <class Each>
  void for_evaluation_rows(Each&& each) {
    arguments_.padded_rows = kLayeredRows;
    int const rows = m_.eval_rows << m_.head_bits;
    for (int first = 0; first < rows; first += kLayeredRows) {
      arguments_.first = first;
      arguments_.rows = std::min(kLayeredRows, rows - first);
      phase(LayeredPhase::gather);
      forward();
      each();
    }
  }

  void evaluate() {
    for_evaluation_rows([&] { phase(LayeredPhase::evaluate); });
  }

  void evaluate_member() {
    bool const other = averaged() != task_.parameters;
    if (other) use(averaged());
    evaluate();
    phase(LayeredPhase::finish_evaluation);
    if (task_.best != nullptr) phase(LayeredPhase::keep_best);
    if (other) use(task_.parameters);
  }

  Device& device_;
  LayerProducts& products_;
  MemberTask const& task_;
  Member const& m_;
  LayeredArguments arguments_{};
};

}  // namespace

std::int64_t layer_buffer_bytes(Member const& member, Precision precision) {
  Pieces pieces(nullptr);
  deal_out(pieces, member, precision);
  return pieces.bytes();
}

LayerBuffers layer_buffers(void* memory, Member const& member, Precision precision) {
  Pieces pieces(memory);
  return deal_out(pieces, member, precision);
}

void run_layered(Device& device, LayerProducts& products, Precision precision,
                 LayerBuffers const& buffers, MemberTask const& task, MemberTask const* on_device,
                 MemberProgress const& progress) {
  LayeredRun run(device, products, precision, buffers, task, on_device);
  if (task.kind == TaskKind::train) {
    run.train(progress);
  } else {
    run.infer(progress);
  }
}

}  // namespace brood::cuda
