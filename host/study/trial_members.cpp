// SPDX-License-Identifier: Apache-2.0
#include "study/trial_members.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "brood/error.hpp"
#include "study/plan.hpp"

namespace brood {

namespace {

[[noreturn]] void refuse_residents(int trial) {
  throw StorageError("the saved state does not hold the members of trial " + std::to_string(trial) +
                     ", one for each split in their order");
}

}  // namespace

std::vector<MemberId> TrialMembers::of(std::span<Ask const> asks) const {
  std::vector<MemberId> ids;
  for (Ask const& ask : asks) {
    auto const& own = of(ask.trial);
    ids.insert(ids.end(), own.begin(), own.end());
  }
  return ids;
}

std::size_t TrialMembers::count_of(Ask const& ask) const {
  auto const own = members_.find(ask.trial);
  bool const last_rung = ask.until_epoch == max_epochs(setup_.study.scheduler);
  return std::max(last_rung ? setup_.splits.splits.size() : setup_.early,
                  own == members_.end() ? 0 : own->second.size());
}

void TrialMembers::admit(std::span<Ask const> asks, KnownOutcomes const* known) {
  Profile::Scope const admitting(setup_.engine.profile(), Phase::admit);
  if (known != nullptr) {
    admit_known(asks, *known);
    return;
  }
  std::vector<MemberSpec> specs;
  for (auto const& ask : asks) {
    for (auto& spec :
         setup_.members_of(ask.trial, ask.config, members_[ask.trial].size(), count_of(ask)))
      specs.push_back(std::move(spec));
  }
  auto const ids = population_.admit(std::move(specs), setup_.data);
  auto next = ids.begin();
  for (auto const& ask : asks) {
    auto& own = members_[ask.trial];
    auto const joining = static_cast<std::ptrdiff_t>(count_of(ask) - own.size());
    own.insert(own.end(), next, next + joining);
    next += joining;
  }
}

// One by one: each may have an image.
void TrialMembers::admit_known(std::span<Ask const> asks, KnownOutcomes const& known) {
  for (Ask const& ask : asks) {
    auto& own = members_[ask.trial];
    for (std::size_t s = own.size(), last = count_of(ask); s < last; ++s) {
      MemberSpec spec = setup_.members_of(ask.trial, ask.config, s, s + 1).front();
      MemberImage const* const found = known.member(ask, s);
      if (found == nullptr) {
        own.push_back(population_.admit({std::move(spec)}, setup_.data).front());
        continue;
      }
      MemberImage image = *found;
      // It was as far as it would go, and goes further now.
      bool const goes_on = image.metrics.epoch < own_epochs(ask.config, setup_.study);
      if (image.metrics.state == MemberState::complete && goes_on)
        image.metrics.state = MemberState::training;
      own.push_back(population_.admit(std::move(spec), setup_.data, std::move(image)));
    }
  }
}

void TrialMembers::copy(std::span<Exploit const> exploits) {
  if (exploits.empty()) return;
  std::vector<MemberId> from, leaving;
  std::vector<MemberSpec> specs;
  for (Exploit const& exploit : exploits) {
    auto const& source = of(exploit.from);
    from.insert(from.end(), source.begin(), source.end());
    for (auto& spec : setup_.members_of(exploit.trial, exploit.after, 0, source.size()))
      specs.push_back(std::move(spec));
  }
  auto const ids = population_.clone(from, std::move(specs), setup_.data);
  auto next = ids.begin();
  for (Exploit const& exploit : exploits) {
    auto& own = members_.at(exploit.trial);
    leaving.insert(leaving.end(), own.begin(), own.end());
    std::copy_n(next, own.size(), own.begin());
    next += static_cast<std::ptrdiff_t>(own.size());
  }
  population_.release(leaving);
}

void TrialMembers::release_unless(std::function<bool(int trial)> const& keeps) {
  std::vector<MemberId> leaving;
  std::erase_if(members_, [&](auto const& entry) {
    auto const& [trial, ids] = entry;
    if (keeps(trial)) return false;
    leaving.insert(leaving.end(), ids.begin(), ids.end());
    return true;
  });
  population_.release(leaving);
}

std::vector<MemberId> TrialMembers::replay(
    Tuner const& tuner, int trial, int epochs, int evaluate_every_epochs,
    std::function<std::vector<MemberSpec>(Segment const&)> const& specs_of) {
  std::vector<MemberId> ids;
  for (Segment const& segment : tuner.segments(trial)) {
    if (ids.empty()) {
      ids = population_.admit(specs_of(segment), setup_.data);
    } else {
      auto const before =
          std::exchange(ids, population_.clone(ids, specs_of(segment), setup_.data));
      population_.release(before);
    }
    population_.train(ids, std::min(segment.until_epoch, epochs), evaluate_every_epochs);
  }
  return ids;
}

std::vector<MemberId> TrialMembers::validated(Tuner const& tuner, int trial, std::size_t count) {
  int const epoch = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
  auto const found = members_.find(trial);
  if (found != members_.end() && found->second.size() >= count) {
    auto const ids = std::span(found->second).first(count);
    auto const metrics = population_.metrics(ids);
    bool const as_scored =
        std::all_of(metrics.begin(), metrics.end(),
                    [&](MemberMetrics const& each) { return each.epoch <= epoch; });
    if (as_scored) return {ids.begin(), ids.end()};
  }
  return replay(tuner, trial, epoch, 1, [&](Segment const& segment) {
    return setup_.members_of(segment.trial, segment.config, 0, count);
  });
}

std::vector<MemberId> TrialMembers::refit(Tuner const& tuner, std::vector<int> const& trials,
                                          std::vector<int> const& epochs, Rows const& rows) {
  std::vector<MemberId> ids(trials.size());
  std::map<int, std::vector<std::size_t>> together;  // by epochs: trials of one segment
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (tuner.segments(trials[i]).size() == 1) {
      together[epochs[i]].push_back(i);
      continue;
    }
    ids[i] = replay(tuner, trials[i], epochs[i], 0, [&](Segment const& segment) {
               return std::vector{setup_.refit_of(segment, rows)};
             }).front();
  }
  for (auto const& [until, indices] : together) {
    std::vector<MemberSpec> specs;
    for (auto const i : indices)
      specs.push_back(setup_.refit_of(tuner.segments(trials[i]).front(), rows));
    auto const admitted = population_.admit(std::move(specs), setup_.data);
    population_.train(admitted, until, 0);
    for (std::size_t i = 0; i < indices.size(); ++i)
      ids[indices[i]] = admitted[i];
  }
  return ids;
}

