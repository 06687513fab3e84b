// SPDX-License-Identifier: Apache-2.0
#include "brood/files/requests.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/store.hpp"
#include "files/io/write_file.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"
#include "files/store/directory_lock.hpp"
#include "files/store/request_files.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAsked = ".ask-", kTold = ".told-", kStop = "stop", kDrop = "drop-";
constexpr std::string_view kYes = "yes ", kNo = "no ";

std::string name_of(Request const& request) {
  return request.trial ? std::string(kDrop) + std::to_string(*request.trial) : std::string(kStop);
}

std::string path_of(std::string const& directory, std::string_view kind, Request const& request) {
  return directory + '/' + std::string(kind) + name_of(request);
}

// The name behind .ask- or .told-; false if it is no request's.
bool read_name(std::string_view name, Request& request) {
  request.trial.reset();
  if (name == kStop) return true;
  if (!name.starts_with(kDrop)) return false;
  name.remove_prefix(kDrop.size());
  int trial = 0;
  std::from_chars(name.data(), name.data() + name.size(), trial);
  request.trial = trial;
  return trial >= 0 && name == std::to_string(trial);  // and in no other way of writing it
}

}  // namespace

bool is_request_file(std::string_view name) {
  Request request;
  return (name.starts_with(kAsked) && read_name(name.substr(kAsked.size()), request)) ||
         (name.starts_with(kTold) && read_name(name.substr(kTold.size()), request));
}

std::optional<int> working_process(std::string const& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) throw UsageError(directory + ": there is no such directory");
  if (!Store::is_in(directory)) {
    throw UsageError(directory + ": is not a run directory; there is no " + kDatabaseFile);
  }
  return DirectoryLock::owner(directory);
}

void ask(std::string const& directory, Request const& request) {
  ::unlink(path_of(directory, kTold, request).c_str());  // to somebody who did not wait for it
  replace_file(path_of(directory, kAsked, request), "");
}

void take_back(std::string const& directory, Request const& request) {
  for (std::string_view const kind : {kAsked, kTold})
    ::unlink(path_of(directory, kind, request).c_str());
}

bool is_open(std::string const& directory, Request const& request) {
  std::error_code ignored;
  return fs::exists(path_of(directory, kAsked, request), ignored);
}

std::optional<Answer> take_answer(std::string const& directory, Request const& request) {
  std::string const path = path_of(directory, kTold, request);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  std::string const text = read_file(path);
  ::unlink(path.c_str());
  bool const granted = text.starts_with(kYes);
  return Answer{granted, text.substr(std::min(text.size(), (granted ? kYes : kNo).size()))};
}

std::vector<Request> open_requests(std::string const& directory) {
  std::vector<Request> requests;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string const name = entry->path().filename().string();
    Request request;
    if (name.starts_with(kAsked) && read_name(name.substr(kAsked.size()), request))
      requests.push_back(request);
  }
  std::sort(requests.begin(), requests.end(),
            [](Request const& a, Request const& b) { return a.trial < b.trial; });
  return requests;
}

void answer(std::string const& directory, Request const& request, Answer const& answer) {
  replace_file(path_of(directory, kTold, request),
               std::string(answer.granted ? kYes : kNo) + answer.text);
  ::unlink(path_of(directory, kAsked, request).c_str());
}

}  // namespace brood::files
