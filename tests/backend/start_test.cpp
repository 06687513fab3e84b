// SPDX-License-Identifier: Apache-2.0
// Members that start from given weights: they have just those, and train on as a member that drew
// them would, bit for bit, whoever else is there.
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <vector>

#include "brood/error.hpp"
#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

using Layers = std::vector<LayerWeights>;

InitialWeights shared(Layers layers) {
  return std::make_shared<Layers const>(std::move(layers));
}

class StartingWeights : public ::testing::Test {
 protected:
  StartingWeights() {
    c.config = {{"hidden", Wholes{9, 6}},
                {"epochs", Whole{4}},
                {"batch_size", Whole{16}},
                {"optimizer", text("adam")},
                {"ema", 0.9},
                {"patience", Whole{9}},
                {"dropout", 0.2}};
  }

  MemberSpec spec() const { return c.spec(data, c.train_rows()); }

  Layers weights_of(Slot slot) { return backend.weights(std::vector{slot}).front(); }
  // Of a member as it is admitted.
  Layers drawn(MemberSpec const& spec) {
    auto const slots = backend.admit(std::vector{spec});
    Layers layers = weights_of(slots.front());
    backend.release(slots);
    return layers;
  }
  MemberImage trained(std::vector<MemberSpec> const& specs, std::size_t which) {
    auto const slots = backend.admit(specs);
    std::vector<TrainOrder> orders;
    for (auto const slot : slots)
      orders.push_back({slot, 4, 1});
    backend.train(orders);
    MemberImage image = backend.save(std::vector{slots[which]}).front();
    backend.release(slots);
    return image;
  }
  std::string refusal(Layers layers) {
    MemberSpec bad = spec();
    bad.start = shared(std::move(layers));
    try {
      backend.admit(std::vector{bad});
    } catch (UsageError const& error) {
      return error.problems().front();
    }
    return "";
  }

  MemberCase c{"start", fixtures::blobs(70, 5, 3), {}};
  Engine engine{Residents::one()};
  Data data = engine.load(c.data.table());
  Backend& backend = engine.backend();
};

void expect_same_layers(Layers const& a, Layers const& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t l = 0; l < a.size(); ++l) {
    EXPECT_EQ(a[l].weights, b[l].weights) << "layer " << l;
    EXPECT_EQ(a[l].bias, b[l].bias) << "layer " << l;
  }
}

TEST_F(StartingWeights, AreTheWeightsGiven) {
  Layers layers = drawn(spec());
  float next = 0.01f;
  for (auto& layer : layers) {
    for (float& w : layer.weights)
      w = next += 0.003f;
    for (float& b : layer.bias)
      b = next -= 0.05f;
  }
  MemberSpec started = spec();
  started.start = shared(layers);
  expect_same_layers(drawn(started), layers);
}

TEST_F(StartingWeights, LayersThatAreLeftOutAreDrawn) {
  Layers const own = drawn(spec());
  MemberSpec other = spec();
  other.seed += 1;
  Layers const others = drawn(other);
  ASSERT_NE(own[0].weights, others[0].weights);
  Layers some = others;
  some[2] = {};
  MemberSpec started = spec();
  started.start = shared(some);
  Layers expected = others;
  expected[2] = own[2];
  expect_same_layers(drawn(started), expected);
}

// All that training goes by: weights, moments, average, best weights, history.
TEST_F(StartingWeights, TrainOnAsIfTheyHadBeenDrawn) {
  MemberSpec started = spec(), other = spec();
  started.start = shared(drawn(spec()));
  other.seed += 1;
  MemberImage const expected = trained({spec()}, 0);
  expect_same(trained({started}, 0), expected, "alone");
  expect_same(trained({other, started, other}, 1), expected, "among others");
}

// Whoever draws the same may have been given a copy: one of each that differs in what is drawn, or
// in what is kept of it, before and behind the first.
TEST_F(StartingWeights, OfTheSameSeedAreAsTheyAreAlone) {
  std::vector<MemberSpec> specs = {spec()};
  auto const add = [&](std::string const& name, Value value) {
    specs.push_back(spec());
    specs.back().config.set(name, std::move(value));
  };
  add("lr", 0.02);
  add("ema", 0.0);
  add("patience", Whole{0});
  add("hidden", Wholes{9, 7});
  add("hidden", Wholes{6, 9});
  add("hidden", Wholes{9});
  add("init", text("lecun_normal"));
  add("init", text("he_uniform"));
  add("bias_init", text("as_weights"));
  specs.push_back(spec());
  specs.back().start = shared(drawn(specs[3]));
  specs.back().config.set("ema", 0.0);
  specs.push_back(spec());
  std::vector<MemberImage> alone;
  for (MemberSpec const& each : specs)
    alone.push_back(trained({each}, 0));
  std::vector<MemberSpec> const backwards(specs.rbegin(), specs.rend());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    expect_same(trained(specs, i), alone[i], "member " + std::to_string(i));
    expect_same(trained(backwards, specs.size() - 1 - i), alone[i], "backwards");
  }
}

TEST_F(StartingWeights, OfAnotherShapeAreRefused) {
  Layers const good = drawn(spec());
  Layers bad = good;
  bad.pop_back();
  EXPECT_EQ(refusal(bad), "start: has 2 layers; the network has 3");
  bad = good;
  bad[1].weights.pop_back();
  EXPECT_EQ(refusal(bad), "start: layer 1 has 53 weights and 6 biases; the network has 54 and 6");
  bad = good;
  bad[2].bias.push_back(0);
  EXPECT_EQ(refusal(bad), "start: layer 2 has 18 weights and 4 biases; the network has 18 and 3");
  bad = good;
  bad[0].weights[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal(bad), "start: layer 0 holds a weight that is not finite");
}

}  // namespace
}  // namespace brood
