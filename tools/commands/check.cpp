// SPDX-License-Identifier: Apache-2.0
// brood check: reads the sweep and the data and refuses what tune would refuse; trains nothing.
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

int check(Options const& options) {
  Prepared const prepared = prepare(read_sweep(options), options);
  if (!options.quiet) {
    for (std::string const& note : prepared.sweep.notes)
      say_wrapped(note);
  }
  std::string const& input = options.inputs.at(0);
  if (options.json) {
    files::Json json;
    json.set("ok", true).set("sweep", input).set("data", prepared.sweep.data_path);
    json.set("rows", prepared.data.rows()).set("inputs", prepared.data.inputs());
    json.set("task", name_of(prepared.data.task())).set("outputs", prepared.data.outputs());
    json.set("trials", prepared.plan.trials).set("member_epochs", prepared.plan.member_epochs);
    print_result(json.text(/*indented=*/true) + "\n");
    return 0;
  }
  print_result(wrapped_for_output("ok: " + input + ": " + counted(prepared.data.rows(), "row") +
                                  ", " + counted(prepared.data.inputs(), "input") + ", " +
                                  std::string(name_of(prepared.data.task())) + " of " +
                                  counted(prepared.data.outputs(), "output") + ", " +
                                  counted(prepared.plan.trials, "trial") + ", " +
                                  counted(prepared.plan.member_epochs, "member-epoch") + "\n"));
  return 0;
}

}  // namespace brood::tools
