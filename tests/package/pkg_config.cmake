# Builds a program with nothing but a compiler and pkg-config, with both kinds of the library, and runs it.
# Run: cmake -DPREFIX=... -DWORK=... -DCXX=g++ -DVERSION=1.2.3 -P pkg_config.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

file(GLOB_RECURSE pc ${PREFIX}/*/ltb-monitoring.pc)
get_filename_component(folder ${pc} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${folder})
find_program(PKG_CONFIG pkg-config REQUIRED)

run(${PKG_CONFIG} --modversion ltb-monitoring)
string(STRIP "${RUN_OUTPUT}" version)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "pkg-config says version ${version}, the project is ${VERSION}")
endif()
run(${PKG_CONFIG} --variable=libdir ltb-monitoring)
string(STRIP "${RUN_OUTPUT}" libdir)

# Each as a user would type it. With both kinds installed the linker takes the shared one, unless told the file.
foreach(kind shared static)
  set(how "")
  set(library "")
  if(kind STREQUAL "static")
    set(how --static)
    set(library "| sed s/-lltb_monitoring/-l:libltb_monitoring.a/")
  endif()
  run(sh -ec "${CXX} -std=c++20 -Wall -Wextra -Werror -o ${WORK}/${kind} ${CMAKE_CURRENT_LIST_DIR}/program/main.cpp \
$(${PKG_CONFIG} ${how} --cflags --libs ltb-monitoring ${library}) -Wl,-rpath,${libdir}")
  run_program(${WORK}/${kind} ${kind})
endforeach()

# A program that links the shared library needs no library of ours that only our own code uses.
run(${PKG_CONFIG} --libs ltb-monitoring)
if(RUN_OUTPUT MATCHES "prometheus")
  message(FATAL_ERROR "--libs without --static names what only the static library needs: ${RUN_OUTPUT}")
endif()