std::vector<StudyState::Resident> TrialMembers::save() {
  std::vector<StudyState::Resident> residents;
  std::vector<MemberId> all;
  for (auto const& [trial, ids] : members_) {
    for (std::size_t s = 0; s < ids.size(); ++s)
      residents.push_back({trial, static_cast<int>(s), {}});
    all.insert(all.end(), ids.begin(), ids.end());
  }
  auto images = population_.save(all);
  for (std::size_t i = 0; i < images.size(); ++i)
    residents[i].image = std::move(images[i]);
  return residents;
}

void TrialMembers::restore(Tuner const& tuner, std::vector<StudyState::Resident> const& residents,
                           std::vector<bool> const& kept) {
  std::size_t const all = setup_.splits.splits.size();
  for (auto const& resident : residents) {
    auto& own = members_[resident.trial];
    auto const split = own.size();
    if (split == all || resident.split != static_cast<int>(split)) refuse_residents(resident.trial);
    auto specs = setup_.members_of(resident.trial, tuner.config(resident.trial), split, split + 1);
    own.push_back(population_.admit(std::move(specs.front()), setup_.data, resident.image));
  }
  for (auto const& [trial, own] : members_) {
    if (own.size() != setup_.early && own.size() != all) refuse_residents(trial);
  }
  if (tuner.finished()) return;
  std::vector<bool> const running = tuner.running();
  for (auto const& trial : tuner.trials()) {
    auto const i = static_cast<std::size_t>(trial.id);
    bool const needed = running[i] && trial.rung >= 0 && !kept[i];
    if (needed && !members_.contains(trial.id)) refuse_residents(trial.id);
  }
}

}  // namespace brood
