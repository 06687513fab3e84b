// SPDX-License-Identifier: Apache-2.0
// From configurations to described members, for every backend.
#include "brood/backend.hpp"

#include "backend/admission.hpp"
#include "backend/describe.hpp"
#include "brood/error.hpp"

namespace brood {

Support Backend::supports(Config const& config, TableShape const& shape,
                          std::int64_t train_rows) const {
  auto const problems = check(config, shape.task);
  if (!problems.empty()) return {false, problems.front()};
  return supports(describe(config, shape, 0, train_rows, 0));
}

std::int64_t Backend::bytes(Config const& config, TableShape const& shape,
                            std::int64_t train_rows) const {
  return bytes(describe(config, shape, 0, train_rows, 0));
}

Submission Backend::plan(std::span<Config const> configs, TableShape const& shape,
                         std::int64_t train_rows) const {
  std::vector<Member> members;
  members.reserve(configs.size());
  for (auto const& config : configs)
    members.push_back(describe(config, shape, 0, train_rows, 0));
  return plan(members);
}

std::vector<Slot> Backend::admit(std::span<MemberSpec const> specs) {
  std::vector<Admission> members;
  members.reserve(specs.size());
  std::vector<std::string> problems;
  for (auto const& spec : specs) {
    try {
      members.push_back(admission_of(spec, shape(spec.table), rows(spec.table)));
      Support const support = supports(members.back().member);
      if (!support) problems.push_back(support.reason);
    } catch (UsageError const& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
  return make_resident(members);
}

}  // namespace brood
