// SPDX-License-Identifier: Apache-2.0
// The phases of a step that is made layer by layer, each a launch of the one kernel below over the
// whole device; see layered.hpp. Blocks have 256 threads.
//
// Mapping. Where the counters of dropout are at work (gather, activate), a thread takes four
// elements as a lane of the fused kernel does: rows g and g + 8 of a block of 16, two columns.
// Losses and evaluation sums are the fused kernel's own, a warp to a block of rows. Weights go pair
// by pair.
//
// Shared memory: the member's task and progress (Control), then the launch's arguments. Barriers:
// one after these are there; the sums of evaluation and of squares have their own.
//
// Roofline: apart from the products every phase reads and writes each of its elements once: global
// memory binds, and the time of a launch where there are few of them.
#pragma once

#include "cuda/kernels/train.cuh"
#include "cuda/layered/layered.hpp"

namespace brood::cuda {

inline constexpr int kLayeredArguments = kControlBytes;

__device__ __forceinline__ LayeredArguments& layered_arguments() {
  return *shared_at<LayeredArguments>(kLayeredArguments);
}

// ---- operands: matrices in flight, and the copy of the weights, as the products want them

// f of the precision in which they are kept.
template <class F>
__device__ __forceinline__ auto with_operands(F&& f) {
  switch (layered_arguments().precision) {
    case Precision::tf32:
      return f(Tf32());
    case Precision::bf16:
      return f(Bf16());
    case Precision::fp32:
      break;
  }
  return f(Fp32());
}
// Two neighbours in a matrix, which may hold more than 2^31 elements.
__device__ __forceinline__ void store_operand_pair(std::uint32_t* words, std::int64_t at, float x,
                                                   float y) {
  with_operands([&](auto kept) {
    using P = decltype(kept);
    P::store_pair(words + at / P::kPerWord, 0, x, y);
  });
}
__device__ __forceinline__ float2 load_operand_pair(std::uint32_t const* words, std::int64_t at) {
  return with_operands([&](auto kept) {
    using P = decltype(kept);
    return P::load_pair(words + at / P::kPerWord, 0);
  });
}

// What the phases of the fused kernel ask of their worker, where tensors lie in global memory.
struct LayeredWorker {
  using Precision = Fp32;  // of exp and log in the losses
  using OfRows = LayeredWorker;
  static constexpr int rank = 0;

  Lane place = lane_place();
  int lane = lane_number(), warp = warp_number(), warps = warp_count();

  __device__ __forceinline__ MemberTask const& task() const { return control().task; }
  __device__ __forceinline__ Member const& member() const { return control().task.member; }
  __device__ __forceinline__ TileLayer const& layer(int l) const {
    return control().task.layout.layer[l];
  }
  __device__ __forceinline__ LayerBuffers const& buffers() const {
    return layered_arguments().buffers;
  }

  // The rows in flight: all that are there, or with padding in training.
  __device__ __forceinline__ Chunk chunk(int) const {
    LayeredArguments const& a = layered_arguments();
    return {0, a.training != 0 ? a.padded_rows : a.rows, a.first, a.training != 0 ? 0 : -1};
  }

  __device__ __forceinline__ void sync_rows() const { sync_warp(); }
  __device__ __forceinline__ void sync_all() const { sync_block(); }
  template <class T>
  __device__ __forceinline__ void store_sum(T* to, T value) const {
    *to = value;
  }
  __device__ __forceinline__ void store_unit_sums(int unit, float loss, float weight) const {
    block_sums()[2 * unit] = loss;
    block_sums()[2 * unit + 1] = weight;
  }
  template <class F>
  __device__ __forceinline__ void for_row_units(int rows, F&& f) const {
    int const count = (rows + kUnitRows - 1) / kUnitRows;
    int const workers = warps * static_cast<int>(gridDim.x);
    for (int b = static_cast<int>(blockIdx.x) * warps + warp; b < count; b += workers)
      f(b, b);
  }

  __device__ __forceinline__ float* targets() const { return buffers().targets; }
  __device__ __forceinline__ float* row_weights() const { return buffers().row_weights; }
  __device__ __forceinline__ float* block_sums() const { return buffers().block_sums; }
  __device__ __forceinline__ double* evaluation_sums() const {
    return buffers().evaluation_sums + kEvaluationSums;
  }
  __device__ __forceinline__ std::uint32_t* delta_words(int l) const { return buffers().delta[l]; }

