// SPDX-License-Identifier: Apache-2.0
// The lists of work of all warps of a member: each tile of each product is in them once, with the
// addresses that the layouts give it, and warps wait together.
#include "cuda/task/step_program.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "core/philox.hpp"
#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

constexpr std::uint32_t kBase = 1024;

struct Lists {
  std::vector<TileWork> forward, backward;
};

struct Written {
  Member member;
  MemberPlan plan;
  TileLayout layout;
  OperandForm form;
  std::vector<Lists> warps;  // of all blocks

  int warps_of_block() const { return plan.tiling.row_warps * plan.tiling.column_warps; }
  std::uint32_t at(int place) const { return kBase + static_cast<std::uint32_t>(place); }
  std::uint32_t weights_at(int l) const {
    return at((form.weights_copied ? plan.map.operands + 2 * layout.layer[l].weights
                                   : plan.map.parameters + 4 * layout.layer[l].weights));
  }
  std::uint32_t inputs_at(int l) const {
    return at(l == 0 ? plan.map.input : plan.map.hidden[l - 1]);
  }
  int panels_of_rows() const { return plan.tiling.chunk_rows / kPanelRows / plan.tiling.blocks; }
  int inputs(int l) const { return layout.layer[l].columns / kUnitRows; }
  int outputs(int l) const { return layout.layer[l].rows / kUnitRows; }
};

Written written(Member const& m, MemberPlan const& plan, Precision precision) {
  Written w{m, plan, tile_layout(m, plan.order), {}, {}};
  bool const copies = precision == Precision::bf16;
  int const unit = copies ? 512 : 1024;
  w.form = {unit, unit, true, copies, !copies};
  for (int rank = 0; rank < plan.tiling.blocks; ++rank) {
    for (int warp = 0; warp < w.warps_of_block(); ++warp) {
      TileWork forward[kMaxWork], backward[kMaxWork];
      ProgramWriter lists(m, w.layout, plan.map, plan.tiling, w.form, kBase, rank, warp);
      int const ahead = lists.write_forward(forward), back = lists.write_backward(backward);
      EXPECT_LE(kWorkBytes * ahead, plan.map.program_backward);
      EXPECT_LE(kWorkBytes * back, plan.map.program_bytes - plan.map.program_backward);
      w.warps.push_back({{forward, forward + ahead}, {backward, backward + back}});
    }
  }
  return w;
}

// The waits of a list, as those of the other warps must be; and that it ends where it does.
std::vector<Waits> waits_of(std::vector<TileWork> const& list) {
  std::vector<Waits> waits;
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ((list[i].head.flags & kEndOfList) != 0, i + 1 == list.size());
    if (list[i].head.waits != Waits::nobody) waits.push_back(list[i].head.waits);
  }
  return waits;
}

using Tiles = std::map<std::tuple<int, int, int>, int>;  // layer, unit down, unit across: how often

// Units of what layers from `first` on put out (0), or take in (1), by panels of rows of a block.
Tiles each_unit_once(Written const& w, int first) {
  Tiles tiles;
  for (int l = first; l < w.layout.layers; ++l) {
    int const units = first == 0 ? w.outputs(l) : w.inputs(l);
    for (int panel = 0; panel < w.panels_of_rows(); ++panel) {
      for (int u = 0; u < units; ++u)
        tiles[{l, panel, u}] = 1;
    }
  }
  return tiles;
}

