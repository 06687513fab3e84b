# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, a C++ source with the texts of STYLE, of LIVE and of SCRIPTS (separated by commas), as
# page_assets.hpp declares them.
file(READ ${STYLE} style)
set(script "")
string(REPLACE "," ";" scripts "${SCRIPTS}")
foreach(path IN LISTS scripts)
  file(READ ${path} text)
  string(APPEND script "${text}")
endforeach()
file(READ ${LIVE} live)
file(WRITE ${OUTPUT} "// Written by embed.cmake.
#include \"files/report/page_assets.hpp\"

namespace brood::files {

std::string_view const kReportStyle = R\"brood(${style})brood\";
std::string_view const kReportScript = R\"brood(${script})brood\";
std::string_view const kLiveScript = R\"brood(${live})brood\";

}  // namespace brood::files
")