  // See Worker. Row by row.
  __device__ __forceinline__ int quad_place(int unit, int u, int half) const {
    return (kUnitRows * unit + place.g) * layer(member().layers - 1).rows + 16 * u + 8 * half +
           2 * place.t;
  }
  __device__ __forceinline__ Quad logit_quad(int unit, int u, int half) const {
    float const* const at = buffers().product + quad_place(unit, u, half);
    float2 const upper = *reinterpret_cast<float2 const*>(at);
    float2 const lower = *reinterpret_cast<float2 const*>(at + 8 * layer(member().layers - 1).rows);
    return {{upper.x, upper.y, lower.x, lower.y}};
  }
  __device__ __forceinline__ float* logit(int unit, int r, int column) const {
    return buffers().product +
           std::int64_t{kUnitRows * unit + r} * layer(member().layers - 1).rows + column;
  }
  __device__ __forceinline__ void store_delta_quad(int unit, int u, int half, Quad const& q) const {
    int const last = member().layers - 1;
    int const at = quad_place(unit, u, half);
    store_operand_pair(delta_words(last), at, q.v[0], q.v[1]);
    store_operand_pair(delta_words(last), at + 8 * layer(last).rows, q.v[2], q.v[3]);
  }
};

// f(i) for every i below `count`, dealt out to all threads of the launch.
template <class F>
__device__ __forceinline__ void for_each_thread(std::int64_t count, F&& f) {
  auto const first = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  auto const threads = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = first; i < count; i += threads)
    f(i);
}

// f(block, g, column) for every four elements of a matrix of (rows, columns): rows g and g + 8 of a
// block of rows, the column and the next.
template <class F>
__device__ __forceinline__ void for_fragments(int rows, int columns, F&& f) {
  int const pairs = columns / 2;
  for_each_thread(std::int64_t{rows} / 2 * pairs, [&](std::int64_t i) {
    int const column = static_cast<int>(i % pairs) * 2;
    int const row = static_cast<int>(i / pairs);
    f(row / 8, row % 8, column);
  });
}

BROOD_PHASE void round_weights() {
  LayeredWorker const w;
  float const* const from = layered_arguments().from;
  for_each_thread(w.task().layout.size / 2, [&](std::int64_t i) {
    auto const at = static_cast<int>(2 * i);
    float2 const v = *reinterpret_cast<float2 const*>(from + at);
    store_operand_pair(w.buffers().operands, at, v.x, v.y);
  });
}

// ---- a pass over rows

// The row of the table at a position of the rows in flight, which have each once for each head.
__device__ __forceinline__ int layered_row(LayeredWorker const& w, int position) {
  LayeredArguments const& a = layered_arguments();
  int const place = (a.first + position) >> w.member().head_bits;
  if (a.training == 0) return w.task().eval_rows[place];
  return w.task().train_rows[row_at(a.order, static_cast<std::uint32_t>(place))];
}

BROOD_PHASE void gather_inputs() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  MemberTask const& task = w.task();
  TableView const& table = task.table;
  int const columns = w.layer(0).columns;
  int const inputs = w.layer(0).inputs;
  float const rate = a.training != 0 ? w.member().input_dropout : 0.0f;
  int const last_head = heads_of(w.member()) - 1;
  for_fragments(a.padded_rows, columns, [&](int block, int g, int c) {
    Quad factors{{1.0f, 1.0f, 1.0f, 1.0f}};
    if (rate > 0.0f)
      factors = dropout_factors(a.input_dropout, w.member().seed, a.step, 0, block, g, c);
    for (int half = 0; half < 2; ++half) {
      int const row = block * kUnitRows + g + 8 * half;
      float x[2] = {0.0f, 0.0f};
      if (row < a.rows) {
        float const* const raw = table.x + std::int64_t{layered_row(w, row)} * table.stride;
        for (int i = 0; i < 2; ++i) {
          if (c + i >= inputs) continue;
          int const column = task.list.source != nullptr ? task.list.source[c + i] : c + i;
          float input = input_of(task, c + i, raw[column]);
          if (last_head > 0) {
            std::uint32_t const signs = head_signs(c / 4).word[(c & 2) + i];
            input *= sign_of_head(signs, row & last_head);
          }
          x[i] = input * factors.v[2 * half + i];
        }
      }
      store_operand_pair(w.buffers().input, std::int64_t{row} * columns + c, x[0], x[1]);
    }
  });
}

