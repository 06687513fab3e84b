# What `cmake --install` puts where. A consumer writes
#   find_package(brood REQUIRED)                    brood::brood, which needs threads and no more
#   find_package(brood REQUIRED COMPONENTS files)   brood::files too, which needs zlib,
#   SQLite and yaml-cpp
# Each library has an export set of its own, so that the first line looks for neither of the two.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(brood_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/brood)

install(TARGETS brood EXPORT brood-core ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(brood_has_cuda)
  install(FILES ${CUDA_cudart_static_LIBRARY} DESTINATION lib RENAME libcudart_static.a)
endif()
install(EXPORT brood-core NAMESPACE brood:: DESTINATION ${brood_package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/host/include/brood
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp"
  PATTERN "files" EXCLUDE)
install(FILES ${PROJECT_BINARY_DIR}/include/brood/version.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/brood)

if(BROOD_BUILD_FILES)
  install(TARGETS brood_files EXPORT brood-files ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT brood-files NAMESPACE brood:: DESTINATION ${brood_package_dir})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/host/include/brood/files
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/brood
    FILES_MATCHING PATTERN "*.hpp")
  install(TARGETS brood_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/brood-config.cmake.in
  ${PROJECT_BINARY_DIR}/brood-config.cmake INSTALL_DESTINATION ${brood_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/brood-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/brood-config.cmake ${PROJECT_BINARY_DIR}/brood-config-version.cmake
  DESTINATION ${brood_package_dir})