void expect_forward(Written const& w) {
  int const panels = w.panels_of_rows();
  Tiles found;
  for (int warp = 0; warp < w.warps_of_block(); ++warp) {
    for (auto const& work : w.warps[static_cast<std::size_t>(warp)].forward) {
      if (work.head.work == Work::none) continue;
      ForwardWork const& f = work.forward;
      int const l = f.head.layer, unit = w.form.unit, in = w.inputs(l), out = w.outputs(l);
      bool const last = l + 1 == w.layout.layers, narrow = (f.head.flags & kNarrow) != 0;
      EXPECT_EQ(f.head.work == Work::logits, last);
      EXPECT_EQ(f.units & 0xffff, in);
      EXPECT_EQ(f.units >> 16, w.layout.layer[l].segment);
      int const row_warp = warp / w.plan.tiling.column_warps;
      for (int k = 0; row_warp + k * w.plan.tiling.row_warps < panels; ++k) {
        int const local = row_warp + k * w.plan.tiling.row_warps;
        EXPECT_EQ(f.x + static_cast<unsigned>(k) * f.x_panel,
                  w.inputs_at(l) + static_cast<unsigned>(2 * in * unit * local));
        for (int i = 0; i < f.tiles; ++i) {
          int const n = f.column / kPanelRows + i * w.plan.tiling.column_warps;
          auto const step = static_cast<unsigned>(i), panel = static_cast<unsigned>(k);
          int const out_unit = last ? 1024 : unit;
          EXPECT_EQ(f.weights + step * f.weights_step,
                    w.weights_at(l) + static_cast<unsigned>(2 * in * unit * n));
          EXPECT_EQ(f.out + step * f.out_step + panel * f.out_panel,
                    w.at(last ? w.plan.map.logits : w.plan.map.hidden[l]) +
                        static_cast<unsigned>((2 * local * out + 4 * n) * out_unit));
          int const first = 2 * row_warp * out + f.column / 8;
          EXPECT_EQ(f.slopes, w.at(w.plan.map.delta[l]) + static_cast<unsigned>(first * unit));
          for (int u = 2 * n; u < 2 * n + (narrow ? 1 : 2); ++u)
            ++found[{l, local, u}];
        }
      }
    }
  }
  EXPECT_EQ(found, each_unit_once(w, 0));
}

void expect_deltas(Written const& w) {
  int const panels = w.panels_of_rows();
  Tiles found;
  for (int warp = 0; warp < w.warps_of_block(); ++warp) {
    for (auto const& work : w.warps[static_cast<std::size_t>(warp)].backward) {
      if (work.head.work != Work::deltas) continue;
      DeltaWork const& d = work.deltas;
      int const l = d.head.layer, unit = w.form.unit, in = w.inputs(l), out = w.outputs(l);
      EXPECT_EQ(d.units, out);
      EXPECT_EQ(d.weights_panel, static_cast<unsigned>(2 * in * unit));
      int const row_warp = warp / w.plan.tiling.column_warps;
      for (int k = 0; row_warp + k * w.plan.tiling.row_warps < panels; ++k) {
        int const local = row_warp + k * w.plan.tiling.row_warps;
        auto const panel = static_cast<unsigned>(k);
        EXPECT_EQ(d.deltas + panel * d.deltas_panel,
                  w.at(w.plan.map.delta[l]) + static_cast<unsigned>(2 * out * unit * local));
        for (int i = 0; i < d.tiles; ++i) {
          auto const step = static_cast<unsigned>(i);
          unsigned const at = d.weights + step * d.weights_step - w.weights_at(l);
          int const u = static_cast<int>(at) / (2 * unit);  // of inputs
          EXPECT_EQ(d.last_weights + step * (d.weights_step / 2),
                    w.weights_at(l) + static_cast<unsigned>((out / 2 * 2 * in + u) * unit));
          auto const place = static_cast<unsigned>((2 * local * in + 2 * u) * unit);
          unsigned const to = step * d.out_step + panel * d.out_panel;
          EXPECT_EQ(d.out + to, w.at(w.plan.map.delta[l - 1]) + place);
          bool const relu = (d.head.flags & kRelu) != 0;
          EXPECT_EQ(d.slopes + to,
                    w.at(relu ? w.plan.map.hidden[l - 1] : w.plan.map.delta[l - 1]) + place);
          int const wide = (d.head.flags & kNarrow) != 0 ? 1 : 2;
          for (int each = u; each < u + wide; ++each)
            ++found[{l, local, each}];
        }
      }
    }
  }
  EXPECT_EQ(found, each_unit_once(w, 1));
}

