// SPDX-License-Identifier: Apache-2.0
#include "files/export/run_times.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>

#include "data/dates.hpp"

namespace brood::files {

namespace {

constexpr double kSecondsOfDay = 86400;

}  // namespace

RunTimes times_of(RunRecord const& run) {
  RunTimes times;
  if (auto const days = read_date(run.facts.started, "yyyy-mm-dd"))
    times.start = std::round(*days * kSecondsOfDay);
  double const seconds = run.facts.seconds;
  times.end = times.start + (std::isfinite(seconds) ? seconds : 0);
  return times;
}

std::string date_time(double seconds) {
  using namespace std::chrono;
  constexpr std::int64_t kMillion = 1'000'000;
  auto const micros = static_cast<std::int64_t>(std::llround(seconds * kMillion));
  sys_time<microseconds> const time{microseconds(micros)};
  auto const day = floor<days>(time);
  year_month_day const date(day);
  hh_mm_ss const clock(time - day);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u %02d:%02d:%02d.%06d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()),
                int(clock.subseconds().count()));
  return text;
}

}  // namespace brood::files
