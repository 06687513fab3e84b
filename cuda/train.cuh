// SPDX-License-Identifier: Apache-2.0
// THE training step, read top to bottom, the loop around it, and the kernel: one block (or one
// cluster of blocks) takes one member through many steps and evaluations.
//
// Mapping. A warp owns blocks of 16 rows through gather, forward pass, loss and deltas; with more
// warps than blocks of rows, the warps of a block of rows share its columns. Tiles of 16 outputs x
// 32 inputs of the weights are dealt out to all warps of all blocks.
//
// Barriers of a step, Rows being one warp where it owns whole rows and the block otherwise:
//   Rows  the fetched rows are there          receive()
//   Rows  inputs, targets and weights are     receive()
//   Rows  after each layer's activations      forward_pass()
//   Rows  after the loss                      loss_gradient()
//   Rows  after each layer's deltas           input_gradients()
//   All   activations and deltas are there    train_step(), before the weights' gradient
//   All   the norm's parts are there          update_weights(), with clip_norm only
//   All   weights are new, rows may go        train_step(), at its end
//
// Roofline (64-64-64-10, batch 64, SGD, tf32), calculated, not measured: 1,472 mma and about 5.7 k
// wavefronts of shared memory a step, against 2.4 k and 5.7 k clocks of one SM: shared memory
// binds.
#pragma once

#include "cuda/evaluate.cuh"
#include "cuda/update.cuh"

