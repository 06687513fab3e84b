// SPDX-License-Identifier: Apache-2.0
#include "brood/member.hpp"

#include "core/input_shape.hpp"
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

std::string_view name_of(InputShape shape) {
  static_assert(index_of<LinearInput>(InputShapes{}) == static_cast<int>(InputShape::linear) &&
                index_of<SmoothClip>(InputShapes{}) == static_cast<int>(InputShape::smooth_clip) &&
                index_of<Piece>(InputShapes{}) == static_cast<int>(InputShape::piece) &&
                index_of<Cosine>(InputShapes{}) == static_cast<int>(InputShape::cosine));
  return InputShapes::names[static_cast<std::size_t>(shape)];
}

TableShape shape_of(Table const& table) {
  int numbers = 0;
  for (int c = 0; c < table.x.columns; ++c)
    numbers += is_number(table, c) ? 1 : 0;
  return {table.task, table.x.columns,
          table.task == Task::classification ? table.classes : table.y.columns, numbers};
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
