// SPDX-License-Identifier: Apache-2.0
// What a run of a study works by, and never changes: the study, its data, rows, transforms, metric.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/metric.hpp"
#include "study/transforms.hpp"

namespace brood {

struct StudySetup {
  // `started`: with its initial weights looked up, see with_start(). Throws UsageError for a start
  // or a metric that does not fit the data.
  StudySetup(Engine& engine_in, Data const& data_in, Study started);
  StudySetup(StudySetup const&) = delete;

  // The members of a trial on the splits first .. last - 1.
  std::vector<MemberSpec> members_of(int trial, Config const& config, std::size_t first,
                                     std::size_t last) const;
  // The network of a trial in a segment of its refit, on some rows.
  MemberSpec refit_of(Segment const& segment, Rows const& rows) const;
  MetricContext context_of(std::span<std::int32_t const> rows) const;
  // Whether the metric of such a member takes predictions, and of the others what it is of an
  // evaluation on a split's validation rows.
  bool takes_predictions(Config const& config) const;
  double value_of(Evaluation const& sums, std::size_t split) const {
    return metric_value(metric, sums, contexts[split]);
  }

  Engine& engine;
  Data data;
  Study study;
  std::string metric;
  bool maximize;
  std::optional<double> quantile;  // where the metric is of one
  Splits splits;                   // of all repeats; the first `early` are those of every rung
  std::size_t early;               // members of a trial before its last rung
  InitialWeights initial;
  std::vector<MetricContext> contexts;  // by split, of its validation rows
  mutable Transforms transforms;        // fitted as they are asked for
};

}  // namespace brood
