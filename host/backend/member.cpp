// SPDX-License-Identifier: Apache-2.0
#include "brood/member.hpp"

#include "core/philox.hpp"

namespace brood {

std::string_view name_of(Task task) {
  switch (task) {
    case Task::classification:
      return "classification";
    case Task::regression:
      return "regression";
    case Task::multi_label:
      return "multi_label";
  }
  return "";
}

TableShape shape_of(Table const& table) {
  return {table.task, table.x.columns,
          table.task == Task::classification ? table.classes : table.y.columns};
}

std::string_view name_of(MemberState state) {
  switch (state) {
    case MemberState::training:
      return "training";
    case MemberState::complete:
      return "complete";
    case MemberState::stopped:
      return "stopped";
    case MemberState::diverged:
      return "diverged";
  }
  return "";
}

std::uint64_t member_seed(std::uint64_t study_seed, std::uint32_t trial, std::uint32_t repeat) {
  PhiloxBlock const block =
      philox({{trial, repeat, 0, static_cast<std::uint32_t>(Purpose::member_seed)}},
             philox_key(study_seed));
  return std::uint64_t{block.word[1]} << 32 | block.word[0];
}

}  // namespace brood
