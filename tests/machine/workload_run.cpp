// SPDX-License-Identifier: Apache-2.0
#include "machine/workload_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "bench/synthetic.hpp"
#include "bench/workloads.hpp"
#include "brood/engine.hpp"
#include "emulation/emulation.hpp"
#include "machine/executor.hpp"

namespace brood::machine {
namespace {

// A device of one multiprocessor with that many members is filled as one of 132 with 2,112. Of
// large members it holds fewer.
int members_of_one(bench::Workload const& workload) {
  return bench::step_flops(workload) > 1e7 ? 2 : 16;
}
// Powers of two, as the rows of the workloads are: their order takes fewest instructions then.
constexpr int kFewSteps = 4, kManySteps = 8;

struct Trained {
  MemberImage before, after;  // of the first member
};

Trained train(EngineOptions const& options, bench::Workload workload, int members, int steps) {
  int const rows = steps * workload.batch_size;
  workload.rows = rows;
  auto const data = bench::synthetic_rows(workload);
  Engine engine(options);
  Backend& backend = engine.backend();
  auto const table = backend.load(bench::table_of(workload, data));
  auto specs = bench::members_of(workload, table, members);
  for (auto& spec : specs) {
    spec.config.set("epochs", std::int64_t{1});
    spec.config.set("lr", 1e-2);  // so that the update is more than its rounding
  }
  auto const slots = backend.admit(specs);
  Trained result;
  result.before = backend.save(slots)[0];
  std::vector<TrainOrder> orders;
  for (auto const slot : slots)
    orders.push_back({slot, 1, 0});
  backend.train(orders);
  backend.metrics(slots);
  result.after = backend.save(slots)[0];
  return result;
}

double error_of(Trained const& got, Trained const& expected) {
  double difference = 0, update = 0;
  for (std::size_t i = 0; i < got.after.weights.size(); ++i) {
    double const e = expected.after.weights[i];
    difference += std::pow(got.after.weights[i] - e, 2);
    update += std::pow(e - expected.before.weights[i], 2);
  }
  return std::sqrt(difference / update);
}

// The device that plans are made for.
void set_limits(WorkloadChoice const& choice) {
  if (choice.architecture == "sm_80") limit_to_ampere();
  if (choice.alone) return;
  emulation::limits.multiprocessors = 1;
  emulation::limits.clusters = {};
}

// Blocks that a multiprocessor holds: of registers, given out to a warp by 256, of shared memory,
// of which the system takes 1 KB a block, and of threads.
int blocks_that_fit(KernelFacts const& facts, Request const& launch) {
  int const warps = launch.threads / kLanes;
  int const of_a_warp = (facts.registers * kLanes + 255) / 256 * 256;
  constexpr int kRegisters = 65536, kWarps = 64, kBlocks = 32, kReserved = 1024;
  int const by_registers = kRegisters / (of_a_warp * warps);
  int const statically =
      facts.architecture >= 90 ? std::max(facts.shared_bytes - kReserved, 0) : facts.shared_bytes;
  int const shared = launch.shared_bytes + statically + kReserved;
  int const by_shared = emulation::limits.shared_bytes_sm / shared;
  return std::min({by_registers, by_shared, kWarps / warps, kBlocks});
}

// The launches that executed most.
Machine::Traced const& training(Machine const& machine) {
  return *std::max_element(machine.launches.begin(), machine.launches.end(),
                           [](auto const& a, auto const& b) { return a.executed < b.executed; });
}

}  // namespace

WorkloadRun run_workload(WorkloadChoice const& choice) {
  auto found = bench::find_workload(choice.workload);
  if (!found) throw std::runtime_error("workload: there is no " + choice.workload);
  auto workload = *found;
  workload.optimizer = choice.optimizer.c_str();
  WorkloadRun result;
  result.choice = choice;
  int const members = choice.alone ? 1 : members_of_one(workload);
  EngineOptions const options{.device = "cuda", .precision = choice.precision};

  Machine& machine = execute_launches(choice.architecture);
  set_limits(choice);
  machine.checked = choice.checked;
  machine.traced = true;
  auto const begin = std::chrono::steady_clock::now();
  train(options, workload, members, kFewSteps);
  Machine::Traced const shorter = training(machine);
  machine.launches.clear();
  Trained const got = train(options, workload, members, kManySteps);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begin;
  result.seconds = took.count();
  result.executed = machine.executed();
  Machine::Traced const& longer = training(machine);
  result.code = longer.code;
  result.launch = longer.request;
  result.steps = steady_steps(shorter.traces, kFewSteps, longer.traces, kManySteps);
  int const fit = blocks_that_fit(result.code->facts, result.launch);
  result.per_multiprocessor = choice.alone                    ? 1
                              : choice.per_multiprocessor > 0 ? choice.per_multiprocessor
                                                              : fit;
  result.error = error_of(got, train({.device = "cpu", .threads = 1}, workload, 1, kManySteps));
  return result;
}

Replay replayed(WorkloadRun const& run) {
  // As many steps as their mean wants, but for large ones; so often that blocks side by side find
  // their rhythm.
  std::size_t instructions = 0;
  for (auto const& stream : run.steps.streams)
    instructions += stream.size();
  SteadySteps const steps = first_of(run.steps, instructions > 2'000'000 ? 1 : run.steps.steps);
  double const of_all =
      static_cast<double>(instructions) / run.steps.steps * steps.steps * run.per_multiprocessor;
  int const least = run.per_multiprocessor > 1 ? 12 : 4;
  constexpr double kReplayed = 12e6;
  int const repetitions = std::clamp(static_cast<int>(kReplayed / of_all), least, 60);
  Replay result =
      replay(*run.code, steps.streams, run.launch.cluster, run.per_multiprocessor, repetitions);
  result.clocks /= steps.steps;
  for (auto& [instruction, stalls] : result.stalls) {
    for (double& clocks : stalls)
      clocks /= steps.steps;
  }
  return result;
}

Row row_of(WorkloadRun const& run, Replay const& replayed) {
  Row row;
  for (auto const& stream : run.steps.streams) {
    for (Step const& step : stream) {
      Unit const unit = run.code->instructions[step.instruction].unit;
      row.warp_instructions += 1;
      row.tensor += unit == Unit::tensor;
      row.wavefronts += unit == Unit::shuffle ? 1 : step.wavefronts;
      row.sectors += step.sectors;
    }
  }
  for (double* const sum : {&row.warp_instructions, &row.tensor, &row.wavefronts, &row.sectors})
    *sum /= run.steps.steps;
  row.clocks = replayed.clocks / run.per_multiprocessor;
  constexpr double kClock = 1.83e9;
  constexpr int kMultiprocessors = 132;
  double const at_once = run.choice.alone ? 1.0 : 1.0 * kMultiprocessors / run.launch.cluster;
  row.steps_per_s = at_once * kClock / row.clocks;
  return row;
}

std::string json_of(WorkloadRun const& run, Row const& row) {
  char text[700];
  std::snprintf(
      text, sizeof text,
      "{\"workload\": \"%s\", \"optimizer\": \"%s\", \"precision\": \"%s\", \"architecture\": "
      "\"%s\", \"members\": \"%s\", \"blocks\": %d, \"warps\": %d, \"warp_instructions\": %.0f, "
      "\"hmma\": %.0f, \"wavefronts\": %.0f, \"sectors\": %.0f, \"registers\": %d, "
      "\"shared_bytes\": %d, \"blocks_per_sm\": %d, \"clocks\": %.0f, \"steps_per_s\": %.0f, "
      "\"error\": %.3g}",
      run.choice.workload.c_str(), run.choice.optimizer.c_str(), run.choice.precision.c_str(),
      run.choice.architecture.c_str(), run.choice.alone ? "alone" : "full", run.launch.cluster,
      run.launch.threads / kLanes, row.warp_instructions, row.tensor, row.wavefronts, row.sectors,
      run.code->facts.registers, run.launch.shared_bytes, run.per_multiprocessor, row.clocks,
      row.steps_per_s, run.error);
  return text;
}

}  // namespace brood::machine
