// SPDX-License-Identifier: Apache-2.0
// A member: one resident network with its hyperparameters, seed, rows and transform.
// A member is a pure function of its MemberSpec, the backend and its device model: never of its
// neighbours, its slot, the number of threads or how its training was split into calls.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/table.hpp"
#include "brood/value.hpp"

namespace brood {

// One dense layer, as a user thinks of it: y = weights x + bias.
struct LayerWeights {
  int inputs = 0, outputs = 0;
  std::vector<float> weights;  // (outputs, inputs), row-major
  std::vector<float> bias;     // (outputs)
};

// Weights to start from, shared by members: one entry for each layer of the network. A layer
// without weights and bias is drawn.
using InitialWeights = std::shared_ptr<std::vector<LayerWeights> const>;

// What a member is a function of, beside the backend and its device model.
struct MemberSpec {
  Config config = {};      // hyperparameters by name; what is absent takes its default
  std::uint64_t seed = 0;  // the key of all its randomness: weights, batch order, dropout
  TableId table = 0;
  Rows train_rows = {};            // at least one row
  Rows eval_rows = {};             // may be empty or null: then nothing is evaluated
  SharedTransform transform = {};  // null: the identity
  InitialWeights start = {};       // null: all layers are drawn
};

// The seed of the member that trains `trial` in `repeat`: folds of one repeat share it, and so
// start from the same weights.
std::uint64_t member_seed(std::uint64_t study_seed, std::uint32_t trial, std::uint32_t repeat);

// Whether a member goes on. complete: it has trained its epochs; stopped: it ran out of patience;
// diverged: a loss or a weight is no longer finite.
enum class MemberState { training, complete, stopped, diverged };
std::string_view name_of(MemberState state);

// One evaluation on a member's evaluation rows, and the training since the one before.
// Sums are over rows (weighted by the rows' weights, if the table has them) in user's units.
struct Evaluation {
  int step = 0;                                                  // optimizer steps done
  int epoch = 0;                                                 // whole epochs done
  double train_loss = std::numeric_limits<double>::quiet_NaN();  // mean over rows trained on since
  // Mean over evaluation rows, without label smoothing and class weights.
  double loss = std::numeric_limits<double>::quiet_NaN();
  double weight = 0;         // sum of row weights (their number without weights)
  double correct = 0;        // classification, multi_label: rows (labels) predicted right
  double squared_error = 0;  // regression: summed over rows and target columns
  double absolute_error = 0;
};

// What a member has come to. `history` holds every evaluation since it was admitted.
struct MemberMetrics {
  MemberState state = MemberState::training;
  int step = 0;
  int epoch = 0;
  std::vector<Evaluation> history;
  int best = -1;  // index into history of the evaluation with the lowest loss; -1: none
};

// All that a member needs to go on: bit for bit on the same kind of backend.
// Tensors are dense, layer by layer, weights then bias, as in LayerWeights.
struct MemberImage {
  std::uint64_t seed = 0;
  MemberMetrics metrics;
  double loss_sum = 0;  // over the rows trained on since the last evaluation
  double loss_weight = 0;
  int evaluations_since_best = 0;
  std::vector<float> weights;
  std::vector<float> moments;  // (state tensors of the optimizer) x weights
  std::vector<float> average;  // exponential moving average, if the member keeps one
  std::vector<float> best;     // weights of the best evaluation, if the member has patience
};

// A row of the table of hyperparameters: what `brood list` prints and what configs are checked by.
struct HyperparameterInfo {
  std::string_view name;
  std::string_view group;    // "network" or "train"
  std::string_view type;     // "real", "integer", "flag", "choice", "integers", "reals"
  std::string default_text;  // "0.001", or "by task"
  std::string allowed;       // "0 < lr <= 100", "relu, tanh, ..."
  std::string_view help;
  std::vector<std::string_view> choices;  // of a "choice"
};
std::vector<HyperparameterInfo> hyperparameters();

// Checks a config's names, types and ranges, and how they go together, for a task: one complete
// sentence per problem, empty if there is none. Also what one value would be told: check(name,
// value).
std::vector<std::string> check(Config const& config, Task task);
std::vector<std::string> check(std::string_view name, Value const& value);

// What a valid config makes of numbers and of targets: with fit_transform() the transform of its
// members.
Numbers numbers_of(Config const& config);
TargetScaling target_scaling_of(Config const& config);
// Whether networks of a valid config put out the logarithm of what they predict (poisson, tweedie).
bool has_log_link(Config const& config);
// The quantile that a metric is of, the tau of a valid config; none of any metric but pinball.
std::optional<double> quantile_of(std::string_view metric, Config const& config);

// The config with every hyperparameter that it leaves open set to its default for the task (and for
// its optimizer), in the table's order; layers and widths as `hidden`.
Config with_defaults(Config const& config, Task task);

}  // namespace brood
