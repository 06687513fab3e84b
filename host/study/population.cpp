// SPDX-License-Identifier: Apache-2.0
#include "brood/population.hpp"

#include <algorithm>
#include <optional>

#include "backend/admission.hpp"
#include "brood/error.hpp"
#include "core/loss.hpp"
#include "study/target_checks.hpp"

namespace brood {

// A member is resident (slot), parked (image), or not yet begun (neither: its initial weights are a
// function of its spec).
struct Population::Member {
  Admission admission;
  std::int64_t bytes = 0;
  std::optional<Slot> slot = std::nullopt;
  std::optional<MemberImage> image = std::nullopt;
};

namespace {

std::string megabytes(std::int64_t bytes) {
  return std::to_string((bytes + 999999) / 1000000) + " MB";
}

}  // namespace

Population::Population(Engine& engine) : engine_(engine) {}

Population::~Population() {
  std::vector<Slot> slots;
  for (auto const& [id, member] : members_) {
    if (member.slot) slots.push_back(*member.slot);
  }
  engine_.backend().release(slots);
}

Population::Member& Population::at(MemberId id) {
  auto const found = members_.find(id);
  if (found == members_.end())
    throw UsageError("member " + std::to_string(id) + " is not in the population");
  return found->second;
}

std::int64_t Population::resident_bytes() const {
  std::int64_t bytes = 0;
  for (auto const& [id, member] : members_)
    bytes += member.slot ? member.bytes : 0;
  return bytes;
}

std::vector<MemberId> Population::admit(std::vector<MemberSpec> specs, Data const& data) {
  if (!engine_.holds(data)) {
    throw UsageError("data: was loaded on another engine; load the table on this population's");
  }
  Backend const& backend = engine_.backend();
  std::vector<std::string> problems;
  std::vector<Member> admitted;
  admitted.reserve(specs.size());
  bool targets_seen = false;
  for (auto& spec : specs) {
    spec.table = data.id();
    try {
      admitted.push_back({.admission = admission_of(spec, data.shape(), data.rows())});
    } catch (UsageError const& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
      continue;
    }
    brood::Member const& member = admitted.back().admission.member;
    if (has_log_link(member.loss) && !targets_seen) {
      targets_seen = true;
      std::string problem = target_problem(Losses::names[member.loss], data.table());
      if (!problem.empty()) problems.push_back(std::move(problem));
    }
    if (Support const support = backend.supports(member); !support) {
      problems.push_back(support.reason);
      continue;
    }
    std::int64_t const bytes = backend.bytes(member);
    if (bytes > engine_.memory_limit()) {
      throw UsageError("network: a member of this shape takes " + megabytes(bytes) +
                       "; the memory limit is " + megabytes(engine_.memory_limit()) +
                       ": raise it or make the network smaller");
    }
    admitted.back().bytes = bytes;
  }
  if (!problems.empty()) throw UsageError(std::move(problems));

  std::vector<MemberId> ids, fitting;
  std::int64_t room = engine_.memory_limit() - resident_bytes();
  for (auto& member : admitted) {
    room -= member.bytes;
    if (room >= 0) fitting.push_back(next_);
    ids.push_back(next_);
    members_.emplace(next_++, std::move(member));
  }
  try {
    make_resident(fitting);
  } catch (...) {
    for (auto const id : ids)
      members_.erase(id);
    throw;
  }
  return ids;
}

MemberId Population::admit(MemberSpec spec, Data const& data, MemberImage image) {
  MemberId const id = admit({std::move(spec)}, data).front();
  Member& member = at(id);
  if (member.slot) {
    engine_.backend().restore({&*member.slot, 1}, {&image, 1});
  } else {
    member.image = std::move(image);
  }
  return id;
}

// On the device where both are there; else by way of an image.
std::vector<MemberId> Population::clone(std::span<MemberId const> from,
                                        std::vector<MemberSpec> specs, Data const& data) {
  auto ids = admit(std::move(specs), data);
  std::vector<SlotCopy> copies;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Member const& source = at(from[i]);
    Member& copy = at(ids[i]);
    if (source.slot && copy.slot) {
      copies.push_back({*source.slot, *copy.slot});
      continue;
    }
    if (!source.slot && !source.image) continue;  // nothing was trained yet
    MemberImage image =
        source.slot ? engine_.backend().save({&*source.slot, 1}).front() : *source.image;
    image.seed = copy.admission.member.seed;
    if (copy.slot) {
      engine_.backend().restore({&*copy.slot, 1}, {&image, 1});
    } else {
      copy.image = std::move(image);
    }
  }
  engine_.backend().clone(copies);
  return ids;
}

void Population::release(std::span<MemberId const> ids) {
  std::vector<Slot> slots;
  for (auto const id : ids) {
    if (at(id).slot) slots.push_back(*at(id).slot);
  }
  engine_.backend().release(slots);
  for (auto const id : ids)
    members_.erase(id);
}

void Population::park(std::span<MemberId const> ids) {
  std::vector<Slot> slots;
  for (auto const id : ids)
    slots.push_back(*at(id).slot);
  auto images = engine_.backend().save(slots);
  engine_.backend().release(slots);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    at(ids[i]).image = std::move(images[i]);
    at(ids[i]).slot.reset();
  }
}

