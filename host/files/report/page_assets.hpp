// SPDX-License-Identifier: Apache-2.0
// The files of report/page/, as the build put them into the program (embed.cmake).
#pragma once

#include <string_view>

namespace brood::files {

extern std::string_view const kReportStyle;   // report.css
extern std::string_view const kReportScript;  // the scripts, one after the other
extern std::string_view const kLiveScript;    // live.js, after those

}  // namespace brood::files
