// SPDX-License-Identifier: Apache-2.0
// Profile: where the time of a run goes. An engine that is given one measures; one without pays
// a few branches a step. Measuring changes no result. Scopes are opened on one thread, that which
// runs the study.
#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string_view>
#include <vector>

namespace brood {

// What the run is at. `train` is training for scores, `refit` all that follows the last rung.
enum class Phase { other, read_data, encode, prepare, admit, train, control, refit, write };
inline constexpr int kPhases = 9;
std::string_view name_of(Phase phase);

// What a device does while members train. A GPU says no more than how long it worked: `device`.
enum class TrainPart { gather, forward, loss, backward, update, evaluate, device };
inline constexpr int kTrainParts = 7;
std::string_view name_of(TrainPart part);

// Seconds by part, of a device all of whose workers are at it: a second of one of n is 1/n.
using TrainSeconds = std::array<double, kTrainParts>;

// A call of Backend::train().
struct ProfiledSubmission {
  double start = 0, end = 0;  // seconds since the profile was made
  int members = 0;
  double busy_share = 0;  // of the device in that time: of its threads, or of a GPU that had work
};

// What a profile has measured so far.
struct ProfileReport {
  double seconds = 0;                    // since the profile was made
  std::array<double, kPhases> phases{};  // they add up to `seconds`
  TrainSeconds train{};
  double train_idle = 0;  // with `train` it adds up to the phase: waiting, and what is between
  // Of the device: while members trained (in refits, too), and of all the time.
  double busy_share = 0, busy_share_of_all = 0;
  std::vector<ProfiledSubmission> submissions;  // in order
};

// A clock that knows what the run is at.
class Profile {
 public:
  Profile() = default;
  Profile(Profile const&) = delete;
  Profile& operator=(Profile const&) = delete;

  // Since it was made.
  double seconds() const;

  // Until it ends, time is this phase's, and not that of the scope around it. Without a profile it
  // does nothing.
  class Scope {
   public:
    Scope(Profile* profile, Phase phase);
    ~Scope();
    Scope(Scope const&) = delete;
    Scope& operator=(Scope const&) = delete;

   private:
    Profile* profile_;
    Phase around_ = Phase::other;
  };

  // Called by backends. The parts of submissions in Phase::train are reported.
  void add(ProfiledSubmission const& submission, TrainSeconds const& parts);

  ProfileReport report() const;

 private:
  void enter(Phase phase);

  std::chrono::steady_clock::time_point const start_ = std::chrono::steady_clock::now();
  Phase now_ = Phase::other;
  double since_ = 0;  // seconds() when it began
  std::array<double, kPhases> phases_{};
  TrainSeconds train_{};
  std::vector<ProfiledSubmission> submissions_;
};

}  // namespace brood
