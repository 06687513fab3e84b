// SPDX-License-Identifier: Apache-2.0
#include "backend/admission.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "backend/describe.hpp"
#include "backend/rows.hpp"
#include "brood/error.hpp"

namespace brood {

namespace {

// At least one row to train on, all inside the table.
void check_member_rows(MemberSpec const& spec, std::int64_t table_rows) {
  if (size_of(spec.train_rows) == 0)
    throw UsageError("train_rows: a member needs at least one training row");
  check_rows(*spec.train_rows, table_rows, "train_rows");
  if (spec.eval_rows != nullptr) check_rows(*spec.eval_rows, table_rows, "eval_rows");
}

// Rows are counted once for each head.
void check_rows_of_heads(Member const& m) {
  std::int64_t const rows = std::max(m.train_rows, m.eval_rows), heads = heads_of(m);
  if (rows * heads <= std::numeric_limits<std::int32_t>::max()) return;
  throw UsageError("heads: " + std::to_string(heads) + " of " + std::to_string(rows) +
                   " rows are more than 2^31 rows to compute; take fewer of either");
}

// A layer's weights are of the member's sizes and finite, or not there.
void check_starting_weights(MemberSpec const& spec, Member const& m) {
  if (spec.start == nullptr) return;
  auto const& layers = *spec.start;
  if (layers.size() != static_cast<std::size_t>(m.layers)) {
    throw UsageError("start: has " + std::to_string(layers.size()) + " layers; the network has " +
                     std::to_string(m.layers));
  }
  auto const finite = [](float x) { return std::isfinite(x); };
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto const& [inputs, outputs, weights, bias] = layers[l];
    if (weights.empty() && bias.empty()) continue;
    auto const biases = static_cast<std::size_t>(m.width[l + 1]);
    std::size_t const needed = static_cast<std::size_t>(m.width[l]) * biases;
    std::string const layer = "start: layer " + std::to_string(l);
    if (inputs != m.width[l] || outputs != m.width[l + 1]) {
      throw UsageError(layer + " is " + std::to_string(outputs) + " x " + std::to_string(inputs) +
                       "; the network's is " + std::to_string(m.width[l + 1]) + " x " +
                       std::to_string(m.width[l]));
    }
    if (weights.size() != needed || bias.size() != biases) {
      throw UsageError(layer + " has " + std::to_string(weights.size()) + " weights and " +
                       std::to_string(bias.size()) + " biases; the network has " +
                       std::to_string(needed) + " and " + std::to_string(biases));
    }
    if (!std::all_of(weights.begin(), weights.end(), finite) ||
        !std::all_of(bias.begin(), bias.end(), finite)) {
      throw UsageError(layer + " holds a weight that is not finite");
    }
  }
}

// Logarithms are of what is scaled alone.
void check_target_shift(MemberSpec const& spec, Member const& m) {
  if (spec.transform == nullptr || !has_log_link(m.loss)) return;
  for (float const shift : spec.transform->target_shift) {
    if (shift == 0) continue;
    throw UsageError("transform: shifts targets by " + to_text(static_cast<double>(shift)) +
                     "; loss: " + std::string(Losses::names[m.loss]) +
                     " takes targets that are scaled alone: fit it with target_scaling_of(config)");
  }
}

// The inputs that the transform makes of the table's columns.
void take_inputs(MemberSpec const& spec, TableShape const& shape, Member& m) {
  Transform const* const transform = spec.transform.get();
  check_transform(transform, shape);
  bool const plain = transform == nullptr || transform->is_plain();
  if (plain && !numbers_of(spec.config).is_plain()) {
    throw UsageError(
        "transform: makes an input of each column, and scaling, pieces or periodic ask for others; "
        "fit it with numbers_of(config)");
  }
  m.width[0] = plain ? shape.inputs : static_cast<int>(transform->source.size());
  m.source_columns = plain ? 0 : shape.inputs;
}

}  // namespace

Admission admission_of(MemberSpec const& spec, TableShape const& shape, std::int64_t table_rows) {
  Admission admission{
      describe(spec.config, shape, spec.seed, size_of(spec.train_rows), size_of(spec.eval_rows)),
      spec.table,
      spec.train_rows,
      spec.eval_rows,
      spec.transform,
      spec.start};
  take_inputs(spec, shape, admission.member);
  check_target_shift(spec, admission.member);
  check_member_rows(spec, table_rows);
  check_rows_of_heads(admission.member);
  check_starting_weights(spec, admission.member);
  return admission;
}

}  // namespace brood
