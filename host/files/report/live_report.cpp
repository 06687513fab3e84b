// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "brood/error.hpp"
#include "brood/files/report.hpp"
#include "brood/files/requests.hpp"
#include "brood/files/store.hpp"
#include "data/fnv1a.hpp"
#include "files/io/json.hpp"
#include "files/io/text.hpp"
#include "files/report/analyses.hpp"
#include "files/report/document.hpp"
#include "files/report/page.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLookEvery = 1;  // seconds
constexpr double kShare = 0.05;   // of the time, that making a document may take

// What tells one state of a file from another without reading it.
struct FileStamp {
  std::int64_t seconds = 0, nanoseconds = 0, size = -1;  // -1: it is not there
  std::uint64_t number = 0;
  bool operator==(FileStamp const&) const = default;
};
FileStamp stamp_of(std::string const& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size, found.st_ino};
}

struct Stamp {
  bool is_worked_in = false;
  FileStamp database, run;
  bool operator==(Stamp const&) const = default;
};

Stamp look_at(std::string const& directory) {
  return {.is_worked_in = Store::is_in(directory) && working_process(directory).has_value(),
          .database = stamp_of(directory + '/' + kDatabaseFile),
          .run = stamp_of(directory + "/run.json")};
}

Json parts_document(PageParts const& parts) {
  Json::Array main;
  for (auto const& [id, html] : parts.main) {
    Json part;
    part.set("id", id).set("html", html);
    main.push_back(std::move(part));
  }
  Json json;
  json.set("header", parts.header).set("nav", parts.nav).set("main", std::move(main));
  return json;
}

}  // namespace

std::string_view name_of(LiveState state) {
  switch (state) {
    case LiveState::live:
      return "live";
    case LiveState::stopped:
      return "stopped";
    case LiveState::finished:
      return "finished";
    case LiveState::lost:
      return "lost";
  }
  return {};
}

class LiveReport::Impl {
 public:
  explicit Impl(std::string directory) : directory_(std::move(directory)) {
    Stamp const stamp = look_at(directory_);
    std::error_code ignored;
    if (!std::filesystem::exists(directory_, ignored))
      throw UsageError(directory_ + ": there is no such directory");
    if (stamp.database.size < 0 && stamp.run.size < 0) {
      throw UsageError(directory_ + ": has neither " + kDatabaseFile +
                       " nor run.json, so that no study has begun in it; brood tune begins one");
    }
    page_ = live_page_html(std::filesystem::path(real_path(directory_)).filename().string());
  }

  LiveState look() const {
    try {
      return state_of(look_at(directory_));
    } catch (Error const&) {
      return LiveState::lost;
    }
  }

  void refresh() {
    auto const begin = Clock::now();
    if (next_ && begin < *next_) return;
    double took = 0;
    try {
      Stamp const stamp = look_at(directory_);
      if (stamp != made_of_) {
        make(stamp);
        took = std::chrono::duration<double>(Clock::now() - begin).count();
        made_of_ = stamp;
      }
    } catch (Error const& error) {
      lose(error.what());
    }
    auto const wait = std::chrono::duration<double>(std::max(kLookEvery, took / kShare));
    next_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(wait);
  }

  std::string page_, data_, version_;

 private:
  LiveState state_of(Stamp const& stamp) const {
    if (stamp.is_worked_in) return LiveState::live;
    if (stamp.run.size >= 0 && !is_unfinished(directory_)) return LiveState::finished;
    return stamp.database.size >= 0 ? LiveState::stopped : LiveState::lost;
  }

  void make(Stamp const& stamp) {
    LiveState const state = state_of(stamp);
    if (state == LiveState::lost) throw UsageError(directory_ + ": is no longer a run directory");
    bool const finished = state == LiveState::finished;
    std::vector<RunRecord> const runs = {finished ? read_run(directory_)
                                                  : read_saved_study(directory_)};
    Json json;
    json.set("state", name_of(state));
    json.set("as_of", finished ? stamp.run.seconds : stamp.database.seconds);
    json.set("resume", "brood resume " + shell_word(directory_));
    if (!runs.front().result.trials.empty()) {
      auto const analyses = analyses_of(runs);
      json.set("page", parts_document(page_parts(analyses)));
      json.set("report", report_document(analyses));
    }
    take(json.text());
  }

  // What was there last stays to be read.
  void lose(std::string const& why) {
    made_of_.reset();
    Json json;
    json.set("state", name_of(LiveState::lost)).set("why", why);
    take(json.text());
  }

  void take(std::string text) {
    data_ = std::move(text);
    Fnv1a128 hash;
    hash.add_words(data_);
    version_ = hash.hex();
  }

  std::string const directory_;
  std::optional<Stamp> made_of_;
  std::optional<Clock::time_point> next_;
};

LiveReport::LiveReport(std::string directory)
    : impl_(std::make_unique<Impl>(std::move(directory))) {}
LiveReport::~LiveReport() = default;

void LiveReport::refresh() {
  impl_->refresh();
}
LiveState LiveReport::look() {
  return impl_->look();
}
std::string const& LiveReport::page() const {
  return impl_->page_;
}
std::string const& LiveReport::data() const {
  return impl_->data_;
}
std::string const& LiveReport::version() const {
  return impl_->version_;
}

}  // namespace brood::files
