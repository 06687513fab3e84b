// SPDX-License-Identifier: Apache-2.0
// Members that start by their rows: published vectors, a second writing of the rule in double, and
// the very bits, which are the same on every backend.
#include "backend/initial_rows.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

using Matrix2 = std::vector<std::vector<double>>;

// Of RealMLP's initialisation, (rows, inputs), (inputs, outputs).
Matrix2 const kX = {{1, 0, -1}, {2, 1, 0}, {0, -1, 3}, {-2, 0.5, 1}};
Matrix2 const kDrawn = {{1, -0.5}, {0.25, 2}, {-1.5, 0.75}};
Matrix2 const kStd = {
    {0.53188248496, -0.6013168224}, {0.13297062124, 2.4052672896}, {-0.79782372744, 0.9019752336}};

// X w / sqrt(inputs) of an output.
std::vector<double> put_out(Matrix2 const& weights, std::size_t output) {
  std::vector<double> z;
  for (auto const& x : kX) {
    z.push_back(0);
    for (std::size_t i = 0; i < x.size(); ++i)
      z.back() += x[i] * weights[i][output] / std::sqrt(3.0);
  }
  return z;
}

TEST(InitialRows, DeviationsAreThePublishedOnes) {
  for (std::size_t o = 0; o < 2; ++o) {
    double const deviation = population_deviation(put_out(kDrawn, o));
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(kDrawn[i][o] / deviation, kStd[i][o], 1e-10) << i << " " << o;
  }
}

TEST(InitialRows, BiasesAreThePublishedOnes) {
  EXPECT_NEAR(bias_by_rows(put_out(kStd, 0), {{0, 2, 3, 1, 0}, {0.5, 1, 0.25, 2, 1.25}}),
              -0.20152288791, 1e-10);
  EXPECT_NEAR(bias_by_rows(put_out(kStd, 1), {{3, 3, 1, 0, 2}, {1, 2, 3, 0.5, 0.5}}), -1.0663091757,
              1e-10);
}

// A second writing of the draws, from the table of counters.
BiasDraw second_draw(std::uint64_t seed, int layer, int output, std::int64_t rows) {
  std::vector<double> u;
  for (std::uint32_t call = 0; call < 3; ++call) {
    auto const words = oracle::philox4x32({call, static_cast<std::uint32_t>(output),
                                           static_cast<std::uint32_t>(layer), oracle::kBiasPurpose},
                                          seed);
    for (auto const word : words)
      u.push_back((word + 0.5) / 4294967296.0);
  }
  BiasDraw draw{};
  for (std::size_t i = 0; i < 5; ++i) {
    draw.row[i] = static_cast<std::int64_t>(std::floor(u[i] * static_cast<double>(rows)));
    draw.weight[i] = -std::log(u[5 + i]);
  }
  return draw;
}

TEST(InitialRows, DrawsAreThoseOfTheSecondWriting) {
  std::vector<int> drawn(7);
  double weights = 0;
  for (int output = 0; output < 2000; ++output) {
    BiasDraw const got = bias_draw(99, 2, output, 7), expected = second_draw(99, 2, output, 7);
    for (std::size_t i = 0; i < 5; ++i) {
      ASSERT_EQ(got.row[i], expected.row[i]) << output;
      ASSERT_NEAR(got.weight[i], expected.weight[i], 1e-14 * (1 + expected.weight[i])) << output;
      ++drawn.at(static_cast<std::size_t>(got.row[i]));
      weights += got.weight[i];
    }
  }
  // Five deviations: of a share of 1/7 of 10,000, and of a mean of 10,000 exponential draws.
  for (int const count : drawn)
    EXPECT_NEAR(count, 10000 / 7.0, 5 * 35);
  EXPECT_NEAR(weights / 10000, 1, 5 * 0.01);
}

