# Builds the outside project bridges/ against the installed library and runs it.
# Run: cmake -DPREFIX=... -DWORK=... -DGENERATOR=Ninja -DCXX=g++ -P bridges.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/bridges -B ${WORK} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_PREFIX_PATH=${PREFIX})
run(${CMAKE_COMMAND} --build ${WORK})
run_program(${WORK}/bridges static)
