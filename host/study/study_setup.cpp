// SPDX-License-Identifier: Apache-2.0
#include "study/study_setup.hpp"

#include <memory>
#include <utility>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "study/plan.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"
#include "study/target_checks.hpp"

namespace brood {

namespace {

void check_threshold(Calibrate const& calibrate, Data const& data) {
  if (calibrate.threshold == ThresholdBy::none || data.task() == Task::multi_label) return;
  if (data.task() == Task::classification && data.outputs() == 2) return;
  throw UsageError(
      "calibrate.threshold: is for two classes or for labels; here are " +
      (data.task() == Task::regression ? "values" : std::to_string(data.outputs()) + " classes") +
      "; leave it out");
}

void check_targets(Study const& study, Data const& data) {
  std::string const loss = log_link_loss(study.space);
  if (loss.empty()) return;
  std::string const problem = target_problem(loss, data.table());
  if (!problem.empty()) throw UsageError(problem);
}

}  // namespace

StudySetup::StudySetup(Engine& engine_in, Data const& data_in, Study started)
    : engine(engine_in),
      data(data_in),
      study(std::move(started)),
      metric(metric_name(study, data.task())),
      maximize(higher_is_better(metric, data.task())),
      quantile(quantile_of(metric, study.space)),
      splits(splits_of(study, data.table())),
      early(members_per_trial(study, splits)),
      initial(initial_weights(study.start)),
      transforms(study, data.table(), splits) {
  check_start(study, data);
  check_defined(metric, data.table(), splits);
  check_threshold(study.calibrate, data);
  check_targets(study, data);
  for (auto const& split : splits.splits)
    contexts.push_back(context_of(*split.valid));
}

std::vector<MemberSpec> StudySetup::members_of(int trial, Config const& config, std::size_t first,
                                               std::size_t last) const {
  std::vector<MemberSpec> specs;
  for (std::size_t s = first; s < last; ++s) {
    Split const& split = splits.splits[s];
    auto const repeat = static_cast<std::uint32_t>(split.repeat);
    auto const by_trial = member_seed(study.seed, static_cast<std::uint32_t>(trial), repeat);
    specs.push_back({.config = member_config(config, study),
                     .seed = seed_of(config, by_trial, repeat),
                     .table = data.id(),
                     .train_rows = split.train,
                     .eval_rows = split.valid,
                     .transform = transforms.of_split(config, s),
                     .start = initial});
  }
  return specs;
}

MemberSpec StudySetup::refit_of(Segment const& segment, Rows const& rows) const {
  Config config = segment.config;
  config.set("patience", std::int64_t{0});
  auto const by_trial = member_seed(study.seed, static_cast<std::uint32_t>(segment.trial), 0);
  return {.config = member_config(config, study),
          .seed = seed_of(config, by_trial, 0),
          .table = data.id(),
          .train_rows = rows,
          .eval_rows = nullptr,
          .transform = transforms.of_rows(config, rows),
          .start = initial};
}

bool StudySetup::takes_predictions(Config const& config) const {
  bool const by_loss =
      metric == "log_loss" && loss_is_log_loss(config, data.task(), data.outputs());
  return is_from_predictions(metric) && !by_loss;
}

MetricContext StudySetup::context_of(std::span<std::int32_t const> rows) const {
  bool const values = data.task() == Task::regression;
  Table const& table = data.table();
  return {table.task, table.y.columns, values ? target_variation(table, rows) : 0.0,
          table.target_unit};
}

}  // namespace brood