BROOD_PHASE void gather_targets() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  MemberTask const& task = w.task();
  TableView const& table = task.table;
  for_each_thread(a.padded_rows, [&](std::int64_t i) {
    auto const r = static_cast<int>(i);
    bool const there = r < a.rows;
    int const row = there ? layered_row(w, r) : 0;
    float* const targets = w.targets() + r * table.targets;
    for (int t = 0; t < table.targets; ++t) {
      float y = there ? table.y[std::int64_t{row} * table.targets + t] : 0.0f;
      if (task.target_scale != nullptr) y = (y - task.target_shift[t]) * task.target_scale[t];
      targets[t] = y;
    }
    float weight = table.weights != nullptr ? table.weights[row] : 1.0f;
    if (a.training != 0 && task.class_weights != nullptr)
      weight *= task.class_weights[static_cast<int>(targets[0])];
    w.row_weights()[r] = there ? weight : 0.0f;
  });
}

// The last layer's logits get their biases, in place.
BROOD_PHASE void activate_layer() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  int const l = a.layer;
  int const columns = w.layer(l).rows;
  bool const last = l + 1 == w.member().layers;
  float const* const bias = a.from + w.layer(l).bias;
  float const rate = a.training != 0 ? w.member().dropout[l] : 0.0f;
  for_fragments(a.padded_rows, columns, [&](int block, int g, int c) {
    Quad factors{{1.0f, 1.0f, 1.0f, 1.0f}};
    if (rate > 0.0f)
      factors = dropout_factors(a.dropout[l], w.member().seed, a.step, l + 1, block, g, c);
    for (int half = 0; half < 2; ++half) {
      std::int64_t const at = std::int64_t{block * kUnitRows + g + 8 * half} * columns + c;
      float2 z = *reinterpret_cast<float2 const*>(w.buffers().product + at);
      z = make_float2(z.x + bias[c], z.y + bias[c + 1]);
      if (last) {
        *reinterpret_cast<float2*>(w.buffers().product + at) = z;
        continue;
      }
      float value[2], slope[2];
      visit(Activations{}, w.member().activation, [&](auto function) {
        for (int i = 0; i < 2; ++i) {
          bool const inside = c + i < w.layer(l).outputs;  // padding stays zero
          float const factor = factors.v[2 * half + i];
          auto const y = function.apply(Approx(i == 0 ? z.x : z.y));
          value[i] = inside ? y.value.v * factor : 0.0f;
          slope[i] = inside ? y.slope.v * factor : 0.0f;
        }
      });
      store_operand_pair(w.buffers().hidden[l], at, value[0], value[1]);
      if (a.training != 0) store_operand_pair(w.delta_words(l), at, slope[0], slope[1]);
    }
  });
}

// ---- a training step

BROOD_PHASE void losses() {
  loss_gradient(LayeredWorker(), 0);
}

BROOD_PHASE void count_step() {
  LayeredWorker const w;
  if (w.warp != 0) return;
  StepSums const sums = step_sums(w, layered_arguments().rows);
  if (w.lane != 0) return;
  MemberProgress progress = control().progress;
  brood::count_step(progress, sums.loss, sums.weight);
  progress.epoch = static_cast<int>(progress.step / steps_per_epoch(w.member()));
  if (!(sums.loss - sums.loss == 0.0f)) progress.state = kDiverged;
  *w.task().progress = progress;
  w.buffers().step_sums[0] = sums.loss;
  w.buffers().step_sums[1] = sums.weight;
  w.buffers().step_sums[2] = sums.mean;
}

BROOD_PHASE void apply_slopes() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  int const columns = w.layer(a.layer).columns;
  std::uint32_t* const delta = w.delta_words(a.layer - 1);
  for_each_thread(std::int64_t{a.padded_rows} * columns / 2, [&](std::int64_t i) {
    float2 const product = *reinterpret_cast<float2 const*>(w.buffers().product + 2 * i);
    float2 const slope = load_operand_pair(delta, 2 * i);
    store_operand_pair(delta, 2 * i, product.x * slope.x, product.y * slope.y);
  });
}