// Makes room for and brings in all of `ids`, which together fit into the limit.
void Population::make_resident(std::span<MemberId const> ids) {
  std::vector<MemberId> incoming;
  std::int64_t needed = resident_bytes();
  for (auto const id : ids) {
    if (at(id).slot) continue;
    incoming.push_back(id);
    needed += at(id).bytes;
  }
  if (incoming.empty()) return;
  std::vector<MemberId> leaving;
  std::vector<MemberId> staying(ids.begin(), ids.end());
  std::sort(staying.begin(), staying.end());
  for (auto const& [id, member] : members_) {
    if (needed <= engine_.memory_limit()) break;
    if (!member.slot || std::binary_search(staying.begin(), staying.end(), id)) continue;
    leaving.push_back(id);
    needed -= member.bytes;
  }
  park(leaving);

  std::vector<Admission> admissions;
  admissions.reserve(incoming.size());
  for (auto const id : incoming)
    admissions.push_back(at(id).admission);
  auto const slots = engine_.backend().make_resident(admissions);
  std::vector<Slot> restored;
  std::vector<MemberImage> images;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    Member& member = at(incoming[i]);
    member.slot = slots[i];
    if (!member.image) continue;
    restored.push_back(slots[i]);
    images.push_back(std::move(*member.image));
    member.image.reset();
  }
  engine_.backend().restore(restored, images);
}

// The first members of `ids` that fit into the limit together.
std::span<MemberId const> Population::wave_of(std::span<MemberId const> ids) {
  std::int64_t bytes = 0;
  std::size_t count = 0;
  while (count < ids.size() && bytes + at(ids[count]).bytes <= engine_.memory_limit())
    bytes += at(ids[count++]).bytes;
  return ids.first(count);
}

int Population::waves(std::span<MemberId const> ids) {
  int waves = 0;
  for (; !ids.empty(); ++waves)
    ids = ids.subspan(wave_of(ids).size());
  return waves;
}

// Calls each_wave(first, slots) wave by wave; `first` is the index of a wave's first member.
template <class F>
void Population::in_waves(std::span<MemberId const> ids, F&& each_wave) {
  for (std::size_t first = 0; first < ids.size();) {
    auto const wave = wave_of(ids.subspan(first));
    make_resident(wave);
    std::vector<Slot> slots;
    for (auto const id : wave)
      slots.push_back(*at(id).slot);
    each_wave(first, slots);
    first += wave.size();
  }
}

void Population::train(std::span<MemberId const> ids, int until_epoch, int evaluate_every_epochs) {
  std::vector<int> const until_epochs(ids.size(), until_epoch);
  train(ids, until_epochs, evaluate_every_epochs);
}

void Population::train(std::span<MemberId const> ids, std::span<int const> until_epochs,
                       int evaluate_every_epochs) {
  in_waves(ids, [&](std::size_t first, std::vector<Slot> const& slots) {
    std::vector<TrainOrder> orders;
    for (std::size_t i = 0; i < slots.size(); ++i)
      orders.push_back({slots[i], until_epochs[first + i], evaluate_every_epochs});
    engine_.backend().train(orders);
    engine_.backend().metrics({});  // waits
  });
}

std::vector<MemberMetrics> Population::metrics(std::span<MemberId const> ids) {
  std::vector<MemberMetrics> list;
  for (auto const id : ids) {
    Member& member = at(id);
    if (member.slot) {
      list.push_back(engine_.backend().metrics({&*member.slot, 1}).front());
    } else {
      list.push_back(member.image ? member.image->metrics : MemberMetrics{});
    }
  }
  return list;
}

void Population::forward(std::span<MemberId const> ids, std::span<std::int32_t const> rows,
                         std::span<float> out) {
  std::size_t const each = ids.empty() ? 0 : out.size() / ids.size();
  in_waves(ids, [&](std::size_t first, std::vector<Slot> const& slots) {
    engine_.backend().forward(slots, rows, out.subspan(first * each, slots.size() * each));
  });
}

void Population::forward(std::span<MemberId const> ids, Matrix x, std::span<float> out) {
  std::size_t const each = ids.empty() ? 0 : out.size() / ids.size();
  in_waves(ids, [&](std::size_t first, std::vector<Slot> const& slots) {
    engine_.backend().forward(slots, x, out.subspan(first * each, slots.size() * each));
  });
}

std::vector<OrderedPairs> Population::ordered_pairs(std::span<MemberId const> ids,
                                                    std::span<std::int32_t const> rows) {
  std::vector<OrderedPairs> list;
  bool all = true;
  in_waves(ids, [&](std::size_t, std::vector<Slot> const& slots) {
    auto const some = engine_.backend().ordered_pairs(slots, rows);
    all = all && !some.empty();
    list.insert(list.end(), some.begin(), some.end());
  });
  if (!all) list.clear();
  return list;
}

std::vector<Evaluation> Population::evaluate(std::span<MemberId const> ids,
                                             std::span<std::int32_t const> rows) {
  std::vector<Evaluation> list;
  in_waves(ids, [&](std::size_t, std::vector<Slot> const& slots) {
    for (auto const& evaluation : engine_.backend().evaluate(slots, rows))
      list.push_back(evaluation);
  });
  return list;
}

// Those that wait are images already.
std::vector<MemberImage> Population::save(std::span<MemberId const> ids) {
  std::vector<MemberImage> list(ids.size());
  std::vector<MemberId> others;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Member const& member = at(ids[i]);
    if (!member.slot && member.image) {
      list[i] = *member.image;
    } else {
      others.push_back(ids[i]);
      places.push_back(i);
    }
  }
  in_waves(others, [&](std::size_t first, std::vector<Slot> const& slots) {
    auto images = engine_.backend().save(slots);
    for (std::size_t i = 0; i < images.size(); ++i)
      list[places[first + i]] = std::move(images[i]);
  });
  return list;
}

std::vector<std::vector<LayerWeights>> Population::weights(std::span<MemberId const> ids) {
  std::vector<std::vector<LayerWeights>> list;
  in_waves(ids, [&](std::size_t, std::vector<Slot> const& slots) {
    for (auto& layers : engine_.backend().weights(slots))
      list.push_back(std::move(layers));
  });
  return list;
}

}  // namespace brood
