# Writes OUTPUT with the hash that SCRIPT prints, if it changed.
execute_process(COMMAND ${SCRIPT} OUTPUT_VARIABLE hash OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
  "#pragma once\n#define BROOD_KERNEL_HASH \"${hash}\"\n" @ONLY)
