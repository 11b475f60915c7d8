# Two Debian packages, as the distribution's own libraries come: the shared library for programs that run with it, and all that
# building such programs needs. Configure with CMAKE_INSTALL_PREFIX=/usr for the multiarch folder; preset `package` does.

set(soname_version ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ltb-monitoring)
set(CPACK_PACKAGE_VENDOR "the ltb-monitoring authors")
set(CPACK_PACKAGE_CONTACT "the ltb-monitoring authors <ltb-monitoring@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)

set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
  "This package has the shared library that programs need at run time.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libltb-monitoring${soname_version})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)  # whatever the library links, with the versions it needs
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/postinst
                                               ${PROJECT_SOURCE_DIR}/cmake/debian/postrm)

set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
  "This package has the headers, the static library, the CMake package and the pkg-config file.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libltb-monitoring-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libltb-monitoring${soname_version} (= ${PROJECT_VERSION}), libspdlog-dev, prometheus-cpp-dev, zlib1g-dev, libssl-dev")
# What <ltb/asio.hpp> and <ltb/json.hpp> show.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libboost${LTB_BOOST_VERSION}-dev, nlohmann-json3-dev")

include(CPack)
