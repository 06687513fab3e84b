// SPDX-License-Identifier: Apache-2.0
// The transforms of a study's members: those that train on the same rows and make the same of
// numbers share one. What a trial asks for is fitted when it is first asked for.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "brood/study.hpp"
#include "data/number_summary.hpp"

namespace brood {

// Of one run of a study.
class Transforms {
 public:
  // All must outlive it.
  Transforms(Study const& study, Table const& table, Splits const& splits);

  SharedTransform of_split(Config const& config, std::size_t split);
  // Of a refit on these rows.
  SharedTransform of_rows(Config const& config, Rows const& rows);

 private:
  // Less than, of what decides a transform.
  using Decides = std::pair<Numbers, TargetScaling>;
  struct Before {
    bool operator()(Decides const& a, Decides const& b) const;
  };
  struct Fitted {
    Rows rows;
    // By targets; of numbers, too, where the study starts from a network.
    std::map<TargetScaling, SharedTransform> plain = {};
    std::optional<std::vector<NumberSummary>> summaries = {};
    std::map<Decides, std::weak_ptr<Transform const>, Before> of_numbers = {};  // not plain
  };
  SharedTransform of(Fitted& fitted, Config const& config);

  Study const& study_;
  Table const& table_;
  std::vector<Fitted> by_split_;
  std::map<Rows, Fitted> by_rows_;  // of refits
};

}  // namespace brood
