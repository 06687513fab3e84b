// SPDX-License-Identifier: Apache-2.0
// Proposals of the samplers: the time of one, at a number of observations, of a space of six
// parameters. TPE is asked for 64 at once, as a study does, and for one at a time. As in a study,
// what was proposed in one call has a score in the next.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "search/samplers/sampler.hpp"
#include "search/samplers/sampler_memory.hpp"

namespace {

using namespace brood;

SearchSpace six_parameters() {
  SearchSpace space;
  space.log_uniform("lr", 1e-5, 1e-1)
      .log_uniform("weight_decay", 1e-6, 1e-2)
      .uniform("dropout", 0, 0.5)
      .integer("batch_size", 16, 256)
      .choice("activation", {"relu", "tanh", "gelu"})
      .choice("optimizer", {"sgd", "momentum", "adam"});
  return space;
}

// The best learning rate is 1e-3, the best dropout 0.2.
double score_of(Config const& config) {
  double const lr = std::get<double>(*config.find("lr"));
  double const dropout = std::get<double>(*config.find("dropout"));
  return std::pow(std::log10(lr) + 3, 2) + std::abs(dropout - 0.2);
}

// From so many random observations on. When they have become a tenth more, it begins anew.
void propose_after(benchmark::State& state, SamplerChoice const& sampler) {
  auto const observations = static_cast<int>(state.range(0));
  auto const batch = static_cast<int>(state.range(1));
  auto const space = six_parameters();
  auto configs = propose(Random{}, space, 1, 0, observations, {}, false);
  int const most = observations + std::max(observations / 10, batch);
  configs.reserve(static_cast<std::size_t>(most + batch));  // observations point into it
  std::vector<Observation> seen;
  auto const tell = [&](Config const& config) {
    seen.push_back({.trial = static_cast<int>(seen.size()),
                    .config = &config,
                    .score = score_of(config),
                    .epoch = 1});
  };
  std::optional<SamplerMemory> memory;
  auto const begin = [&] {
    configs.resize(static_cast<std::size_t>(observations));
    seen.clear();
    for (auto const& config : configs)
      tell(config);
    memory.emplace();
    propose(sampler, space, 1, observations, 1, seen, false, {}, *memory);
  };
  begin();
  for (auto _ : state) {
    auto const start = std::chrono::steady_clock::now();
    auto proposed =
        propose(sampler, space, 1, static_cast<int>(seen.size()), batch, seen, false, {}, *memory);
    std::chrono::duration<double> const time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    for (auto& config : proposed)
      tell(configs.emplace_back(std::move(config)));
    if (static_cast<int>(seen.size()) >= most) begin();
  }
  state.counters["s_per_proposal"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * batch,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_ProposeRandom(benchmark::State& state) {
  propose_after(state, Random{});
}
BENCHMARK(BM_ProposeRandom)
    ->ArgNames({"seen", "batch"})
    ->UseManualTime()
    ->Args({1000, 64})
    ->Args({10000, 64});

void BM_ProposeSobol(benchmark::State& state) {
  propose_after(state, Sobol{});
}
BENCHMARK(BM_ProposeSobol)->ArgNames({"seen", "batch"})->UseManualTime()->Args({1000, 64});

void BM_ProposeTpe(benchmark::State& state) {
  propose_after(state, Tpe{});
}
BENCHMARK(BM_ProposeTpe)
    ->ArgNames({"seen", "batch"})
    ->UseManualTime()
    ->Args({100, 64})
    ->Args({1000, 64})
    ->Args({10000, 64})
    ->Args({1000, 1})
    ->Args({10000, 1})
    ->Unit(benchmark::kMillisecond);

void BM_ProposeTpeUnivariate(benchmark::State& state) {
  propose_after(state, Tpe{.multivariate = false});
}
BENCHMARK(BM_ProposeTpeUnivariate)
    ->ArgNames({"seen", "batch"})
    ->UseManualTime()
    ->Args({1000, 64})
    ->Unit(benchmark::kMillisecond);

void BM_ProposeBayes(benchmark::State& state) {
  propose_after(state, Bayes{});
}
BENCHMARK(BM_ProposeBayes)
    ->ArgNames({"seen", "batch"})
    ->UseManualTime()
    ->Args({50, 1})
    ->Args({200, 1})
    ->Args({200, 16})
    ->Unit(benchmark::kMillisecond);

}  // namespace
