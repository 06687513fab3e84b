// SPDX-License-Identifier: Apache-2.0
// brood report: the report of a finished run, or of several over each other. A page goes into a
// file, Markdown to stdout.
#include "brood/files/report.hpp"

#include <filesystem>

#include "files/io/write_file.hpp"
#include "files/report/analyses.hpp"
#include "files/report/document.hpp"
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

// Of one run beside its files, of several here.
std::string page_path(Options const& options) {
  if (!options.out.empty()) return options.out;
  constexpr char const* kName = "report.html";
  return options.inputs.size() == 1 ? (std::filesystem::path(options.inputs[0]) / kName).string()
                                    : kName;
}

}  // namespace

int report(Options const& options) {
  std::vector<files::RunRecord> runs;
  for (std::string const& directory : options.inputs)
    runs.push_back(files::read_run(directory));
  if (options.json) {
    auto const document = files::report_document(files::analyses_of(runs));
    print_result(document.text(/*indented=*/true) + "\n");
    return 0;
  }
  bool const markdown = options.format == "markdown";
  std::string const text = markdown ? files::report_markdown(runs) : files::report_html(runs);
  if (markdown && options.out.empty()) {
    print_result(text);
    return 0;
  }
  std::string const path = markdown ? options.out : page_path(options);
  files::replace_file(path, text);
  print_result(path + "\n");
  return 0;
}

}  // namespace brood::tools
