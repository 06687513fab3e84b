// SPDX-License-Identifier: Apache-2.0
// One member with all that belongs to it, as the engine and as the oracle want it.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "brood/engine.hpp"
#include "support/fixtures.hpp"
#include "support/oracle.hpp"
#include "support/oracle_random.hpp"

namespace brood {

struct MemberCase {
  std::string name;
  fixtures::OwnedTable data;
  Config config;
  SharedTransform transform = {};
  std::uint64_t seed = 0x1234567890abcdef;
  int held_out = 20;  // rows that it is evaluated on

  int outputs() const { return data.task == Task::classification ? data.classes : data.targets; }
  // As an fp32 backend stores them.
  oracle::Settings settings() const {
    return oracle::as_stored(oracle::resolve(config, data.task, outputs()));
  }
  oracle::Samples samples() const {
    oracle::Samples samples = oracle::prepare(data.table(), transform.get());
    int const heads = settings().heads;
    if (heads > 1) samples.signs = oracle::head_signs(heads, samples.inputs);
    return samples;
  }
  // Of the network.
  int inputs() const {
    bool const listed = transform != nullptr && !transform->is_plain();
    return listed ? static_cast<int>(transform->source.size()) : data.inputs;
  }
  std::vector<int> widths() const { return oracle::widths(settings(), inputs()); }
  std::vector<float> initial_weights() const {
    auto const s = settings();
    return oracle::initial_weights(widths(), s.init, s.bias_init == "as_weights", seed);
  }
  Rows train_rows() const { return fixtures::shuffled_split(data.rows, held_out).first; }
  Rows eval_rows() const { return fixtures::shuffled_split(data.rows, held_out).second; }
  // As many of the training rows as make one batch.
  Rows one_batch_of_rows() const {
    Rows const all = train_rows();
    auto const count = std::min(all->size(), static_cast<std::size_t>(settings().batch_size));
    auto const end = all->begin() + static_cast<std::ptrdiff_t>(count);
    return std::make_shared<std::vector<std::int32_t> const>(all->begin(), end);
  }
  MemberSpec spec(Data const& loaded, Rows const& train) const {
    return {.config = config,
            .seed = seed,
            .table = loaded.id(),
            .train_rows = train,
            .eval_rows = eval_rows(),
            .transform = transform};
  }
};

// Failing tests name the case.
inline void PrintTo(MemberCase const& c, std::ostream* out) {
  *out << c.name;
}

inline std::vector<int> ints(Rows const& rows) {
  return {rows->begin(), rows->end()};
}

// The random choices of a member, by the second writing of them.
inline oracle::Randomness randomness_of(MemberCase const& c, std::size_t train_rows) {
  auto const s = c.settings();
  auto orders = std::make_shared<std::map<int, std::vector<int>>>();
  auto row_at = [orders, train_rows, seed = c.seed](int epoch, int position) {
    auto& order = (*orders)[epoch];
    if (order.empty()) order = oracle::epoch_order(static_cast<int>(train_rows), epoch, seed);
    return order[static_cast<std::size_t>(position)];
  };
  std::int64_t const batch = s.batch_size;
  std::int64_t const total = (static_cast<std::int64_t>(train_rows) + batch - 1) / batch * s.epochs;
  auto keep = [s, total, seed = c.seed](int step, int layer, int row, int unit) {
    double const whole =
        layer == 0 ? s.input_dropout : s.dropout_of(static_cast<std::size_t>(layer) - 1);
    double const rate = whole * s.share_at(s.dropout_schedule, step, total);
    return oracle::dropout_keeps(rate, step, layer, row, unit, seed);
  };
  return {row_at, keep};
}

// A copy of the case with another value of one hyperparameter.
inline MemberCase with(MemberCase c, std::string_view name, Value value) {
  c.config.set(name, std::move(value));
  return c;
}

using Whole = std::int64_t;
using Wholes = std::vector<std::int64_t>;
using Reals = std::vector<double>;

inline std::string text(char const* s) {
  return s;
}

}  // namespace brood
