// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: the program's monotonic clock runs BROOD_TEST_CLOCK_RATE times as fast as time
// does. At 100 the machine is a hundred times slower, by all that the program can measure.
#include <dlfcn.h>
#include <time.h>

#include <cstdlib>

namespace {

using GetTime = int (*)(clockid_t, timespec*);

double seconds_of(timespec const& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t id,
                                                                    timespec* time) noexcept {
  static auto const real = reinterpret_cast<GetTime>(::dlsym(RTLD_NEXT, "clock_gettime"));
  static double const rate = [] {
    char const* const text = std::getenv("BROOD_TEST_CLOCK_RATE");
    return text == nullptr ? 1.0 : std::atof(text);
  }();
  static timespec const start = [] {
    timespec now{};
    real(CLOCK_MONOTONIC, &now);
    return now;
  }();
  int const code = real(id, time);
  if (code != 0 || id != CLOCK_MONOTONIC) return code;
  double const passed = seconds_of({time->tv_sec - start.tv_sec, time->tv_nsec - start.tv_nsec});
  double const shown = seconds_of(start) + rate * passed;
  time->tv_sec = static_cast<time_t>(shown);
  time->tv_nsec = static_cast<long>(1e9 * (shown - static_cast<double>(time->tv_sec)));
  return code;
}
