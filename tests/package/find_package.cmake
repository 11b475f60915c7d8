# Builds the outside project find_package/ against the installed library, with one compiler, and runs it.
# Run: cmake -DPREFIX=... -DWORK=... -DKIND=static|shared -DGENERATOR=Ninja -DCXX=g++ -DVERSION=1.2 -P find_package.cmake

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/find_package -B ${WORK} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX}
    -DCMAKE_PREFIX_PATH=${PREFIX} -DOUTSIDE_VERSION=${VERSION} -DOUTSIDE_COMPONENTS=${KIND})
run(${CMAKE_COMMAND} --build ${WORK})
run_program(${WORK}/outside ${KIND})
