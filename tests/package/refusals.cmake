# What find_package says when it cannot give what is asked for.
# Run: cmake -DPREFIX=... -DWORK=... -DGENERATOR=Ninja -DVERSION=1.2.3 -P refusals.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

# ask(version components): the command that configures the outside project so
macro(ask version components)
  file(REMOVE_RECURSE ${WORK})
  set(command ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/find_package -B ${WORK} -G ${GENERATOR}
      -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_PREFIX_PATH=${PREFIX} "-DOUTSIDE_VERSION=${version}"
      "-DOUTSIDE_COMPONENTS=${components}")
endmacro()

string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" minor ${VERSION})
math(EXPR next "${CMAKE_MATCH_2} + 1")

# SameMinorVersion: the ABI of one minor version is no other's.
ask(${CMAKE_MATCH_1}.${next} static)
expect_failure("version: ${VERSION}" ${command})
ask(${VERSION} static,grpc)
expect_failure("has no component 'grpc': expected static, shared, asio, json or prometheus" ${command})
ask(${VERSION} static,shared)
expect_failure("components 'static' and 'shared' exclude each other" ${command})
ask(${minor} static)
run(${command})