TEST(InitialRows, AreEvenlySpacedAmongManyAndAllOfFew) {
  auto const list = [](int count) {
    std::vector<std::int32_t> rows;
    for (int i = 0; i < count; ++i)
      rows.push_back(7 * i + 3);
    return initial_rows(std::make_shared<std::vector<std::int32_t> const>(rows));
  };
  EXPECT_EQ(list(3), (std::vector<std::int32_t>{3, 10, 17}));
  EXPECT_EQ(list(1024).size(), 1024u);
  auto const some = list(2560);  // every two and a half
  ASSERT_EQ(some.size(), 1024u);
  EXPECT_EQ(some[1], 7 * 2 + 3);
  EXPECT_EQ(some[2], 7 * 5 + 3);
  EXPECT_EQ(some.back(), 7 * 2557 + 3);
}

// ---- members

class StartsByRows : public ::testing::Test {
 protected:
  using Layers = std::vector<LayerWeights>;

  MemberCase member(Config const& more) const {
    MemberCase c{"by_rows", fixtures::with_missing(fixtures::blobs(90, 6, 3), 0.1), {}};
    c.transform = fixtures::some_transform(c.data);
    c.config = Config{{"hidden", Wholes{9, 7}}, {"activation", text("mish")},
                      {"epochs", Whole{3}},     {"ema", 0.9},
                      {"patience", Whole{9}},   {"batch_size", Whole{16}}};
    for (auto const& [key, value] : more)
      c.config.set(key, value);
    return c;
  }
  Layers layers_of(MemberCase const& c, InitialWeights start = nullptr) {
    Data const data = engine.load(c.data.table());
    MemberSpec spec = c.spec(data, c.train_rows());
    spec.start = std::move(start);
    auto const slots = engine.backend().admit(std::vector{spec});
    Layers layers = engine.backend().weights(slots).front();
    engine.backend().release(slots);
    return layers;
  }

  Engine engine{Residents::one()};
};

// Each unit by the rule, from the layers before as they are. In fp32 weights are off by 2^-24 and
// activations by some more of that: 1e-5 has room.
void expect_rule(MemberCase const& c, std::vector<LayerWeights> const& layers, bool is_std,
                 bool is_he5) {
  auto const samples = c.samples();
  auto const rows = ints(c.train_rows());
  Matrix2 x;
  for (int const row : rows) {
    auto const first = samples.x.begin() + std::ptrdiff_t{row} * samples.inputs;
    x.emplace_back(first, first + samples.inputs);
  }
  auto const drawn = oracle::initial_weights(
      c.widths(), is_std ? "lecun_normal" : c.settings().init, false, c.seed);
  std::size_t at = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    auto const inputs = static_cast<std::size_t>(layers[l].inputs);
    Matrix2 next(x.size());
    for (std::size_t o = 0; o < layers[l].bias.size(); ++o) {
      std::vector<double> z;
      for (auto const& row : x) {
        z.push_back(0);
        for (std::size_t i = 0; i < inputs; ++i)
          z.back() += layers[l].weights[o * inputs + i] * row[i];
      }
      double mean = 0, square = 0;
      for (double const v : z)
        mean += v / static_cast<double>(z.size());
      for (double const v : z)
        square += (v - mean) * (v - mean) / static_cast<double>(z.size());
      if (is_std) {
        EXPECT_NEAR(square, 1, 1e-5);
      }
      double const factor = layers[l].weights[o * inputs] / drawn[at + o * inputs];
      for (std::size_t i = 0; i < inputs; ++i) {
        EXPECT_NEAR(layers[l].weights[o * inputs + i], factor * drawn[at + o * inputs + i],
                    1e-6 * std::fabs(layers[l].weights[o * inputs + i]));
      }
      if (!is_std) {
        EXPECT_EQ(factor, 1);
      }
      double bias = 0, weights = 0;
      BiasDraw const draw = second_draw(c.seed, static_cast<int>(l), static_cast<int>(o),
                                        static_cast<std::int64_t>(rows.size()));
      for (std::size_t i = 0; i < 5; ++i) {
        bias -= draw.weight[i] * z[static_cast<std::size_t>(draw.row[i])];
        weights += draw.weight[i];
      }
      EXPECT_NEAR(layers[l].bias[o], is_he5 ? bias / weights : 0, 1e-5) << "layer " << l;
      for (std::size_t r = 0; r < x.size(); ++r)
        next[r].push_back(oracle::activation_formula("mish").value(z[r] + layers[l].bias[o]));
    }
    at += (inputs + 1) * layers[l].bias.size();
    x = std::move(next);
  }
}

