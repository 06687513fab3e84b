// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules: the factor on `lr` at a step. A schedule spans a member's whole training
// (`epochs`), never a rung. In double, by one thread, once per step. Some of them are also those of
// dropout and of weight decay.
// To add one: a struct and its name in the list at the end.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

struct LrScheduleSettings {
  double gamma;         // lr_gamma
  int step_epochs;      // lr_step_epochs
  double final_factor;  // lr_final: of lr, at the end
  double coslog_base;
  int coslog_cycles;
};

// Where a step is: after warm-up, `done` of `total` steps and `epoch` whole epochs lie behind.
struct SchedulePoint {
  std::int64_t done, total;
  std::int64_t epoch;
};

struct ConstantLr {
  static constexpr char const* name = "constant";
  static BROOD_HD double factor(LrScheduleSettings const&, SchedulePoint const&) { return 1.0; }
};

struct StepLr {  // gamma^floor(epoch / step_epochs)
  static constexpr char const* name = "step";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    return power(s.gamma, at.epoch / s.step_epochs);
  }
};

struct ExponentialLr {  // gamma^epoch
  static constexpr char const* name = "exponential";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    return power(s.gamma, at.epoch);
  }
};

// From 1 to final_factor along half a cosine (Loshchilov & Hutter 2017, without restarts).
struct CosineLr {
  static constexpr char const* name = "cosine";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    double const t = static_cast<double>(at.done) / static_cast<double>(at.total);
    return s.final_factor + (1.0 - s.final_factor) * 0.5 * (1.0 + cos_pi(t));
  }
};

struct LinearLr {
  static constexpr char const* name = "linear";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    double const t = static_cast<double>(at.done) / static_cast<double>(at.total);
    return 1.0 + (s.final_factor - 1.0) * t;
  }
};

// Smith & Topin 2018 as in PyTorch's OneCycleLR: up from 1/25 over the first 30 % of the steps,
// then down to 1/250,000, each along half a cosine. `lr` is the peak.
struct OneCycleLr {
  static constexpr char const* name = "one_cycle";
  static BROOD_HD double factor(LrScheduleSettings const&, SchedulePoint const& at) {
    double const start = 1.0 / 25.0;
    double const end = start / 1e4;
    double const peak = 0.3 * static_cast<double>(at.total) - 1.0;
    double const last = static_cast<double>(at.total) - 1.0;
    double const done = static_cast<double>(at.done);
    if (done <= peak) return anneal(start, 1.0, peak > 0.0 ? done / peak : 1.0);
    return anneal(1.0, end, last > peak ? (done - peak) / (last - peak) : 1.0);
  }
  static BROOD_HD double anneal(double from, double to, double t) {
    return to + (from - to) * 0.5 * (1.0 + cos_pi(t > 1.0 ? 1.0 : t));
  }
};

// Cycles along a cosine from 0 to lr and back, each `base` times as long as the one before: zero
// where (base^i - 1) / (base^cycles - 1) of the training is done, so that the first step has no
// rate (Holzmueller, Grinsztajn & Steinwart 2024: base 2, four cycles).
struct CoslogLr {
  static constexpr char const* name = "coslog";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    double const t = static_cast<double>(at.done) / static_cast<double>(at.total);
    double const length = power(s.coslog_base, s.coslog_cycles) - 1.0;
    double const cycles = log_double(1.0 + length * t) / log_double(s.coslog_base);
    return 0.5 * (1.0 - cos_two_pi(cycles));
  }
};

// 1 for half of the training, then to final_factor along half a cosine (as CoslogLr; there for
// dropout and weight decay).
struct FlatCosineLr {
  static constexpr char const* name = "flat_cosine";
  static BROOD_HD double factor(LrScheduleSettings const& s, SchedulePoint const& at) {
    double const t = static_cast<double>(at.done) / static_cast<double>(at.total);
    double const fallen = t > 0.5 ? 2.0 * t - 1.0 : 0.0;
    return s.final_factor + (1.0 - s.final_factor) * 0.5 * (1.0 + cos_pi(fallen));
  }
};

using LrSchedules = TypeList<ConstantLr, StepLr, ExponentialLr, CosineLr, LinearLr, OneCycleLr,
                             CoslogLr, FlatCosineLr>;

// Those of dropout and weight decay, which end at 0.
using RegularizerSchedules = TypeList<ConstantLr, CosineLr, LinearLr, FlatCosineLr>;

}  // namespace brood
