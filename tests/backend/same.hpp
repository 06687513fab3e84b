// SPDX-License-Identifier: Apache-2.0
// Bitwise equality of members, and running many of them: what the invariance tests compare.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "member_case.hpp"
#include "under_test.hpp"

namespace brood {

// Empty if the two are the same bit for bit (a NaN equals itself), else where they differ.
inline std::string difference(MemberImage const& a, MemberImage const& b) {
  auto floats = [](char const* what, std::vector<float> const& x, std::vector<float> const& y) {
    if (x.size() != y.size()) return std::string(what) + " differ in size";
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::bit_cast<std::uint32_t>(x[i]) != std::bit_cast<std::uint32_t>(y[i])) {
        return std::string(what) + " differ at " + std::to_string(i) + ": " + std::to_string(x[i]) +
               ", " + std::to_string(y[i]);
      }
    }
    return std::string();
  };
  auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  for (auto const& text :
       {floats("weights", a.weights, b.weights), floats("moments", a.moments, b.moments),
        floats("average", a.average, b.average), floats("best", a.best, b.best)}) {
    if (!text.empty()) return text;
  }
  auto const& m = a.metrics;
  auto const& n = b.metrics;
  if (m.state != n.state) return "state differs";
  if (m.step != n.step || m.epoch != n.epoch || m.best != n.best) return "progress differs";
  if (a.seed != b.seed || a.evaluations_since_best != b.evaluations_since_best ||
      bits(a.loss_sum) != bits(b.loss_sum) || bits(a.loss_weight) != bits(b.loss_weight)) {
    return "seed, patience or loss sum differ";
  }
  if (m.history.size() != n.history.size()) return "histories differ in length";
  for (std::size_t i = 0; i < m.history.size(); ++i) {
    Evaluation const& x = m.history[i];
    Evaluation const& y = n.history[i];
    bool const equal = x.step == y.step && x.epoch == y.epoch &&
                       bits(x.train_loss) == bits(y.train_loss) && bits(x.loss) == bits(y.loss) &&
                       bits(x.weight) == bits(y.weight) && bits(x.correct) == bits(y.correct) &&
                       bits(x.squared_error) == bits(y.squared_error) &&
                       bits(x.absolute_error) == bits(y.absolute_error);
    if (!equal) return "evaluation " + std::to_string(i) + " differs";
  }
  return "";
}

inline void expect_same(MemberImage const& a, MemberImage const& b, std::string const& name) {
  EXPECT_EQ(difference(a, b), "") << name;
}

// An engine with the members of some cases resident on it; equal tables are loaded once.
class Residents {
 public:
  explicit Residents(std::vector<MemberCase> const& cases, EngineOptions const& options = one())
      : engine_(options) {
    for (auto const& c : cases) {
      auto const [at, fresh] = index_.try_emplace(key(c.data), data_.size());
      if (fresh) data_.push_back(engine_.load(c.data.table()));
      specs_.push_back(c.spec(data_[at->second], c.train_rows()));
    }
    slots_ = backend().admit(specs_);
  }
  // Gives the slots back and takes members in again: the same slots, perhaps otherwise dealt out.
  void readmit() {
    backend().release(slots_);
    slots_ = backend().admit(specs_);
  }

  static EngineOptions one() { return backend_under_test(); }

  Backend& backend() { return engine_.backend(); }
  std::vector<Slot> const& slots() const { return slots_; }

  void train(int until_epoch, int every = 1) {
    std::vector<TrainOrder> orders;
    for (Slot const slot : slots_)
      orders.push_back({slot, until_epoch, every});
    backend().train(orders);
  }
  std::vector<MemberImage> save() { return backend().save(slots_); }

 private:
  using Key = std::pair<std::vector<float>, std::vector<float>>;
  static Key key(fixtures::OwnedTable const& t) {
    auto x = t.x;
    for (float& v : x)
      if (v != v) v = -1e30f;  // NaN would equal nothing
    return {x, t.y};
  }

  Engine engine_;
  std::vector<Data> data_;
  std::map<Key, std::size_t> index_;
  std::vector<MemberSpec> specs_;
  std::vector<Slot> slots_;
};

inline std::vector<MemberImage> train_all(std::vector<MemberCase> const& cases, int epochs,
                                          EngineOptions const& options = Residents::one()) {
  Residents residents(cases, options);
  residents.train(epochs);
  return residents.save();
}

}  // namespace brood
