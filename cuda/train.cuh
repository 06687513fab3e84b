// SPDX-License-Identifier: Apache-2.0
// THE training step, read top to bottom, the loop around it, and the kernel: one block (or one
// cluster of blocks) takes one member through many steps and evaluations.
//
// Mapping. A warp owns panels of 32 rows through gather, forward pass, loss and deltas; with more
// warps than panels, the warps of a panel share its columns, 32 at a time. Tiles of 32 outputs x 32
// inputs of the weights are dealt out to all warps of all blocks. Members as small as one tile have
// one warp, larger ones four, so that a multiprocessor holds several.
//
// Barriers of a step, Rows being one warp where it owns whole rows and the block otherwise:
//   Rows  inputs, targets and weights are there   receive()
//   Rows  after each layer's activations          forward_pass()
//   Rows  after the loss                          loss_gradient()
//   Rows  after each layer's deltas               backward_pass()
//   All   the losses of all rows are there        train_chunk()
//   All   activations and deltas are there        backward_pass(), before the weights' gradient
//   All   a layer's weights are done with what    backward_pass(), where deltas or the next rows
//         lies where it is to be overwritten      take the place of hidden layers
//   All   the norm's parts are there              update_clipped(), with clip_norm only
//   All   weights are new, rows may go            train_chunk(), at its end
//
// Roofline (64-64-64-10, batch 64, SGD, tf32), from its machine code on a modelled multiprocessor:
// 1,544 mma take 2.5 k clocks of the tensor cores, 6.2 k wavefronts as many of shared memory, 15 k
// instructions of warps 3.8 k of issue; two members side by side take 10 k each: latency binds.
#pragma once

#include "cuda/evaluate.cuh"
#include "cuda/update.cuh"

