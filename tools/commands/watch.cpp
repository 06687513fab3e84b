// SPDX-License-Identifier: Apache-2.0
// brood watch: the report of a run as a page that follows while its study trains in another
// process, served to browsers of this machine.
#include <string>

#include "brood/files/report.hpp"
#include "files/io/json.hpp"
#include "tools/commands/commands.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"
#include "tools/page_server.hpp"

namespace brood::tools {

namespace {

using files::LiveState;

class FollowedRun : public ServedPage {
 public:
  explicit FollowedRun(std::string const& directory) : report_(directory) {}

  void refresh() override { report_.refresh(); }
  std::string const& page() const override { return report_.page(); }
  std::string const& data() const override { return report_.data(); }
  std::string const& version() const override { return report_.version(); }
  LiveState look() { return report_.look(); }

 private:
  files::LiveReport report_;
};

bool is_over(LiveState state) {
  return state == LiveState::finished || state == LiveState::stopped;
}

std::string text_of(LiveState state, Options const& options) {
  std::string const& directory = options.inputs.at(0);
  switch (state) {
    case LiveState::live:
      return directory + ": its study trains";
    case LiveState::stopped:
      return directory + ": its study was stopped; to go on: " + shell_word(options.program) +
             " resume " + shell_word(directory);
    case LiveState::finished:
      return directory + ": its study has finished";
    case LiveState::lost:
      return directory + ": cannot be read at the moment";
  }
  return {};
}

}  // namespace

int watch(Options const& options) {
  FollowedRun run(options.inputs.at(0));
  PageServer server(run, options.port);
  if (options.json) {
    files::Json json;
    json.set("address", server.address()).set("port", server.port());
    print_result(json.text() + "\n");
  } else {
    print_result(server.address() + "\n");
  }
  std::string said;
  auto const look = [&] {
    LiveState const state = run.look();
    std::string text = text_of(state, options);
    bool const ends = options.until_done && is_over(state);
    if (text != said && !options.quiet)
      say(text + (ends                 ? ""
                  : options.until_done ? "; its page is served until that ends"
                                       : "; its page is served until Ctrl-C"));
    said = std::move(text);
    return ends;
  };
  if (look()) return 0;
  int const signal = server.serve(look);
  return signal == 0 ? 0 : 128 + signal;
}

}  // namespace brood::tools
