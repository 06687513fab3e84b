// SPDX-License-Identifier: Apache-2.0
// Reports of runs, made of their files alone: the same text for the same files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "brood/files/run_record.hpp"

namespace brood::files {

// One self-contained page, at most about a megabyte: of one run in full, of several what can be
// compared, one over the other. Throws UsageError if there is no run, or if several were scored by
// different metrics.
std::string report_html(std::vector<RunRecord> const& runs);
// The same as Markdown, without the pictures.
std::string report_markdown(std::vector<RunRecord> const& runs);

// How it stands with what a page follows.
enum class LiveState {
  live,      // a process works in the directory
  stopped,   // none does, and the study can be gone on with
  finished,  // the run has all its files
  lost       // the directory cannot be read
};
std::string_view name_of(LiveState state);

// A page that follows a run while it trains, in this process or another, and what it fetches. One
// for any number of readers: what they are given is in memory, and is made anew only where the
// run's files have changed, a second after the last time at the earliest, and later where making it
// takes longer than a twentieth of the time.
class LiveReport {
 public:
  // Throws UsageError if the directory is not there, or no run and no study is in it.
  explicit LiveReport(std::string directory);
  ~LiveReport();
  LiveReport(LiveReport const&) = delete;
  LiveReport& operator=(LiveReport const&) = delete;

  // How it stands now, which costs next to nothing. Never throws.
  LiveState look();
  // Makes data and version, if the last time was long enough ago. Never throws: what cannot be read
  // is LiveState::lost, until it can be.
  void refresh();
  // The page, the same as long as this lives. It fetches `data.json` from beside it, with the
  // version that it has as If-None-Match.
  std::string const& page() const;
  // data.json, and its version: other data has another. Empty before the first refresh().
  std::string const& data() const;
  std::string const& version() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brood::files
