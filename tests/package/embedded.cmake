# Builds the library inside a parent project, by add_subdirectory and by FetchContent (which is told where the sources are and
# asks no network), and runs the parent's program and tests.
# Run: cmake -DSOURCE=... -DWORK=... -DGENERATOR=Ninja -DCXX=g++ [-DWAYS=add_subdirectory] -P embedded.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})

set(launcher "")
find_program(CCACHE ccache)
if(CCACHE)
  set(launcher -DCMAKE_CXX_COMPILER_LAUNCHER=${CCACHE})
endif()
if(NOT WAYS)
  set(WAYS add_subdirectory FetchContent)
endif()
foreach(how IN LISTS WAYS)
  run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/embedded -B ${WORK} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX}
      -DHOW=${how} -DLTB_MONITORING_SOURCE=${SOURCE} -DFETCHCONTENT_SOURCE_DIR_LTB-MONITORING=${SOURCE} ${launcher})
  run(${CMAKE_COMMAND} --build ${WORK} --parallel 2)
  run_program(${WORK}/bin/outside static)

  # The parent's tests are the only ones, and installing the parent installs nothing of ours.
  run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK} --no-tests=error)
  if(NOT RUN_OUTPUT MATCHES "100% tests passed, 0 tests failed out of 1")
    message(FATAL_ERROR "${how}: expected the parent's one test:\n${RUN_OUTPUT}")
  endif()
  run(${CMAKE_COMMAND} --install ${WORK} --prefix ${WORK}/prefix)
  file(GLOB_RECURSE installed ${WORK}/prefix/*)
  if(installed)
    message(FATAL_ERROR "${how}: installing the parent also installs ${installed}")
  endif()
  file(GLOB outputs RELATIVE ${WORK}/bin ${WORK}/bin/*)
  if(NOT outputs STREQUAL "outside")
    message(FATAL_ERROR "${how}: the parent's output folder holds more than its program: ${outputs}")
  endif()
endforeach()
