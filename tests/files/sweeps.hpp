// SPDX-License-Identifier: Apache-2.0
// What the tests of sweep files share: short sweeps, and equality of what was read.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "brood/files/sweep.hpp"
#include "files/reading.hpp"

namespace brood::files {

// A sweep with data in line 1 and `rest` from line 2 on.
inline std::string sweep_text(std::string const& rest) {
  return "data: {file: d.csv, target: y}\n" + rest;
}
inline Sweep sweep_of(std::string const& rest, Overrides const& overrides = {}) {
  return parse_sweep(sweep_text(rest), "file", overrides);
}
// The only parameter of a sweep whose line 2 is `parameters: {NAME: ...}`.
inline Parameter parameter_of(std::string const& entry) {
  Sweep const sweep = sweep_of("parameters: {" + entry + "}\n");
  EXPECT_EQ(sweep.study.space.parameters().size(), 1u);
  return sweep.study.space.parameters().at(0);
}

inline void expect_same(Parameter const& a, Parameter const& b) {
  SCOPED_TRACE(a.name);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(name_of(a.distribution), name_of(b.distribution));
  EXPECT_EQ(a.min, b.min);
  EXPECT_EQ(a.max, b.max);
  EXPECT_EQ(a.q, b.q);
  EXPECT_EQ(a.mu, b.mu);
  EXPECT_EQ(a.sigma, b.sigma);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.probabilities, b.probabilities);
  EXPECT_EQ(a.when, b.when);
}

inline void expect_same(SearchSpace const& a, SearchSpace const& b) {
  ASSERT_EQ(a.parameters().size(), b.parameters().size());
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    expect_same(a.parameters()[i], b.parameters()[i]);
}

template <class S>
void expect_same_settings(S const& a, S const& b) {
  S::settings([&](setting::Name name, auto S::*field, auto const&, std::string_view) {
    EXPECT_TRUE(a.*field == b.*field) << name.field;
  });
}
template <class Choice>
void expect_same_choice(Choice const& a, Choice const& b) {
  ASSERT_EQ(a.index(), b.index());
  std::visit([&]<class S>(S const& s) { expect_same_settings(s, std::get<S>(b)); }, a);
}
inline void expect_same(SamplerChoice const& a, SamplerChoice const& b) {
  expect_same_choice(a, b);
}
inline void expect_same(SchedulerChoice const& a, SchedulerChoice const& b) {
  expect_same_choice(a, b);
}
inline void expect_same(Validation const& a, Validation const& b) {
  expect_same_choice(a, b);
}

inline void expect_same(Study const& a, Study const& b) {
  expect_same(a.space, b.space);
  expect_same(a.scheduler, b.scheduler);
  expect_same(a.validation, b.validation);
  expect_same(a.sampler, b.sampler);
  expect_same_settings(a.constraints, b.constraints);
  EXPECT_EQ(a.metric.name, b.metric.name);
  EXPECT_EQ(a.trials, b.trials);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.refit, b.refit);
  EXPECT_EQ(static_cast<int>(a.best_of), static_cast<int>(b.best_of));
  EXPECT_EQ(a.ensemble, b.ensemble);
  EXPECT_EQ(a.stop.target, b.stop.target);
  EXPECT_EQ(a.stop.patience_rungs, b.stop.patience_rungs);
  EXPECT_EQ(a.final_repeats, b.final_repeats);
  ASSERT_EQ(a.prior.size(), b.prior.size());
  for (std::size_t i = 0; i < a.prior.size(); ++i) {
    EXPECT_EQ(a.prior[i].config, b.prior[i].config);
    EXPECT_EQ(a.prior[i].epoch, b.prior[i].epoch);
    bool const diverged = std::isnan(a.prior[i].score) && std::isnan(b.prior[i].score);
    EXPECT_TRUE(diverged || a.prior[i].score == b.prior[i].score);
  }
}

// All but the paths, which may be written in different ways, and the notes.
inline void expect_same(Sweep const& a, Sweep const& b) {
  expect_same(a.study, b.study);
  EXPECT_EQ(a.time_limit_seconds, b.time_limit_seconds);
  EXPECT_EQ(a.read.format, b.read.format);
  EXPECT_EQ(a.read.header, b.read.header);
  EXPECT_EQ(a.read.kinds, b.read.kinds);
  EXPECT_EQ(a.dataset.targets, b.dataset.targets);
  EXPECT_EQ(a.dataset.task, b.dataset.task);
  EXPECT_EQ(a.dataset.drop, b.dataset.drop);
  EXPECT_EQ(a.dataset.missing_indicator, b.dataset.missing_indicator);
  EXPECT_EQ(a.dataset.bins, b.dataset.bins);
  EXPECT_EQ(a.dataset.weight, b.dataset.weight);
  EXPECT_EQ(a.dataset.group, b.dataset.group);
  EXPECT_EQ(a.dataset.time, b.dataset.time);
  EXPECT_EQ(a.dataset.fold, b.dataset.fold);
}

}  // namespace brood::files
