// SPDX-License-Identifier: Apache-2.0
#include "study/target_checks.hpp"

#include "brood/member.hpp"

namespace brood {

std::string log_link_loss(SearchSpace const& space) {
  Parameter const* const loss = space.find("loss");
  if (loss == nullptr) return "";
  for (Value const& value : loss->values) {
    if (has_log_link({{"loss", value}})) return to_text(value);
  }
  return "";
}

std::string target_problem(std::string_view loss, Table const& table) {
  for (std::int64_t i = 0; i < table.y.rows * table.y.columns; ++i) {
    float const y = table.y.data[i];
    if (y >= 0) continue;
    return "loss: " + std::string(loss) + " takes targets of at least 0, and row " +
           std::to_string(i / table.y.columns) + " (from 0) has " +
           to_text(static_cast<double>(y)) + "; " + kOtherLosses;
  }
  return "";
}

}  // namespace brood
