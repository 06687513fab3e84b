// SPDX-License-Identifier: Apache-2.0
// Population: train exactly these networks. Mechanism without policy: which members there are is
// the caller's business (Study's, for one). When members do not all fit into the engine's memory
// limit they take turns (waves): the others wait as images on the host. Results do not change.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "brood/engine.hpp"
#include "brood/member.hpp"

namespace brood {

using MemberId = int;

// Members on one engine, by their ids. The engine must outlive it.
class Population {
 public:
  explicit Population(Engine& engine);
  ~Population();
  Population(Population const&) = delete;
  Population& operator=(Population const&) = delete;

  // Members on `data` (it sets their table). Ids count up from 0 and are never used again. Throws
  // UsageError with every bad spec's problems, DeviceError if one member alone exceeds the limit.
  std::vector<MemberId> admit(std::vector<MemberSpec> specs, Data const& data);
  // A member that goes on from a saved image.
  MemberId admit(MemberSpec spec, Data const& data, MemberImage image);
  // For each spec a member that goes on from where another is: with its weights, moments and
  // progress, and with hyperparameters and a seed of its own. Throws UsageError where the two
  // differ in the shape of the network or in what the optimizer keeps.
  std::vector<MemberId> clone(std::span<MemberId const> from, std::vector<MemberSpec> specs,
                              Data const& data);
  void release(std::span<MemberId const> members);

  // Trains each to `until_epoch` (of its own `epochs` at most), evaluating every so many epochs
  // (0: at the end only). Waits.
  void train(std::span<MemberId const> members, int until_epoch, int evaluate_every_epochs = 1);
  // The same, each to an epoch of its own.
  void train(std::span<MemberId const> members, std::span<int const> until_epochs,
             int evaluate_every_epochs = 1);

  std::vector<MemberMetrics> metrics(std::span<MemberId const> members);
  // out: (members, rows, outputs), see Backend::forward.
  void forward(std::span<MemberId const> members, std::span<std::int32_t const> rows,
               std::span<float> out);
  void forward(std::span<MemberId const> members, Matrix x, std::span<float> out);
  // See Backend::ordered_pairs.
  std::vector<OrderedPairs> ordered_pairs(std::span<MemberId const> members,
                                          std::span<std::int32_t const> rows);
  // On rows of their own table, see Backend::evaluate.
  std::vector<Evaluation> evaluate(std::span<MemberId const> members,
                                   std::span<std::int32_t const> rows);
  std::vector<MemberImage> save(std::span<MemberId const> members);
  std::vector<std::vector<LayerWeights>> weights(std::span<MemberId const> members);

  std::int64_t resident_bytes() const;
  // In how many turns the memory limit lets these members train.
  int waves(std::span<MemberId const> members);

 private:
  struct Member;
  Member& at(MemberId id);
  void park(std::span<MemberId const> ids);
  void make_resident(std::span<MemberId const> ids);
  std::span<MemberId const> wave_of(std::span<MemberId const> ids);
  template <class F>
  void in_waves(std::span<MemberId const> ids, F&& each_wave);

  Engine& engine_;
  std::map<MemberId, Member> members_;
  MemberId next_ = 0;
};

}  // namespace brood
