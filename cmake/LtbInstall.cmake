# What `cmake --install` puts where: headers, library, CMake package.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS ltb_monitoring EXPORT ltb-monitoring-targets FILE_SET HEADERS)
install(EXPORT ltb-monitoring-targets NAMESPACE ltb:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ltb-monitoring)
configure_package_config_file(cmake/ltb-monitoring-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ltb-monitoring)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ltb-monitoring)