TEST_F(StartsByRows, EachUnitHasDeviationOne) {
  MemberCase const c = member({{"init", text("std")}});
  expect_rule(c, layers_of(c), true, false);
}

TEST_F(StartsByRows, EachUnitIsZeroAmongFiveRows) {
  MemberCase const c = member({{"bias_init", text("he5")}});
  expect_rule(c, layers_of(c), false, true);
}

TEST_F(StartsByRows, BothTogether) {
  MemberCase const c = member({{"init", text("std")}, {"bias_init", text("he5")}});
  expect_rule(c, layers_of(c), true, true);
}

TEST_F(StartsByRows, DropoutHasNoSay) {
  Config const both{{"init", text("std")}, {"bias_init", text("he5")}};
  MemberCase const c = member(both);
  MemberCase const dropping = with(with(c, "dropout", 0.5), "input_dropout", 0.3);
  auto const expected = layers_of(c), got = layers_of(dropping);
  for (std::size_t l = 0; l < got.size(); ++l) {
    EXPECT_EQ(got[l].weights, expected[l].weights);
    EXPECT_EQ(got[l].bias, expected[l].bias);
  }
}

// Also where it is but the average or the best weights that predict.
TEST_F(StartsByRows, AllCopiesOfTheWeightsBeginAlike) {
  MemberCase const c = member({{"init", text("std")}, {"bias_init", text("he5")}});
  Data const data = engine.load(c.data.table());
  auto const slots = engine.backend().admit(std::vector{c.spec(data, c.train_rows())});
  MemberImage const image = engine.backend().save(slots).front();
  EXPECT_EQ(image.average, image.weights);
  EXPECT_EQ(image.best, image.weights);
}

// Nothing to divide by: the unit stays as it was drawn.
TEST_F(StartsByRows, UnitsThatSayNothingStayAsDrawn) {
  MemberCase c = member({{"init", text("std")}});
  Transform transform = *c.transform;
  std::fill(transform.scale.begin(), transform.scale.end(), 0.0f);
  c.transform = std::make_shared<Transform const>(transform);
  auto const drawn = oracle::initial_weights(c.widths(), "lecun_normal", false, c.seed);
  auto const layers = layers_of(c);
  for (std::size_t i = 0; i < layers[0].weights.size(); ++i)
    EXPECT_EQ(layers[0].weights[i], drawn[i]);
}

TEST_F(StartsByRows, LayersThatAreGivenAreTakenAsTheyAre) {
  MemberCase const c = member({{"init", text("std")}, {"bias_init", text("he5")}});
  Layers given = layers_of(member({}));
  given[1] = {};
  given[2] = {};
  auto const layers = layers_of(c, std::make_shared<Layers const>(given));
  EXPECT_EQ(layers[0].weights, given[0].weights);
  EXPECT_EQ(layers[0].bias, given[0].bias);
  EXPECT_NE(layers[1].weights, layers_of(c)[1].weights) << "its inputs are others";
}

// FNV-1a over the bits of all weights. Recorded by g++ 12 on the CPU; any backend, compiler or
// thread that changes a bit changes this.
TEST_F(StartsByRows, HasTheRecordedBits) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (auto const& layer : layers_of(member({{"init", text("std")}, {"bias_init", text("he5")}}))) {
    for (auto const* values : {&layer.weights, &layer.bias}) {
      for (float const w : *values) {
        hash ^= std::bit_cast<std::uint32_t>(w);
        hash *= 0x100000001b3u;
      }
    }
  }
  EXPECT_EQ(hash, 0xd12a238cdb0ebf56u) << std::hex << hash;
}

}  // namespace
}  // namespace brood
