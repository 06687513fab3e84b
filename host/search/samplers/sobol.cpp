// SPDX-License-Identifier: Apache-2.0
// Sobol points (Joe & Kuo, "Constructing Sobol sequences with better two-dimensional projections",
// SIAM J. Sci. Comput. 30 (2008) 2635-2654; the tables are Boost.Random's). The digital shift
// exclusive-ors every point with the same random bits of a dimension: each stretch of 2^k points
// from a multiple of 2^k still has one point in each dyadic interval, and another seed is another
// sequence (Owen, "Quasi-Monte Carlo sampling", 2003).
#include <boost/random/sobol.hpp>

#include "core/philox.hpp"
#include "search/samplers/proposals.hpp"
#include "search/samplers/random.hpp"
#include "search/samplers/sobol.hpp"

namespace brood {
namespace {

constexpr int kMaxDimensions = boost::random::default_sobol_table::max_dimension;

// The first 52 bits, in the middle of their cell: exact in double, and neither 0 nor 1.
double unit_interval(std::uint64_t bits) {
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

}  // namespace

struct SobolSequence::Engine : boost::random::sobol_engine<std::uint64_t, 64> {
  using sobol_engine::sobol_engine;
};

SobolSequence::SobolSequence(std::vector<std::uint64_t> shift)
    : shift_(std::move(shift)), engine_(shift_.empty() ? nullptr : new Engine(shift_.size())) {}

SobolSequence::~SobolSequence() = default;

std::vector<double> SobolSequence::point(std::uint64_t index) {
  std::vector<std::uint64_t> bits(shift_.size(), 0);
  if (index > 0 && engine_) {  // Boost's sequence leaves out the first point, 0
    engine_->seed(index - 1);
    engine_->generate(bits.begin(), bits.end());
  }
  std::vector<double> point;
  point.reserve(bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i)
    point.push_back(unit_interval(bits[i] ^ shift_[i]));
  return point;
}

std::vector<std::uint64_t> sobol_shift(SearchSpace const& space, std::uint64_t seed) {
  std::vector<std::uint64_t> shift;
  for (auto const& parameter : space.parameters()) {
    if (parameter.distribution == Distribution::constant) continue;
    PhiloxBlock const counter{
        {0, 0, name_hash(parameter.name), static_cast<std::uint32_t>(Purpose::sobol_shift)}};
    PhiloxBlock const drawn = philox(counter, philox_key(seed));
    shift.push_back(std::uint64_t{drawn.word[0]} << 32 | drawn.word[1]);
  }
  return shift;
}

void propose(Sobol const& sampler, Request const& request, Proposals& proposals) {
  SobolSequence sequence(sobol_shift(request.space, request.seed));
  int const first = static_cast<int>(sampler.first.size());
  while (!proposals.full()) {
    auto const index = static_cast<std::uint64_t>(proposals.next_trial() - first);
    Config config = request.space.decode(sequence.point(index));
    if (!proposals.add_if_new(std::move(config)) && !proposals.add_other()) return;
  }
}

std::vector<std::string> space_problems(Sobol const&, SearchSpace const& space) {
  if (space.dimensions() <= kMaxDimensions) return {};
  return {"The search space has " + std::to_string(space.dimensions()) +
          " parameters that vary; a Sobol sequence has at most " + std::to_string(kMaxDimensions) +
          "."};
}

}  // namespace brood