namespace brood::cuda {

struct RunArguments {
  MemberTask const* tasks;  // one per cluster, longest first
};

// ---- one step

// One chunk of a step, from raw rows to deltas. `next`: to fetch meanwhile, if any.
template <class W>
__device__ __forceinline__ void propagate(W const& w, Chunk const& chunk, Chunk const& next,
                                          std::int64_t step) {
  Pass const pass{true, static_cast<std::uint32_t>(step)};
  if (!fetches_ahead(w)) fetch<W>(chunk);
  receive<W>(chunk, pass);
  if (fetches_ahead(w) && next.rows > 0) fetch<W>(next);
  if (step % kScalarsAhead == 0 && chunk.first == 0) compute_scalars<W>(step);
  forward_pass<W>(chunk, w.parameters(), pass);
  loss_gradient<W>(chunk);
  input_gradients<W>(chunk, w.parameters());
}

// The sums of a batch, when all its losses are known.
template <class W>
__device__ __forceinline__ StepSums step_sums(W const& w, int batch_rows) {
  int const blocks = (batch_rows + kBlockRows - 1) / kBlockRows;
  float const loss = sum_of(w.block_sums(), blocks, 2);
  float const weight = sum_of(w.block_sums() + 1, blocks, 2);
  return {loss, weight, weight > 0.0f ? 1.0f / weight : 0.0f};
}

// Where a step stands in its epoch.
struct StepPlace {
  std::int64_t step;
  int epoch, batch;
};

// The chunk of a step that begins at row `first` of its batch; without rows if there is none.
template <class W>
__device__ __forceinline__ Chunk chunk_of(W const& w, StepPlace const& at, int first) {
  int const rows = batch_rows(w.member(), at.batch);
  return {first, max(0, min(w.task().cut.chunk_rows, rows - first)),
          at.batch * w.member().batch_size + first, at.epoch};
}

// False, with the weights as they were, if the loss is not finite.
template <class W>
__device__ __forceinline__ bool train_step(W const& w, StepPlace const& at, StepPlace const& after,
                                           bool more) {
  Chunk chunk = chunk_of(w, at, 0);
  for (;;) {
    Chunk const rest = chunk_of(w, at, chunk.first + chunk.rows);
    bool const last = rest.rows == 0;
    Chunk next = rest;
    if (last && more) next = chunk_of(w, after, 0);
    propagate(w, chunk, next, at.step);
    w.sync_all();
    if (!last) {
      weight_pass<W>(chunk, WeightPass::keep, nullptr, 1.0f, 1.0f);
      w.sync_all();
      chunk = rest;
      continue;
    }
    StepSums const sums = step_sums(w, chunk.first + chunk.rows);
    if (threadIdx.x == 0) {
      MemberProgress& progress = control().progress;
      progress.step += 1;
      progress.loss_sum += static_cast<double>(sums.loss);
      progress.loss_weight += static_cast<double>(sums.weight);
      // The order of this epoch has been read for the last time.
      if (after.epoch != at.epoch) {
        control().order[at.epoch & 1] =
            batch_order(w.member().seed, static_cast<std::uint32_t>(at.epoch + 2),
                        static_cast<std::uint32_t>(w.member().train_rows));
      }
    }
    bool const finite = sums.loss - sums.loss == 0.0f;
    if (finite) update_weights(w, chunk, sums, at.step);
    w.sync_all();
    return finite;
  }
}

// ---- the loop

// Steps up to and without `until`; false if the member diverged.
template <class W>
__device__ __forceinline__ bool train_until(W const& w, std::int64_t until) {
  int const per_epoch = steps_per_epoch(w.member());
  std::int64_t const step = control().progress.step;
  StepPlace at{step, static_cast<int>(step / per_epoch), static_cast<int>(step % per_epoch)};
  if (at.step >= until) return true;
  if (threadIdx.x == 0) {
    for (int epoch = at.epoch; epoch < at.epoch + 2; ++epoch) {
      control().order[epoch & 1] = batch_order(w.member().seed, static_cast<std::uint32_t>(epoch),
                                               static_cast<std::uint32_t>(w.member().train_rows));
    }
  }
  compute_scalars<W>(step - step % kScalarsAhead);
  w.sync_all();
  if (fetches_ahead(w)) fetch<W>(chunk_of(w, at, 0));
  while (at.step < until) {
    bool const epoch_ends = at.batch + 1 == per_epoch;
    StepPlace const after{at.step + 1, epoch_ends ? at.epoch + 1 : at.epoch,
                          epoch_ends ? 0 : at.batch + 1};
    if (!train_step(w, at, after, after.step < until)) {
      await_copies();  // a next batch may be on its way
      return false;
    }
    at = after;
  }
  return true;
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
__device__ __forceinline__ void evaluate_member(W const& w) {
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

template <class W>
__device__ __forceinline__ void train_member(W const& w) {
  MemberTask const& task = w.task();
  Member const& m = w.member();
  int const until = min(task.until_epoch, m.epochs);
  std::int64_t const per_epoch = steps_per_epoch(m);
  std::int64_t const last = control().progress.step + task.most_steps;
  while (control().progress.state == kTraining && control().progress.epoch < until) {
    int const epoch = control().progress.epoch;
    int const every = task.evaluate_every;
    int const next = every > 0 ? min((epoch / every + 1) * every, until) : until;
    std::int64_t const goal = next * per_epoch;
    bool const finite = train_until(w, goal < last ? goal : last);
    sync_block();
    if (threadIdx.x == 0) {
      control().progress.epoch = static_cast<int>(control().progress.step / per_epoch);
      if (!finite) control().progress.state = kDiverged;
    }
    sync_block();
    if (!finite) continue;
    if (goal > last) break;  // for the next launch
    evaluate_member(w);
  }
  sync_block();  // all have left the loop
  if (threadIdx.x == 0 && control().progress.state == kTraining &&
      control().progress.epoch == m.epochs)
    control().progress.state = kComplete;
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

// The same with the member's tensors.
template <class W>
__device__ __forceinline__ W begin(MemberTask const& from) {
  load_task(from);
  sync_block();
  W const w;
  MemberTask const& task = w.task();
  load_operands(w, task.parameters);
  if (W::Precision::kWeightCopy && w.map().parameters >= 0)
    copy_tensor(shared_floats(w.map().parameters), task.parameters, task.layout.size);
  if (w.map().moments >= 0) {
    copy_tensor(shared_floats(w.map().moments), task.moments,
                task.layout.size * state_tensors(task.member));
  }
  for (int i = static_cast<int>(threadIdx.x); i < w.layer(0).columns;
       i += static_cast<int>(blockDim.x)) {
    bool const inside = i < w.layer(0).inputs;
    shared_floats(w.map().shift)[i] = inside ? task.shift[i] : 0.0f;
    shared_floats(w.map().scale)[i] = inside ? task.scale[i] : 0.0f;
  }
  w.sync_all();
  return w;
}

template <class W>
__device__ __forceinline__ void end(W const& w) {
  MemberTask const& task = w.task();
  store_parameters(w);
  if (w.map().moments >= 0) {
    copy_tensor(task.moments, shared_floats(w.map().moments),
                task.layout.size * state_tensors(task.member));
  }
  if (w.rank == 0 && threadIdx.x == 0) *task.progress = control().progress;
}

// Evaluates the task's rows into its first record.
template <class W>
__device__ __forceinline__ void evaluate_now(W const& w, float const* from) {
  EvaluationTotals const totals = evaluate_rows<W>(from);
  if (w.rank == 0 && threadIdx.x == 0)
    w.task().records[0] = record_of(control().progress, 0.0, totals);
}

template <class P, bool Shared, bool Clustered>
__global__ void __launch_bounds__(32 * kMostWarps, 1) run(RunArguments arguments) {
  using W = Worker<P, Shared, Clustered>;
  MemberTask const& given = arguments.tasks[cluster_number()];
  // A member that a launch before has brought to its end, by patience or otherwise.
  if (given.errand == Errand::train && given.progress->state != kTraining) return;
  W const w = begin<W>(given);
  MemberTask const& task = w.task();
  if (task.errand == Errand::train) {
    train_member(w);
    w.sync_all();
    end(w);
    return;
  }
  with_weights(w, predicting(task), [&](float const* from) {
    if (task.errand == Errand::predict) {
      predict_rows<W>(from);
    } else {
      evaluate_now(w, from);
    }
  });
}

}  // namespace brood::cuda
