// SPDX-License-Identifier: Apache-2.0
#include "files/report/files_with_report.hpp"

#include "files/report/model_card.hpp"
#include "files/report/page.hpp"

namespace brood::files {

std::vector<RunFile> files_with_report(std::string const& directory, Sweep const& sweep,
                                       Result const& result, Encoding const& encoding,
                                       RunFacts const& facts) {
  std::vector<RunFile> files = run_files(sweep, result, encoding, facts);
  Encoding const none;
  bool const has_model = !result.model.layers.empty();
  RunAnalysis const analysis =
      analysis_of({directory, sweep, result, facts, has_model ? encoding : none});
  for (RunFile& file : files) {
    if (file.name == kModelPage) file.bytes = model_card(analysis) + file.bytes;
  }
  files.push_back({std::string(kReportFile), page_html({&analysis, 1})});
  return files;
}

}  // namespace brood::files
