# Compile options shared by every target of the project; not exported to consumers.
add_library(brood_flags INTERFACE)
target_compile_features(brood_flags INTERFACE cxx_std_20)
set(cxx_options
  -Wall -Wextra
  # The same bits from every compiler and instruction set: a fused multiply-add only where the
  # source writes one.
  -ffp-contract=off -fno-math-errno -fno-trapping-math
  # g++ 12 sees overlapping copies in "text" + std::to_string(n) (GCC bug 105651).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<BOOL:${BROOD_WERROR}>:-Werror>)
if(BROOD_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(BROOD_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT BROOD_SANITIZE STREQUAL "")
  message(FATAL_ERROR "BROOD_SANITIZE is '${BROOD_SANITIZE}'; it may be empty, address or thread")
endif()
if(sanitize AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND sanitize -Wno-maybe-uninitialized)  # false alarms in instrumented std::variant
endif()
target_compile_options(brood_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${cxx_options};${sanitize}>"
  # No fused multiply-add but where the source writes one, as above. Spills have a
  # budget: tests/hygiene/kernel_budget.py.
  "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--fmad=false;-Xcompiler=-Wall>")
target_link_options(brood_flags INTERFACE ${sanitize})
set_property(GLOBAL PROPERTY USE_FOLDERS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# What host/files finds, tools/ links.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