// Of two biases, over the rows in their order.
BROOD_PHASE void bias_gradients() {
  LayeredWorker const w;
  int const rows = layered_arguments().padded_rows;
  int before = 0;  // pairs of the layers below
  for (int l = 0; l < w.member().layers; ++l) {
    TileLayer const& layer = w.layer(l);
    for_each_thread(before + layer.rows / 2, [&](std::int64_t i) {
      if (i < before) return;
      int const c = 2 * (static_cast<int>(i) - before);
      float2 sum = make_float2(0.0f, 0.0f);
      for (int r = 0; r < rows; ++r) {
        float2 const d = load_operand_pair(w.delta_words(l), std::int64_t{r} * layer.rows + c);
        sum = make_float2(sum.x + d.x, sum.y + d.y);
      }
      *reinterpret_cast<float2*>(w.task().gradient + layer.bias + c) = sum;
    });
    before += layer.rows / 2;
  }
}

// The squares of a block's share of the gradient, as clip_value leaves it.
BROOD_PHASE void sum_squares() {
  LayeredWorker const w;
  float const mean = w.buffers().step_sums[2];
  float sum = 0.0f;
  for_each_thread(w.task().layout.size, [&](std::int64_t i) {
    float const g = clipped(w.task().gradient[i] * mean, clip_bound(w.member()));
    sum = fma(g, g, sum);
  });
  for (int mask = 16; mask > 0; mask /= 2)
    sum += shuffle_xor(sum, mask);
  auto* const parts = reinterpret_cast<float*>(&layered_arguments() + 1);
  if (w.lane == 0) parts[w.warp] = sum;
  sync_block();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < w.warps; ++i)
    sum += parts[i];
  w.buffers().squares[blockIdx.x] = sum;
}

// The new value of the parameter at a place: of a weight, or of a bias.
template <class Update>
__device__ __forceinline__ float update_element(Update const& update,
                                                ParameterTensors const& tensors, int at, float g,
                                                bool weight) {
  float* const first = tensors.moments + at;
  float* const second = first + tensors.size;
  float a = 0.0f, b = 0.0f;
  if constexpr (Update::kStates > 0) a = *first;
  if constexpr (Update::kStates > 1) b = *second;
  float const old = tensors.parameters[at];
  float const v = weight ? update.weight(old, g, a, b) : update.kept(old, g, a, b);
  if constexpr (Update::kStates > 0) *first = a;
  if constexpr (Update::kStates > 1) *second = b;
  if constexpr (!Update::kPlain) {
    if (tensors.average != nullptr) tensors.average[at] = update.averaged(tensors.average[at], v);
  }
  tensors.parameters[at] = v;
  return v;
}

BROOD_PHASE void update_layers() {
  LayeredWorker const w;
  MemberTask const& task = w.task();
  Member const& m = w.member();
  float const mean = w.buffers().step_sums[2];
  float factor = 1.0f;
  if (m.clip_norm > 0.0f) {
    float const norm = sqrt(sum_of(w.buffers().squares, kNormBlocks, 1));
    factor = clip_factor(m.clip_norm, norm);
  }
  ParameterTensors const tensors{
      task.parameters, task.moments, task.average, task.layout.size, 0, 0};
  for (int l = 0; l < m.layers; ++l) {
    if (is_frozen(m, l)) continue;
    TileLayer const& layer = w.layer(l);
    TimedScalars const& scalars = layered_arguments().scalars;
    LayerScalars const own = layer_scalars(m, l, scalars.step, scalars.lr, scalars.weight_decay);
    with_update(m, scalars.step, own, mean, factor, [&](auto const& update) {
      for_each_thread(layer.columns * layer.rows / 2, [&](std::int64_t i) {
        int const at = layer.weights + static_cast<int>(2 * i);
        float const x = update_element(update, tensors, at, task.gradient[at], true);
        float const y = update_element(update, tensors, at + 1, task.gradient[at + 1], true);
        if (layered_arguments().precision != Precision::fp32)
          store_operand_pair(w.buffers().operands, at, x, y);
      });
      auto const of_biases = update.of_biases(scalars.step, own);
      for_each_thread(layer.rows, [&](std::int64_t i) {
        int const at = layer.bias + static_cast<int>(i);
        update_element(of_biases, tensors, at, task.gradient[at], false);
      });
    });
  }
}

