// SPDX-License-Identifier: Apache-2.0
// Initial weights and biases that a member's training rows have a say in (init: std, bias_init:
// he5). They are worked out on the host for every backend, a member by one thread, in double and in
// one order, so that their bits are the same everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/admission.hpp"

namespace brood {

// Rows that are looked at: so many at most of the training rows, evenly spaced in their order.
inline constexpr std::int64_t kInitialRows = 1024;

bool starts_by_rows(Member const& m);
std::vector<std::int32_t> initial_rows(Rows const& train_rows);

// All layers of a member that starts by its rows. x: what the table has of initial_rows(), (rows,
// inputs); it is transformed as the member's inputs are. A layer that is given is taken as it is.
//
// std: each output's row of a layer's weights, drawn from N(0, 1 / inputs), is divided by the
// population deviation of what it puts out, z without bias, over these rows: layer by layer, on
// what the layers before put out, without dropout. Heads read the rows in turns, by their signs.
// Where z is constant the row stays as drawn. he5: a bias is -sum q_i z(row_i) of five rows, drawn
// for each output, with q from the exponential law, normalised: the output is zero somewhere among
// the rows (Holzmueller, Grinsztajn & Steinwart 2024; Steinwart 2019).
std::vector<LayerWeights> layers_by_rows(Admission const& admission, std::span<float const> x);

// Of values of one output, by rows.
double population_deviation(std::span<double const> z);

inline constexpr int kBiasRows = 5;
// The rows that a bias is made of, and their weights, not yet normalised.
struct BiasDraw {
  std::int64_t row[kBiasRows];
  double weight[kBiasRows];
};
BiasDraw bias_draw(std::uint64_t seed, int layer, int output, std::int64_t rows);
double bias_by_rows(std::span<double const> z, BiasDraw const& draw);

}  // namespace brood