namespace brood::cuda {

struct RunArguments {
  MemberTask const* tasks;  // one per cluster, longest first
};

// ---- where a member stands: the stream of chunks is in shared memory, where all threads see it.

__device__ __forceinline__ StepChunk& chunk_of(int number) {
  return control().stream.chunk[number & 3];
}

// The order of an epoch; those of even and of odd ones take turns.
__device__ __forceinline__ void make_order(int epoch) {
  Member const& m = control().task.member;
  control().order[epoch & 1] = batch_order(m.seed, static_cast<std::uint32_t>(epoch),
                                           static_cast<std::uint32_t>(m.train_rows));
}

// By the first thread: the chunk at row `first` of a batch, which has none from step `until` on.
__device__ __forceinline__ void put_chunk(int number, std::int64_t step, int epoch, int batch,
                                          int first) {
  MemberTask const& task = control().task;
  int const rows = batch_rows(task.member, batch) - first;
  int const most = task.cut.chunk_rows;
  bool const there = step < control().stream.until;
  chunk_of(number) = {
      {first, there ? min(most, rows) : 0, batch * task.member.batch_size + first, epoch},
      step,
      batch,
      rows <= most ? 1 : 0};
}
// ... the chunk behind chunk `number`, and the order of its epoch if that is another.
__device__ __forceinline__ void put_next(int number) {
  StepChunk const& at = chunk_of(number);
  if (at.last == 0) {
    int const first = at.chunk.first + control().task.cut.chunk_rows;
    return put_chunk(number + 1, at.step, at.chunk.epoch, at.batch, first);
  }
  bool const over = at.batch + 1 == control().stream.per_epoch;
  put_chunk(number + 1, at.step + 1, at.chunk.epoch + (over ? 1 : 0), over ? 0 : at.batch + 1, 0);
  if (over) make_order(at.chunk.epoch + 1);
}

// Begins at a step: the rows of chunk 0 are under way, those of chunk 1 looked up, and chunk 2 is
// known when this returns.
template <class W>
BROOD_PHASE void begin_stream(std::int64_t step, std::int64_t until) {
  W const w;
  if (threadIdx.x == 0) {
    int const per_epoch = steps_per_epoch(w.member());
    control().stream.until = until;
    control().stream.per_epoch = per_epoch;
    auto const epoch = static_cast<int>(step / per_epoch);
    make_order(epoch);
    put_chunk(0, step, epoch, static_cast<int>(step % per_epoch), 0);
  }
#pragma unroll 1
  for (int number = 0; number < 2; ++number) {
    w.sync_all();
    find_rows<W>(number);
    await_copies();
    w.sync_all();
    if (threadIdx.x == 0) put_next(number);
  }
  fetch<W>(0);
  w.sync_all();
}

// ---- one step

// The sums of a batch, when all its losses are known.
template <class W>
__device__ __forceinline__ StepSums step_sums(W const& w, int batch_rows) {
  int const units = (batch_rows + kUnitRows - 1) / kUnitRows;
  float loss = 0.0f, weight = 0.0f;
  if (units <= 8) {  // a few additions are done before lanes have met
#pragma unroll 1
    for (int i = 0; i < units; ++i) {
      loss = loss + w.block_sums()[2 * i];
      weight = weight + w.block_sums()[2 * i + 1];
    }
  } else {
    loss = sum_of(w.block_sums(), units, 2);
    weight = sum_of(w.block_sums() + 1, units, 2);
  }
  return {loss, weight, weight > 0.0f ? divide(1.0f, weight) : 0.0f};
}

// The phases that take most of a step are part of the loop where one block has the weights in its
// shared memory, so that what they share stays in registers. Elsewhere they are called: registers
// are short (fp32 keeps two parts of each operand), and time goes to memory and to other blocks.
template <class W>
inline constexpr bool kInlinesPhases =
    W::kShared && !W::kClustered && !std::is_same_v<typename W::Precision, Fp32>;

template <class W>
BROOD_PHASE void call_forward_pass(int number, float const* from) {
  W const w;
  forward_pass<true>(w, number, from);
}
template <class W>
BROOD_PHASE void call_input_gradient(int number, int l, float const* from) {
  W const w;
  input_gradient(w, number, l, from);
}
template <class W>
BROOD_PHASE void call_weight_layer(int number, int l, WeightPass pass, float mean) {
  W const w;
  weight_layer(w, number, l, pass, mean);
}

// Deltas down to the first layer, and with them the gradient of the weights, or the update.
template <class W>
__device__ __forceinline__ void backward_pass(W const& w, int number, WeightPass pass, float mean) {
  // In turn, each layer's weights follow its deltas; else all deltas come first.
  bool const in_turn = w.map().layer_by_layer != 0;
  bool const over_hidden = w.map().fetching == Fetching::over_hidden;
  int const layers = w.member().layers;
#pragma unroll 1
  for (int i = in_turn ? layers : 1; i < 2 * layers; ++i) {
    // In turn: steps `layers` .. 2 layers - 1; else all deltas in steps 1 .. layers - 1 before.
    bool const weights = i >= layers;
    int const l = weights ? 2 * layers - 1 - i : layers - i;
    if ((in_turn || !weights) && l > 0) {
      if constexpr (kInlinesPhases<W>) {
        input_gradient(w, number, l, w.parameters());
      } else {
        call_input_gradient<W>(number, l, w.parameters());
      }
      if (in_turn) {
        w.sync_all();
      } else if (l > 1) {
        w.sync_rows();
      }
    }
    if (!weights) continue;
    if (!in_turn && l == layers - 1) w.sync_all();
    if (l == 0 && over_hidden) fetch<W>(number + 1);
    if constexpr (kInlinesPhases<W>) {
      weight_layer(w, number, l, pass, mean);
    } else {
      call_weight_layer<W>(number, l, pass, mean);
    }
    if (in_turn && (l > 1 || (l == 1 && over_hidden))) w.sync_all();
  }
}

// The update of a gradient that rests in its buffer, whose squares are known.
template <class W>
BROOD_PHASE void update_clipped(int number, float mean) {
  W const w;
  w.sync_all();
  float const factor = norm_factor(w);
#pragma unroll 1
  for (int l = 0; l < w.member().layers; ++l)
    update_clipped_layer(w, number, l, mean, factor);
}

// By the first thread, of a batch whose losses are known.
__device__ __forceinline__ void count_step(StepSums const& sums) {
  MemberProgress& progress = control().progress;
  progress.step += 1;
  progress.loss_sum += static_cast<double>(sums.loss);
  progress.loss_weight += static_cast<double>(sums.weight);
}

// A chunk's part of its step. False, with the weights as they were, if the loss of a whole batch is
// not finite.
template <class W>
__device__ __forceinline__ bool train_chunk(W const& w, int number) {
  StepChunk const& now = chunk_of(number);
  receive<true>(w, number);
  if (now.step % kScalarsAhead == 0 && now.chunk.first == 0) compute_scalars<W>(now.step);
  if constexpr (kInlinesPhases<W>) {
    forward_pass<true>(w, number, w.parameters());
  } else {
    call_forward_pass<W>(number, w.parameters());
  }
  loss_gradient(w, number);
  find_rows<W>(number + 2);
  if (w.map().fetching == Fetching::ahead) fetch<W>(number + 1);
  WeightPass pass = WeightPass::keep;
  float mean = 1.0f;
  bool finite = true;
  if (now.last != 0) {
    w.sync_sums();
    StepSums const sums = step_sums(w, now.chunk.first + now.chunk.rows);
    if (threadIdx.x == 0) count_step(sums);
    pass = w.member().clip_norm > 0.0f ? WeightPass::measure : WeightPass::update;
    mean = sums.mean;
    finite = sums.loss - sums.loss == 0.0f;
  }
  if (finite) {
    backward_pass(w, number, pass, mean);
    if (pass == WeightPass::measure) update_clipped<W>(number, mean);
  }
  if (threadIdx.x == 0) put_next(number + 2);
  w.sync_all();
  if (w.map().fetching == Fetching::over_inputs) fetch<W>(number + 1);
  return finite;
}

// ---- the loop

// Steps up to and without `until`; false if the member diverged.
template <class W>
BROOD_PHASE bool train_until(std::int64_t until) {
  std::int64_t const step = control().progress.step;
  if (step >= until) return true;
  compute_scalars<W>(step - step % kScalarsAhead);
  begin_stream<W>(step, until);
  W const w;
  bool finite = true;
#pragma unroll 1
  for (int number = 0; finite && chunk_of(number).chunk.rows > 0; ++number)
    finite = train_chunk(w, number);
  await_copies();  // of a member that diverged, the next rows may be on their way
  return finite;
}

// Whether a tensor that every block keeps, or global memory, holds only finite numbers.
template <class W>
__device__ __forceinline__ bool all_finite(W const& w, float const* values) {
  bool finite = true;
  for (int i = static_cast<int>(threadIdx.x); i < w.task().layout.size;
       i += static_cast<int>(blockDim.x))
    finite = finite && values[i] - values[i] == 0.0f;
  bool const overflown = any_lane(!finite);
  if (w.lane == 0) control().overflown[w.warp] = overflown ? 1 : 0;
  sync_block();
  int any = 0;
  for (int i = 0; i < w.warps; ++i)
    any |= control().overflown[i];
  return any == 0;
}

// What an evaluation means for the member: divergence, its best so far, patience. By the first
// thread of every block alike.
__device__ __forceinline__ void judge(Member const& m, MemberProgress& progress, double loss,
                                      bool finite) {
  int const evaluation = progress.evaluations++;
  if (!finite || (m.eval_rows > 0 && !(loss - loss == 0.0))) {
    progress.state = kDiverged;
    return;
  }
  if (m.eval_rows == 0) return;
  double const bar = m.patience > 0 ? progress.best_loss - m.min_delta : progress.best_loss;
  if (loss < bar) {
    progress.best_loss = loss;
    progress.best = evaluation;
    progress.evaluations_since_best = 0;
  } else if (m.patience > 0 && ++progress.evaluations_since_best >= m.patience) {
    progress.state = kStopped;
  }
}

__device__ __forceinline__ MemberRecord record_of(MemberProgress const& progress, double train_loss,
                                                  EvaluationTotals const& totals) {
  return {static_cast<int>(progress.step),
          progress.epoch,
          train_loss,
          totals.value[0],
          totals.value[1],
          totals.value[2],
          totals.value[3],
          totals.value[4]};
}

// Records an evaluation, and judges it. By the first thread of every block.
template <class W>
__device__ __forceinline__ void record_evaluation(W const& w, EvaluationTotals const& totals,
                                                  bool finite) {
  MemberProgress& progress = control().progress;
  if (w.rank == 0) {
    double const train =
        progress.loss_weight > 0.0 ? progress.loss_sum / progress.loss_weight : 0.0;
    w.task().records[progress.recorded] = record_of(progress, train, totals);
  }
  progress.recorded += 1;
  progress.loss_sum = progress.loss_weight = 0.0;
  judge(w.member(), progress, mean_loss(totals), finite);
}

// Evaluates what the member has come to, and records it.
template <class W>
BROOD_PHASE void evaluate_member() {
  W const w;
  MemberTask const& task = w.task();
  bool const averaged = task.average != nullptr;
  float const* const source = averaged ? task.average : task.parameters;
  with_weights(w, source, [&](float const* from) {
    EvaluationTotals const totals = evaluate_rows<W>(from);
    bool const finite = all_finite(w, from);
    if (threadIdx.x == 0) record_evaluation(w, totals, finite);
    sync_block();
    MemberProgress const& progress = control().progress;
    bool const improved = progress.best == progress.evaluations - 1;
    if (task.best != nullptr && improved && w.rank == 0)
      copy_tensor(task.best, from, task.layout.size);
    w.sync_all();
  });
}

// By the first thread, before and after the steps up to an evaluation: up to which step to train,
// and where that has brought the member.
__device__ __forceinline__ void set_goal() {
  MemberTask const& task = control().task;
  int const until = min(task.until_epoch, task.member.epochs);
  int const every = task.evaluate_every;
  int const epoch = control().progress.epoch;
  int const next = every > 0 ? min((epoch / every + 1) * every, until) : until;
  control().goal = std::int64_t{next} * steps_per_epoch(task.member);
}
__device__ __forceinline__ void arrive(bool finite) {
  MemberProgress& progress = control().progress;
  progress.epoch = static_cast<int>(progress.step / steps_per_epoch(control().task.member));
  if (!finite) progress.state = kDiverged;
}

template <class W>
__device__ __forceinline__ void train_member() {
  if (threadIdx.x == 0) control().end = control().progress.step + control().task.most_steps;
  for (;;) {
    sync_block();
    MemberTask const& task = control().task;
    MemberProgress const& progress = control().progress;
    if (progress.state != kTraining || progress.epoch >= min(task.until_epoch, task.member.epochs))
      break;
    if (threadIdx.x == 0) set_goal();
    sync_block();
    std::int64_t const goal = control().goal, end = control().end;
    bool const finite = train_until<W>(goal < end ? goal : end);
    sync_block();
    if (threadIdx.x == 0) arrive(finite);
    sync_block();
    if (control().progress.state == kDiverged) break;
    if (control().goal > control().end) break;  // for the next launch
    evaluate_member<W>();
  }
  sync_block();  // all have left the loop
  MemberProgress& progress = control().progress;
  if (threadIdx.x == 0 && progress.state == kTraining &&
      progress.epoch == control().task.member.epochs)
    progress.state = kComplete;
}

// ---- the kernels

// The task and the member's progress into shared memory. A barrier must follow.
__device__ __forceinline__ void load_task(MemberTask const& from) {
  auto* const to = reinterpret_cast<std::uint32_t*>(&control().task);
  auto const* const words = reinterpret_cast<std::uint32_t const*>(&from);
  for (int i = static_cast<int>(threadIdx.x); i < static_cast<int>(sizeof(MemberTask) / 4);
       i += static_cast<int>(blockDim.x))
    to[i] = words[i];
  if (threadIdx.x == 0) control().progress = *from.progress;
}

// By a thread for each layer.
template <class W>
__device__ __forceinline__ void place_layer(int l) {
  using P = typename W::Precision;
  MemberTask const& task = control().task;
  TileLayer const& layer = task.layout.layer[l];
  SharedMap const& map = task.map;
  Shared const base = shared_base();
  auto address = [&](int place) { return base + static_cast<Shared>(place); };
  LayerPlaces& to = control().places[l];
  to.inputs = layer.columns / kUnitRows;
  to.outputs = layer.rows / kUnitRows;
  to.width = layer.outputs;
  to.segment = layer.segment;
  to.weights = layer.weights;
  to.bias = layer.bias;
  to.weights_at = P::kWeightCopy ? address(map.operands + 2 * layer.weights)
                                 : address(map.parameters + 4 * layer.weights);
  to.bias_at = address(map.parameters + 4 * layer.bias);
  to.input = address(l == 0 ? map.input : map.hidden[l - 1]);
  to.input_panel = static_cast<Shared>(2 * to.inputs * P::kUnitBytes);
  to.delta = address(map.delta[l]);
  to.delta_panel = static_cast<Shared>(2 * to.outputs * P::kUnitBytes);
  to.hidden = address(map.hidden[l]);
  to.delta_before = address(l == 0 ? 0 : map.delta[l - 1]);
  to.first_unit = 0;
  for (int k = 0; k < l; ++k)
    to.first_unit += units_of(task.layout.layer[k]);
}

// By the first thread.
__device__ __forceinline__ void place_tensors() {
  MemberTask const& task = control().task;
  auto placed = [](int place, float* global) {
    return place >= 0 ? shared_at<float>(place) : global;
  };
  control().parameters = placed(task.map.parameters, task.parameters);
  control().moments = placed(task.map.moments, task.moments);
  control().gradient = placed(task.map.gradient, task.gradient);
  control().update = update_kind(task.member);
}

// The same with the member's tensors.
template <class W>
BROOD_PHASE void begin(MemberTask const& from) {
  load_task(from);
  sync_block();
  for (int l = static_cast<int>(threadIdx.x); l < control().task.layout.layers;
       l += static_cast<int>(blockDim.x))
    place_layer<W>(l);
  if (threadIdx.x == 0) place_tensors();
  W const w;
  MemberTask const& task = w.task();
  load_operands(w, task.parameters);
  if (W::Precision::kWeightCopy && w.map().parameters >= 0)
    copy_tensor(shared_at<float>(w.map().parameters), task.parameters, task.layout.size);
  if (w.map().moments >= 0) {
    copy_tensor(shared_at<float>(w.map().moments), task.moments,
                task.layout.size * state_tensors(task.member));
  }
  for (int i = static_cast<int>(threadIdx.x); i < w.layer(0).columns;
       i += static_cast<int>(blockDim.x)) {
    bool const inside = i < w.layer(0).inputs;
    shared_at<float>(w.map().shift)[i] = inside ? task.shift[i] : 0.0f;
    shared_at<float>(w.map().scale)[i] = inside ? task.scale[i] : 0.0f;
  }
  w.sync_all();
}

template <class W>
BROOD_PHASE void end() {
  W const w;
  w.sync_all();
  MemberTask const& task = w.task();
  put_parameters_back(w);
  if (w.map().moments >= 0) {
    copy_tensor(task.moments, shared_at<float>(w.map().moments),
                task.layout.size * state_tensors(task.member));
  }
  if (w.rank == 0 && threadIdx.x == 0) *task.progress = control().progress;
}

// Predicts the task's rows, or evaluates them into its first record.
template <class W>
BROOD_PHASE void look() {
  W const w;
  MemberTask const& task = w.task();
  with_weights(w, predicting(task), [&](float const* from) {
    if (task.errand == Errand::predict) return predict_rows<W>(from);
    EvaluationTotals const totals = evaluate_rows<W>(from);
    if (w.rank == 0 && threadIdx.x == 0)
      task.records[0] = record_of(control().progress, 0.0, totals);
  });
}

template <class P, bool InShared, bool Clustered>
__global__ void __launch_bounds__(32 * kMostWarps, 1) run(RunArguments arguments) {
  using W = Worker<P, InShared, Clustered>;
  MemberTask const& given = arguments.tasks[cluster_number()];
  // A member that a launch before has brought to its end, by patience or otherwise.
  if (given.errand == Errand::train && given.progress->state != kTraining) return;
  begin<W>(given);
  if (control().task.errand != Errand::train) return look<W>();
  train_member<W>();
  end<W>();
}

}  // namespace brood::cuda
