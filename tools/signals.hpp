// SPDX-License-Identifier: Apache-2.0
// Signals that end a study: SIGINT, SIGTERM, SIGHUP. The first one is noted, so that the study ends
// within about a second and is saved; where that takes longer (an epoch of very large networks) an
// alarm ends the program, and so does a second signal at once. Nothing that was saved is lost then.
#pragma once

#include <csignal>
#include <string>

namespace brood::tools {

// Signals are received while this lives.
class SignalScope {
 public:
  SignalScope();
  ~SignalScope();
  SignalScope(SignalScope const&) = delete;
  SignalScope& operator=(SignalScope const&) = delete;

  // The first that came; 0: none.
  static int received();
  // What is said on stderr where the program ends without coming back to itself.
  static void last_words(std::string const& line);
  // What has to be saved after a signal is large: the alarm comes later.
  static void more_time();
  // From here on there is nothing to be saved: a signal ends the program at once.
  static void nothing_to_save();

 private:
  struct sigaction interrupt_ = {}, terminate_ = {}, hang_up_ = {}, alarm_ = {};
};

}  // namespace brood::tools
