# Installs the build into a folder of its own, for the tests that use it, and looks at what came.
# Run: cmake -DBUILD=... -DPREFIX=... -P install.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${PREFIX})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})

file(GLOB_RECURSE files RELATIVE ${PREFIX} ${PREFIX}/*)
foreach(pattern "^include/ltb/monitoring\\.hpp$" "^include/ltb/version\\.hpp$" "^lib[^ ]*/libltb_monitoring\\.a$"
        "^lib[^ ]*/libltb_monitoring\\.so$" "^lib[^ ]*/cmake/ltb-monitoring/ltb-monitoring-config\\.cmake$"
        "^lib[^ ]*/cmake/ltb-monitoring/ltb-monitoring-config-version\\.cmake$"
        "^lib[^ ]*/pkgconfig/ltb-monitoring\\.pc$" "LICENSE$")
  set(found ${files})
  list(FILTER found INCLUDE REGEX "${pattern}")
  list(LENGTH found count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "${count} installed files match ${pattern}, not one. Installed:\n${files}")
  endif()
endforeach()

# Nothing of the machine it was built on, and no header but the public ones.
set(foreign ${files})
list(FILTER foreign EXCLUDE REGEX "^(include/ltb/[a-z_]+\\.hpp|lib|share/doc/ltb-monitoring/)")
if(foreign)
  message(FATAL_ERROR "installed, but not expected: ${foreign}")
endif()
foreach(file IN LISTS files)
  if(file MATCHES "\\.(cmake|pc|hpp)$")
    file(READ ${PREFIX}/${file} text)
    string(FIND "${text}" "${BUILD}" build_at)
    string(FIND "${text}" "${SOURCE}" source_at)
    if(NOT build_at EQUAL -1 OR NOT source_at EQUAL -1)
      message(FATAL_ERROR "${file} names a folder of the machine it was built on")
    endif()
  endif()
endforeach()
