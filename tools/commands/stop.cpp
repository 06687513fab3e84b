// SPDX-License-Identifier: Apache-2.0
// brood stop: asks the process that works in a run directory to end its study, or to drop a trial,
// and waits until that is done and saved.
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "brood/error.hpp"
#include "brood/files/requests.hpp"
#include "brood/files/store.hpp"
#include "files/run/directories.hpp"
#include "tools/commands/commands.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using Clock = std::chrono::steady_clock;

std::string resume_command(Options const& options, std::string const& directory) {
  return shell_word(options.program) + " resume " + shell_word(directory);
}

[[noreturn]] void refuse_idle(Options const& options, std::string const& directory) {
  std::string const what = files::is_unfinished(directory)
                               ? "; its study waits to be gone on with: "
                               : "; its study has ended, and can be given more: ";
  throw UsageError(directory + ": no process works in it, so that there is nothing to stop" + what +
                   resume_command(options, directory) +
                   (files::is_unfinished(directory) ? "" : " trials=N"));
}

std::string process_text(int number) {
  return "process" + (number > 0 ? " " + std::to_string(number) : "");
}

// Until there is an answer or nobody is left to give one.
std::optional<files::Answer> answer_to(files::Request const& request, std::string const& directory,
                                       int process, Options const& options) {
  constexpr std::chrono::milliseconds kLookEvery{20};
  constexpr std::chrono::seconds kPatience{2};
  auto const asked = Clock::now();
  bool told = options.quiet;
  files::ask(directory, request);
  for (;;) {
    // First, so that what a process said before it ended is not missed.
    bool const is_working = files::working_process(directory) == process;
    if (auto answer = files::take_answer(directory, request)) return answer;
    if (!is_working) return std::nullopt;
    // Opening the directory, it has swept away what was there.
    if (!files::is_open(directory, request)) files::ask(directory, request);
    if (!told && Clock::now() - asked > kPatience) {
      told = true;
      say("asked " + process_text(process) +
          "; it answers when a launch has ended (Ctrl-C: do not wait for that)");
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

// A process that has ended took no notice, and nobody else is to.
files::Answer without_answer(files::Request const& request, std::string const& directory,
                             int process, Options const& options) {
  files::take_back(directory, request);
  std::string const who = process_text(process) + " has ended before it heard of this";
  if (!files::is_unfinished(directory))
    return {.granted = !request.trial, .text = who + ", with all of its study done"};
  return {.granted = !request.trial,
          .text = who + "; to go on with what it saved: " + resume_command(options, directory)};
}

}  // namespace

int stop(Options const& options) {
  std::string const& directory = options.inputs.at(0);
  auto const process = files::working_process(directory);
  if (!process) refuse_idle(options, directory);
  files::Request const request{options.trial};
  auto const heard = answer_to(request, directory, *process, options);
  files::Answer const answer =
      heard ? *heard : without_answer(request, directory, *process, options);
  // Who goes on with the study next finds the directory free.
  while (!request.trial && files::working_process(directory) == process)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  if (!answer.granted) throw UsageError(directory + ": " + answer.text);
  if (options.json) {
    files::Json json;
    json.set("directory", directory);
    if (request.trial) json.set("trial", *request.trial);
    json.set("said", answer.text);
    print_result(json.text(/*indented=*/true) + "\n");
  } else {
    print_result(answer.text + "\n");
  }
  return 0;
}

}  // namespace brood::tools