// ---- evaluation and prediction

// By one block: the sums of the rows in flight, added to the totals.
BROOD_PHASE void evaluate_chunk() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  evaluation_sums<LayeredWorker>(0);
  sync_block();
  if (threadIdx.x >= kEvaluationSums) return;
  double* const total = w.buffers().evaluation_sums + threadIdx.x;
  double sum = a.first == 0 ? 0.0 : *total;
  for (int b = 0; b * kUnitRows < a.rows; ++b)
    sum += w.evaluation_sums()[kEvaluationSums * b + static_cast<int>(threadIdx.x)];
  *total = sum;
}

__device__ __forceinline__ EvaluationTotals totals_of(LayeredWorker const& w) {
  EvaluationTotals totals{};
  for (int i = 0; w.member().eval_rows > 0 && i < kEvaluationSums; ++i)
    totals.value[i] = w.buffers().evaluation_sums[i];
  return totals;
}

// By one block.
BROOD_PHASE void finish_evaluation() {
  LayeredWorker const w;
  bool const finite = all_finite(w, layered_arguments().from);
  if (threadIdx.x != 0) return;
  MemberProgress& progress = control().progress;
  record_evaluation(w, totals_of(w), finite);
  *w.buffers().improved = improved(progress) ? 1 : 0;
  complete_if_done(w.member(), progress);
  *w.task().progress = progress;
}

BROOD_PHASE void record_now() {
  LayeredWorker const w;
  if (threadIdx.x == 0) w.task().records[0] = record_of(control().progress, 0.0, totals_of(w));
}

BROOD_PHASE void keep_best() {
  LayeredWorker const w;
  if (*w.buffers().improved == 0) return;
  float const* const from = layered_arguments().from;
  for_each_thread(w.task().layout.size, [&](std::int64_t i) { w.task().best[i] = from[i]; });
}

BROOD_PHASE void predict_in_flight() {
  LayeredWorker const w;
  LayeredArguments const& a = layered_arguments();
  w.for_row_units(a.rows, [&](int unit, int) {
    int const first = kUnitRows * unit;
    predict_evaluation_unit(w, unit, a.rows - first, a.first + first);
  });
}

// ---- the kernel

__device__ __forceinline__ void run_phase(LayeredPhase phase) {
  switch (phase) {
    case LayeredPhase::round_weights:
      return round_weights();
    case LayeredPhase::gather:
      gather_inputs();
      return gather_targets();
    case LayeredPhase::activate:
      return activate_layer();
    case LayeredPhase::loss:
      return losses();
    case LayeredPhase::count_step:
      return count_step();
    case LayeredPhase::slopes:
      return apply_slopes();
    case LayeredPhase::bias_gradient:
      return bias_gradients();
    case LayeredPhase::squares:
      return sum_squares();
    case LayeredPhase::update:
      return update_layers();
    case LayeredPhase::evaluate:
      return evaluate_chunk();
    case LayeredPhase::finish_evaluation:
      return finish_evaluation();
    case LayeredPhase::keep_best:
      return keep_best();
    case LayeredPhase::record_now:
      return record_now();
    case LayeredPhase::predict:
      return predict_in_flight();
  }
}

__global__ void __launch_bounds__(256, 1) layered(LayeredArguments given) {
  load_task(*given.task);
  if (threadIdx.x == 0) control().loss = loss_kind(*given.task);
  if (threadIdx.x == 0) layered_arguments() = given;
  sync_block();
  // A member that has diverged or stopped is left alone; only its best weights may still be due.
  bool const training = control().task.kind == TaskKind::train;
  bool const over = training && control().progress.state != kTraining;
  LayeredPhase const phase = layered_arguments().phase;
  if (over && phase == LayeredPhase::finish_evaluation && threadIdx.x == 0)
    *layered_arguments().buffers.improved = 0;
  if (over && phase != LayeredPhase::keep_best) return;
  run_phase(phase);
}

}  // namespace brood::cuda
