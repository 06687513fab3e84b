# What the CUDA backend is made of, for the build with CUDA and for the emulated one of the tests.
set(brood_cuda_host
  cuda_backend.cpp
  inference.cpp
  launcher.cpp
  training.cpp
  layered/layered.cpp
  memory/arena.cpp
  memory/copy.cpp
  memory/resident.cpp
  memory/residents.cpp
  plan/cost_model.cpp
  plan/device_model.cpp
  plan/plan.cpp
  plan/size_limit.cpp
  plan/submission.cpp
  ranking/pairs.cpp
  ranking/ranking.cpp)
# Those that take longest to compile come first, so that two jobs end at about the same time.
set(brood_cuda_kernels
  kernels/kernels_tf32.cu
  kernels/kernels_bf16.cu
  kernels/kernels_fp32.cu
  kernels/kernels_fp32_clusters.cu
  layered/layered.cu
  kernels/kernels.cu)
# Their objects, in the build with CUDA.
list(JOIN brood_cuda_kernels "|" names)
set(brood_cuda_kernel_objects "$<FILTER:$<TARGET_OBJECTS:brood_cuda>,INCLUDE,/(${names})[.]>")
list(TRANSFORM brood_cuda_host PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
list(TRANSFORM brood_cuda_kernels PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

# The hash of the kernels' sources, made anew with every build: generated/cuda/kernel_hash.hpp.
if(NOT TARGET brood_kernel_hash)
  add_custom_target(brood_kernel_hash
    COMMAND ${CMAKE_COMMAND} -DSCRIPT=${PROJECT_SOURCE_DIR}/tools/kernel_hash.sh
      -DOUTPUT=${PROJECT_BINARY_DIR}/include/cuda/kernel_hash.hpp
      -P ${CMAKE_CURRENT_LIST_DIR}/kernel_hash.cmake
    BYPRODUCTS ${PROJECT_BINARY_DIR}/include/cuda/kernel_hash.hpp)
endif()