void expect_weights(Written const& w) {
  Tiles found, wanted, biases, wanted_biases;
  for (auto const& lists : w.warps) {
    for (auto const& work : lists.backward) {
      if (work.head.work != Work::weights) continue;
      WeightWork const& g = work.weights;
      int const l = g.head.layer, unit = w.form.unit;
      bool const low = (g.head.flags & kLow) != 0;
      int const high = low ? 1 : 2, wide = (g.head.flags & kNarrow) != 0 ? 1 : 2;
      EXPECT_EQ(g.x_panel, static_cast<unsigned>(2 * w.inputs(l) * unit));
      EXPECT_EQ(g.deltas_panel, static_cast<unsigned>(2 * w.outputs(l) * unit));
      for (int p = 0; p < g.panels; ++p) {
        unsigned const d = g.deltas + static_cast<unsigned>(p) * g.deltas_step;
        int const panel = static_cast<int>(d - w.at(w.plan.map.delta[l])) / (4 * unit);
        for (int t = 0; t < g.tiles; ++t) {
          unsigned const x = g.x + static_cast<unsigned>(t) * g.x_step;
          int const column = static_cast<int>(x - w.inputs_at(l)) / (2 * unit);
          int const place = g.weights + p * g.weights_panel + t * g.weights_step;
          for (int i = 0; i < high; ++i) {
            for (int j = 0; j < wide; ++j) {
              EXPECT_EQ(place + (high * j + i) * kUnitWords,
                        w.layout.weight(l, 16 * (2 * panel + i), 16 * (column + j)));
              ++found[{l, 2 * panel + i, column + j}];
            }
          }
          EXPECT_EQ(g.bias >= 0 && t == 0, column == 0);
          if (column == 0) {
            // What the kernel adds from panel to panel: see for_tiles().
            int const bias = g.bias + p * static_cast<int>(g.deltas_step) / unit * 8;
            EXPECT_EQ(bias, w.layout.layer[l].bias + kPanelRows * panel);
            ++biases[{l, panel, 0}];
          }
        }
      }
    }
  }
  for (int l = 0; l < w.layout.layers; ++l) {
    if (w.member.layer_lr[l] == 0.0f && w.member.clip_norm == 0.0f) continue;
    for (int o = 0; o < w.outputs(l); ++o) {
      wanted_biases[{l, o / 2, 0}] = 1;
      for (int i = 0; i < w.inputs(l); ++i)
        wanted[{l, o, i}] = 1;
    }
  }
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(biases, wanted_biases);
}

void expect_sound(Written const& w) {
  std::vector<Waits> const forward = waits_of(w.warps[0].forward);
  std::vector<Waits> const backward = waits_of(w.warps[0].backward);
  EXPECT_EQ(forward, std::vector<Waits>(static_cast<std::size_t>(w.layout.layers), Waits::rows));
  for (auto const& lists : w.warps) {
    EXPECT_EQ(waits_of(lists.forward), forward);
    EXPECT_EQ(waits_of(lists.backward), backward);
    int fetches = 0;
    for (auto const& work : lists.backward)
      fetches += work.head.work == Work::fetch ? 1 : 0;
    EXPECT_EQ(fetches, 1);
  }
  expect_forward(w);
  expect_deltas(w);
  expect_weights(w);
}

TEST(StepProgram, HasEveryTileOnce) {
  std::uint32_t count = 0;
  auto draw = [&](int below) {
    PhiloxBlock const words = philox({{count++, 0, 0, 0}}, philox_key(std::uint64_t{7}));
    return static_cast<int>(words.word[0] % static_cast<std::uint32_t>(below));
  };
  int fused = 0;
  for (int trial = 0; trial < 400; ++trial) {
    Shape shape{"random", 1 + draw(draw(2) == 0 ? 40 : 300), 1 + draw(70), {}, 1 + draw(200)};
    for (int hidden = draw(4); hidden > 0; --hidden)
      shape.hidden.push_back(1 + draw(150));
    shape.optimizer = draw(2) == 0 ? "sgd" : "adam";
    Member m = member_of(shape);
    if (draw(3) == 0) m.activation = index_of<Tanh>(Activations{});
    if (draw(4) == 0) m.dropout[draw(kMaxLayers)] = 0.5f;
    if (draw(4) == 0) m.clip_norm = 1.0f;
    m.layer_lr[0] = static_cast<float>(draw(3) > 0);
    Precision const precision = draw(2) == 0 ? Precision::tf32 : Precision::bf16;
    int const blocks = std::min(1 << draw(3), most_blocks(m));
    MemberPlan const plan =
        plan_member(m, precision, {1 << draw(4), blocks}, {.shared_bytes = kSm90});
    if (!plan.fits || plan.layout == Layout::layered || plan.layout == Layout::weights_in_l2)
      continue;
    ++fused;
    SCOPED_TRACE(testing::Message() << "trial " << trial);
    expect_sound(written(m, plan, precision));
  }
  EXPECT_GT(fused, 200);
}

}  // namespace
}  // namespace brood::cuda
