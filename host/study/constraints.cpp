// SPDX-License-Identifier: Apache-2.0
// What a configuration costs: of a member's shape, and of the backend's layout.
#include "study/constraints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "search/samplers/survey.hpp"
#include "study/plan.hpp"

namespace brood {

namespace {

// As doubles: bytes and weights are far below 2^53.
struct Cost {
  double parameters = std::numeric_limits<double>::infinity();
  double bytes = std::numeric_limits<double>::infinity();
  double flops = std::numeric_limits<double>::infinity();
};

std::int64_t parameters_of(Member const& member) {
  std::int64_t count = 0;
  for (int l = 0; l < member.layers; ++l)
    count += (std::int64_t{member.width[l]} + 1) * member.width[l + 1];
  return count;
}

class Costs {
 public:
  Costs(Engine& engine, Data const& data, int epochs)
      : backend_(engine.backend()), shape_(data.shape()), rows_(data.rows()), epochs_(epochs) {}

  Cost of(Config config) const {
    config.set("epochs", std::int64_t{epochs_});
    Member const member = describe(config, shape_, 0, rows_, 0);
    return {.parameters = static_cast<double>(parameters_of(member)),
            .bytes = static_cast<double>(backend_.bytes(member)),
            .flops = step_flops(member)};
  }

 private:
  Backend const& backend_;
  TableShape shape_;
  std::int64_t rows_;
  int epochs_;
};

// The bounds that are set, each with its name and the cost that it bounds.
struct Bound {
  char const* name;
  double most;
  double Cost::*cost;
};
std::vector<Bound> bounds_of(Constraints const& constraints) {
  std::vector<Bound> bounds;
  auto const add = [&](char const* name, auto const& most, double Cost::*cost) {
    if (most) bounds.push_back({name, static_cast<double>(*most), cost});
  };
  add("max_parameters", constraints.max_parameters, &Cost::parameters);
  add("max_bytes", constraints.max_bytes, &Cost::bytes);
  add("max_flops", constraints.max_flops, &Cost::flops);
  return bounds;
}

bool keeps(Cost const& cost, std::vector<Bound> const& bounds) {
  return std::all_of(bounds.begin(), bounds.end(),
                     [&](Bound const& bound) { return cost.*bound.cost <= bound.most; });
}

}  // namespace

std::int64_t parameter_count(Config const& config, TableShape const& shape) {
  return parameters_of(describe(config, shape, 0, 1, 0));
}

std::vector<std::string> problems(Constraints const& constraints) {
  std::vector<std::string> found;
  for (Bound const& bound : bounds_of(constraints)) {
    if (bound.most > 0 && std::isfinite(bound.most)) continue;
    found.push_back("constraints." + std::string(bound.name) + ": " + to_text(bound.most) +
                    " is not allowed; allowed: a number above 0");
  }
  return found;
}

Allowed allowed_by(Constraints const& constraints, Engine& engine, Data const& data,
                   Study const& study) {
  if (!constraints) return {};
  return [costs = Costs(engine, data, max_epochs(study.scheduler)),
          bounds = bounds_of(constraints)](Config const& config) {
    return keeps(costs.of(config), bounds);
  };
}

void check_constraints(Engine& engine, Data const& data, Study const& study) {
  if (!study.constraints) return;
  Costs const costs(engine, data, max_epochs(study.scheduler));
  auto const bounds = bounds_of(study.constraints);
  Cost smallest;
  Survey const found = survey(study.space, [&](Config const& config) {
    Cost const cost = costs.of(config);
    for (auto const part : {&Cost::parameters, &Cost::bytes, &Cost::flops})
      smallest.*part = std::min(smallest.*part, cost.*part);
    return keeps(cost, bounds);
  });
  if (found.found) return;
  std::string const of = found.complete
                             ? "all " + std::to_string(found.seen) + " configurations"
                             : std::to_string(found.seen) + " configurations drawn at random";
  std::vector<std::string> problems;
  for (Bound const& bound : bounds) {
    if (smallest.*bound.cost <= bound.most) continue;
    problems.push_back("constraints." + std::string(bound.name) + ": " + to_text(bound.most) +
                       " is less than any network of the search space takes: the smallest of " +
                       of + " takes " + to_text(smallest.*bound.cost) +
                       "; raise it, or search smaller networks");
  }
  if (problems.empty()) {
    problems.push_back("constraints: none of " + of +
                       " keeps all of them at once, though each is kept by some; raise one of "
                       "them");
  }
  throw UsageError(std::move(problems));
}

}  // namespace brood
