# The CPU kernels: one source per instruction set, the only sources that are compiled for more than
# the baseline machine. Paths are relative to host/. Which of them runs is chosen when the program
# starts; whatever one of them defines must lie in its own namespace brood::cpu::<set>, so that the
# linker never takes its code for another's (a hygiene test looks).
set(brood_cpu_kernels backend/cpu/kernels_scalar.cpp)
# Arrays of sixteen lanes, unrolled everywhere: -O3 triples its size and compile time for nothing.
set_source_files_properties(backend/cpu/kernels_scalar.cpp PROPERTIES
  COMPILE_OPTIONS "$<$<CONFIG:Release>:-O2>")

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  list(APPEND brood_cpu_kernels backend/cpu/kernels_avx2.cpp backend/cpu/kernels_avx512.cpp)
  set_source_files_properties(backend/cpu/kernels_avx2.cpp PROPERTIES
    COMPILE_OPTIONS "-mavx2;-mfma")
  # g++ 12 takes the undefined operands in its own intrinsics for uninitialised variables.
  set(quiet "-Wno-uninitialized;-Wno-maybe-uninitialized")
  set_source_files_properties(backend/cpu/kernels_avx512.cpp PROPERTIES
    COMPILE_OPTIONS
    "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mprefer-vector-width=512;$<$<CXX_COMPILER_ID:GNU>:${quiet}>")
endif()

# Instrumented, the unrolled kernels take minutes to compile at -O2.
if(BROOD_SANITIZE)
  set_property(SOURCE ${brood_cpu_kernels} APPEND PROPERTY COMPILE_OPTIONS -O1)
endif()
