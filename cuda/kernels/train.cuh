// SPDX-License-Identifier: Apache-2.0
// THE training step, read top to bottom, the loop around it, and the kernel: one block (or one
// cluster of blocks) takes one member through many steps and evaluations.
//
// Mapping. A warp owns panels of 32 rows through gather, forward pass, loss and deltas; with more
// warps than panels, the warps of a panel share its columns, 32 at a time. Tiles of 32 outputs x 32
// inputs of the weights are dealt out to all warps of all blocks. Each warp has its part in lists,
// with the waits between (step_program.hpp). Members of one tile have one warp, larger ones four.
//
// Barriers of a step, Rows being one warp where it owns whole rows and the block otherwise:
//   Rows  inputs, targets and weights are there   receive()
//   Rows  after each layer's activations          forward_pass()
//   Rows  after the loss                          loss_gradient()
//   All   the losses of all rows are there        train_chunk()
//   Rows  after each layer's deltas               backward_pass()
//   All   activations and deltas are there        backward_pass(), before the weights' gradient
//   All   a layer's weights are done with what    backward_pass(), where deltas or the next rows
//         lies where it is to be overwritten      take the place of hidden layers
//   All   weights are new, rows may go;           backward_pass(), at its end
//         with clip_norm the norm's parts are there, and after updates   update_clipped()
//         the next step's dropout is there, if it has a schedule   train_chunk()
//
// Roofline (64-64-64-10, batch 64, SGD, tf32), from its machine code on a modelled multiprocessor:
// 1,544 mma take 2.5 k clocks of the tensor cores, 6.2 k wavefronts as many of shared memory, 13 k
// instructions of warps 3.3 k of issue; two members side by side take 8.9 k each: latency binds.
#pragma once

#include "cuda/kernels/evaluate.cuh"
#include "cuda/kernels/update.cuh"
#include "cuda/kernels/variants.hpp"

namespace brood::cuda {

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
  Stream const& stream = control().stream;
  int const most = control().task.tiling.chunk_rows;
  int const before = batch * stream.batch_rows;
  int const rows = min(stream.batch_rows, control().epoch_rows - before) - first;
  bool const there = step < stream.until;
  chunk_of(number) = {{first, there ? min(most, rows) : 0, before + first, epoch},
                      step,
                      batch,
                      rows <= most ? 1 : 0};
}
// ... the chunk behind chunk `number`, and the order of its epoch if that is another.
__device__ __forceinline__ void put_next(int number) {
  StepChunk const& at = chunk_of(number);
  if (at.last == 0) {
    int const first = at.chunk.first + control().task.tiling.chunk_rows;
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
    control().stream.batch_rows = w.member().batch_size << w.member().head_bits;
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
  fetch(w, 0);
  w.sync_all();
}

// ---- one step

// The sums of a batch, when all its losses are known.
template <class W>
__device__ __forceinline__ StepSums step_sums(W const& w, int batch_rows) {
  int const units = (batch_rows + kUnitRows - 1) / kUnitRows;
  float loss = 0.0f, weight = 0.0f;
  if (units <= 8) {  // a few additions are done before lanes have met
    auto const* const sums = reinterpret_cast<float2 const*>(w.block_sums());
#pragma unroll 1
    for (int first = 0; first < units; first += 4) {
      float2 four[4];
#pragma unroll
      for (int i = 0; i < 4; ++i)
        four[i] = first + i < units ? sums[first + i] : make_float2(0.0f, 0.0f);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        loss = loss + four[i].x;
        weight = weight + four[i].y;
      }
    }
  } else {
    loss = sum_of(w.block_sums(), units, 2);
    weight = sum_of(w.block_sums() + 1, units, 2);
  }
  return {loss, weight, weight > 0.0f ? divide(1.0f, weight) : 0.0f};
}

// The phases that take most of a step are part of the loop where one block has the weights in its
// shared memory, so that what they share stays in registers. Elsewhere they are called: registers
// are short, or time goes to memory and to other blocks.
template <class W>
inline constexpr bool kInlinesPhases = W::kReach == Reach::chip;

template <class W>
BROOD_PHASE void call_input_gradient(Shared work, int rows, float const* from) {
  W const w;
  input_gradient(w, WorkWords(work).as<DeltaWork>(), rows, from);
}
template <class W>
BROOD_PHASE void call_weight_gradient(Shared work, int number, WeightPass pass, UpdateKind kind,
                                      float mean) {
  W const w;
  Chunk const& chunk = w.chunk(number);
  weight_gradient(w, WorkWords(work).as<WeightWork>(),
                  {number, chunk.rows, chunk.first, pass, kind, mean, scalars_place(w, number)});
}

// Deltas down to the first layer, and with them the gradient of the weights, or the update; on the
// way the rows of the next chunk are sent for.
template <class W>
__device__ __forceinline__ void backward_pass(W const& w, BackwardPass const& is) {
  w.for_work(w.backward_work(), [&](WorkWords const& words, Shared at) {
    WorkHead const head = words.as<WorkHead>();
    if (head.work == Work::weights) {
      if constexpr (kInlinesPhases<W>) {
        weight_gradient(w, words.as<WeightWork>(), is);
      } else {
        call_weight_gradient<W>(at, is.number, is.pass, is.kind, is.mean);
      }
    } else if (head.work == Work::deltas) {
      if constexpr (kInlinesPhases<W>) {
        input_gradient(w, words.as<DeltaWork>(), is.rows, w.parameters());
      } else {
        call_input_gradient<W>(at, is.rows, w.parameters());
      }
    } else if (head.work == Work::fetch) {
      fetch(w, is.number + 1);
    }
  });
}

