# Makes the Debian packages, installs them by dpkg into a root of their own, builds a program against that, and removes them.
# The root begins with this machine's list of installed packages, so that dpkg judges the dependencies as it would for real;
# the machine's own list and files are not touched.
# Run: cmake -DBUILD=... -DWORK=... -DCXX=g++ -DVERSION=1.2.3 -P debian.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})
set(root ${WORK}/root)
set(admin ${root}/var/lib/dpkg)
file(MAKE_DIRECTORY ${WORK}/deb ${admin}/info ${admin}/updates ${admin}/triggers)

run(${CMAKE_CPACK_COMMAND} -G DEB --config ${BUILD}/CPackConfig.cmake -B ${WORK}/deb)
file(GLOB packages ${WORK}/deb/*.deb)
list(LENGTH packages count)
if(NOT count EQUAL 2)
  message(FATAL_ERROR "expected the packages of the library and of its headers, got: ${packages}")
endif()

# expect_field(package field pattern)
function(expect_field package field pattern)
  run(dpkg-deb --field ${package} ${field})
  if(NOT RUN_OUTPUT MATCHES "${pattern}")
    message(FATAL_ERROR "${package}: ${field} is \"${RUN_OUTPUT}\", expected ${pattern}")
  endif()
endfunction()
string(REGEX MATCH "^[0-9]+\\.[0-9]+" minor ${VERSION})
file(GLOB runtime ${WORK}/deb/libltb-monitoring${minor}_${VERSION}_*.deb)
file(GLOB development ${WORK}/deb/libltb-monitoring-dev_${VERSION}_*.deb)
foreach(library libprometheus-cpp-core1.0 libspdlog libstdc libc6)
  expect_field(${runtime} Depends "${library}")
endforeach()
expect_field(${development} Depends "libltb-monitoring${minor} \\(= ${VERSION}\\).*libspdlog-dev.*prometheus-cpp-dev")

execute_process(COMMAND dpkg --print-foreign-architectures OUTPUT_FILE ${admin}/arch)
get_filename_component(status /var/lib/dpkg/status REALPATH)
file(COPY ${status} DESTINATION ${admin})
# dpkg warns for each package whose list of files is missing; that is noise here.
function(dpkg)
  run(dpkg --root=${root} --force-not-root --force-script-chrootless --log=${WORK}/dpkg.log ${ARGN})
endfunction()

dpkg(--install ${packages})
file(GLOB_RECURSE pc ${root}/usr/*/ltb-monitoring.pc)
file(GLOB_RECURSE libraries ${root}/usr/*/libltb_monitoring.so.*)
if(NOT pc OR NOT libraries)
  message(FATAL_ERROR "dpkg installed, but there is no ltb-monitoring.pc or libltb_monitoring.so below ${root}/usr")
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/find_package -B ${WORK}/outside -G ${GENERATOR}
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${root}/usr
    -DOUTSIDE_VERSION=${VERSION} -DOUTSIDE_COMPONENTS=shared)
run(${CMAKE_COMMAND} --build ${WORK}/outside)
run_program(${WORK}/outside/outside shared)

# The headers' package cannot stay without the library's.
expect_failure("libltb-monitoring-dev depends on libltb-monitoring${minor}"
  dpkg --root=${root} --force-not-root --force-script-chrootless --log=${WORK}/dpkg.log --remove libltb-monitoring${minor})

dpkg(--purge libltb-monitoring-dev libltb-monitoring${minor})
file(GLOB_RECURSE left ${root}/usr/*)
if(left)
  message(FATAL_ERROR "removed, but left behind: ${left}")
endif()
file(REMOVE_RECURSE ${WORK}/deb/_CPack_Packages)
