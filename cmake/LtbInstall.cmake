# What `cmake --install` puts where: headers, both kinds of the library, CMake package, pkg-config file. And the Debian packages
# that `cpack -G DEB` makes of it.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ltb-monitoring)

foreach(kind STATIC SHARED)
  string(TOLOWER ${kind} name)
  install(TARGETS ${LTB_${kind}_TARGET} EXPORT ltb-monitoring-${name}
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
    FILE_SET HEADERS COMPONENT development)
  install(EXPORT ltb-monitoring-${name} FILE ltb-monitoring-${name}-targets.cmake NAMESPACE ltb::
    DESTINATION ${package_dir} COMPONENT development)
endforeach()

configure_package_config_file(cmake/ltb-monitoring-config.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring-config-version.cmake
        DESTINATION ${package_dir} COMPONENT development)

# The .pc file finds its prefix from where it lies, so that an installed tree may be moved.
file(RELATIVE_PATH LTB_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(LTB_PC_TLS "")
if(LTB_TLS)
  set(LTB_PC_TLS ", openssl")
endif()
configure_file(cmake/ltb-monitoring.pc.in ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ltb-monitoring.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)

include(LtbDebian)