// The update of a gradient that rests in its buffer, whose squares are known.
template <class W>
BROOD_PHASE void update_clipped(int number, float mean) {
  W const w;
  float const factor = norm_factor(w);
  w.for_work(
      w.backward_work(),
      [&](WorkWords const& words, Shared) {
        auto const work = words.as<WeightWork>();
        if (work.head.work == Work::weights) clipped_update(w, work, number, mean, factor);
      },
      false);
  w.sync_all();
}

// A chunk's part of its step. False, with the weights as they were, if the loss of a whole batch is
// not finite.
template <class W>
__device__ __forceinline__ bool train_chunk(W const& w, int number) {
  StepChunk const& now = chunk_of(number);
  int const rows = now.chunk.rows, first = now.chunk.first;
  if (first == 0 && now.step % kScalarsAhead == 0) compute_scalars<typename W::OfRows>(now.step);
  if constexpr (kInlinesPhases<W>) {
    receive(w, number, true);
    forward_pass(w, number, w.parameters(), true);
  } else {
    forward_chunk<W>(number, w.parameters(), true);
  }
  loss_gradient(w, number);
  find_rows<W>(number + 2);
  BackwardPass pass{
      number, rows, first, WeightPass::keep, UpdateKind::any, 1.0f, scalars_place(w, number)};
  bool finite = true;
  if (now.last != 0) {
    w.sync_sums();
    StepSums const sums = step_sums(w, first + rows);
    if (threadIdx.x == 0) count_step(control().progress, sums.loss, sums.weight);
    pass.pass = w.member().clip_norm > 0.0f ? WeightPass::norm : WeightPass::update;
    if (first == 0) pass.kind = control().update;
    pass.mean = sums.mean;
    finite = sums.loss - sums.loss == 0.0f;
  }
  // What is told of this chunk may be overwritten once the backward pass is over.
  bool const reschedules = now.last != 0 && has_scheduled_dropout(w.member());
  if (threadIdx.x == 0) put_next(number + 2);
  if (!finite) return false;
  backward_pass(w, pass);
  if (pass.pass == WeightPass::norm) update_clipped<W>(number, pass.mean);
  if (reschedules) {
    schedule_dropout<typename W::OfRows>(control().progress.step);
    w.sync_all();
  }
  return true;
}

// ---- the loop

// Steps up to and without `until`; false if the member diverged.
template <class W>
BROOD_PHASE bool train_until(std::int64_t until) {
  std::int64_t const step = control().progress.step;
  if (step >= until) return true;
  compute_scalars<typename W::OfRows>(step - step % kScalarsAhead);
  if (has_scheduled_dropout(control().task.member)) schedule_dropout<typename W::OfRows>(step);
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
  double const train_loss = take_train_loss(progress);
  if (w.rank == 0) w.task().records[progress.recorded] = record_of(progress, train_loss, totals);
  progress.recorded += 1;
  judge_evaluation(w.member(), progress, mean_loss(totals), finite);
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
    if (task.best != nullptr && improved(control().progress) && w.rank == 0)
      copy_tensor(task.best, from, task.layout.size);
    w.sync_all();
  });
}

// By the first thread, before and after the steps up to an evaluation: up to which step to train,
// and where that has brought the member.
__device__ __forceinline__ void set_goal() {
  MemberTask const& task = control().task;
  int const until = min(task.until_epoch, task.member.epochs);
  int const next = next_evaluation(control().progress.epoch, until, task.evaluate_every);
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
  if (threadIdx.x == 0) complete_if_done(control().task.member, control().progress);
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

// By the first lane of a warp: its lists of work.
template <class W>
__device__ __forceinline__ void write_program(W const& w) {
  MemberTask const& task = w.task();
  int const to = w.map().program + w.warp * w.map().program_bytes;
  ProgramWriter lists(task.member, task.layout, task.map, task.tiling, W::operand_form(), w.base,
                      w.rank, w.warp);
  lists.write_forward(shared_at<TileWork>(to));
  lists.write_backward(shared_at<TileWork>(to + w.map().program_backward));
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
  control().loss = loss_kind(task);
  control().epoch_rows = task.member.train_rows << task.member.head_bits;
  control().shapes_inputs = task.list.source != nullptr || task.member.head_bits > 0 ? 1 : 0;
}

// The same with the member's tensors.
template <class W>
BROOD_PHASE void begin(MemberTask const& from) {
  load_task(from);
  sync_block();
  if (threadIdx.x == 0) place_tensors();
  W const w;
  if (w.lane == 0) write_program(w);
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
    bool const shaped = task.member.head_bits > 0;  // shape_inputs() does all
    shared_at<float>(w.map().shift)[i] = inside && !shaped ? task.shift[i] : 0.0f;
    shared_at<float>(w.map().scale)[i] = !inside ? 0.0f : shaped ? 1.0f : task.scale[i];
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
BROOD_PHASE void infer() {
  W const w;
  MemberTask const& task = w.task();
  with_weights(w, predicting(task), [&](float const* from) {
    if (task.kind == TaskKind::predict) return predict_rows<W>(from);
    EvaluationTotals const totals = evaluate_rows<W>(from);
    if (w.rank == 0 && threadIdx.x == 0)
      task.records[0] = record_of(control().progress, 0.0, totals);
  });
}

template <class P, Reach R>
__global__ void __launch_bounds__(32 * kMaxWarps, 1) run(RunArguments arguments) {
  if constexpr (R != Reach::cluster || kHasClusters) {
    using W = Worker<P, R>;
    MemberTask const& given = arguments.tasks[cluster_number()];
    // A member that a launch before has brought to its end, by patience or otherwise.
    if (given.kind == TaskKind::train && given.progress->state != kTraining) return;
    begin<W>(given);
    if (control().task.kind != TaskKind::train) return infer<W>();
    train_member<W>();
    end<W>();
  }
}

}  // namespace brood::cuda
