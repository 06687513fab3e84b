// SPDX-License-Identifier: Apache-2.0
#include "tools/signals.hpp"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace brood::tools {

namespace {

constexpr unsigned kGraceSeconds = 4, kSavingSeconds = 30;

volatile std::sig_atomic_t received_signal = 0;
std::atomic<time_t> received_second = 0;
volatile std::sig_atomic_t ends_at_once = 0;
// Whole before its length is set, so that a handler never writes half of it.
char words[4096];
volatile std::sig_atomic_t words_length = 0;

[[noreturn]] void end_at_once() {
  int const signal = received_signal;
  static_cast<void>(::write(STDERR_FILENO, words, static_cast<std::size_t>(words_length)) == 0);
  ::_exit(128 + signal);
}

// Some send a signal to the program and to its group, and mean one: coreutils' timeout.
bool is_repeated(int signal, time_t second) {
  return signal == received_signal && second - received_second <= 1;
}

extern "C" void receive_signal(int signal) {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  if (is_repeated(signal, now.tv_sec)) return;
  bool const is_second = received_signal != 0;
  received_second = now.tv_sec;
  received_signal = signal;
  if (is_second || ends_at_once != 0) end_at_once();
  ::alarm(kGraceSeconds);
}
extern "C" void receive_alarm(int) {
  end_at_once();
}

}  // namespace

SignalScope::SignalScope() {
  received_signal = 0;
  ends_at_once = 0;
  words_length = 0;
  struct sigaction action = {};
  action.sa_handler = receive_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, &interrupt_);
  ::sigaction(SIGTERM, &action, &terminate_);
  ::sigaction(SIGHUP, &action, &hang_up_);
  // Started by nohup, it lives on.
  if (hang_up_.sa_handler == SIG_IGN) ::sigaction(SIGHUP, &hang_up_, nullptr);
  action.sa_handler = receive_alarm;
  ::sigaction(SIGALRM, &action, &alarm_);
}

SignalScope::~SignalScope() {
  ::alarm(0);
  ::sigaction(SIGALRM, &alarm_, nullptr);
  ::sigaction(SIGHUP, &hang_up_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
  ::sigaction(SIGINT, &interrupt_, nullptr);
}

int SignalScope::received() {
  return received_signal;
}

void SignalScope::last_words(std::string const& line) {
  words_length = 0;
  std::string const whole = line.substr(0, sizeof words - 1) + '\n';
  std::memcpy(words, whole.data(), whole.size());
  words_length = static_cast<std::sig_atomic_t>(whole.size());
}

void SignalScope::more_time() {
  ::alarm(kSavingSeconds);
}

void SignalScope::nothing_to_save() {
  ends_at_once = 1;
}

}  // namespace brood::tools
