// SPDX-License-Identifier: Apache-2.0
// brood devices: what can be trained on, and why the rest cannot.
#include "brood/engine.hpp"
#include "tools/commands/commands.hpp"
#include "tools/fitted_table.hpp"
#include "tools/output.hpp"

namespace brood::tools {

int devices(Options const& options) {
  files::Json::Array array;
  std::vector<std::vector<std::string>> rows;
  for (DeviceInfo const& device : brood::devices()) {
    files::Json json;
    json.set("name", device.name).set("usable", device.usable);
    json.set("description", device.description);
    array.push_back(std::move(json));
    rows.push_back({device.name, device.usable ? "usable" : "not usable", device.description});
  }
  if (options.json) {
    print_result(files::Json().set("devices", std::move(array)).text(/*indented=*/true) + "\n");
  } else {
    print_result(wrapped_table(rows, output_width()));
  }
  return 0;
}

}  // namespace brood::tools
